"""Queries on inline policies of users, groups and roles: the names an entity has, and one document."""

from typing import Any

from muniment.domain.errors import NoSuchEntity
from muniment.projections.queries.iam.named import OfGroup, OfRole, OfUser
from muniment.projections.queries.iam.query import IAMListQuery, IAMQuery
from muniment.projections.queries.pagination import key_of
from muniment.projections.query import Asked, Views


def _document(kind: str, inline: dict[str, str], policy_name: str) -> str:
    """An inline policy's document; its name counts with its case. Raises NoSuchEntity."""
    if (document := inline.get(policy_name)) is None:
        raise NoSuchEntity(f"The {kind} policy with name {policy_name} cannot be found.")
    return document


class _ListInlineQuery(IAMListQuery, frozen=True, kw_only=True, rename="pascal"):
    """The names of one entity's inline policies."""

    def names(self, views: Views, asked: Asked, inline: dict[str, str]) -> dict[str, Any]:
        """The page of names."""
        return self.paged(views, asked, "PolicyNames", ((key_of(name), name) for name in inline), str)


class GetUserPolicy(OfUser, IAMQuery, frozen=True, kw_only=True, rename="pascal"):
    """An inline policy of a user. https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetUserPolicy.html"""

    user_name: str
    policy_name: str

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        user = self.user(views, asked)
        document = _document("user", user.inline, self.policy_name)
        return {"UserName": user.name, "PolicyName": self.policy_name, "PolicyDocument": document}


class GetGroupPolicy(OfGroup, IAMQuery, frozen=True, kw_only=True, rename="pascal"):
    """An inline policy of a group. https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetGroupPolicy.html"""

    group_name: str
    policy_name: str

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        group = self.group(views, asked)
        document = _document("group", group.inline, self.policy_name)
        return {"GroupName": group.name, "PolicyName": self.policy_name, "PolicyDocument": document}


class GetRolePolicy(OfRole, IAMQuery, frozen=True, kw_only=True, rename="pascal"):
    """An inline policy of a role. https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRolePolicy.html"""

    role_name: str
    policy_name: str

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        role = self.role(views, asked)
        document = _document("role", role.inline, self.policy_name)
        return {"RoleName": role.name, "PolicyName": self.policy_name, "PolicyDocument": document}


class ListUserPolicies(OfUser, _ListInlineQuery, frozen=True, kw_only=True, rename="pascal"):
    """A user's inline policies. https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListUserPolicies.html"""

    user_name: str

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        return self.names(views, asked, self.user(views, asked).inline)


class ListGroupPolicies(OfGroup, _ListInlineQuery, frozen=True, kw_only=True, rename="pascal"):
    """A group's inline policies. https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListGroupPolicies.html"""

    group_name: str

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        return self.names(views, asked, self.group(views, asked).inline)


class ListRolePolicies(OfRole, _ListInlineQuery, frozen=True, kw_only=True, rename="pascal"):
    """A role's inline policies. https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListRolePolicies.html"""

    role_name: str

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        return self.names(views, asked, self.role(views, asked).inline)
