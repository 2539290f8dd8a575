"""A small account whose guard against escalation is on, and whoever tries to become more by any history of commands."""

import msgspec

from muniment.commands.command import COMMANDS
from muniment.commands.guarding import guard
from muniment.domain import arn
from muniment.domain.account.account import AccountCreated
from muniment.domain.account.escalation_guard import EscalationGuardSet
from muniment.domain.account.groups import GroupCreated, GroupMemberAdded
from muniment.domain.account.inline import GroupInlinePolicyPut, RoleInlinePolicyPut, UserInlinePolicyPut
from muniment.domain.account.permissions_boundaries import RolePermissionsBoundarySet, UserPermissionsBoundarySet
from muniment.domain.account.policies import PolicyCreated
from muniment.domain.account.roles import RoleCreated, RoleTagged
from muniment.domain.account.users import UserCreated
from muniment.domain.caller import Caller
from muniment.domain.errors import Refused
from muniment.domain.ledger import Actor
from muniment.domain.resource import Resource
from muniment.projections.access.gate import AccessGate
from tests.commands.bench import Bench
from tests.commands.given import Fixed, facts_of
from tests.projections.logs import ACCOUNT
from tests.projections.worlds import World
from tests.security.test_cve_09_minted_credentials import NUMBER, Fresh

USERS, ROLES, GROUPS = ("ann", "bob", "boss"), ("app", "admin"), ("staff", "admins")


def identity(prefix, name):
    """A unique id as long as they are: shorter ones are no principals."""
    return prefix + name.upper().ljust(17, "A")


ANN, BOB, BOSS = (identity("AIDA", name) for name in USERS)
APP, ADMIN = (identity("AROA", name) for name in ROLES)


def entity(kind, name, path="/"):
    return arn.iam(NUMBER, kind, path, name)


ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
HELD, BOUNDS = entity("policy", "held"), entity("policy", "bounds")
TAKEOVERS = {"CreateAccessKey", "UpdateAccessKey", "CreateLoginProfile", "UpdateLoginProfile"}


def allow(action, resource="*", **condition):
    said = {"Effect": "Allow", "Action": action, "Resource": resource}
    return {**said, "Condition": condition} if condition else said


def deny(action, resource="*", **condition):
    return {**allow(action, resource, **condition), "Effect": "Deny"}


def document(*statements):
    return msgspec.json.encode({"Version": "2012-10-17", "Statement": statements}).decode()


def trust(principal, **condition):
    named = principal if principal == "*" else {"AWS": principal}
    said = {"Effect": "Allow", "Principal": named, "Action": "sts:AssumeRole"}
    return document({**said, "Condition": condition} if condition else said)


class Guarded(World):
    """The account. `policies` are the inline policies by name of user, group or role, `trusts` those of the roles."""

    def __init__(self, policies, trusts=(), tags=(), bounded=(), held=document(allow("s3:GetObject"))):
        self.made = (policies, trusts, tags, bounded, held)  # so that a failure says which world it was
        policies, trusts, tags = dict(policies), dict(trusts), dict(tags)
        super().__init__(
            AccountCreated("A", "a@example.com"),
            PolicyCreated("held", "ANPAHELD", held),
            PolicyCreated("bounds", "ANPABOUNDS", document(allow(["s3:*", "iam:*"]))),
            *(UserCreated(name, identity("AIDA", name), tags=tags.get(name, {})) for name in USERS),
            *(GroupCreated(name, f"AGPA{name.upper()}") for name in GROUPS),
            GroupMemberAdded("staff", "ann"),
        )
        for name in ROLES:
            self.happened(RoleCreated(name, identity("AROA", name), trusts.get(name, trust(BOSS))))
            if name in tags:
                self.happened(RoleTagged(name, tags[name]))
        for name, text in policies.items():
            put = (
                UserInlinePolicyPut if name in USERS else RoleInlinePolicyPut if name in ROLES else GroupInlinePolicyPut
            )
            self.happened(put(name, "own", text))
        for name in bounded:
            bind = UserPermissionsBoundarySet if name in USERS else RolePermissionsBoundarySet
            self.happened(bind(name, BOUNDS))
        self.happened(EscalationGuardSet(True))
        self.gate, self.bench, self.count = AccessGate(self.access, Fresh()), Bench(), 0

    def __repr__(self):
        return f"Guarded{self.made!r}"

    @property
    def account(self):
        return self.fold.states[ACCOUNT]

    def caller(self, unique_id, session=None):
        """The user, or a session of the role, with this id; None where it is gone."""
        account = self.account
        if unique_id not in account.ids:
            return None
        if unique_id.startswith("AIDA"):
            user = account.users[account.ids[unique_id]]
            actor = Actor(NUMBER, account.user_arn(user), user.id, "IAMUser", user.name, "AKIA")
            return Caller(actor, {"aws:username": (user.name,)}, session=session)
        role = account.roles[account.ids[unique_id]]
        session_arn = f"arn:aws:sts::{NUMBER}:assumed-role/{role.name}/s"
        actor = Actor(
            NUMBER, session_arn, f"{role.id}:s", "AssumedRole", issuer=role.id, issuer_arn=account.role_arn(role)
        )
        return Caller(actor, session=session)

    def give(self, caller, action, **parameters):
        """One command, decided as the Ledger decides it. Raises Refused."""
        self.count += 1
        service = "muniment" if ("muniment", action) in COMMANDS else "iam"
        command = msgspec.convert(parameters, COMMANDS[service, action])
        given = Fixed(caller.actor, now=1_700_000_000_000_000 + self.count * 1_000_000)
        given.principal_id = self.account.id_of
        self.gate.check(caller, command.action(), command.resources(self.account, caller.actor), 0)
        if command.prepares:
            given.prepared = command.prepare(self.account, given, caller, self.bench.workshop())
        decision = command.decide(self.account, given)
        states = self.fold.states.__getitem__
        guard(command, ACCOUNT, decision, caller, states, states, given.now)
        self.happened(*facts_of(decision))

    def may(self, caller, action, resource, tags=None):
        try:
            self.gate.check(caller, action, (Resource(resource, tags or {}),), 0)
        except Refused:
            return False
        return True

    def together(self, members):
        """The members, and every role that one of them can come to by assuming roles."""
        found = set(members)
        newest = list(found)
        while newest:
            caller = self.caller(newest.pop())
            for role in self.account.roles.values() if caller is not None else ():
                tags = {f"aws:ResourceTag/{key}": (value,) for key, value in role.tags.items()}
                if role.id not in found and self.may(caller, "sts:AssumeRole", self.account.role_arn(role), tags):
                    found.add(role.id)
                    newest.append(role.id)
        return found

    def reach(self, members, questions):
        """What they can do, all roles that they can come to included."""
        callers = [caller for one in self.together(members) if (caller := self.caller(one)) is not None]
        return {question for question in questions if any(self.may(caller, *question) for caller in callers)}
