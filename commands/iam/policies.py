"""Commands on customer managed policies and their tags (FEATURES 1b)."""

from typing import Any

from muniment.commands.command import Decision, Given
from muniment.commands.iam import tags as tag_rules
from muniment.commands.iam.contexts import Keys, request_tags, tag_keys
from muniment.commands.iam.documents import check_managed
from muniment.commands.iam.entity import IAMCommand, PolicyCommand
from muniment.commands.iam.managed import own_policy
from muniment.commands.iam.tags import Tag
from muniment.domain import arn, ids
from muniment.domain.account.policies import PolicyCreated, PolicyDeleted, PolicyTagged, PolicyUntagged
from muniment.domain.account.state import Account, Policy
from muniment.domain.errors import DeleteConflict, EntityAlreadyExists, LimitExceeded
from muniment.domain.ledger import Actor, Entry, Fact
from muniment.domain.quotas import POLICIES_PER_ACCOUNT_MAX
from muniment.domain.resource import Resource


class CreatePolicy(IAMCommand, frozen=True, kw_only=True, rename="pascal"):
    """Create a managed policy. https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicy.html"""

    policy_name: str
    policy_document: str
    path: str = "/"
    description: str = ""
    tags: tuple[Tag, ...] = ()

    def resources(self, state: Account, actor: Actor) -> tuple[Resource, ...]:
        keys = request_tags(tag_rules.as_tags(self.tags))
        return (Resource(arn.iam(state.number, "policy", self.path, self.policy_name), keys),)

    def decide(self, state: Account, given: Given) -> Fact:
        if self.policy_name.lower() in state.policies:
            raise EntityAlreadyExists(
                f"A policy called {self.policy_name} already exists. Duplicate names are not allowed."
            )
        if len(state.policies) >= POLICIES_PER_ACCOUNT_MAX:
            raise LimitExceeded(f"Cannot exceed quota for PoliciesPerAccount: {POLICIES_PER_ACCOUNT_MAX}")
        tags = tag_rules.checked(self.tags, fold_case=False)
        check_managed(self.policy_document)
        return PolicyCreated(
            self.policy_name,
            given.unique_id(ids.POLICY),
            self.policy_document,
            path=self.path,
            description=self.description,
            tags=tags,
        )

    def answer(self, state: Account, entries: tuple[Entry, ...], given: Given) -> dict[str, Any]:
        fact = entries[0].fact
        assert isinstance(fact, PolicyCreated)
        policy = fact.policy(state.number, entries[0])
        member = {
            "PolicyName": policy.name,
            "PolicyId": policy.id,
            "Arn": policy.arn,
            "Path": policy.path,
            "DefaultVersionId": policy.default,
            "AttachmentCount": 0,
            "PermissionsBoundaryUsageCount": 0,
            "IsAttachable": True,
            "CreateDate": policy.created,
            "UpdateDate": policy.updated,
        }
        return {"Policy": member | ({"Tags": tag_rules.shown(policy.tags)} if policy.tags else {})}


class DeletePolicy(PolicyCommand, frozen=True, kw_only=True, rename="pascal"):
    """Delete a managed policy that nobody uses. https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeletePolicy.html"""

    def decide(self, state: Account, given: Given) -> Fact:
        policy = own_policy(state, self.policy_arn)
        if policy.arn in state.attachments or policy.arn in state.bounds:
            raise DeleteConflict("Cannot delete a policy attached to entities.")
        if len(policy.versions) > 1:
            raise DeleteConflict(
                "This policy has more than one version. Before you delete a policy, you must delete the policy's "
                "versions. The default version is deleted with the policy."
            )
        return PolicyDeleted(policy.arn)


class TagPolicy(PolicyCommand, frozen=True, kw_only=True, rename="pascal"):
    """Add tags to a managed policy. https://docs.aws.amazon.com/IAM/latest/APIReference/API_TagPolicy.html"""

    tags: tuple[Tag, ...]

    def keys(self, policy: Policy | None) -> Keys:
        return request_tags(tag_rules.as_tags(self.tags))

    def decide(self, state: Account, given: Given) -> Decision:
        policy = own_policy(state, self.policy_arn)
        tags = tag_rules.added(policy.tags, self.tags, fold_case=False)
        return PolicyTagged(policy.arn, tags) if tags else None


class UntagPolicy(PolicyCommand, frozen=True, kw_only=True, rename="pascal"):
    """Take tags from a managed policy. https://docs.aws.amazon.com/IAM/latest/APIReference/API_UntagPolicy.html"""

    tag_keys: tuple[str, ...]

    def keys(self, policy: Policy | None) -> Keys:
        return tag_keys(self.tag_keys)

    def decide(self, state: Account, given: Given) -> Decision:
        policy = own_policy(state, self.policy_arn)
        keys = tag_rules.removed(policy.tags, self.tag_keys, fold_case=False)
        return PolicyUntagged(policy.arn, keys) if keys else None
