"""Rule 4: the guard on each known way to more rights, tried by whoever may grant anything but holds little of it."""

import pytest

from muniment.commands.command import COMMANDS
from muniment.domain.account.account import AccountCreated
from muniment.domain.account.attachments import (
    UserPolicyAttached,
)
from muniment.domain.account.inline import (
    RoleInlinePolicyPut,
    UserInlinePolicyPut,
)
from muniment.domain.account.keys import AccessKeyCreated, AccessKeyDeactivated
from muniment.domain.account.mfa import SecurityKeyRegistered
from muniment.domain.account.policies import PolicyVersionCreated
from muniment.domain.account.providers import OIDCProviderCreated, SAMLProviderCreated
from muniment.domain.account.roles import RoleCreated
from muniment.domain.account.users import UserTagged
from muniment.domain.caller import Caller
from muniment.domain.errors import AccessDenied
from muniment.domain.ledger import Actor, Sealed
from muniment.domain.session import ROLE, Passed, Session
from tests.commands.given import after as state_after
from tests.security.guarded import (
    ADMIN,
    ADMINISTRATOR,
    ANN,
    BOSS,
    BOUNDS,
    HELD,
    NUMBER,
    Guarded,
    allow,
    deny,
    document,
    entity,
    trust,
)

ALL = document(allow("*"))
MINE = document(allow("iam:*"), allow("s3:*", "arn:aws:s3:::b/*"))
LITTLE = document(allow("s3:GetObject", "arn:aws:s3:::b/*"))
SEALED = Sealed("k", b"s")
BOSS_KEY = f"arn:aws:iam::{NUMBER}:u2f/boss"
OIDC, SAML = entity("oidc-provider", "a.example"), entity("saml-provider", "x")


def federated(provider):
    return document({"Effect": "Allow", "Principal": {"Federated": provider}, "Action": "sts:AssumeRoleWithSAML"})


RED = {"StringEquals": {"aws:PrincipalTag/team": "red"}}
ABAC = document(allow("s3:*", **RED))
ROOT = Caller(Actor(NUMBER, f"arn:aws:iam::{NUMBER}:root", NUMBER, "Root"))


@pytest.fixture
def world():
    """Ann may do all of IAM and little else; boss may do everything, bob as little as ann, but for what his tags would bring."""
    made = Guarded(
        {"ann": MINE, "bob": ABAC, "boss": ALL, "admins": ALL, "admin": ALL, "app": LITTLE},
        {"app": trust(BOSS)},
        bounded=["bob"],
        held=LITTLE,
    )
    made.happened(
        PolicyVersionCreated(HELD, "v2", ALL, False),
        UserPolicyAttached("bob", HELD),
        AccessKeyCreated("boss", "AKIABOSS", SEALED, BOSS),
        AccessKeyDeactivated("boss", "AKIABOSS"),
        SecurityKeyRegistered("boss", BOSS_KEY, BOSS, b"c", b"p"),
        OIDCProviderCreated(OIDC, "a.example", ("app",), ()),
        SAMLProviderCreated(SAML, "x", "ASPX", "<x/>", 0),
        RoleCreated("byoidc", "AROABYOIDC", federated(OIDC)),
        RoleCreated("bysaml", "AROABYSAML", federated(SAML)),
        RoleCreated("red", "AROARED", trust("*", **RED)),
    )
    for name in ("byoidc", "bysaml", "red"):
        made.happened(RoleInlinePolicyPut(name, "all", ALL))
    return made


WAYS = {
    "CreatePolicyVersion": {"PolicyArn": HELD, "PolicyDocument": ALL, "SetAsDefault": True},
    "SetDefaultPolicyVersion": {"PolicyArn": HELD, "VersionId": "v2"},
    "AttachUserPolicy": {"UserName": "ann", "PolicyArn": ADMINISTRATOR},
    "AttachGroupPolicy": {"GroupName": "staff", "PolicyArn": ADMINISTRATOR},
    "AttachRolePolicy": {"RoleName": "app", "PolicyArn": ADMINISTRATOR},
    "PutUserPolicy": {"UserName": "ann", "PolicyName": "more", "PolicyDocument": ALL},
    "PutGroupPolicy": {"GroupName": "staff", "PolicyName": "more", "PolicyDocument": ALL},
    "PutRolePolicy": {"RoleName": "app", "PolicyName": "more", "PolicyDocument": ALL},
    "AddUserToGroup": {"GroupName": "admins", "UserName": "ann"},
    "UpdateAssumeRolePolicy": {"RoleName": "admin", "PolicyDocument": trust(NUMBER)},
    "CreateAccessKey": {"UserName": "boss"},
    "UpdateAccessKey": {"UserName": "boss", "AccessKeyId": "AKIABOSS", "Status": "Active"},
    "CreateLoginProfile": {"UserName": "boss", "Password": "Correct-Horse-1"},
    "DeactivateMFADevice": {"UserName": "boss", "SerialNumber": BOSS_KEY},
    "DeleteUserPermissionsBoundary": {"UserName": "bob"},
    "PutUserPermissionsBoundary": {"UserName": "bob", "PermissionsBoundary": ADMINISTRATOR},
    "TagUser": {"UserName": "bob", "Tags": [{"Key": "team", "Value": "red"}]},
    "CreateUser": {"UserName": "new", "Tags": [{"Key": "Team", "Value": "red"}]},
    "AddClientIDToOpenIDConnectProvider": {"OpenIDConnectProviderArn": OIDC, "ClientID": "evil"},
    "UpdateOpenIDConnectProviderThumbprint": {"OpenIDConnectProviderArn": OIDC, "ThumbprintList": ["0" * 40]},
}
BY_ANN = sorted(WAYS)


