"""Queries on roles: GetRole, ListRoles, ListRoleTags, ListInstanceProfilesForRole."""

from typing import Any

from muniment.domain.account.state import Account, Role
from muniment.domain.resource import Resource
from muniment.projections.queries.iam import resources, tags
from muniment.projections.queries.iam.boundaries import boundary_shown
from muniment.projections.queries.iam.named import OfRole
from muniment.projections.queries.iam.query import IAMListQuery, IAMQuery
from muniment.projections.queries.iam.trusts import trust_shown
from muniment.projections.queries.pagination import key_of
from muniment.projections.query import Asked, Views


def listed(account: Account, role: Role, views: Views) -> dict[str, Any]:
    """A role as lists show it: without boundary, last use and tags, as the reference of ListRoles says."""
    described = {"Description": role.description} if role.description else {}
    return {
        "Path": role.path,
        "RoleName": role.name,
        "RoleId": role.id,
        "Arn": account.role_arn(role),
        "CreateDate": role.created,
        "AssumeRolePolicyDocument": trust_shown(views, account, role),
        **described,
        "MaxSessionDuration": role.max_session_seconds,
    }


def shown(account: Account, role: Role, views: Views) -> dict[str, Any]:
    """A role as GetRole shows it."""
    more = {**boundary_shown(role.boundary), **tags.where_any(role.tags), "RoleLastUsed": last_used(role)}
    return {**listed(account, role, views), **more}


def last_used(role: Role) -> dict[str, int | str]:
    """The RoleLastUsed member: empty where the role was never used."""
    return {"LastUsedDate": role.last_used, "Region": role.last_region} if role.last_used else {}


class GetRole(OfRole, IAMQuery, frozen=True, kw_only=True, rename="pascal"):
    """A role with its trust policy. https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRole.html"""

    role_name: str

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        account = self.account(views, asked)
        return {"Role": shown(account, account.role(self.role_name), views)}


class ListRoles(IAMListQuery, frozen=True, kw_only=True, rename="pascal"):
    """The roles under a path. https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListRoles.html"""

    path_prefix: str = "/"

    def resources(self, views: Views, asked: Asked) -> tuple[Resource, ...]:
        return resources.under_path(self.account(views, asked), "role", self.path_prefix)

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        account = self.account(views, asked)
        rows = ((key_of(key), role) for key, role in account.roles.items() if role.path.startswith(self.path_prefix))
        return self.paged(views, asked, "Roles", rows, lambda role: listed(account, role, views))


class ListRoleTags(OfRole, IAMListQuery, frozen=True, kw_only=True, rename="pascal"):
    """A role's tags, by key. https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListRoleTags.html"""

    role_name: str

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        role = self.role(views, asked)
        return self.paged(views, asked, "Tags", tags.rows(role.tags), tags.one)


class ListInstanceProfilesForRole(OfRole, IAMListQuery, frozen=True, kw_only=True, rename="pascal"):
    """None: there are no instance profiles here, but clients ask before they delete a role.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListInstanceProfilesForRole.html
    """

    role_name: str

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        self.role(views, asked)
        return self.paged(views, asked, "InstanceProfiles", (), lambda item: item)
