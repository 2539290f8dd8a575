"""Commands on where policies count: attached to the root, units and accounts, of the types that are enabled (FEATURES 1a)."""

from typing import Any

from muniment.commands.command import Given
from muniment.commands.organizations.command import (
    OrganizationCommand,
    managed,
    node_resource,
    policy_resource,
    policy_type,
)
from muniment.domain.ledger import Entry, Fact
from muniment.domain.organization import shown
from muniment.domain.organization.errors import (
    ConstraintViolation,
    DuplicatePolicyAttachment,
    HandshakeConstraintViolation,
    InvalidOrganizationsInput,
    PolicyNotAttached,
    PolicyNotFound,
    PolicyTypeAlreadyEnabled,
    PolicyTypeNotAvailable,
    PolicyTypeNotEnabled,
    RootNotFound,
    TargetNotFound,
)
from muniment.domain.organization.policies import (
    AllFeaturesEnabled,
    OrganizationPolicyAttached,
    OrganizationPolicyDetached,
    PolicyTypeDisabled,
    PolicyTypeEnabled,
)
from muniment.domain.organization.policy_types import FULL_RESOURCE_ACCESS, SCP
from muniment.domain.organization.state import Organization
from muniment.domain.quotas import POLICIES_PER_NODE_MAX
from muniment.domain.resource import Resource

ALL_FEATURES = "ALL"


class AttachmentCommand(OrganizationCommand, frozen=True, kw_only=True, rename="pascal"):
    """A command on one policy and one node."""

    policy_id: str
    target_id: str

    def named(self, state: Organization) -> tuple[Resource, ...]:
        keys = policy_type(state.type_of(self.policy_id))
        return policy_resource(state, self.policy_id), node_resource(state, self.target_id, keys)

    def checked(self, state: Organization, given: Given) -> tuple[str, tuple[str, ...]]:
        """The policy's type, and what of it is attached to the node. Raises PolicyNotFound, TargetNotFound."""
        managed(state, given)
        if not (kind := state.type_of(self.policy_id)):
            raise PolicyNotFound
        if not state.is_node(self.target_id):
            raise TargetNotFound
        return kind, state.attached_to(self.target_id, kind)


class AttachPolicy(AttachmentCommand, frozen=True, kw_only=True, rename="pascal"):
    """Let a policy count for an account, or for every account under a unit or the root.
    https://docs.aws.amazon.com/organizations/latest/APIReference/API_AttachPolicy.html"""

    def decide(self, state: Organization, given: Given) -> Fact:
        kind, held = self.checked(state, given)
        if kind not in state.policy_types:
            raise PolicyTypeNotEnabled
        if self.policy_id in held:
            raise DuplicatePolicyAttachment
        if len(held) >= POLICIES_PER_NODE_MAX:
            raise ConstraintViolation(
                f"You have exceeded the allowed number of policies attached to the target: {POLICIES_PER_NODE_MAX}.",
                "MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED",
            )
        return OrganizationPolicyAttached(self.policy_id, self.target_id)


class DetachPolicy(AttachmentCommand, frozen=True, kw_only=True, rename="pascal"):
    """Let a policy count no more where it was attached. A node keeps at least one SCP while these are enabled.
    https://docs.aws.amazon.com/organizations/latest/APIReference/API_DetachPolicy.html"""

    def decide(self, state: Organization, given: Given) -> Fact:
        kind, held = self.checked(state, given)
        if self.policy_id not in held:
            raise PolicyNotAttached
        if self.policy_id == FULL_RESOURCE_ACCESS:
            raise InvalidOrganizationsInput("You can't detach this AWS Managed Policy.", "NON_DETACHABLE_POLICY")
        if kind == SCP and len(held) == 1:
            raise ConstraintViolation(
                "You cannot remove the last policy attached to the specified target. You should always have at least one "
                "policy attached.",
                "MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED",
            )
        return OrganizationPolicyDetached(self.policy_id, self.target_id)


class PolicyTypeCommand(OrganizationCommand, frozen=True, kw_only=True, rename="pascal"):
    """A command on a type of policies in the root."""

    root_id: str
    policy_type: str

    def named(self, state: Organization) -> tuple[Resource, ...]:
        return (node_resource(state, state.root, policy_type(self.policy_type)),)

    def answer(self, state: Organization, entries: tuple[Entry, ...], given: Given) -> dict[str, Any]:
        return {"Root": shown.root(state)}

    def check_root(self, state: Organization, given: Given) -> None:
        """Raises RootNotFound."""
        if managed(state, given).root != self.root_id:
            raise RootNotFound


class EnablePolicyType(PolicyTypeCommand, frozen=True, kw_only=True, rename="pascal"):
    """Let policies of a type be attached; FullAWSAccess or RCPFullAWSAccess is attached everywhere.
    https://docs.aws.amazon.com/organizations/latest/APIReference/API_EnablePolicyType.html"""

    def decide(self, state: Organization, given: Given) -> Fact:
        self.check_root(state, given)
        if state.feature_set != ALL_FEATURES:
            raise PolicyTypeNotAvailable
        if self.policy_type in state.policy_types:
            raise PolicyTypeAlreadyEnabled
        return PolicyTypeEnabled(self.policy_type)


class DisablePolicyType(PolicyTypeCommand, frozen=True, kw_only=True, rename="pascal"):
    """Let policies of a type count no more, and detach all of them.
    https://docs.aws.amazon.com/organizations/latest/APIReference/API_DisablePolicyType.html"""

    def decide(self, state: Organization, given: Given) -> Fact:
        self.check_root(state, given)
        if self.policy_type not in state.policy_types:
            raise PolicyTypeNotEnabled
        return PolicyTypeDisabled(self.policy_type)


class EnableAllFeatures(OrganizationCommand, frozen=True, kw_only=True, rename="pascal"):
    """Let an organization that was made for its bills alone have policies. Every account in it was created by it, so nobody is
    left to agree: the handshake is accepted at once.
    https://docs.aws.amazon.com/organizations/latest/APIReference/API_EnableAllFeatures.html"""

    def decide(self, state: Organization, given: Given) -> Fact:
        if managed(state, given).feature_set == ALL_FEATURES:
            raise HandshakeConstraintViolation(
                "The handshake request is invalid because the organization has already enabled all features.",
                "ORGANIZATION_ALREADY_HAS_ALL_FEATURES",
            )
        return AllFeaturesEnabled(given.unique_id("h-").lower())

    def answer(self, state: Organization, entries: tuple[Entry, ...], given: Given) -> dict[str, Any]:
        fact = entries[0].fact
        assert isinstance(fact, AllFeaturesEnabled)
        prefix = f"arn:aws:organizations::{state.management}:handshake/{state.number}/enable_all_features"
        return {
            "Handshake": {
                "Id": fact.handshake_id,
                "Arn": f"{prefix}/{fact.handshake_id}",
                "Parties": [{"Id": state.number, "Type": "ORGANIZATION"}],
                "State": "ACCEPTED",
                "RequestedTimestamp": entries[0].time,
                "ExpirationTimestamp": entries[0].time,
                "Action": "ENABLE_ALL_FEATURES",
                "Resources": [{"Type": "ORGANIZATION", "Value": state.number}],
            }
        }
