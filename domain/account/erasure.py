"""Erasing a principal: what the log says of it. The keys themselves are erased beside the log (DESIGN §7)."""

from muniment.domain.account.passwords import end_sessions
from muniment.domain.account.state import Account, AccountFact
from muniment.domain.ledger import Entry


class PrincipalErased(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """Everything sealed for a user, role or root user of this account is to be unreadable for ever.

    Recorded before the data key's messages are overwritten, so that every node forgets it and a restore erases it again.
    """

    severity = "high"

    unique_id: str

    def evolve(self, state: Account, entry: Entry) -> None:
        """Names and policies stay, for they are not personal data. Sessions end: nothing that was sealed can prove who they are."""
        end_sessions(state, self.unique_id)
