"""A minted credential never exceeds its minter, for every call that mints one (SECURITY CVE row 9).

Random policies, every minting call, every deed of a small world: what the new credential may do, the one it was minted with may
do too, and the policies that were passed allow it. Over a chain of roles the target's own rights count (POLICY_EVALUATION 2.3),
so there the new session never exceeds the role, and is never minted where the minter may not mint it.
"""

import itertools

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.commands.command import COMMANDS
from muniment.commands.sts.assume_role import AssumeRole
from muniment.commands.sts.issue import ISSUES, Vouched
from muniment.commands.sts.own_sessions import GetFederationToken, GetSessionToken
from muniment.domain import arn
from muniment.domain.account.account import AccountCreated
from muniment.domain.account.inline import RoleInlinePolicyPut, UserInlinePolicyPut
from muniment.domain.account.keys import AccessKeyCreated
from muniment.domain.account.permissions_boundaries import UserPermissionsBoundarySet
from muniment.domain.account.policies import PolicyCreated
from muniment.domain.account.roles import RoleCreated
from muniment.domain.account.users import UserCreated
from muniment.domain.caller import Caller
from muniment.domain.errors import Refused
from muniment.domain.ledger import Actor, Sealed
from muniment.domain.policy.request import AccessRequest
from muniment.domain.resource import Resource
from muniment.domain.session import may_call
from muniment.ops import actions as _actions  # noqa: F401 - every action is known once it is imported
from muniment.projections.access.gate import AccessGate
from muniment.projections.access.principals import principal_of
from muniment.projections.sessions import standing
from tests.projections.logs import ACCOUNT
from tests.projections.worlds import World

NUMBER = ACCOUNT.partition(".")[2]
USER, ROLE, FAR = (
    arn.iam(NUMBER, "user", "/", "ana"),
    arn.iam(NUMBER, "role", "/", "run"),
    arn.iam(NUMBER, "role", "/", "far"),
)
ACTIONS = ["s3:GetObject", "s3:PutObject", "iam:CreateAccessKey", "sts:AssumeRole", "secretsmanager:GetSecretValue"]
RESOURCES = ["arn:aws:s3:::bucket/a", "arn:aws:s3:::bucket/b", USER, ROLE, FAR]
DEEDS = list(itertools.product(ACTIONS, RESOURCES))
NOW = 1_700_000_000_000_000

statements = st.fixed_dictionaries(
    {
        "Effect": st.sampled_from(["Allow", "Allow", "Deny"]),
        "Action": st.sampled_from([*ACTIONS, "s3:*", "*", "iam:*", "sts:*"]),
        "Resource": st.sampled_from([*RESOURCES, "*", "arn:aws:s3:::bucket/*", "arn:aws:iam::*:role/*"]),
    }
)
policies = st.lists(statements, min_size=1, max_size=4).map(
    lambda found: msgspec.json.encode({"Version": "2012-10-17", "Statement": found}).decode()
)


def trust(principal):
    statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"}
    return msgspec.json.encode({"Version": "2012-10-17", "Statement": [statement]}).decode()


class Fresh:
    """Nothing is ever too old."""

    def check(self, action):
        """It is not."""


class Minting(World):
    """One user with a key, two roles that trust the account and the first role, and who may do what."""

    def __init__(self, user, role, boundary=None):
        bounds = arn.iam(NUMBER, "policy", "/", "bounds")
        bounded = (
            (PolicyCreated("bounds", "ANPAB", boundary), UserPermissionsBoundarySet("ana", bounds)) if boundary else ()
        )
        super().__init__(
            AccountCreated("A", "a@example.com"),
            UserCreated("ana", "AIDAANA"),
            AccessKeyCreated("ana", "AKIAANA", Sealed("k", b"s"), "AIDAANA"),
            UserInlinePolicyPut("ana", "p", user),
            RoleCreated("run", "AROARUN", trust(arn.root(NUMBER))),
            RoleInlinePolicyPut("run", "p", role),
            RoleCreated("far", "AROAFAR", trust("AROARUN"), principals={"AROARUN": ROLE}),
            RoleInlinePolicyPut("far", "p", role),
            *bounded,
        )
        self.gate = AccessGate(self.access, Fresh())
        self.user = Caller(Actor(NUMBER, USER, "AIDAANA", "IAMUser", "ana", "AKIAANA"))
        self.now = NOW
        self.count = 0

    def account(self, number):
        return self.credentials.account(number)

    def unique_id(self, prefix):
        self.count += 1
        return f"{prefix}{self.count:017}"

    def secret(self):
        return "secret"

    def may(self, caller, action, resource):
        """What the gate says: for commands, queries and everything else alike."""
        try:
            self.gate.check(caller, action, (Resource(resource),), 0)
        except Refused:
            return False
        return True

    def rights(self, caller):
        return {deed for deed in DEEDS if self.may(caller, *deed)}

    def mint(self, issue, caller):
        """The holder of the new credential; None where it is refused."""
        vouched = Vouched(caller)
        try:
            for asking in issue.asks(vouched, self):
                self.gate.check(caller, asking.action, (asking.resource,), 0)
            session = issue.session(vouched, self, self)
        except Refused:
            return None
        actor = standing(session, self.credentials)
        assert actor is not None
        return Caller(actor, session=session)

    def allowed_by(self, document):
        """The deeds that a document allows by itself: those of a role that holds it alone."""
        alone = Minting(document, document)
        return alone.rights(alone.user)


