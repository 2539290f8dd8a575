"""Paths to administrators: each known method in a world in which it is the only one, and in worlds in which it does not work."""

import pytest

from muniment.domain.account.account import AccountCreated
from muniment.domain.account.attachments import UserPolicyAttached
from muniment.domain.account.escalation_guard import EscalationGuardSet
from muniment.domain.account.groups import GroupCreated, GroupMemberAdded
from muniment.domain.account.inline import GroupInlinePolicyPut, RoleInlinePolicyPut, UserInlinePolicyPut
from muniment.domain.account.keys import AccessKeyCreated
from muniment.domain.account.mfa import SecurityKeyRegistered
from muniment.domain.account.passwords import LoginProfileCreated
from muniment.domain.account.permissions_boundaries import UserPermissionsBoundarySet
from muniment.domain.account.policies import PolicyCreated, PolicyVersionCreated
from muniment.domain.account.providers import SAMLProviderCreated
from muniment.domain.account.roles import RoleCreated, RoleTagged
from muniment.domain.account.users import UserCreated
from muniment.domain.ledger import Sealed
from muniment.projections.escalation.finding import actors, find
from muniment.projections.escalation.step import Deciding
from tests.projections.logs import ACCOUNT
from tests.projections.worlds import World
from tests.security.guarded import ANN, APP, BOB, BOSS, NUMBER, allow, deny, document, entity, identity, trust

ALL, NOTHING = document(allow("*")), document(allow("s3:GetObject"))
SEALED = Sealed("k", b"s")
ADMIN = identity("AROA", "admin")
HELD, BOUND = entity("policy", "held"), entity("policy", "bound")
MY, MY_GROUP, BOSS_ARN = entity("user", "ann"), entity("group", "staff"), entity("user", "boss")
ADMIN_ARN, APP_ARN, SAML = entity("role", "admin"), entity("role", "app"), entity("saml-provider", "idp")
FEDERATED = document({"Effect": "Allow", "Principal": {"Federated": SAML}, "Action": "sts:AssumeRoleWithSAML"})
RED = {"StringEquals": {"aws:PrincipalTag/team": "red"}}
TAGGED = {"StringEquals": {"aws:ResourceTag/team": "red"}}


class Account:
    """Boss and the role admin may do everything; ann, in the group staff, and the role app may do what a test gives them."""

    def __init__(self, *mine, facts=(), trusted=None, held=NOTHING):
        self.world = World(
            AccountCreated("A", "a@example.com"),
            PolicyCreated("held", "ANPAHELD", held),
            PolicyCreated("bound", "ANPABOUND", document(allow(["iam:*", "s3:*"]))),
            UserCreated("ann", ANN),
            UserCreated("bob", BOB),
            UserCreated("boss", BOSS),
            UserInlinePolicyPut("boss", "all", ALL),
            *(UserInlinePolicyPut("ann", "own", document(*mine)) for _ in mine[:1]),
            GroupCreated("staff", "AGPASTAFF"),
            GroupCreated("admins", "AGPAADMINS"),
            GroupInlinePolicyPut("admins", "all", ALL),
            GroupMemberAdded("staff", "ann"),
            RoleCreated("admin", ADMIN, trusted or trust(BOSS)),
            RoleInlinePolicyPut("admin", "all", ALL),
            RoleCreated("app", APP, trust(BOSS)),
            *facts,
        )

    def found(self, **context):
        access = self.world.access
        account = access.table[ACCOUNT]
        return find(Deciding(access, account, context, 100_000), actors(access, account, context))

    def path(self, name="ann", **context):
        """The actions of somebody's path, without their services; None where there is none."""
        for path in self.found(**context).paths:
            if path.actor.arn.endswith(f"/{name}"):
                return [step.action.partition(":")[2] for _, step in path.steps]
        return None


KEYS = [AccessKeyCreated("boss", f"AKIABOSS{number}", SEALED, BOSS) for number in range(2)]
LOGIN = LoginProfileCreated("boss", SEALED, False)
FACTOR = SecurityKeyRegistered("boss", f"arn:aws:iam::{NUMBER}:u2f/boss", BOSS, b"c", b"p")
WIDE_VERSION = [PolicyVersionCreated(HELD, "v2", ALL, False), UserPolicyAttached("ann", HELD)]
BOUNDED = [UserPermissionsBoundarySet("ann", BOUND)]
DENIED = [GroupInlinePolicyPut("staff", "not", document(deny("iam:Put*"), deny("sts:*")))]
DELEGATED = trust(f"arn:aws:iam::{NUMBER}:root")

