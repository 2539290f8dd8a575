"""Whether an account lets roles trust other accounts without an external id (SECURITY rule 5)."""

from typing import ClassVar

from muniment.domain.account.state import Account, AccountFact
from muniment.domain.ledger import Entry


class ExternalIdRequirementSet(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """Roles of the account may be assumed from other accounts only with an external id, or also without one."""

    changes: ClassVar[frozenset[str]] = frozenset()

    required: bool

    def evolve(self, state: Account, entry: Entry) -> None:
        state.external_id_required = self.required
