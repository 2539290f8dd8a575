"""The account itself: its beginning, its alias, its root user's credentials."""

from typing import ClassVar

from muniment.domain.account.state import AccessKey, Account, AccountFact
from muniment.domain.ledger import Entry, Sealed


class AccountCreated(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """An account came to be. The e-mail address names its root user."""

    account_name: str
    email: str

    def evolve(self, state: Account, entry: Entry) -> None:
        state.name, state.email, state.created = self.account_name, self.email, entry.time


class AccountAliasCreated(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """The account has this alias, in place of the one it had."""

    changes: ClassVar[frozenset[str]] = frozenset()

    account_alias: str

    def evolve(self, state: Account, entry: Entry) -> None:
        state.alias = self.account_alias


class AccountAliasDeleted(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """The account has no alias any more."""

    changes: ClassVar[frozenset[str]] = frozenset()

    account_alias: str

    def evolve(self, state: Account, entry: Entry) -> None:
        state.alias = ""


class RootCredentialsReset(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """The root user has one new key and none of those before. Done on the host itself; an alarm."""

    changes: ClassVar[frozenset[str]] = frozenset({"credentials"})

    severity: ClassVar[str] = "high"

    access_key_id: str
    secret: Sealed
    deleted: tuple[str, ...] = ()  # ids of the keys that are gone

    def evolve(self, state: Account, entry: Entry) -> None:
        for key in state.root_keys:
            del state.keys[key.id]
        state.root_keys = (AccessKey(self.access_key_id, self.secret, entry.time),)
        state.keys[self.access_key_id] = ""
