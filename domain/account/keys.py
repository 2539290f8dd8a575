"""Access keys of users and of the root user: facts, what each changes, and under which name their secrets are sealed.

Root's keys are told apart by an empty user name.
"""

from typing import ClassVar

import msgspec

from muniment.domain.account import drafting
from muniment.domain.account.state import AccessKey, Account, AccountFact
from muniment.domain.ledger import Entry, Sealed
from muniment.domain.sealing import owner


def secret_owner(account: str, unique_id: str) -> str:
    """Whose data key seals the secret: a user's id, or for root the account's number (DESIGN §7)."""
    return owner(f"account.{account}", unique_id)


def secret_field(key_id: str) -> str:
    """The field's name in the seal's associated data is the key's id, so that no secret opens as another key's."""
    return key_id


class AccessKeyCreated(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A user, or root where `user_name` is empty, has a new active key."""

    changes: ClassVar[frozenset[str]] = frozenset({"credentials"})

    user_name: str
    access_key_id: str
    secret: Sealed
    owner_id: str  # AIDA…, or the account's number for root: whose data key seals the secret

    def evolve(self, state: Account, entry: Entry) -> None:
        key = AccessKey(self.access_key_id, self.secret, entry.time)
        keep_keys(state, self.user_name, (*keys_of(state, self.user_name), key))
        state.keys[self.access_key_id] = self.user_name.lower()


class AccessKeyActivated(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A key may be used again."""

    changes: ClassVar[frozenset[str]] = frozenset({"credentials"})

    user_name: str
    access_key_id: str

    def evolve(self, state: Account, entry: Entry) -> None:
        change_key(state, self.access_key_id, active=True)


class AccessKeyDeactivated(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A key may not be used until it is activated again."""

    changes: ClassVar[frozenset[str]] = frozenset({"credentials"})

    user_name: str
    access_key_id: str

    def evolve(self, state: Account, entry: Entry) -> None:
        change_key(state, self.access_key_id, active=False)


class AccessKeyDeleted(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A key is gone for ever."""

    changes: ClassVar[frozenset[str]] = frozenset({"credentials"})

    user_name: str
    access_key_id: str

    def evolve(self, state: Account, entry: Entry) -> None:
        left = tuple(key for key in keys_of(state, self.user_name) if key.id != self.access_key_id)
        keep_keys(state, self.user_name, left)
        del state.keys[self.access_key_id]


class CredentialUsed(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A key was used: recorded once for each credential and hour (FEATURES 1b). One that is gone meanwhile changes nothing."""

    changes: ClassVar[frozenset[str]] = frozenset()

    access_key_id: str
    time: int  # microseconds; when it was used, which is before it was recorded
    used_service: str = ""
    used_region: str = ""

    def evolve(self, state: Account, entry: Entry) -> None:
        if self.access_key_id in state.keys:
            change_key(
                state,
                self.access_key_id,
                last_used=self.time,
                last_service=self.used_service,
                last_region=self.used_region,
            )


class RootCredentialUsed(CredentialUsed, frozen=True, gc=False, omit_defaults=True):
    """A key of the root user was used: an alarm, once for each key and hour, for root has every right and is hardly ever needed."""

    severity: ClassVar[str] = "high"


class AccessKeyRotationReminded(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A key that works has been the same for too long: it is due for rotation."""

    changes: ClassVar[frozenset[str]] = frozenset()

    user_name: str
    access_key_id: str
    age_days: int

    def evolve(self, state: Account, entry: Entry) -> None:
        if self.access_key_id in state.keys:
            change_key(state, self.access_key_id, reminded=entry.time)


def keys_of(state: Account, user_name: str) -> tuple[AccessKey, ...]:
    """The keys of a user, or of root where the name is empty. Raises NoSuchEntity."""
    return state.user(user_name).keys if user_name else state.root_keys


def keep_keys(state: Account, user_name: str, keys: tuple[AccessKey, ...]) -> None:
    """Give a user, or root, exactly these keys."""
    if user_name:
        drafting.change(state.users, user_name, keys=keys)
    else:
        state.root_keys = keys


def change_key(state: Account, key_id: str, **changes: bool | int | str) -> None:
    """Replace one key by a changed one, wherever it hangs."""
    user_name = state.keys[key_id]
    keep_keys(
        state,
        user_name,
        tuple(
            msgspec.structs.replace(key, **changes) if key.id == key_id else key for key in keys_of(state, user_name)
        ),
    )
