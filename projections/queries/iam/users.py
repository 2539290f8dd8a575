"""Queries on users: GetUser, ListUsers, ListUserTags."""

from typing import Any

from muniment.domain import arn
from muniment.domain.account.proving import LoginProfile
from muniment.domain.account.state import Account, User
from muniment.domain.resource import Resource
from muniment.projections.queries.iam import resources, tags
from muniment.projections.queries.iam.boundaries import boundary_shown
from muniment.projections.queries.iam.named import OfUser, OfUserOrCaller
from muniment.projections.queries.iam.query import IAMListQuery, IAMQuery, named_or_own_user
from muniment.projections.queries.pagination import key_of
from muniment.projections.query import Asked, Views


def listed(account: Account, user: User) -> dict[str, Any]:
    """A user as lists show it: without tags and permissions boundary, as the reference of ListUsers says."""
    return {
        "Path": user.path,
        "UserName": user.name,
        "UserId": user.id,
        "Arn": account.user_arn(user),
        "CreateDate": user.created,
        **_last_used(user.login),
    }


def _last_used(login: LoginProfile | None) -> dict[str, int]:
    """PasswordLastUsed, which is absent where no password was ever used."""
    return {"PasswordLastUsed": login.last_used} if login is not None and login.last_used else {}


def shown(account: Account, user: User) -> dict[str, Any]:
    """A user as GetUser shows it."""
    return {**listed(account, user), **boundary_shown(user.boundary), **tags.where_any(user.tags)}


def root_shown(account: Account) -> dict[str, Any]:
    """The root user as GetUser shows it: it has neither name nor path, and the account's number for an id."""
    return {
        "UserId": account.number,
        "Arn": arn.root(account.number),
        "CreateDate": account.created,
        **_last_used(account.root_login),
    }


class GetUser(OfUserOrCaller, IAMQuery, frozen=True, kw_only=True, rename="pascal"):
    """A user, or who calls where no name is given. https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetUser.html"""

    user_name: str = ""

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        account = self.account(views, asked)
        user = named_or_own_user(account, self.user_name, asked.actor)
        return {"User": root_shown(account) if user is None else shown(account, user)}


class ListUsers(IAMListQuery, frozen=True, kw_only=True, rename="pascal"):
    """The users under a path. https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListUsers.html"""

    path_prefix: str = "/"

    def resources(self, views: Views, asked: Asked) -> tuple[Resource, ...]:
        return resources.under_path(self.account(views, asked), "user", self.path_prefix)

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        account = self.account(views, asked)
        rows = ((key_of(key), user) for key, user in account.users.items() if user.path.startswith(self.path_prefix))
        return self.paged(views, asked, "Users", rows, lambda user: listed(account, user))


class ListUserTags(OfUser, IAMListQuery, frozen=True, kw_only=True, rename="pascal"):
    """A user's tags, by key. https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListUserTags.html"""

    user_name: str

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        user = self.user(views, asked)
        return self.paged(views, asked, "Tags", tags.rows(user.tags), tags.one)
