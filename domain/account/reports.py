"""The credential report: that one was asked for. What it says is read off the account when it is fetched."""

from typing import ClassVar

from muniment.domain.account.state import Account, AccountFact
from muniment.domain.ledger import Entry


class CredentialReportRequested(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A credential report may be fetched from now on, for four hours."""

    changes: ClassVar[frozenset[str]] = frozenset()

    def evolve(self, state: Account, entry: Entry) -> None:
        state.report_requested = entry.time
