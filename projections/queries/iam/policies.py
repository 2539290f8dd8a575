"""Queries on managed policies, the account's own and AWS's: GetPolicy, ListPolicies, ListPolicyTags."""

from typing import Any

from muniment.domain.account.state import Account, Policy
from muniment.domain.resource import Resource
from muniment.projections.queries.iam import tags
from muniment.projections.queries.iam.managed import AWS_POLICIES, policy_at
from muniment.projections.queries.iam.named import OfPolicy
from muniment.projections.queries.iam.query import IAMListQuery, IAMQuery
from muniment.projections.queries.pagination import key_of
from muniment.projections.query import Asked, Views


def listed(account: Account, policy: Policy) -> dict[str, Any]:
    """A policy as lists show it: without description and tags, as the references of Policy and ListPolicies say."""
    return {
        "PolicyName": policy.name,
        "PolicyId": policy.id,
        "Arn": policy.arn,
        "Path": policy.path,
        "DefaultVersionId": policy.default,
        "AttachmentCount": account.attachments.get(policy.arn, 0),
        "PermissionsBoundaryUsageCount": account.bounds.get(policy.arn, 0),
        "IsAttachable": True,
        "CreateDate": policy.created,
        "UpdateDate": policy.updated,
    }


def described(policy: Policy) -> dict[str, str]:
    """The Description member, where there is one."""
    return {"Description": policy.description} if policy.description else {}


class GetPolicy(OfPolicy, IAMQuery, frozen=True, kw_only=True, rename="pascal"):
    """A managed policy, without its document. https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetPolicy.html"""

    policy_arn: str

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        account = self.account(views, asked)
        policy = policy_at(account, self.policy_arn)
        return {"Policy": {**listed(account, policy), **described(policy), "Tags": tags.shown(policy.tags)}}


class ListPolicies(IAMListQuery, frozen=True, kw_only=True, rename="pascal"):
    """Managed policies. https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListPolicies.html"""

    scope: str = "All"
    only_attached: bool = False
    path_prefix: str = "/"
    policy_usage_filter: str = ""

    def resources(self, views: Views, asked: Asked) -> tuple[Resource, ...]:
        # No resource type: AWS's refusal says "on resource: policy path /", which only a Resource of `*` covers.
        return (Resource(f"policy path {self.path_prefix}"),)

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        account = self.account(views, asked)
        local = () if self.scope == "AWS" else account.policies.values()
        aws = () if self.scope == "Local" else AWS_POLICIES.values()
        rows = (
            (key_of(policy.name.lower(), policy.arn), policy)
            for policies in (local, aws)
            for policy in policies
            if policy.path.startswith(self.path_prefix) and self._is_wanted(account, policy.arn)
        )
        return self.paged(views, asked, "Policies", rows, lambda policy: listed(account, policy))

    def _is_wanted(self, account: Account, policy_arn: str) -> bool:
        """Whether the policy is used in the way that the filters ask for."""
        if self.policy_usage_filter == "PermissionsBoundary":
            return policy_arn in account.bounds
        if self.policy_usage_filter == "PermissionsPolicy" or self.only_attached:
            return policy_arn in account.attachments
        return True


class ListPolicyTags(OfPolicy, IAMListQuery, frozen=True, kw_only=True, rename="pascal"):
    """A policy's tags, by key. https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListPolicyTags.html"""

    policy_arn: str

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        policy = self.policy(views, asked)
        return self.paged(views, asked, "Tags", tags.rows(policy.tags), tags.one)
