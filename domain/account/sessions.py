"""The end of sessions before their time: one session, or all that a principal or credential began before some moment.

What comes from a session that has ended has ended too, whichever account it is in (docs/decisions/0026).
"""

from typing import ClassVar, Final

from muniment.domain.account.state import Account, AccountFact
from muniment.domain.ledger import Entry

KEPT_SECONDS: Final = 2 * 129_600  # nothing that came from a session lives longer after that session ended; twice that


class SessionRevoked(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A session has ended, and with it all that came from it."""

    changes: ClassVar[frozenset[str]] = frozenset({"credentials"})

    access_key_id: str  # ASIA…

    def evolve(self, state: Account, entry: Entry) -> None:
        forget_old(state, entry.time)
        state.revoked[self.access_key_id] = entry.time


class SessionsRevoked(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """The sessions of a principal, or begun with a credential, that were issued before `before` have ended."""

    changes: ClassVar[frozenset[str]] = frozenset({"credentials"})

    revoked: str  # a unique id, the account's number for root, a provider's ARN, or an access key id
    before: int  # microseconds

    def evolve(self, state: Account, entry: Entry) -> None:
        forget_old(state, entry.time)
        state.revoked_before[self.revoked] = max(self.before, state.revoked_before.get(self.revoked, 0))


def forget_old(state: Account, now: int) -> None:
    """Drop what can concern no session that is still alive: the table holds days, not years."""
    oldest = now - KEPT_SECONDS * 1_000_000
    for table in (state.revoked, state.revoked_before):
        for name in [name for name, time in table.items() if time < oldest]:
            del table[name]
