"""Queries on attachments from the entity's side: which managed policies a user, group or role has."""

from typing import Any

from muniment.domain.arn import name_of
from muniment.projections.queries.iam.named import OfGroup, OfRole, OfUser
from muniment.projections.queries.iam.policy_paths import path_of
from muniment.projections.queries.iam.query import IAMListQuery
from muniment.projections.queries.pagination import key_of
from muniment.projections.query import Asked, Views


def shown(policy_arn: str) -> dict[str, str]:
    """An attached policy: its name and ARN."""
    return {"PolicyName": name_of(policy_arn), "PolicyArn": policy_arn}


def place(policy_arn: str) -> bytes:
    """Where an attached policy comes in its list: by name, then by ARN."""
    return key_of(name_of(policy_arn).lower(), policy_arn)


class _ListAttachedQuery(IAMListQuery, frozen=True, kw_only=True, rename="pascal"):
    """The managed policies attached to one entity, those under a path."""

    path_prefix: str = "/"

    def policies(self, views: Views, asked: Asked, attached: tuple[str, ...]) -> dict[str, Any]:
        """The page of attached policies."""
        rows = ((place(arn), arn) for arn in attached if path_of(arn).startswith(self.path_prefix))
        return self.paged(views, asked, "AttachedPolicies", rows, shown)


class ListAttachedUserPolicies(OfUser, _ListAttachedQuery, frozen=True, kw_only=True, rename="pascal"):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListAttachedUserPolicies.html"""

    user_name: str

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        return self.policies(views, asked, self.user(views, asked).attached)


class ListAttachedGroupPolicies(OfGroup, _ListAttachedQuery, frozen=True, kw_only=True, rename="pascal"):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListAttachedGroupPolicies.html"""

    group_name: str

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        return self.policies(views, asked, self.group(views, asked).attached)


class ListAttachedRolePolicies(OfRole, _ListAttachedQuery, frozen=True, kw_only=True, rename="pascal"):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListAttachedRolePolicies.html"""

    role_name: str

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        return self.policies(views, asked, self.role(views, asked).attached)