def assume(target=ROLE, policy=""):
    return AssumeRole(role_arn=target, role_session_name="one", policy=policy)


@given(policies, policies, st.none() | policies)
def test_a_session_token_has_no_right_that_its_user_lacks(user, role, boundary):
    world = Minting(user, role, boundary)
    held = world.mint(GetSessionToken(), world.user)
    if held is not None:
        assert world.rights(held) <= world.rights(world.user)


@given(policies, policies, st.none() | policies)
def test_a_federated_user_has_no_right_that_its_user_lacks_or_that_was_not_passed(user, passed, boundary):
    allowing = msgspec.json.decode(user)
    allowing["Statement"].append({"Effect": "Allow", "Action": "sts:GetFederationToken", "Resource": "*"})
    world = Minting(msgspec.json.encode(allowing).decode(), user, boundary)
    held = world.mint(GetFederationToken(name="bob", policy=passed), world.user)
    if held is not None:
        assert world.rights(held) <= world.rights(world.user) & world.allowed_by(passed)
        assert not any(action.startswith(("iam:", "sts:")) for action, _ in world.rights(held))


@given(policies)
def test_without_a_policy_a_federated_user_may_nothing(user):
    world = Minting(msgspec.json.encode(_everything()).decode(), user)
    held = world.mint(GetFederationToken(name="bob"), world.user)
    assert held is not None
    assert world.rights(held) == set()


def _everything():
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


@given(policies, policies, policies)
def test_a_roles_session_has_no_right_that_the_role_lacks_or_that_was_not_passed(user, role, passed):
    world = Minting(user, role)
    plain, narrowed = world.mint(assume(), world.user), world.mint(assume(policy=passed), world.user)
    assert (plain is None) == (narrowed is None) == (not world.may(world.user, "sts:AssumeRole", ROLE))
    if plain is not None and narrowed is not None:
        assert world.rights(narrowed) == world.rights(plain) & world.allowed_by(passed)


@given(policies, policies)
def test_a_session_mints_nothing_that_its_session_policy_does_not_let_it_mint(role, passed):
    """The very class of CVE-2025-62506: a narrowed session that mints itself a wider one."""
    world = Minting(msgspec.json.encode(_everything()).decode(), role)
    narrowed = world.mint(assume(policy=passed), world.user)
    assert narrowed is not None
    allowed = world.allowed_by(passed)
    if ("sts:AssumeRole", FAR) not in allowed:
        assert world.mint(assume(FAR), narrowed) is None
    if ("iam:CreateAccessKey", USER) not in allowed:
        assert not world.may(narrowed, "iam:CreateAccessKey", USER)
    for own in (GetSessionToken(), GetFederationToken(name="bob", policy=passed)):
        assert world.mint(own, narrowed) is None


@given(policies, policies)
def test_a_session_of_a_user_without_a_factor_mints_no_keys_and_no_sessions_of_its_own(user, role):
    world = Minting(user, role)
    held = world.mint(GetSessionToken(), world.user)
    if held is None:
        return
    assert not world.may(held, "iam:CreateAccessKey", USER)
    assert world.mint(GetSessionToken(), held) is None
    assert world.mint(GetFederationToken(name="bob"), held) is None


@given(policies, policies, policies)
def test_the_compiled_engine_and_the_plain_evaluator_agree_on_every_session(user, role, passed):
    world = Minting(user, role)
    for issue in (assume(policy=passed), GetFederationToken(name="bob", policy=passed), GetSessionToken()):
        held = world.mint(issue, world.user)
        if held is None:
            continue
        principal = principal_of(held.actor, held.session)
        limits = world.access.session_policies(held.session)
        for action, resource in DEEDS:
            request = AccessRequest(action=action, resource=resource, principal=principal)
            assert bool(world.access.decide(request, limits)) == bool(world.access.evaluate(request, limits))


# Every action that gives out credentials is named here: a new one needs a line above, and then one here.
MINTING = {
    ("sts", "AssumeRole"),
    ("sts", "GetSessionToken"),
    ("sts", "GetFederationToken"),
    ("sts", "AssumeRoleWithWebIdentity"),  # for whom has no credential of ours: bounded by the role alone
    ("sts", "AssumeRoleWithSAML"),
}


def test_no_minting_call_is_left_out():
    assert set(ISSUES) == MINTING
    assert ("iam", "CreateAccessKey") in COMMANDS  # asked about above as what it is: a permission on the user it is for


@pytest.mark.parametrize("kind", ["IAMUser", "Root", "FederatedUser", "AssumedRole"])
def test_what_credentials_of_each_kind_may_never_call(kind):
    """FEATURES 1d; IAM User Guide, "Compare AWS STS credentials"."""
    from tests.ops.keys.test_tokens import SESSION

    without = msgspec.structs.replace(SESSION, type=kind, mfa=0)
    proven = msgspec.structs.replace(without, mfa=NOW)
    assert may_call(without, "sts:GetCallerIdentity")
    assert may_call(without, "secretsmanager:GetSecretValue")
    assert not may_call(without, "sts:GetSessionToken")
    assert not may_call(without, "sts:GetFederationToken")
    assert may_call(without, "iam:ListUsers") == (kind == "AssumedRole")
    assert may_call(proven, "iam:ListUsers") == (kind != "FederatedUser")
    assert may_call(without, "sts:AssumeRole") == (kind != "FederatedUser")
    assert may_call(without, "sts:GetAccessKeyInfo") == (kind == "AssumedRole")
