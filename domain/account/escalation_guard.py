"""Whether an account lets anybody give more than they may do themselves (SECURITY rule 4)."""

from typing import ClassVar

from muniment.domain.account.state import Account, AccountFact
from muniment.domain.ledger import Entry


class EscalationGuardSet(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """From now on nobody in the account gives more than they may do themselves, or permission to give is enough again."""

    changes: ClassVar[frozenset[str]] = frozenset()
    severity: ClassVar[str] = "high"

    on: bool

    def evolve(self, state: Account, entry: Entry) -> None:
        state.escalation_guarded = self.on
