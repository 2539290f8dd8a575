"""Commands on organization policies: written, changed and deleted (FEATURES 1a, SCP and RCP)."""

from typing import Any

from muniment.commands.command import Decision, Given
from muniment.commands.iam import tags as tag_rules
from muniment.commands.iam.contexts import request_tags
from muniment.commands.iam.tags import Tag
from muniment.commands.organizations.command import (
    OrganizationCommand,
    checked_tags,
    managed,
    policy_resource,
    policy_type,
)
from muniment.commands.organizations.contents import check_content
from muniment.domain.ledger import Entry, Fact
from muniment.domain.organization import shown
from muniment.domain.organization.errors import (
    ConstraintViolation,
    DuplicatePolicy,
    InvalidOrganizationsInput,
    PolicyInUse,
    PolicyNotFound,
    PolicyTypeNotAvailable,
)
from muniment.domain.organization.policies import (
    OrganizationPolicyChanged,
    OrganizationPolicyCreated,
    OrganizationPolicyDeleted,
)
from muniment.domain.organization.policy_types import GIVEN, GivenPolicy
from muniment.domain.organization.state import Organization, OrganizationPolicy
from muniment.domain.quotas import POLICIES_PER_ORGANIZATION_MAX
from muniment.domain.resource import Resource

ALL_FEATURES = "ALL"


class CreatePolicy(OrganizationCommand, frozen=True, kw_only=True, rename="pascal"):
    """Write a policy of any type; it counts where it is attached. SCPs and RCPs must be well formed.
    https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreatePolicy.html"""

    content: str
    description: str
    name: str
    type: str
    tags: tuple[Tag, ...] = ()

    def named(self, state: Organization) -> tuple[Resource, ...]:
        return (Resource("*", policy_type(self.type) | request_tags(tag_rules.as_tags(self.tags))),)

    def decide(self, state: Organization, given: Given) -> Fact:
        managed(state, given)
        if state.feature_set != ALL_FEATURES:
            raise PolicyTypeNotAvailable
        check_content(self.content, self.type)
        check_name_is_free(state, self.name, self.type)
        if sum(1 for each in state.policies.values() if each.type == self.type) >= POLICIES_PER_ORGANIZATION_MAX:
            raise ConstraintViolation(
                "You have exceeded the allowed number of policies.", "POLICY_NUMBER_LIMIT_EXCEEDED"
            )
        tags = checked_tags({}, self.tags)
        policy_id = given.unique_id("p-").lower()
        return OrganizationPolicyCreated(policy_id, self.type, self.name, self.description, self.content, tags)

    def answer(self, state: Organization, entries: tuple[Entry, ...], given: Given) -> dict[str, Any]:
        fact = entries[0].fact
        assert isinstance(fact, OrganizationPolicyCreated)
        return {"Policy": shown.policy(state, fact.policy(entries[0]))}


class UpdatePolicy(OrganizationCommand, frozen=True, kw_only=True, rename="pascal"):
    """Give a policy another name, description or document, which counts at once wherever the policy is attached.
    https://docs.aws.amazon.com/organizations/latest/APIReference/API_UpdatePolicy.html"""

    policy_id: str
    name: str | None = None
    description: str | None = None
    content: str | None = None

    def named(self, state: Organization) -> tuple[Resource, ...]:
        return (policy_resource(state, self.policy_id),)

    def decide(self, state: Organization, given: Given) -> Decision:
        policy = own_policy(managed(state, given), self.policy_id)
        if self.content is not None:
            check_content(self.content, policy.type)
        if self.name is not None and self.name != policy.name:
            check_name_is_free(state, self.name, policy.type)
        fact = OrganizationPolicyChanged(
            policy.id,
            None if self.name == policy.name else self.name,
            None if self.description == policy.description else self.description,
            None if self.content == policy.document else self.content,
        )
        return None if fact.changed(policy) == policy else fact

    def answer(self, state: Organization, entries: tuple[Entry, ...], given: Given) -> dict[str, Any]:
        return {"Policy": shown.policy(state, own_policy(state, self.policy_id))}


class DeletePolicy(OrganizationCommand, frozen=True, kw_only=True, rename="pascal"):
    """Delete a policy that is attached nowhere.
    https://docs.aws.amazon.com/organizations/latest/APIReference/API_DeletePolicy.html"""

    policy_id: str

    def named(self, state: Organization) -> tuple[Resource, ...]:
        return (policy_resource(state, self.policy_id),)

    def decide(self, state: Organization, given: Given) -> Fact:
        policy = own_policy(managed(state, given), self.policy_id)
        if state.targets_of(policy.id):
            raise PolicyInUse
        return OrganizationPolicyDeleted(policy.id)


def own_policy(state: Organization, policy_id: str) -> OrganizationPolicy:
    """A policy that the organization may change. Raises PolicyNotFound, and InvalidOrganizationsInput for given ones."""
    if policy_id in GIVEN:
        raise InvalidOrganizationsInput(
            "You specified a policy that is managed by AWS and can't be modified.", "IMMUTABLE_POLICY"
        )
    if (found := state.policies.get(policy_id)) is None:
        raise PolicyNotFound
    return found


def check_name_is_free(state: Organization, name: str, kind: str) -> None:
    """Raises DuplicatePolicy where there is a policy of this type and name, a given one included."""
    every: tuple[OrganizationPolicy | GivenPolicy, ...] = (*state.policies.values(), *GIVEN.values())
    if any(each.type == kind and each.name == name for each in every):
        raise DuplicatePolicy
