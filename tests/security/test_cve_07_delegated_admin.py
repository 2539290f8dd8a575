"""CVE row 7: a delegated administrator becomes more than it was (Vault 2025-5999, Keycloak 2026-9795, OpenBao 2025-64761).

The administrator may make users, roles, policies, passwords and keys below its own path, each bounded as AWS's guide to delegating
by permissions boundaries says. Whatever it and those it made do, in whatever order and spelling: nobody who is new, and nobody
it can act as, has a right outside the boundary, and nobody above it lost or got a credential.
"""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from muniment.commands.command import COMMANDS
from muniment.domain import arn
from muniment.domain.account.account import AccountCreated
from muniment.domain.account.inline import UserInlinePolicyPut
from muniment.domain.account.keys import AccessKeyCreated
from muniment.domain.account.permissions_boundaries import UserPermissionsBoundarySet
from muniment.domain.account.policies import PolicyCreated
from muniment.domain.account.users import UserCreated
from muniment.domain.caller import Caller
from muniment.domain.errors import Refused
from muniment.domain.ledger import Actor, Sealed
from muniment.domain.resource import Resource
from muniment.ops import actions as _actions  # noqa: F401 - every action is known once it is imported
from muniment.projections.access.gate import AccessGate
from tests.commands.bench import Bench
from tests.commands.given import Fixed, facts_of
from tests.projections.logs import ACCOUNT
from tests.projections.worlds import World
from tests.security.test_cve_09_minted_credentials import NUMBER, Fresh

BOUNDS, TEAM = arn.iam(NUMBER, "policy", "/", "bounds"), "/team/"
ADMIN_ARN = "arn:aws:iam::aws:policy/AdministratorAccess"
OUTSIDE = [
    ("ec2:RunInstances", "*"),
    ("organizations:LeaveOrganization", "*"),
    ("iam:DeleteUserPermissionsBoundary", arn.iam(NUMBER, "user", TEAM, "ann")),
    ("iam:CreateAccessKey", arn.iam(NUMBER, "user", "/", "boss")),
    ("iam:CreatePolicyVersion", BOUNDS),
]


def document(*statements):
    return msgspec.json.encode({"Version": "2012-10-17", "Statement": statements}).decode()


def allow(action, resource="*", **conditions):
    return {
        "Effect": "Allow",
        "Action": action,
        "Resource": resource,
        **({"Condition": conditions} if conditions else {}),
    }


MINE = [f"arn:aws:iam::{NUMBER}:{kind}/team/*" for kind in ("user", "role", "policy")]
GRANTS = [f"iam:{verb}{kind}{what}" for kind in ("User", "Role") for verb, what in (
    ("Create", ""), ("Put", "Policy"), ("Delete", "Policy"), ("Attach", "Policy"), ("Detach", "Policy"),
    ("Put", "PermissionsBoundary"),
)]  # fmt: skip
MANAGE = [
    "iam:CreateAccessKey", "iam:UpdateAccessKey", "iam:DeleteAccessKey", "iam:CreateLoginProfile", "iam:UpdateLoginProfile",
    "iam:DeleteLoginProfile", "iam:DeleteUser", "iam:DeleteRole", "iam:UpdateUser", "iam:UpdateAssumeRolePolicy",
    "iam:CreatePolicy", "iam:CreatePolicyVersion", "iam:SetDefaultPolicyVersion", "iam:DeletePolicyVersion",
    "iam:DeletePolicy", "iam:TagUser", "iam:UntagUser",
]  # fmt: skip
BOUNDARY = document(
    allow("s3:*"),
    allow(GRANTS, MINE, StringEquals={"iam:PermissionsBoundary": BOUNDS}),
    allow(MANAGE, MINE),
)
EVERYTHING = document(allow("*"))
OWN = [arn.iam(NUMBER, "policy", TEAM, name) for name in ("p", "bounds")]
NAMES = ["ann", "ANN", "bob", "boss", "Boss", "lead"]
PARAMETERS = {
    "user_name": st.sampled_from(NAMES),
    "role_name": st.sampled_from(["ann", "bob"]),
    "new_user_name": st.sampled_from([None, "ann", "boss", "bob", "BOSS"]),
    "path": st.sampled_from([TEAM, "/", "/TEAM/"]),
    "new_path": st.sampled_from([None, TEAM, "/"]),
    "policy_name": st.sampled_from(["p", "bounds", "Bounds"]),
    "policy_arn": st.sampled_from([BOUNDS, ADMIN_ARN, *OWN]),
    "permissions_boundary": st.sampled_from([BOUNDS, ADMIN_ARN, OWN[1], ""]),
    "policy_document": st.sampled_from([EVERYTHING, BOUNDARY]),
    "assume_role_policy_document": st.just(
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"%s"},"Action":"sts:AssumeRole"}]}' % NUMBER  # noqa: UP031
    ),
    "set_as_default": st.booleans(),
    "version_id": st.sampled_from(["v1", "v2"]),
    "password": st.just("Correct-Horse-1"),
    "group_name": st.just("admins"),
}  # fmt: skip
VERBS = sorted(
    {name.removeprefix("iam:") for name in (*GRANTS, *MANAGE)}
    | {
        "DeleteUserPermissionsBoundary",
        "DeleteRolePermissionsBoundary",
        "CreateGroup",
        "AddUserToGroup",
        "AttachGroupPolicy",
    }
)
SPELLED_OUT = {
    "tags",
    "tag_keys",
    "access_key_id",
    "status",
    "description",
    "max_session_duration",
    "password_reset_required",
}


