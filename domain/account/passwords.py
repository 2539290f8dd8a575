"""Passwords of users and of root: facts, what each changes in the account, and under which name hashes are sealed.

Root's are told apart by an empty user name.
"""

from typing import ClassVar, Final

import msgspec

from muniment.domain.account import drafting
from muniment.domain.account.proving import LoginProfile, PasswordPolicy
from muniment.domain.account.state import Account, AccountFact
from muniment.domain.ledger import Entry, Sealed
from muniment.domain.quotas import PASSWORDS_REMEMBERED_MAX
from muniment.domain.sealing import owner

HASH_FIELD: Final = "password"  # the field's name in the seal


class PasswordPolicySet(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """The account has this password policy, in place of any before."""

    changes: ClassVar[frozenset[str]] = frozenset()

    minimum_password_length: int
    require_symbols: bool = False
    require_numbers: bool = False
    require_uppercase_characters: bool = False
    require_lowercase_characters: bool = False
    allow_users_to_change_password: bool = False
    max_password_age: int = 0
    password_reuse_prevention: int = 0
    hard_expiry: bool = False

    def evolve(self, state: Account, entry: Entry) -> None:
        state.password_policy = PasswordPolicy(*msgspec.structs.astuple(self))


class PasswordPolicyDeleted(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """The account has no password policy of its own any more."""

    changes: ClassVar[frozenset[str]] = frozenset()

    def evolve(self, state: Account, entry: Entry) -> None:
        state.password_policy = None


class LoginProfileCreated(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A user, or root where `user_name` is empty, has a first password."""

    changes: ClassVar[frozenset[str]] = frozenset()

    user_name: str
    hash: Sealed
    password_reset_required: bool = False

    def evolve(self, state: Account, entry: Entry) -> None:
        keep_login(state, self.user_name, LoginProfile(self.hash, entry.time, entry.time, self.password_reset_required))


class PasswordReset(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """Somebody who administers the account gave a user another password."""

    changes: ClassVar[frozenset[str]] = frozenset()

    user_name: str
    hash: Sealed
    password_reset_required: bool = False

    def evolve(self, state: Account, entry: Entry) -> None:
        renew(state, self.user_name, self.hash, entry.time, self.password_reset_required)


class PasswordChanged(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A user, who knew the old password, has another."""

    changes: ClassVar[frozenset[str]] = frozenset()

    user_name: str
    hash: Sealed

    def evolve(self, state: Account, entry: Entry) -> None:
        renew(state, self.user_name, self.hash, entry.time, False)


class PasswordRehashed(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """The same password has a hash of today's strength."""

    changes: ClassVar[frozenset[str]] = frozenset()

    user_name: str
    hash: Sealed

    def evolve(self, state: Account, entry: Entry) -> None:
        change_login(state, self.user_name, hash=self.hash)


class PasswordResetRequirementSet(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A user must, or need not, choose another password at the next sign-in."""

    changes: ClassVar[frozenset[str]] = frozenset()

    user_name: str
    password_reset_required: bool

    def evolve(self, state: Account, entry: Entry) -> None:
        change_login(state, self.user_name, reset_required=self.password_reset_required)


class LoginProfileDeleted(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A user, or root, has no password any more; the sessions that it opened are over."""

    changes: ClassVar[frozenset[str]] = frozenset()

    user_name: str

    def evolve(self, state: Account, entry: Entry) -> None:
        keep_login(state, self.user_name, None)
        end_sessions(state, principal_id(state, self.user_name))


def principal_id(state: Account, user_name: str) -> str:
    """The unique id of a user, or of root where the name is empty. Raises NoSuchEntity."""
    return state.user(user_name).id if user_name else state.number


def hash_owner(account: str, unique_id: str) -> str:
    """Whose data key seals the hash: a user's id, or for root the account's number (DESIGN §7)."""
    return owner(f"account.{account}", unique_id)


def login_of(state: Account, user_name: str) -> LoginProfile | None:
    """The login profile of a user, or of root where the name is empty. Raises NoSuchEntity for no such user."""
    return state.user(user_name).login if user_name else state.root_login


def keep_login(state: Account, user_name: str, login: LoginProfile | None) -> None:
    """Give a user, or root, exactly this login profile."""
    if user_name:
        drafting.change(state.users, user_name, login=login)
    else:
        state.root_login = login


def change_login(state: Account, user_name: str, **changes: object) -> None:
    """Replace the login profile by a changed one; one that is gone meanwhile stays gone."""
    if (login := login_of(state, user_name)) is not None:
        keep_login(state, user_name, msgspec.structs.replace(login, **changes))


def renew(state: Account, user_name: str, new: Sealed, time: int, reset_required: bool) -> None:
    """Another password; the one before is remembered, so that it can be refused, and its sessions are over."""
    if (login := login_of(state, user_name)) is None:
        return
    history = (login.hash, *login.history)[: PASSWORDS_REMEMBERED_MAX - 1]
    change_login(state, user_name, hash=new, changed=time, reset_required=reset_required, history=history)
    end_sessions(state, principal_id(state, user_name))


def end_sessions(state: Account, unique_id: str) -> None:
    """End every session of sign-in of a principal."""
    for digest in [digest for digest, session in state.sign_ins.items() if session.owner == unique_id]:
        del state.sign_ins[digest]
