"""What commands on an organization's own state have in common: whose organization it is, and who may change it."""

from collections.abc import Callable

from muniment.commands.command import Command, Given
from muniment.commands.iam import tags as tag_rules
from muniment.commands.iam.contexts import Keys
from muniment.commands.iam.tags import Tag
from muniment.commands.organizations import founding
from muniment.domain.boundary import State, as_state
from muniment.domain.errors import InvalidInput, LimitExceeded
from muniment.domain.ledger import Actor
from muniment.domain.organization.errors import (
    ConstraintViolation,
    InvalidOrganizationsInput,
    OrganizationsAccessDenied,
    OrganizationsNotInUse,
)
from muniment.domain.organization.state import Organization, Tags
from muniment.domain.resource import Resource
from muniment.domain.site.state import SITE, Site

NOT_IN_USE = "Your account is not a member of an organization."
NOT_YOURS = "You don't have permissions to access this resource."
NONE = "none"  # stands for the organization of an account that is in none: it has no entries, and no command makes one


class OrganizationCommand(Command[Organization], frozen=True, kw_only=True, rename="pascal"):
    """A command that the organization of the caller's account decides. Only its management account may give it."""

    service = "organizations"
    boundary = Organization

    def target(self, actor: Actor) -> str:
        return founding.organization_boundary(NONE)

    def located(self, actor: Actor, load: Callable[[str], State]) -> str:
        """The caller's organization, which the site knows."""
        known = as_state(load(SITE), SITE, Site).accounts.get(actor.account)
        return founding.organization_boundary(known.organization if known is not None and known.organization else NONE)

    def resources(self, state: Organization, actor: Actor) -> tuple[Resource, ...]:
        """What it names, for the management account; others are refused whatever they name."""
        return self.named(state) if actor.account == state.management else (Resource("*"),)

    def named(self, state: Organization) -> tuple[Resource, ...]:
        """What the gate is asked about. Without a word on it, the action has no resource type."""
        return (Resource("*"),)


def managed(state: Organization, given: Given) -> Organization:
    """The organization, which the caller manages. Raises OrganizationsNotInUse, OrganizationsAccessDenied."""
    if not state.management:
        raise OrganizationsNotInUse(NOT_IN_USE)
    if state.management != given.actor.account:
        raise OrganizationsAccessDenied(NOT_YOURS)
    return state


def node_resource(state: Organization, node: str, keys: Keys | None = None) -> Resource:
    """A root, unit or account as the gate sees it, with its tags. It need not exist."""
    return Resource(state.node_arn(node), resource_tags(state.tags_of(node)) | (keys or {}))


def resource_tags(tags: Tags) -> Keys:
    """The tags that a resource has; Organizations has no condition key of its own for them."""
    return {f"aws:ResourceTag/{key}": (value,) for key, value in tags.items()}


def policy_resource(state: Organization, policy_id: str, keys: Keys | None = None) -> Resource:
    """A policy as the gate sees it. It need not exist."""
    kind = state.type_of(policy_id)
    tags = resource_tags(state.tags_of(policy_id))
    return Resource(state.policy_arn(policy_id, kind or "*"), tags | policy_type(kind) | (keys or {}))


def policy_type(kind: str) -> Keys:
    """The condition key `organizations:PolicyType`."""
    return {"organizations:PolicyType": (kind,)} if kind else {}


def checked_tags(old: Tags, tags: tuple[Tag, ...]) -> Tags:
    """Those of `tags` that change something in `old`. Raises InvalidOrganizationsInput, ConstraintViolation."""
    try:
        return tag_rules.added(old, tags, fold_case=False)
    except InvalidInput as refused:
        system = any(tag.key.lower().startswith(tag_rules.RESERVED) for tag in tags)
        reason = "INVALID_SYSTEM_TAGS_PARAMETER" if system else "DUPLICATE_TAG_KEY"
        raise InvalidOrganizationsInput(refused.message, reason) from None
    except LimitExceeded as refused:
        raise ConstraintViolation(refused.message, "MAX_TAG_LIMIT_EXCEEDED") from None
