"""Commands on the tags of an organization's nodes and policies."""

from muniment.commands.command import Decision, Given
from muniment.commands.iam import tags as tag_rules
from muniment.commands.iam.contexts import Keys, request_tags, tag_keys
from muniment.commands.iam.tags import Tag
from muniment.commands.organizations.command import (
    OrganizationCommand,
    checked_tags,
    managed,
    node_resource,
    policy_resource,
)
from muniment.domain.organization.errors import TargetNotFound
from muniment.domain.organization.state import Organization, Tags
from muniment.domain.organization.tagging import OrganizationResourceTagged, OrganizationResourceUntagged
from muniment.domain.resource import Resource


class TaggingCommand(OrganizationCommand, frozen=True, kw_only=True, rename="pascal"):
    """A command on the tags of one root, unit, account or policy."""

    resource_id: str

    def keys(self) -> Keys:
        """The condition keys that the request brings."""
        return {}

    def named(self, state: Organization) -> tuple[Resource, ...]:
        found = policy_resource if self.resource_id.startswith("p-") else node_resource
        return (found(state, self.resource_id, self.keys()),)

    def tags_of(self, state: Organization, given: Given) -> Tags:
        """The tags as they are. Raises TargetNotFound, also for policies that come with Muniment."""
        managed(state, given)
        if not state.is_node(self.resource_id) and self.resource_id not in state.policies:
            raise TargetNotFound
        return state.tags_of(self.resource_id)


class TagResource(TaggingCommand, frozen=True, kw_only=True, rename="pascal"):
    """Add tags. https://docs.aws.amazon.com/organizations/latest/APIReference/API_TagResource.html"""

    tags: tuple[Tag, ...]

    def keys(self) -> Keys:
        return request_tags(tag_rules.as_tags(self.tags))

    def decide(self, state: Organization, given: Given) -> Decision:
        tags = checked_tags(self.tags_of(state, given), self.tags)
        return OrganizationResourceTagged(self.resource_id, tags) if tags else None


class UntagResource(TaggingCommand, frozen=True, kw_only=True, rename="pascal"):
    """Take tags away. https://docs.aws.amazon.com/organizations/latest/APIReference/API_UntagResource.html"""

    tag_keys: tuple[str, ...]

    def keys(self) -> Keys:
        return tag_keys(self.tag_keys)

    def decide(self, state: Organization, given: Given) -> Decision:
        keys = tag_rules.removed(self.tags_of(state, given), self.tag_keys, fold_case=False)
        return OrganizationResourceUntagged(self.resource_id, keys) if keys else None
