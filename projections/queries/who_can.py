"""`muniment:WhoCan`: everybody in an account who may do something, and how they come to it."""

from collections.abc import Iterator
from typing import Annotated, Any, Final

import msgspec

from muniment.domain.account.state import Account
from muniment.domain.errors import LimitExceeded, ValidationError
from muniment.domain.policy.request import Principal
from muniment.domain.quotas import PAGE_ITEMS_MAX
from muniment.domain.resource import Resource
from muniment.projections.access.model import Access
from muniment.projections.explain.asking import Text, Values, action_named, keys_of
from muniment.projections.explain.reach import Asking, Chains, Reacher, Spent, name_of, principals_of, reaching
from muniment.projections.past.asking import AsOf, access_at
from muniment.projections.queries.pagination import BadCursor, Cursors, key_of
from muniment.projections.query import Asked, Query, Views

PRINCIPALS_DEFAULT: Final = 100
DECISIONS_MAX: Final = 50_000  # made for one page
PAST_SHARE: Final = 10  # of the past a tenth of that: without plans each takes so much longer


class WhoCan(Query, frozen=True, kw_only=True, rename="pascal"):
    """The principals of the caller's account that may do `Action` on `Resource`, in the order of their ARNs, each with its
    paths: `direct`, `group`, `resource` (the resource's own policy names it), `root`, or `role` with the roles to assume, one
    after another.

    A page may hold fewer principals than `MaxResults`, even none, and still have a NextToken: it ends when it took too long.
    """

    service = "muniment"
    models = ("access", "directory", "past")

    action_asked: Text = msgspec.field(name="Action")
    resource: Text = "*"
    context: Values = {}
    as_of: AsOf = None
    max_results: Annotated[int, msgspec.Meta(ge=1, le=PAGE_ITEMS_MAX)] = PRINCIPALS_DEFAULT
    next_token: str = ""

    def resources(self, views: Views, asked: Asked) -> tuple[Resource, ...]:
        return (Resource("*"),)

    def decides(self) -> tuple[str, ...]:
        return (self.action_asked,)

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        action_named(self.action_asked)
        cursors = self._cursors(views, asked)
        after = self._place(cursors)
        access = access_at(views, self.as_of, asked)
        account = access.table.get(f"account.{asked.actor.account}")
        if not isinstance(account, Account):
            return {"Principals": []}
        keys = keys_of(self.context)
        asking = Asking(access, keys, DECISIONS_MAX if self.as_of is None else DECISIONS_MAX // PAST_SHARE)
        try:
            chains = Chains(asking, access, account, self.action_asked, self.resource)
        except Spent:
            raise LimitExceeded(
                f"the account has too many roles to follow who may assume which: more than {DECISIONS_MAX} decisions"
            ) from None
        found: list[Reacher] = []
        place, more = b"", False
        for key, principal in behind(after, access, account):
            try:
                reacher = reaching(asking, chains, principal, account, self.action_asked, self.resource)
            except Spent:
                more = True
                if not place:
                    raise LimitExceeded(f"one principal takes more than {DECISIONS_MAX} decisions to follow") from None
                break
            if reacher is not None:
                if len(found) == self.max_results:
                    more = True
                    break
                found.append(reacher)
            place = key
        answer: dict[str, Any] = {"Principals": [told(one) for one in found], "Position": access.position()}
        return {**answer, "NextToken": cursors.marker(place)} if more else answer

    def _cursors(self, views: Views, asked: Asked) -> Cursors:
        question = (self.action_asked, self.resource, sorted(self.context.items()), self.as_of)
        return Cursors.about(views.cursor_key, asked.now, self.action(), asked.actor.account, *question)

    def _place(self, cursors: Cursors) -> bytes:
        """The key behind which to go on."""
        try:
            return cursors.key(self.next_token) if self.next_token else b""
        except BadCursor:
            raise ValidationError("the NextToken was not given out for this question, or is too old") from None


def behind(after: bytes, access: Access, account: Account) -> Iterator[tuple[bytes, Principal]]:
    """The principals of an account behind a key, in the order of their keys."""
    rows = sorted((key_of(name_of(one)), number, one) for number, one in enumerate(principals_of(access, account)))
    return ((key, principal) for key, _, principal in rows if key > after)


def told(reacher: Reacher) -> dict[str, Any]:
    """One principal and its paths."""
    principal = reacher.principal
    return {
        "Arn": name_of(principal),
        "Id": principal.unique_id or principal.issuer_id or principal.account,
        "Type": principal.kind.value if not principal.issuer_arn else "Role",
        "Paths": reacher.paths,
    }
