"""Sessions of sign-in: facts, and what each changes in the account. Tokens are known by their SHA-256 only (SECURITY 9).

A session is in the account's state, so that every node knows it, lists it, and forgets it with the entry that ends it
(docs/decisions/0029).
"""

from typing import ClassVar, Final

import msgspec

from muniment.domain.account.passwords import change_login, end_sessions
from muniment.domain.account.proving import SignInSession
from muniment.domain.account.state import Account, AccountFact
from muniment.domain.ledger import Entry
from muniment.domain.quotas import SIGN_IN_SESSIONS_PER_PRINCIPAL_MAX

BROWSER: Final = "browser"
TOKEN: Final = "token"  # noqa: S105 - a kind of session


class SignInSessionStarted(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A user signed in."""

    changes: ClassVar[frozenset[str]] = frozenset()

    user_name: str  # empty for root
    session_id: str
    owner_id: str
    token_digest: str
    expires: int  # microseconds
    factor: str = ""  # the serial number of the device; "recovery"; "" where none was asked
    session_kind: str = BROWSER

    def evolve(self, state: Account, entry: Entry) -> None:
        _make_room(state, self.owner_id, entry.time)
        state.sign_ins[self.token_digest] = SignInSession(
            self.session_id, self.owner_id, entry.time, entry.time, self.expires, self.factor, self.session_kind
        )
        if not self.user_name or self.owner_id in state.ids:
            change_login(state, self.user_name, last_used=entry.time)


class RootSignInSessionStarted(SignInSessionStarted, frozen=True, gc=False, omit_defaults=True):
    """The root user signed in: an alarm, for it has every right and is hardly ever needed."""

    severity: ClassVar[str] = "high"


class SignInSessionRenewed(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A session has another token, because its user proved again who it is."""

    changes: ClassVar[frozenset[str]] = frozenset()

    user_name: str
    session_id: str
    owner_id: str
    old_digest: str
    token_digest: str
    factor: str = ""

    def evolve(self, state: Account, entry: Entry) -> None:
        if (session := state.sign_ins.pop(self.old_digest, None)) is not None:
            state.sign_ins[self.token_digest] = msgspec.structs.replace(
                session, proven=entry.time, factor=self.factor or session.factor
            )


class SignInSessionEnded(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A session is over: its user signed out, or it was revoked."""

    changes: ClassVar[frozenset[str]] = frozenset()

    user_name: str
    session_id: str
    owner_id: str

    def evolve(self, state: Account, entry: Entry) -> None:
        for digest in [digest for digest, session in state.sign_ins.items() if session.id == self.session_id]:
            del state.sign_ins[digest]


class SignInSessionsEnded(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """Every session of a user, or of root, is over."""

    changes: ClassVar[frozenset[str]] = frozenset()

    user_name: str
    owner_id: str

    def evolve(self, state: Account, entry: Entry) -> None:
        end_sessions(state, self.owner_id)


def sessions_of(state: Account, owner_id: str, now: int) -> tuple[SignInSession, ...]:
    """The sessions of a user, or of root by the account's number, that are not over, oldest first."""
    found = (each for each in state.sign_ins.values() if each.owner == owner_id and each.expires > now)
    return tuple(sorted(found, key=lambda session: (session.started, session.id)))


def _make_room(state: Account, owner_id: str, now: int) -> None:
    """Forget what is over anyway, and the oldest of somebody who has too many."""
    for digest in [digest for digest, session in state.sign_ins.items() if session.expires <= now]:
        del state.sign_ins[digest]
    own = [digest for digest, session in state.sign_ins.items() if session.owner == owner_id]
    for digest in own[: max(0, len(own) - SIGN_IN_SESSIONS_PER_PRINCIPAL_MAX + 1)]:
        del state.sign_ins[digest]
