"""`muniment:WhatCan`: what a principal may do, action by action, and on which resources."""

from collections.abc import Iterator
from typing import Annotated, Any, Final

import msgspec

from muniment.domain.account.state import Account
from muniment.domain.errors import LimitExceeded, NoSuchEntity, ValidationError
from muniment.domain.policy.matching import Budget, BudgetSpent, action_matches
from muniment.domain.policy.request import Circumstances, Principal
from muniment.domain.quotas import PAGE_ITEMS_MAX
from muniment.domain.resource import Resource
from muniment.projections.access.decided import policies
from muniment.projections.authzen.catalog import every_action
from muniment.projections.explain.asking import Text, Values, keys_of, principal_named
from muniment.projections.explain.extent import Extent, Pattern
from muniment.projections.explain.reach import Asking, Spent, direct_paths
from muniment.projections.explain.telling import in_full
from muniment.projections.past.asking import AsOf, access_at
from muniment.projections.queries.explain import asked_about
from muniment.projections.queries.pagination import BadCursor, Cursors, key_of
from muniment.projections.query import Asked, Query, Views

ROWS_DEFAULT: Final = 100
DECISIONS_MAX: Final = 20_000  # made for one page
PAST_SHARE: Final = 10  # of the past a tenth of that: without plans each takes so much longer
LAST: Final = "\U0010ffff"  # behind every resource
ANY_RESOURCE: Final = "*"


class WhatCan(Query, frozen=True, kw_only=True, rename="pascal"):
    """The actions that a principal may take, each with the resources that its policies name for it, and the resources that a
    Deny takes out of these. Each row was decided, with the condition keys given.

    Where policies use wildcards in actions, those count that this server knows, and those listed in `Actions`. `Action` may hold
    wildcards: only what it covers is told. The roles of the account that the principal may assume are rows of
    `sts:AssumeRole`; what it could do as one of them is another question.
    """

    service = "muniment"
    models = ("access", "directory", "past")

    principal: Text
    action_asked: Text = msgspec.field(name="Action", default="*")
    actions: Annotated[list[Text], msgspec.Meta(max_length=1_000)] = []
    context: Values = {}
    as_of: AsOf = None
    max_results: Annotated[int, msgspec.Meta(ge=1, le=PAGE_ITEMS_MAX)] = ROWS_DEFAULT
    next_token: str = ""

    def resources(self, views: Views, asked: Asked) -> tuple[Resource, ...]:
        return asked_about(self.principal, views, asked, self.as_of)

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        cursors = self._cursors(views, asked)
        after = self._place(cursors)
        access = access_at(views, self.as_of, asked)
        principal = principal_named(access, self.principal, asked.actor.account)
        account = access.table.get(f"account.{asked.actor.account}")
        if principal is None or not isinstance(account, Account):
            raise NoSuchEntity(f"The principal {self.principal} cannot be found in this account.")
        most = DECISIONS_MAX if self.as_of is None else DECISIONS_MAX // PAST_SHARE
        asking = Asking(access, keys_of(self.context), most)
        extent = self._extent(asking, principal, account)
        rows: list[dict[str, Any]] = []
        place, more = after, False
        try:
            for key, action, found in self._rows(extent, asking, principal, after):
                if found is not None:
                    if len(rows) == self.max_results:
                        more = True
                        break
                    rows.append(_told(extent, asking, principal, account, action, found))
                place = key
        except (Spent, BudgetSpent):
            if place == after:
                raise LimitExceeded("the principal's policies are too large to tell what it can do") from None
            more = True
        answer: dict[str, Any] = {"Permissions": rows, "Position": access.position()}
        return {**answer, "NextToken": cursors.marker(place)} if more else answer

    def _extent(self, asking: Asking, principal: Principal, account: Account) -> Extent:
        decided = asking.decide(principal, self.action_asked, ANY_RESOURCE)
        around = Circumstances(in_full(decided))
        roles = [account.role_arn(role) for role in account.roles.values()]
        return Extent(policies(decided.frame, decided.question), around, {*every_action(), *self.actions}, roles)

    def _rows(
        self, extent: Extent, asking: Asking, principal: Principal, after: bytes
    ) -> Iterator[tuple[bytes, str, Pattern | None]]:
        """Each action with a resource that it is allowed on, and at its end with None; behind the marker, in the order of keys."""
        for action in extent.actions():
            end = key_of(action, LAST)
            if end <= after or not action_matches(self.action_asked, action, Budget()):
                continue
            allowed = [one for one in extent.resources(action) if asking.decide(principal, action, one.witness)]
            keyed = sorted((key_of(action, one.shown), one.shown, one) for one in extent.widest(allowed))
            yield from ((key, action, one) for key, _, one in keyed if key > after)
            yield end, action, None

    def _cursors(self, views: Views, asked: Asked) -> Cursors:
        question = (self.principal, self.action_asked, self.actions, sorted(self.context.items()), self.as_of)
        return Cursors.about(views.cursor_key, asked.now, self.action(), asked.actor.account, *question)

    def _place(self, cursors: Cursors) -> bytes:
        """The key behind which to go on."""
        try:
            return cursors.key(self.next_token) if self.next_token else b""
        except BadCursor:
            raise ValidationError("the NextToken was not given out for this question, or is too old") from None


def _told(
    extent: Extent, asking: Asking, principal: Principal, account: Account, action: str, resource: Pattern
) -> dict[str, Any]:
    return {
        "Action": action,
        "Resource": resource.shown,
        "Except": extent.exceptions(action, resource),
        "Paths": direct_paths(asking.decide(principal, action, resource.witness), account),
    }