@pytest.mark.parametrize("action", BY_ANN)
def test_whoever_has_less_cannot(world, action):
    if action in ("DeleteUserPermissionsBoundary", "PutUserPermissionsBoundary"):  # bob is red, and bounded
        world.happened(*_red(world))
    before = world.account
    with pytest.raises(AccessDenied) as refused:
        world.give(world.caller(ANN), action, **WAYS[action])
    assert "guard against escalation is on" in refused.value.message
    assert f"not authorized to perform: iam:{action} on resource: arn:aws:iam::{NUMBER}:" in refused.value.message
    assert world.account is before


def _red(world):
    return UserTagged("bob", {"team": "red"}), UserInlinePolicyPut("bob", "more", document(allow("ec2:*")))


@pytest.mark.parametrize("action", BY_ANN)
@pytest.mark.parametrize("who", ["root", "boss", "admin"])
def test_whoever_has_everything_can(world, action, who):
    caller = ROOT if who == "root" else world.caller(BOSS if who == "boss" else ADMIN)
    before = world.account
    world.give(caller, action, **WAYS[action])
    assert world.account is not before


@pytest.mark.parametrize("action", BY_ANN)
def test_without_the_guard_permission_to_grant_is_enough_as_with_aws(world, action):
    world.give(ROOT, "SetEscalationGuard", Mode="off")
    before = world.account
    world.give(world.caller(ANN), action, **WAYS[action])
    assert world.account is not before


def refused(world, who, action, **parameters):
    with pytest.raises(AccessDenied) as found:
        world.give(world.caller(who), action, **parameters)
    return found.value.message


def test_what_one_has_one_may_give(world):
    ann = world.caller(ANN)
    world.give(ann, "PutUserPolicy", UserName="bob", PolicyName="b", PolicyDocument=LITTLE)
    world.give(ann, "CreateUser", UserName="new")
    world.give(ann, "PutUserPolicy", UserName="new", PolicyName="b", PolicyDocument=MINE)
    world.give(ann, "CreateAccessKey", UserName="new")
    world.give(ann, "UpdateAssumeRolePolicy", RoleName="app", PolicyDocument=trust(entity("user", "ann")))


def test_what_is_taken_away_needs_no_rights(world):
    ann = world.caller(ANN)
    world.give(ann, "PutUserPolicy", UserName="boss", PolicyName="own", PolicyDocument=document(allow("ec2:*", "*")))
    world.give(ann, "DeleteGroupPolicy", GroupName="admins", PolicyName="own")
    world.give(ann, "UpdateAssumeRolePolicy", RoleName="app", PolicyDocument=trust(entity("user", "boss"), **RED))
    world.give(ann, "PutUserPermissionsBoundary", UserName="boss", PermissionsBoundary=BOUNDS)


def test_a_deny_that_goes_is_a_grant(world):
    world.give(ROOT, "PutUserPolicy", UserName="boss", PolicyName="not", PolicyDocument=document(deny("s3:*")))
    world.give(ROOT, "PutGroupPolicy", GroupName="staff", PolicyName="not", PolicyDocument=document(deny("ec2:*")))
    world.give(ROOT, "AddUserToGroup", GroupName="staff", UserName="boss")
    assert "would let" in refused(world, ANN, "DeleteUserPolicy", UserName="boss", PolicyName="not")
    assert "would let" in refused(world, ANN, "RemoveUserFromGroup", UserName="boss", GroupName="staff")


def test_an_explicit_deny_of_the_granter_is_not_given_away(world):
    world.give(
        ROOT, "PutUserPolicy", UserName="boss", PolicyName="not", PolicyDocument=document(deny("s3:DeleteObject"))
    )
    everything = {"UserName": "ann", "PolicyName": "s3", "PolicyDocument": document(allow("s3:*"))}
    assert "may not itself do" in refused(world, BOSS, "PutUserPolicy", **everything)
    careful = document(allow("s3:*"), deny("s3:DeleteObject"))
    world.give(world.caller(BOSS), "PutUserPolicy", UserName="ann", PolicyName="s3", PolicyDocument=careful)


def test_the_boundary_of_the_granter_bounds_what_it_gives_and_that_of_the_other_what_has_to_be_covered(world):
    world.give(ROOT, "PutUserPermissionsBoundary", UserName="boss", PermissionsBoundary=BOUNDS)
    everything = {"PolicyName": "all", "PolicyDocument": ALL}
    refused(world, BOSS, "PutUserPolicy", UserName="ann", **everything)
    world.give(world.caller(BOSS), "PutUserPolicy", UserName="bob", **everything)  # within the same boundary


