"""Who is let into a role for who it is: by name, or by tags and the like. Such a door is open to one and shut to another who holds
the very same policies, so that comparing policies does not show it. POLICY_EVALUATION 2.2 steps 5 and 6.
"""

from collections.abc import Iterator
from typing import Final

import msgspec

from muniment.domain import arn
from muniment.domain.account.state import Account, Role
from muniment.domain.escalation.held import document, entity, person
from muniment.domain.ids import USER
from muniment.domain.policy.checks.names import Names
from muniment.domain.policy.checks.person import asks_who, concerning
from muniment.domain.policy.checks.result import Work
from muniment.domain.policy.checks.rights import Rights
from muniment.domain.policy.checks.rules import Rule
from muniment.domain.policy.document import Kind
from muniment.domain.policy.patterns import action_pattern, resource_pattern
from muniment.domain.policy.statements import Statement, Verdict
from muniment.domain.policy.variables import VARIABLES_SINCE

ASSUME: Final = Names((action_pattern("sts:AssumeRole"),))
_ASSUMING: Final = ("*", "sts:*", "sts:assumerole", "sts:assumerole*")


class Door(msgspec.Struct, frozen=True):
    """A statement of a role's trust policy that lets somebody in."""

    role: Role
    statement: Statement
    version: str

    @property
    def asks_who(self) -> bool:
        """Whether its conditions ask who comes."""
        return any(
            asks_who(condition.key.lower()) or any("${" in value for value in condition.values)
            for condition in self.statement.conditions
        )

    @property
    def everyone(self) -> bool:
        """Whether it names everybody."""
        return self.statement.principals is None or self.statement.principals.everyone

    def names(self, account: Account, unique_id: str) -> bool:
        """Whether it names the user or role: by its id, or a role by a session of its name."""
        found = entity(account, unique_id)
        named = () if self.statement.principals is None else self.statement.principals.aws
        if unique_id in named:
            return True
        if not isinstance(found, Role):
            return False
        session = f"arn:{arn.PARTITION}:sts::{account.number}:assumed-role/{found.name}/".lower()
        return any(name.lower().startswith(session) for name in named)

    def delegates(self, account: Account) -> bool:
        """Whether it leaves it to the account's own policies."""
        named = () if self.statement.principals is None else self.statement.principals.aws
        return account.number in named or arn.root(account.number) in named

    def may_admit(self, account: Account, unique_id: str) -> bool:
        """Whether its conditions may hold for the user or role."""
        return concerning(self.statement, self.version, person(account, unique_id, generous=True)) is not None


def doors(account: Account) -> Iterator[Door]:
    """The doors of all roles."""
    for role in account.roles.values():
        yield from doors_of(role)


def doors_of(role: Role) -> Iterator[Door]:
    """The doors of one role."""
    trust = document(role.trust, Kind.TRUST)
    for statement in trust.statements:
        if statement.verdict is Verdict.ALLOW and not statement.unknown:
            yield Door(role, statement, trust.version)


def may_assume(rules: tuple[Rule, ...], role_arn: str, work: Work) -> bool:
    """Whether some of the rules may allow sts:AssumeRole on the role. Raises TooComplex."""
    wanted = Names((resource_pattern(role_arn, VARIABLES_SINCE),))
    return any(not rule.actions.apart(ASSUME, work) and not rule.resources.apart(wanted, work) for rule in rules)


def lets_in(door: Door, account: Account, unique_id: str, own: Rights, granter: Rights, work: Work) -> bool:
    """Whether the door lets the user or role in for who it is, or for what the granter is forbidden. Raises TooComplex."""
    if not door.may_admit(account, unique_id):
        return False
    if door.names(account, unique_id):
        return True
    role_arn = account.role_arn(door.role)
    if door.everyone:
        return door.asks_who or may_assume(granter.denying, role_arn, work)
    return door.delegates(account) and door.asks_who and may_assume(own.allowing[0], role_arn, work)


def surely_enters(door: Door, account: Account, granter_id: str, granter: Rights, work: Work) -> bool:
    """Whether the granter can assume the door's role too, by this very door or one without conditions. Raises TooComplex."""
    trust = document(door.role.trust, Kind.TRUST)
    if any(statement.verdict is Verdict.DENY for statement in trust.statements):
        return False
    if may_assume(granter.denying, account.role_arn(door.role), work):
        return False
    limited = (
        not granter_id.startswith(USER) and len(granter.allowing) > 1
    )  # naming a role leaves its boundary in force
    for other in doors_of(door.role):
        free = not other.statement.conditions and any(
            action.lower() in _ASSUMING for action in other.statement.actions or ()
        )
        same = other.statement == door.statement and not door.asks_who
        named = other.everyone or (not limited and other.names(account, granter_id))
        if (free or same) and named:
            return True
    return False
