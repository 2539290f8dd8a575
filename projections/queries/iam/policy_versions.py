"""Queries on the versions of managed policies: GetPolicyVersion with the document, ListPolicyVersions without."""

from typing import Any, Final

from muniment.domain.account.state import Policy, PolicyVersion
from muniment.domain.errors import NoSuchEntity
from muniment.projections.queries.iam.named import OfPolicy
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


class GetPolicyVersion(OfPolicy, IAMQuery, frozen=True, kw_only=True, rename="pascal"):
    """A version's document. https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetPolicyVersion.html"""

    policy_arn: str
    version_id: str

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        policy = self.policy(views, asked)
        if (version := policy.versions.get(self.version_id)) is None:
            what = f"Policy {self.policy_arn} version {self.version_id}"
            raise NoSuchEntity(f"{what} does not exist or is not attachable.")
        return {"PolicyVersion": shown(policy, version)}


class ListPolicyVersions(OfPolicy, IAMListQuery, frozen=True, kw_only=True, rename="pascal"):
    """Newest first. https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListPolicyVersions.html"""

    policy_arn: str

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        policy = self.policy(views, asked)
        rows = ((key_of(NUMBERS_MAX - number_of(version)), version) for version in policy.versions.values())
        return self.paged(views, asked, "Versions", rows, lambda version: listed(policy, version))
