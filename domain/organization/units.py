"""The tree of an organization: units that come, are renamed and go, and accounts that move between them."""

from typing import ClassVar

import msgspec

from muniment.domain.ledger import Entry
from muniment.domain.organization.state import Organization, OrganizationFact, Tags, Unit


class OrganizationalUnitCreated(OrganizationFact, frozen=True, gc=False, omit_defaults=True):
    """A unit came to be under the root or another unit; policies of enabled types that every node has are attached to it."""

    changes: ClassVar[frozenset[str]] = frozenset()

    unit_id: str
    unit_name: str
    parent_id: str
    tags: Tags = {}

    def evolve(self, state: Organization, entry: Entry) -> None:
        state.units[self.unit_id] = Unit(self.unit_id, self.unit_name, self.parent_id, entry.time, self.tags)


class OrganizationalUnitRenamed(OrganizationFact, frozen=True, gc=False, omit_defaults=True):
    """A unit has another name; its id and place stay."""

    changes: ClassVar[frozenset[str]] = frozenset()

    unit_id: str
    unit_name: str

    def evolve(self, state: Organization, entry: Entry) -> None:
        units = state.units
        units[self.unit_id] = msgspec.structs.replace(units[self.unit_id], name=self.unit_name)


class OrganizationalUnitDeleted(OrganizationFact, frozen=True, gc=False, omit_defaults=True):
    """An empty unit is gone, and what was attached to it is not any more."""

    changes: ClassVar[frozenset[str]] = frozenset()

    unit_id: str

    def evolve(self, state: Organization, entry: Entry) -> None:
        del state.units[self.unit_id]
        for policy_type in state.policy_types:
            state.attached.pop(f"{policy_type}/{self.unit_id}", None)


class AccountMoved(OrganizationFact, frozen=True, gc=False, omit_defaults=True):
    """An account is under another parent: from now on that one's policies count for it."""

    account_id: str
    source_parent_id: str
    destination_parent_id: str

    def evolve(self, state: Organization, entry: Entry) -> None:
        accounts = state.accounts
        accounts[self.account_id] = msgspec.structs.replace(
            accounts[self.account_id], parent=self.destination_parent_id
        )
