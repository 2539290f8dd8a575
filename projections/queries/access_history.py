"""`muniment:AccessHistory`: since when a principal may do something, and when it could before, with who changed that."""

from typing import Annotated, Any, Final

import msgspec

from muniment.domain.errors import ValidationError
from muniment.domain.policy.request import AccessRequest
from muniment.domain.quotas import PAGE_ITEMS_MAX
from muniment.domain.resource import Resource
from muniment.projections.access.model import Access
from muniment.projections.explain.asking import Text, Values, action_named, keys_of, principal_named, request_of
from muniment.projections.explain.telling import entry_told
from muniment.projections.past.history import Interval, intervals
from muniment.projections.past.moment import AsOf
from muniment.projections.queries.explain import asked_about
from muniment.projections.queries.pagination import BadCursor, Cursors, key_of
from muniment.projections.query import Asked, Query, Views

INTERVALS_DEFAULT: Final = 100
NUMBER_BYTES: Final = 8


class AccessHistory(Query, frozen=True, kw_only=True, rename="pascal"):
    """Every interval of allow and deny for one principal, action and resource, with the entries that began and ended it.

    A principal named by ARN or name is whoever bears it at each moment; one named by unique id is one and the same. `since` and
    `until` are moments; condition keys are those given, at every moment.
    """

    service = "muniment"
    models = ("access", "directory", "past")

    principal: Text
    action_asked: Text = msgspec.field(name="Action")
    resource: Text = "*"
    context: Values = {}
    since: AsOf = None
    until: AsOf = None
    max_results: Annotated[int, msgspec.Meta(ge=1, le=PAGE_ITEMS_MAX)] = INTERVALS_DEFAULT
    next_token: str = ""

    def resources(self, views: Views, asked: Asked) -> tuple[Resource, ...]:
        return asked_about(self.principal, views, asked, self.until)

    def decides(self) -> tuple[str, ...]:
        return (self.action_asked,)

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        keys, account, action = keys_of(self.context), asked.actor.account, action_named(self.action_asked)
        since = views.past.position(self.since, asked.now) if self.since is not None else 0
        until = views.past.position(self.until, asked.now)
        if since > until:
            raise ValidationError(f"Since (position {since}) lies behind Until (position {until})")

        def ask(access: Access) -> AccessRequest | None:
            principal = principal_named(access, self.principal, account)
            return None if principal is None else request_of(principal, action, self.resource, keys)

        cursors = self._cursors(views, asked)
        began, start = self._place(cursors, since)
        if start > until:
            raise ValidationError("the NextToken is of a later moment than Until")
        found = intervals(views.past, ask, began, start, until, self.max_results)
        whole = found.intervals[:-1] if found.more else found.intervals
        answer: dict[str, Any] = {"Intervals": [told(one) for one in whole], "Position": found.scanned}
        if found.more:
            answer["NextToken"] = cursors.marker(key_of(found.intervals[-1].began, found.scanned))
        return answer

    def _cursors(self, views: Views, asked: Asked) -> Cursors:
        question = (
            self.principal,
            self.action_asked,
            self.resource,
            sorted(self.context.items()),
            self.since,
            self.until,
        )
        return Cursors.about(views.cursor_key, asked.now, self.action(), asked.actor.account, *question)

    def _place(self, cursors: Cursors, since: int) -> tuple[int, int]:
        """The sequence at which the next interval began, and the one up to which it was looked at."""
        if not self.next_token:
            return 0, since
        try:
            key = cursors.key(self.next_token)
        except BadCursor:
            raise ValidationError("the NextToken was not given out for this question, or is too old") from None
        return int.from_bytes(key[:NUMBER_BYTES]), int.from_bytes(key[NUMBER_BYTES + 1 :])


def told(interval: Interval) -> dict[str, Any]:
    """One interval; without `Began` it is as old as what was asked about, without `Ended` it lasts."""
    answer = interval.answer
    return {
        "Allowed": answer.allowed,
        "Effect": answer.effect.value,
        "DecidedBy": answer.layer.value if answer.layer is not None else "",
        "Reason": answer.reason,
        **({"Began": entry_told(interval.began_by)} if interval.began_by is not None else {}),
        **({"Ended": entry_told(interval.ended_by)} if interval.ended_by is not None else {}),
    }
