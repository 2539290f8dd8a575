"""What every IAM query has: the account it is asked in, the caller's own user, and pages by Marker and MaxItems."""

from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar

import msgspec

from muniment.domain.account.state import Account, User
from muniment.domain.boundary import as_state
from muniment.domain.errors import NoSuchEntity, ValidationError
from muniment.domain.ledger import Actor
from muniment.domain.quotas import PAGE_ITEMS_DEFAULT
from muniment.projections.queries.pagination import BadCursor, Cursors
from muniment.projections.query import Asked, Query, Views

T = TypeVar("T")

PAGE_FIELDS: Final = frozenset({"marker", "max_items"})
NOT_A_USER: Final = "Must specify userName when calling with non-User credentials"


class IAMQuery(Query, frozen=True, kw_only=True, rename="pascal"):
    """A question about the caller's own account. Accounts never see each other: the number comes from the credential."""

    service = "iam"

    @staticmethod
    def account(views: Views, asked: Asked) -> Account:
        """The caller's account as the directory knows it."""
        boundary = f"{Account.kind}.{asked.actor.account}"
        return as_state(views.state(boundary), boundary, Account)


class IAMListQuery(IAMQuery, frozen=True, kw_only=True, rename="pascal"):
    """A list in pages: `MaxItems` (1–1000, default 100), `IsTruncated`, `Marker`."""

    marker: str = ""
    max_items: int = PAGE_ITEMS_DEFAULT

    def paged(
        self, views: Views, asked: Asked, member: str, rows: Iterable[tuple[bytes, T]], shown: Callable[[T], Any]
    ) -> dict[str, Any]:
        """The page under the result's `member`, each row as `shown`. Raises ValidationError for a marker that is not ours."""
        items, rest = self.page(views, asked, rows)
        return {member: [shown(item) for item in items], **rest}

    def page(self, views: Views, asked: Asked, rows: Iterable[tuple[bytes, T]]) -> tuple[list[T], dict[str, Any]]:
        """The page's rows, and the members that say whether more follows."""
        filters = {name: value for name, value in msgspec.structs.asdict(self).items() if name not in PAGE_FIELDS}
        cursors = Cursors.about(
            views.cursor_key, asked.now, self.action(), asked.actor.account, sorted(filters.items())
        )
        try:
            page = cursors.page(rows, self.marker, self.max_items)
        except BadCursor:
            raise ValidationError("Invalid Marker.") from None
        if page.marker is None:
            return page.items, {"IsTruncated": False}
        return page.items, {"IsTruncated": True, "Marker": page.marker}


def own_user(account: Account, actor: Actor) -> User | None:
    """The user who calls; None for the root user. Found by its id, so that a rename changes nothing.

    Raises ValidationError for sessions of roles and the like, in AWS's words, and NoSuchEntity for a user deleted since.
    """
    if actor.type == "Root":
        return None
    if actor.type != "IAMUser":
        raise ValidationError(NOT_A_USER)
    key = account.ids.get(actor.id)
    if key is None or key not in account.users:
        raise NoSuchEntity(f"The user with name {actor.name} cannot be found.")
    return account.users[key]


def named_or_own_user(account: Account, name: str, actor: Actor) -> User | None:
    """The user called `name`, or who calls where no name is given; None for the root user. Raises NoSuchEntity."""
    return account.user(name) if name else own_user(account, actor)
