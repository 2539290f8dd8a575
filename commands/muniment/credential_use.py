"""NoteCredentialUse, NoteRoleUse: that a key or a role was used, once for each and hour; RemindOfRotation: that a key is old,
whether it is used or not (FEATURES 1b). Given by the process itself.
"""

from typing import Final

from muniment.commands.command import Command, Decision, Given
from muniment.commands.muniment.operator import boundary_of, check_operator
from muniment.domain import arn
from muniment.domain.account.keys import AccessKeyRotationReminded, CredentialUsed, RootCredentialUsed, keys_of
from muniment.domain.account.roles import RoleUsed
from muniment.domain.account.state import AccessKey, Account
from muniment.domain.ledger import Actor
from muniment.domain.resource import Resource

HOUR: Final = 3_600_000_000  # microseconds
DAY: Final = 24 * HOUR
ROTATION_DAYS: Final = 90  # how old a key may be before its user is reminded, and how often


class NoteCredentialUse(Command[Account], frozen=True, kw_only=True, rename="pascal"):
    """Record when an access key was last used, and for what. Nothing where it was recorded within the same hour."""

    operator_only = True

    service = "muniment"
    boundary = Account

    account_id: str
    access_key_id: str
    time: int  # microseconds
    used_service: str
    used_region: str

    def target(self, actor: Actor) -> str:
        return boundary_of(self.account_id)

    def resources(self, state: Account, actor: Actor) -> tuple[Resource, ...]:
        return (Resource(arn.root(self.account_id)),)

    def decide(self, state: Account, given: Given) -> Decision:
        check_operator(given.actor, self.action())
        user = state.keys.get(self.access_key_id)
        if user is None:
            return None  # deleted meanwhile
        key = next(each for each in keys_of(state, user) if each.id == self.access_key_id)
        if key.last_used // HOUR >= self.time // HOUR:
            return None
        kind = CredentialUsed if user else RootCredentialUsed
        used = kind(self.access_key_id, self.time, self.used_service, self.used_region)
        if not is_due(key, self.time):
            return used
        name = state.users[user].name if user else ""
        return (used, AccessKeyRotationReminded(name, self.access_key_id, (self.time - key.created) // DAY))


class RemindOfRotation(Command[Account], frozen=True, kw_only=True, rename="pascal"):
    """Remind of a key that is due for rotation, though nobody uses it. Nothing where that was done, or the key is gone or off."""

    operator_only = True

    service = "muniment"
    boundary = Account

    account_id: str
    access_key_id: str

    def target(self, actor: Actor) -> str:
        return boundary_of(self.account_id)

    def resources(self, state: Account, actor: Actor) -> tuple[Resource, ...]:
        return (Resource(arn.root(self.account_id)),)

    def decide(self, state: Account, given: Given) -> Decision:
        check_operator(given.actor, self.action())
        user = state.keys.get(self.access_key_id)
        if user is None:
            return None
        key = next(each for each in keys_of(state, user) if each.id == self.access_key_id)
        if not key.active or not is_due(key, given.now):
            return None
        name = state.users[user].name if user else ""
        return AccessKeyRotationReminded(name, key.id, (given.now - key.created) // DAY)


def is_due(key: AccessKey, now: int) -> bool:
    """Whether a key is old enough that its user is reminded now (microseconds)."""
    return now - key.created >= ROTATION_DAYS * DAY and now - key.reminded >= ROTATION_DAYS * DAY


class NoteRoleUse(Command[Account], frozen=True, kw_only=True, rename="pascal"):
    """Record when a role's credentials were last used, and where. Nothing where it was recorded within the same hour.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_RoleLastUsed.html
    """

    operator_only = True

    service = "muniment"
    boundary = Account

    account_id: str
    role_id: str
    time: int  # microseconds
    used_region: str

    def target(self, actor: Actor) -> str:
        return boundary_of(self.account_id)

    def resources(self, state: Account, actor: Actor) -> tuple[Resource, ...]:
        return (Resource(arn.root(self.account_id)),)

    def decide(self, state: Account, given: Given) -> Decision:
        check_operator(given.actor, self.action())
        name = state.ids.get(self.role_id)
        role = state.roles.get(name) if name is not None else None
        if role is None or role.id != self.role_id or role.last_used // HOUR >= self.time // HOUR:
            return None
        return RoleUsed(role.name, self.role_id, self.time, self.used_region)