WAYS = {  # what ann may do, and on what; what there is besides; her path
    "PutUserPolicy": ([("iam:PutUserPolicy", MY)], {}, ["PutUserPolicy"]),
    "AttachUserPolicy": ([("iam:AttachUserPolicy", MY)], {}, ["AttachUserPolicy"]),
    "PutGroupPolicy": ([("iam:PutGroupPolicy", MY_GROUP)], {}, ["PutGroupPolicy"]),
    "AttachGroupPolicy": ([("iam:AttachGroupPolicy", MY_GROUP)], {}, ["AttachGroupPolicy"]),
    "AddUserToGroup": ([("iam:AddUserToGroup", entity("group", "admins"))], {}, ["AddUserToGroup"]),
    "CreatePolicyVersion": ([("iam:CreatePolicyVersion", HELD)], {"facts": WIDE_VERSION[1:]}, ["CreatePolicyVersion"]),
    "SetDefaultPolicyVersion": (
        [("iam:SetDefaultPolicyVersion", HELD)],
        {"facts": WIDE_VERSION},
        ["SetDefaultPolicyVersion"],
    ),
    "CreateAccessKey": ([("iam:CreateAccessKey", BOSS_ARN)], {}, ["CreateAccessKey"]),
    "DeleteAccessKey": (
        [(["iam:CreateAccessKey", "iam:DeleteAccessKey"], BOSS_ARN)],
        {"facts": KEYS},
        ["DeleteAccessKey", "CreateAccessKey"],
    ),
    "CreateLoginProfile": ([("iam:CreateLoginProfile", BOSS_ARN)], {}, ["CreateLoginProfile"]),
    "UpdateLoginProfile": ([("iam:UpdateLoginProfile", BOSS_ARN)], {"facts": [LOGIN]}, ["UpdateLoginProfile"]),
    "DeactivateMFADevice": (
        [(["iam:UpdateLoginProfile", "iam:DeactivateMFADevice"], BOSS_ARN)],
        {"facts": [LOGIN, FACTOR]},
        ["DeactivateMFADevice", "UpdateLoginProfile"],
    ),
    "AssumeRole": ([("sts:AssumeRole", ADMIN_ARN)], {"trusted": DELEGATED}, ["AssumeRole"]),
    "UpdateAssumeRolePolicy": (
        [("iam:UpdateAssumeRolePolicy", ADMIN_ARN)],
        {},
        ["UpdateAssumeRolePolicy", "AssumeRole"],
    ),
    "UpdateSAMLProvider": (
        [("iam:UpdateSAMLProvider", SAML)],
        {"trusted": FEDERATED, "facts": [SAMLProviderCreated(SAML, "idp", "ASPIDP", "<x/>", 0)]},
        ["UpdateSAMLProvider", "AssumeRoleWithSAML"],
    ),
    "CreateSAMLProvider": (
        [("iam:CreateSAMLProvider", SAML)],
        {"trusted": FEDERATED},
        ["CreateSAMLProvider", "AssumeRoleWithSAML"],
    ),
    "TagUser": (
        [("iam:TagUser", MY), ("sts:AssumeRole", ADMIN_ARN)],
        {"trusted": trust(f"arn:aws:iam::{NUMBER}:root", **RED)},
        ["TagUser", "AssumeRole"],
    ),
    "CreateRole": (
        [(["iam:CreateRole", "iam:AttachRolePolicy"], entity("role", "x-*"))],
        {},
        ["CreateRole", "AttachRolePolicy", "AssumeRole"],
    ),
    "CreateUser": (
        [(["iam:CreateUser", "iam:PutUserPolicy", "iam:CreateAccessKey"], entity("user", "x/*"))],
        {},
        ["CreateUser", "PutUserPolicy", "CreateAccessKey"],
    ),
}


def account(name, *more, **besides):
    may, options, _ = WAYS[name]
    options = {**options, "facts": [*options.get("facts", ()), *besides.pop("facts", ())]}
    return Account(*(allow(*one) for one in may), *more, **options)


@pytest.mark.parametrize("name", WAYS)
def test_each_method_is_a_path_of_just_these_steps(name):
    assert account(name).path() == WAYS[name][2]


WORKING = sorted(WAYS)


@pytest.mark.parametrize("name", WORKING)
def test_a_deny_stands_against_it(name):
    for action in WAYS[name][2]:
        if not action.startswith("AssumeRoleWith") and not (name == "CreateRole" and action == "AssumeRole"):
            assert account(name, deny(f"*:{action}")).path() is None, action


@pytest.mark.parametrize("name", WORKING)
def test_a_boundary_stands_against_it(name):
    """One that leaves her nothing of IAM and STS."""
    bound = PolicyCreated("narrow", "ANPANARROW", document(allow("s3:*")))
    narrow = [bound, UserPermissionsBoundarySet("ann", entity("policy", "narrow"))]
    assert account(name, facts=narrow).path() is None