def test_the_session_policy_of_the_granter_bounds_what_it_gives(world):
    passed = Passed(policy=document(allow("iam:*"), allow("s3:*")))
    session = Session(
        id="ASIA", secret="s", type=ROLE, account=NUMBER, principal=ADMIN, issued=1, expires=2, passed=passed
    )
    caller = world.caller(ADMIN, session)
    world.gate.check = lambda *asked: None  # the gate has tests of its own
    world.give(caller, "PutUserPolicy", UserName="ann", PolicyName="p", PolicyDocument=document(allow("s3:*")))
    with pytest.raises(AccessDenied):
        world.give(caller, "PutUserPolicy", UserName="ann", PolicyName="p", PolicyDocument=document(allow("ec2:*")))


def test_variables_mean_somebody_else_for_somebody_else(world):
    home = document(allow("s3:*", "arn:aws:s3:::home/${aws:username}/*"))
    world.give(ROOT, "PutUserPolicy", UserName="ann", PolicyName="home", PolicyDocument=home)
    assert "home/bob/" in refused(world, ANN, "PutUserPolicy", UserName="bob", PolicyName="home", PolicyDocument=home)


def test_a_role_that_trusts_somebody_by_name_is_part_of_who_they_are(world):
    """Bob himself may do little, but he is let into a role that may do everything."""
    world.give(ROOT, "UpdateAssumeRolePolicy", RoleName="admin", PolicyDocument=trust(entity("user", "bob")))
    message = refused(world, ANN, "CreateAccessKey", UserName="bob")
    assert message.endswith("(statement 0) as arn:aws:iam::111122223333:role/admin, which the caller may not itself do")


def test_permission_to_assume_a_role_that_asks_for_tags_is_what_the_role_may_do(world):
    door = trust(f"arn:aws:iam::{NUMBER}:root", **RED)
    world.give(ROOT, "UpdateAssumeRolePolicy", RoleName="admin", PolicyDocument=door)
    assume = document(allow("sts:AssumeRole"))
    world.give(ROOT, "PutUserPolicy", UserName="ann", PolicyName="sts", PolicyDocument=assume)
    world.happened(*_red(world))
    assert "assume it" in refused(world, ANN, "PutUserPolicy", UserName="bob", PolicyName="sts", PolicyDocument=assume)


def test_a_role_made_anew_under_a_name_that_is_trusted_by_its_sessions_takes_them_over(world):
    door = trust(f"arn:aws:sts::{NUMBER}:assumed-role/new/s")
    world.give(ROOT, "UpdateAssumeRolePolicy", RoleName="admin", PolicyDocument=door)
    made = {"RoleName": "new", "AssumeRolePolicyDocument": trust(entity("user", "ann"))}
    assert "role/admin" in refused(world, ANN, "CreateRole", **made)


def test_ones_own_key_and_password_need_nothing_more(world):
    ann = world.caller(ANN)
    world.give(ann, "CreateAccessKey")
    world.give(ann, "CreateLoginProfile", Password="Correct-Horse-1")


MFA_ONLY = document(allow("iam:*"), allow("s3:*", "*", Bool={"aws:MultiFactorAuthPresent": "true"}))


def test_a_stolen_key_does_not_replace_the_factor_that_its_owners_rights_ask_for(world):
    world.give(ROOT, "PutUserPolicy", UserName="ann", PolicyName="own", PolicyDocument=MFA_ONLY)
    serial = f"arn:aws:iam::{NUMBER}:u2f/ann"
    world.happened(SecurityKeyRegistered("ann", serial, ANN, b"d", b"p"))
    gone = {"UserName": "ann", "SerialNumber": serial}
    assert "another second factor" in refused(world, ANN, "DeactivateMFADevice", **gone)
    caller = world.caller(ANN)
    proven = Caller(caller.actor, {**caller.context, "aws:MultiFactorAuthPresent": ("true",)})
    world.give(proven, "DeactivateMFADevice", **gone)


def test_only_whoever_may_do_everything_switches_it_off(world):
    world.give(
        ROOT, "PutUserPolicy", UserName="ann", PolicyName="own", PolicyDocument=document(allow(["iam:*", "muniment:*"]))
    )
    assert "only the root user" in refused(world, ANN, "SetEscalationGuard", Mode="off")
    world.give(world.caller(BOSS), "SetEscalationGuard", Mode="off")
    assert not world.account.escalation_guarded
    world.give(world.caller(ANN), "SetEscalationGuard", Mode="on")
    world.give(
        ROOT, "PutUserPolicy", UserName="boss", PolicyName="not", PolicyDocument=document(deny("s3:DeleteObject"))
    )
    assert "only the root user" in refused(world, BOSS, "SetEscalationGuard", Mode="off")
    world.give(ROOT, "SetEscalationGuard", Mode="off")


def test_it_is_off_until_it_is_switched_on():
    assert Guarded({}).made is not None
    assert not state_after(AccountCreated("A", "a@example.com")).escalation_guarded


def test_every_way_is_an_action():
    assert {("iam", action) for action in WAYS} <= set(COMMANDS)
