"""Tags of an organization's nodes and policies; their keys are case-sensitive."""

from typing import ClassVar

import msgspec

from muniment.domain.ledger import Entry
from muniment.domain.organization.state import Organization, OrganizationFact, Tags


class OrganizationResourceTagged(OrganizationFact, frozen=True, gc=False, omit_defaults=True):
    """A node or a policy has these tags, in place of those with the same keys."""

    changes: ClassVar[frozenset[str]] = frozenset()

    resource_id: str
    tags: Tags

    def evolve(self, state: Organization, entry: Entry) -> None:
        _replace(state, self.resource_id, {**state.tags_of(self.resource_id), **self.tags})


class OrganizationResourceUntagged(OrganizationFact, frozen=True, gc=False, omit_defaults=True):
    """A node or a policy has no tags with these keys any more."""

    changes: ClassVar[frozenset[str]] = frozenset()

    resource_id: str
    tag_keys: tuple[str, ...]

    def evolve(self, state: Organization, entry: Entry) -> None:
        old = state.tags_of(self.resource_id)
        _replace(state, self.resource_id, {key: value for key, value in old.items() if key not in self.tag_keys})


def _replace(state: Organization, resource_id: str, tags: Tags) -> None:
    if resource_id == state.root:
        state.root_tags = tags
        return
    table = "policies" if resource_id.startswith("p-") else "units" if resource_id.startswith("ou-") else "accounts"
    found = getattr(state, table)
    found[resource_id] = msgspec.structs.replace(found[resource_id], tags=tags)