@st.composite
def deeds(draw):
    """Who, an action, and its parameters."""
    action = COMMANDS["iam", draw(st.sampled_from(VERBS))]
    parameters = {}
    for field in msgspec.structs.fields(action):
        if field.name in PARAMETERS and (field.required or draw(st.integers(0, 3))):
            parameters[field.encode_name] = draw(PARAMETERS[field.name])
    known = {name: value for name, value in parameters.items() if value is not None}
    known |= {"TagKeys": ("a",)} if action.__name__ == "UntagUser" else {}
    known |= {"Tags": [{"Key": "team", "Value": "x"}]} if action.__name__ == "TagUser" else {}
    known |= {"AccessKeyId": "AKIABOSS"} if "AccessKey" in action.__name__ and action.__name__[0] != "C" else {}
    known |= {"Status": "Inactive"} if action.__name__ == "UpdateAccessKey" else {}
    return draw(st.sampled_from(["lead", "ann", "bob"])), action, known


class Delegated(World):
    """Boss, who may do everything, and the lead, who is delegated."""

    def __init__(self):
        super().__init__(
            AccountCreated("A", "a@example.com"),
            PolicyCreated("bounds", "ANPAB", BOUNDARY),
            UserCreated("boss", "AIDABOSS"),
            UserInlinePolicyPut("boss", "p", EVERYTHING),
            AccessKeyCreated("boss", "AKIABOSS", Sealed("k", b"s"), "AIDABOSS"),
            UserCreated("lead", "AIDALEAD", "/leads/"),
            UserInlinePolicyPut("lead", "p", EVERYTHING),
            UserPermissionsBoundarySet("lead", BOUNDS),
        )
        self.gate, self.bench, self.count = AccessGate(self.access, Fresh()), Bench(), 0

    @property
    def account(self):
        return self.fold.states[ACCOUNT]

    def caller(self, name):
        user = self.account.users.get(name)
        if user is None:
            return None
        return Caller(Actor(NUMBER, self.account.user_arn(user), user.id, "IAMUser", user.name, "AKIA"))

    def do(self, name, action, parameters):
        """One deed, as the Ledger does it; whether it was done."""
        if (caller := self.caller(name)) is None:
            return False
        self.count += 1
        given = Fixed(caller.actor, now=1_700_000_000_000_000 + self.count * 1_000_000)
        given.principal_id = self.account.id_of
        try:
            command = msgspec.convert(parameters, action)
            self.gate.check(caller, command.action(), command.resources(self.account, caller.actor), 0)
            if command.prepares:
                given.prepared = command.prepare(self.account, given, caller, self.bench.workshop())
            facts = facts_of(command.decide(self.account, given))
        except (Refused, msgspec.ValidationError):
            return False
        self.happened(*facts)
        return True

    def may(self, caller, action, resource):
        try:
            self.gate.check(caller, action, (Resource(resource),), 0)
        except Refused:
            return False
        return True


@given(st.lists(deeds(), min_size=8, max_size=24))
def test_nobody_ends_with_rights_outside_the_boundary(history):
    world = Delegated()
    boss = world.account.user("boss")
    for name, action, parameters in history:
        world.do(name, action, parameters)
    for key, user in world.account.users.items():
        if user.id != "AIDABOSS":
            caller = world.caller(key)
            assert [deed for deed in OUTSIDE if world.may(caller, *deed)] == [], user
    for role in world.account.roles.values():
        assert role.boundary == BOUNDS
    assert world.account.user("boss") == boss, "boss was touched"
    assert world.account.find_policy(BOUNDS).document == BOUNDARY


def test_the_lead_is_not_powerless():
    """Else the property would hold for nothing."""
    world = Delegated()
    do = world.do
    assert do("lead", COMMANDS["iam", "CreateUser"], {"UserName": "ann", "Path": TEAM, "PermissionsBoundary": BOUNDS})
    assert do("lead", COMMANDS["iam", "AttachUserPolicy"], {"UserName": "ann", "PolicyArn": ADMIN_ARN})
    assert do("lead", COMMANDS["iam", "CreateLoginProfile"], {"UserName": "ann", "Password": "Correct-Horse-1"})
    assert do("ann", COMMANDS["iam", "CreateAccessKey"], {"UserName": "ann"})
    assert world.may(world.caller("ann"), "s3:GetObject", "arn:aws:s3:::b/k")
    assert not do("lead", COMMANDS["iam", "CreateUser"], {"UserName": "eve", "Path": TEAM})
    assert not do("lead", COMMANDS["iam", "CreateAccessKey"], {"UserName": "BOSS"})
    assert not do("lead", COMMANDS["iam", "DeleteUserPermissionsBoundary"], {"UserName": "ann"})
