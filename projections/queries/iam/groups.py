"""Queries on groups: GetGroup with its members in pages, ListGroups, ListGroupsForUser."""

from collections.abc import Iterator
from typing import Any

from muniment.domain.account.state import Account, Group, User
from muniment.domain.resource import Resource
from muniment.projections.queries.iam import resources, users
from muniment.projections.queries.iam.named import OfGroup, OfUser
from muniment.projections.queries.iam.query import IAMListQuery
from muniment.projections.queries.pagination import key_of
from muniment.projections.query import Asked, Views


def shown(account: Account, group: Group) -> dict[str, Any]:
    """A group, in gets and lists alike."""
    return {
        "Path": group.path,
        "GroupName": group.name,
        "GroupId": group.id,
        "Arn": account.group_arn(group),
        "CreateDate": group.created,
    }


def groups_of(account: Account, user: User) -> Iterator[Group]:
    """The groups a user is in."""
    return (account.groups[account.ids[group_id]] for group_id in user.groups)


class GetGroup(OfGroup, IAMListQuery, frozen=True, kw_only=True, rename="pascal"):
    """A group and its members. https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetGroup.html"""

    group_name: str

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        account = self.account(views, asked)
        group = account.group(self.group_name)
        members = ((key_of(key), user) for key, user in account.users.items() if group.id in user.groups)
        page = self.paged(views, asked, "Users", members, lambda user: users.listed(account, user))
        return {"Group": shown(account, group), **page}


class ListGroups(IAMListQuery, frozen=True, kw_only=True, rename="pascal"):
    """The groups under a path. https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListGroups.html"""

    path_prefix: str = "/"

    def resources(self, views: Views, asked: Asked) -> tuple[Resource, ...]:
        return resources.under_path(self.account(views, asked), "group", self.path_prefix)

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        account = self.account(views, asked)
        rows = (
            (key_of(key), group) for key, group in account.groups.items() if group.path.startswith(self.path_prefix)
        )
        return self.paged(views, asked, "Groups", rows, lambda group: shown(account, group))


class ListGroupsForUser(OfUser, IAMListQuery, frozen=True, kw_only=True, rename="pascal"):
    """The groups a user is in. https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListGroupsForUser.html"""

    user_name: str

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        account = self.account(views, asked)
        rows = ((key_of(group.name.lower()), group) for group in groups_of(account, account.user(self.user_name)))
        return self.paged(views, asked, "Groups", rows, lambda group: shown(account, group))
