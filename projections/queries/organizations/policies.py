"""The reading actions on policies: what there is, what is attached where; and tags."""

from collections.abc import Iterable
from typing import Any

from muniment.domain.organization import shown
from muniment.domain.organization.errors import PolicyNotFound, TargetNotFound
from muniment.domain.organization.policy_types import GIVEN, GivenPolicy
from muniment.domain.organization.state import Organization, OrganizationPolicy
from muniment.domain.resource import Resource
from muniment.projections.queries.organizations.query import (
    PAGE_MAX,
    OrganizationsQuery,
    node_resource,
    policy_resource,
    policy_type,
)
from muniment.projections.queries.organizations.units import ACCOUNT, kind_of
from muniment.projections.query import Asked, Views

Found = OrganizationPolicy | GivenPolicy


class DescribePolicy(OrganizationsQuery, frozen=True, kw_only=True, rename="pascal"):
    """https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribePolicy.html"""

    policy_id: str

    def named(self, organization: Organization) -> tuple[Resource, ...]:
        return (policy_resource(organization, self.policy_id),)

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        organization = self.managed(views, asked)
        return {"Policy": shown.policy(organization, policy_of(organization, self.policy_id))}


class ListPolicies(OrganizationsQuery, frozen=True, kw_only=True, rename="pascal"):
    """Of one type, the given ones first. https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListPolicies.html"""

    filter: str
    next_token: str = ""
    max_results: int = PAGE_MAX

    def named(self, organization: Organization) -> tuple[Resource, ...]:
        return (Resource("*", policy_type(self.filter)),)

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        organization = self.managed(views, asked)
        every: Iterable[Found] = (*GIVEN.values(), *organization.policies.values())
        wanted = [each for each in every if each.type == self.filter]
        found, rest = self.page(views, asked, wanted, given_first, organization.number, self.filter)
        return {"Policies": [shown.summary(organization, each) for each in found], **rest}


class ListPoliciesForTarget(OrganizationsQuery, frozen=True, kw_only=True, rename="pascal"):
    """The policies of one type that are attached to a node itself, not those that it inherits.
    https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListPoliciesForTarget.html"""

    target_id: str
    filter: str
    next_token: str = ""
    max_results: int = PAGE_MAX

    def named(self, organization: Organization) -> tuple[Resource, ...]:
        target = node_resource(organization, self.target_id)
        return (Resource(target.arn, {**target.context, **policy_type(self.filter)}),)

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        organization = self.managed(views, asked)
        if not organization.is_node(self.target_id):
            raise TargetNotFound
        held = [policy_of(organization, each) for each in organization.attached_to(self.target_id, self.filter)]
        question = (organization.number, self.target_id, self.filter)
        found, rest = self.page(views, asked, held, given_first, *question)
        return {"Policies": [shown.summary(organization, each) for each in found], **rest}


class ListTargetsForPolicy(OrganizationsQuery, frozen=True, kw_only=True, rename="pascal"):
    """https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListTargetsForPolicy.html"""

    policy_id: str
    next_token: str = ""
    max_results: int = PAGE_MAX

    def named(self, organization: Organization) -> tuple[Resource, ...]:
        return (policy_resource(organization, self.policy_id),)

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        organization = self.managed(views, asked)
        policy_of(organization, self.policy_id)
        nodes = organization.targets_of(self.policy_id)
        question = (organization.number, self.policy_id)
        found, rest = self.page(views, asked, nodes, lambda node: (node,), *question)
        return {"Targets": [target_shown(organization, node) for node in found], **rest}


class ListTagsForResource(OrganizationsQuery, frozen=True, kw_only=True, rename="pascal"):
    """https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListTagsForResource.html"""

    resource_id: str
    next_token: str = ""

    def named(self, organization: Organization) -> tuple[Resource, ...]:
        found = policy_resource if self.resource_id.startswith("p-") else node_resource
        return (found(organization, self.resource_id),)

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        organization = self.managed(views, asked)
        if not organization.is_node(self.resource_id) and self.resource_id not in organization.policies:
            raise TargetNotFound
        tags = organization.tags_of(self.resource_id).items()
        question = (organization.number, self.resource_id)
        found, rest = self.page(views, asked, tags, lambda tag: (tag[0],), *question)
        return {"Tags": [{"Key": key, "Value": value} for key, value in found], **rest}


def policy_of(organization: Organization, policy_id: str) -> Found:
    """The policy with this id, a given one included. Raises PolicyNotFound."""
    found = organization.policies.get(policy_id) or GIVEN.get(policy_id)
    if found is None:
        raise PolicyNotFound
    return found


def given_first(policy: Found) -> tuple[int, str]:
    """The place of a policy in lists."""
    return (0 if isinstance(policy, GivenPolicy) else policy.created), policy.id


def target_shown(organization: Organization, node: str) -> dict[str, Any]:
    """A node that a policy is attached to."""
    kind = kind_of(organization, node)
    if kind == ACCOUNT:
        name = organization.accounts[node].name
    else:
        name = shown.ROOT_NAME if node == organization.root else organization.units[node].name
    return {"TargetId": node, "Arn": organization.node_arn(node), "Name": name, "Type": kind}
