"""What is read of an organization: whose it is, who may ask, and lists in pages."""

from collections.abc import Callable, Iterable
from typing import Final, TypeVar

from muniment.domain.boundary import as_state
from muniment.domain.organization.errors import (
    InvalidOrganizationsInput,
    OrganizationsAccessDenied,
    OrganizationsNotInUse,
)
from muniment.domain.organization.state import Organization
from muniment.domain.resource import Resource
from muniment.domain.site.state import SITE, Site
from muniment.projections.queries.pagination import BadCursor, Cursors, key_of
from muniment.projections.query import Asked, Query, Views

PAGE_MAX: Final = 20  # botocore's MaxResults

T = TypeVar("T")


class OrganizationsQuery(Query, frozen=True, kw_only=True, rename="pascal"):
    """A question about the organization that the caller's account is in."""

    service = "organizations"

    def resources(self, views: Views, asked: Asked) -> tuple[Resource, ...]:
        """What it names, for the management account; others are refused whatever they name."""
        found = self.find(views, asked)
        if found is None or found.management != asked.actor.account:
            return (Resource("*"),)
        return self.named(found)

    def named(self, organization: Organization) -> tuple[Resource, ...]:
        """What the gate is asked about. Without a word on it, the action has no resource type."""
        return (Resource("*"),)

    @staticmethod
    def find(views: Views, asked: Asked) -> Organization | None:
        """The organization of the caller's account, or None."""
        known = as_state(views.state(SITE), SITE, Site).accounts.get(asked.actor.account)
        if known is None or not known.organization:
            return None
        boundary = f"{Organization.kind}.{known.organization}"
        return as_state(views.state(boundary), boundary, Organization)

    def organization(self, views: Views, asked: Asked) -> Organization:
        """The organization of the caller's account. Raises OrganizationsNotInUse."""
        if (found := self.find(views, asked)) is None:
            raise OrganizationsNotInUse("Your account is not a member of an organization.")
        return found

    def managed(self, views: Views, asked: Asked) -> Organization:
        """The organization that the caller's account manages. Raises OrganizationsAccessDenied for its other members."""
        found = self.organization(views, asked)
        if found.management != asked.actor.account:
            raise OrganizationsAccessDenied("You don't have permissions to access this resource.")
        return found

    def page(
        self,
        views: Views,
        asked: Asked,
        found: Iterable[T],
        key: Callable[[T], tuple[str | int, ...]],
        *question: str,
    ) -> tuple[list[T], dict[str, str]]:
        """A page of what was found, and the token for the rest; `question` is what is listed. Raises InvalidOrganizationsInput."""
        cursors = Cursors.about(views.cursor_key, asked.now, self.action(), asked.actor.account, *question)
        rows = ((key_of(*key(each)), each) for each in found)
        token, most = getattr(self, "next_token", ""), getattr(self, "max_results", PAGE_MAX)
        try:
            page = cursors.page(rows, token, most)
        except BadCursor:
            raise InvalidOrganizationsInput(
                "You specified an invalid value for NextToken.", "INVALID_NEXT_TOKEN"
            ) from None
        return page.items, {"NextToken": page.marker} if page.marker else {}


def node_resource(organization: Organization, node: str) -> Resource:
    """A root, unit, account as the gate sees it, with its tags; it need not exist."""
    return Resource(organization.node_arn(node), tag_keys(organization, node))


def policy_resource(organization: Organization, policy_id: str) -> Resource:
    """A policy as the gate sees it; it need not exist."""
    kind = organization.type_of(policy_id)
    keys = policy_type(kind) if kind else {}
    return Resource(organization.policy_arn(policy_id, kind or "*"), tag_keys(organization, policy_id) | keys)


def policy_type(kind: str) -> dict[str, tuple[str, ...]]:
    """The condition key that Organizations has for its policies."""
    return {"organizations:PolicyType": (kind,)}


def tag_keys(organization: Organization, resource_id: str) -> dict[str, tuple[str, ...]]:
    """The tags of a node or policy as condition keys."""
    return {f"aws:ResourceTag/{key}": (value,) for key, value in organization.tags_of(resource_id).items()}
