"""How an account stops being in an organization, and an organization ends."""

from muniment.domain.ledger import Entry
from muniment.domain.organization.state import Organization, OrganizationFact


class AccountRemoved(OrganizationFact, frozen=True, gc=False, omit_defaults=True):
    """An account is not in the organization any more, and nothing of it counts for the account."""

    account_id: str

    def evolve(self, state: Organization, entry: Entry) -> None:
        del state.accounts[self.account_id]
        for policy_type in state.policy_types:
            state.attached.pop(f"{policy_type}/{self.account_id}", None)


class OrganizationDissolved(OrganizationFact, frozen=True, gc=False, omit_defaults=True):
    """The organization is no more, with its units and policies. Its id is never used again."""

    account_id: str  # which managed it

    def evolve(self, state: Organization, entry: Entry) -> None:
        state.management, state.root, state.policy_types = "", "", ()
        state.accounts, state.units, state.policies, state.attached, state.root_tags = {}, {}, {}, {}, {}
