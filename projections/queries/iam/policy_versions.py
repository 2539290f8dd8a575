"""Queries on the versions of managed policies: GetPolicyVersion with the document, ListPolicyVersions without."""

from typing import Any, Final

from muniment.domain.account.state import Policy, PolicyVersion
from muniment.domain.errors import NoSuchEntity
from muniment.domain.resource import Resource
from muniment.projections.queries.iam import resources
from muniment.projections.queries.iam.managed import policy_at
from muniment.projections.queries.iam.query import IAMListQuery, IAMQuery
from muniment.projections.queries.pagination import key_of
from muniment.projections.query import Asked, Views

NUMBERS_MAX: Final = 2**32  # no policy ever has so many versions; makes the newest the first


def listed(policy: Policy, version: PolicyVersion) -> dict[str, Any]:
    """A version as lists show it: without its document."""
    return {"VersionId": version.id, "IsDefaultVersion": version.id == policy.default, "CreateDate": version.created}


def shown(policy: Policy, version: PolicyVersion) -> dict[str, Any]:
    """A version with its document."""
    return {"Document": version.document, **listed(policy, version)}


def number_of(version: PolicyVersion) -> int:
    """3 of `v3`."""
    return int(version.id[1:])


class GetPolicyVersion(IAMQuery, frozen=True, kw_only=True, rename="pascal"):
    """A version's document. https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetPolicyVersion.html"""

    policy_arn: str
    version_id: str

    def resources(self, views: Views, asked: Asked) -> tuple[Resource, ...]:
        return resources.policy_at(self.account(views, asked), self.policy_arn)

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        policy = policy_at(self.account(views, asked), self.policy_arn)
        if (version := policy.versions.get(self.version_id)) is None:
            what = f"Policy {self.policy_arn} version {self.version_id}"
            raise NoSuchEntity(f"{what} does not exist or is not attachable.")
        return {"PolicyVersion": shown(policy, version)}


class ListPolicyVersions(IAMListQuery, frozen=True, kw_only=True, rename="pascal"):
    """Newest first. https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListPolicyVersions.html"""

    policy_arn: str

    def resources(self, views: Views, asked: Asked) -> tuple[Resource, ...]:
        return resources.policy_at(self.account(views, asked), self.policy_arn)

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        policy = policy_at(self.account(views, asked), self.policy_arn)
        rows = ((key_of(NUMBERS_MAX - number_of(version)), version) for version in policy.versions.values())
        return self.paged(views, asked, "Versions", rows, lambda version: listed(policy, version))
