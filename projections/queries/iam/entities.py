"""ListEntitiesForPolicy: who has a managed policy, attached or as boundary; groups, users and roles in one paged list."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from muniment.domain.account.state import Account, Group, Role, User
from muniment.projections.queries.iam.managed import policy_at
from muniment.projections.queries.iam.named import OfPolicy
from muniment.projections.queries.iam.query import IAMListQuery
from muniment.projections.queries.pagination import key_of
from muniment.projections.query import Asked, Views

Entity = User | Group | Role

MEMBERS: Final[dict[type[Any], tuple[str, str]]] = {  # the result's member, and the name's prefix in it
    Group: ("PolicyGroups", "Group"),
    User: ("PolicyUsers", "User"),
    Role: ("PolicyRoles", "Role"),
}


class ListEntitiesForPolicy(OfPolicy, IAMListQuery, frozen=True, kw_only=True, rename="pascal"):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListEntitiesForPolicy.html"""

    policy_arn: str
    entity_filter: str = ""
    path_prefix: str = "/"
    policy_usage_filter: str = ""

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        account = self.account(views, asked)
        policy_at(account, self.policy_arn)
        items, rest = self.page(views, asked, self._rows(account))
        lists: dict[str, list[dict[str, str]]] = {member: [] for member, _ in MEMBERS.values()}
        for item in items:
            member, kind = MEMBERS[type(item)]
            lists[member].append({f"{kind}Name": item.name, f"{kind}Id": item.id})
        return {**lists, **rest}

    def _rows(self, account: Account) -> Iterator[tuple[bytes, Entity]]:
        uses = self._uses()
        tables: tuple[tuple[str, dict[str, Any]], ...] = (
            ("Group", account.groups),
            ("User", account.users),
            ("Role", account.roles),
        )
        for rank, (kind, table) in enumerate(tables):
            if self.entity_filter not in ("", kind):
                continue
            for key, entity in table.items():
                if entity.path.startswith(self.path_prefix) and uses(entity):
                    yield key_of(rank, key), entity

    def _uses(self) -> Callable[[Entity], bool]:
        """Whether an entity uses the policy in the way that is asked for; in either way where none is."""

        def is_attached(entity: Entity) -> bool:
            return self.policy_arn in entity.attached

        def is_bounded(entity: Entity) -> bool:
            return not isinstance(entity, Group) and entity.boundary == self.policy_arn

        ways = {"PermissionsPolicy": is_attached, "PermissionsBoundary": is_bounded}
        return ways.get(self.policy_usage_filter, lambda entity: is_attached(entity) or is_bounded(entity))