@pytest.mark.parametrize("name", WORKING)
def test_permission_on_another_resource_is_none(name):
    _, options, _ = WAYS[name]
    may = [allow(action, "arn:aws:iam::*:*/elsewhere") for action, _ in WAYS[name][0]]
    assert Account(*may, **options).path() is None


@pytest.mark.parametrize("name", WORKING)
def test_a_condition_stands_against_it_until_the_request_meets_it(name):
    may, options, path = WAYS[name]
    near = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    world = Account(*(allow(*one, **near) for one in may), **options)
    assert world.path() is None
    assert world.path(**{"aws:MultiFactorAuthPresent": ("true",)}) == path


@pytest.mark.parametrize("name", [name for name in WORKING if "AssumeRole" not in WAYS[name][2]])
def test_with_the_guard_on_no_grant_leads_on(name):
    assert account(name, facts=[EscalationGuardSet(True)]).path() is None


def test_roles_that_may_be_assumed_lead_on_with_the_guard_as_well():
    assert account("AssumeRole", facts=[EscalationGuardSet(True)]).path() == ["AssumeRole"]


def test_a_boundary_that_can_be_taken_away_is_none():
    mine = [allow(["iam:PutUserPolicy", "iam:DeleteUserPermissionsBoundary"], MY)]
    assert Account(*mine, facts=BOUNDED).path() == ["PutUserPolicy", "DeleteUserPermissionsBoundary"]
    assert Account(*mine[:1], deny("iam:DeleteUserPermissionsBoundary"), facts=BOUNDED).path() is None
    assert Account(allow("*"), facts=BOUNDED).path() == ["DeleteUserPermissionsBoundary"]


def test_a_deny_that_can_be_left_behind_is_none():
    mine = [allow("iam:RemoveUserFromGroup", MY_GROUP), allow("iam:AddUserToGroup", "*")]
    assert Account(*mine, facts=DENIED).path() == ["AddUserToGroup", "RemoveUserFromGroup"]
    assert Account(*mine[1:], facts=DENIED).path() is None


def test_somebody_elses_way_is_the_way_of_whoever_can_act_as_them():
    bobs = [UserInlinePolicyPut("bob", "own", document(allow("iam:AttachUserPolicy", entity("user", "bob"))))]
    world = Account(allow("iam:CreateAccessKey", entity("user", "bob")), facts=bobs)
    assert world.path() == ["CreateAccessKey", "AttachUserPolicy"]
    assert world.path("bob") == ["AttachUserPolicy"]
    (ann, _) = sorted(world.found().paths, key=lambda path: path.actor.arn)
    assert [actor.arn for actor, _ in ann.steps] == [MY, entity("user", "bob")]
    assert ann.administrator == entity("user", "bob")


def test_making_a_role_an_administrator_counts_for_whoever_may_assume_it():
    app = RoleCreated("spare", identity("AROA", "spare"), DELEGATED)
    spare = entity("role", "spare")
    assert Account(allow("iam:PutRolePolicy", spare), allow("sts:AssumeRole", spare), facts=[app]).path() == [
        "PutRolePolicy",
        "AssumeRole",
    ]


def test_a_role_whose_tags_are_asked_for():
    mine = [allow("sts:AssumeRole", "*", **TAGGED)]
    tagged = [RoleTagged("admin", {"team": "red"})]
    assert Account(*mine, trusted=DELEGATED).path() is None
    assert Account(*mine, allow("iam:TagRole"), trusted=DELEGATED).path() == ["TagRole", "AssumeRole"]
    assert Account(*mine, trusted=DELEGATED, facts=tagged).path() == ["AssumeRole"]


def test_the_shortest_path_is_told():
    mine = [allow(["iam:CreateRole", "iam:AttachRolePolicy"], "*"), allow("iam:CreateAccessKey", BOSS_ARN)]
    assert Account(*mine).path() == ["CreateAccessKey"]


def test_each_step_says_which_statement_allows_it():
    world = Account(facts=[GroupInlinePolicyPut("staff", "desk", document(allow("iam:CreateAccessKey")))])
    (path,) = world.found().paths
    (_, step) = path.steps[0]
    (way,) = step.ways
    assert (way["Via"], way["Group"], way["Policies"][0]["Index"]) == ("group", "staff", 0)


def test_administrators_have_no_path_and_others_without_one_neither():
    found = Account().found()
    assert [one.arn.rpartition("/")[2] for one in found.administrators] == ["admin", "boss"]
    assert found.paths == ()


def test_an_administrator_who_is_denied_identities_is_none_but_may_become_one():
    assert Account(allow("*"), deny("iam:*")).path() is None
    assert Account(allow("*"), deny("iam:*"), trusted=DELEGATED).path() == ["AssumeRole"]
    some = Account(allow("*"), deny("s3:DeleteBucket"))
    assert MY in [one.arn for one in some.found().administrators]
