"""`muniment:FindEscalationPaths`: who in an account can become an administrator, and by which steps."""

from typing import Annotated, Any, Final

import msgspec

from muniment.domain.account.state import Account
from muniment.domain.errors import LimitExceeded, ValidationError
from muniment.domain.quotas import PAGE_ITEMS_MAX
from muniment.domain.resource import Resource
from muniment.projections.escalation.finding import Found, Path, actors, find
from muniment.projections.escalation.step import Deciding
from muniment.projections.explain.asking import Values, keys_of
from muniment.projections.explain.reach import Spent
from muniment.projections.queries.pagination import BadCursor, Cursors, key_of
from muniment.projections.query import Asked, Query, Views

PATHS_DEFAULT: Final = 100
DECISIONS_MAX: Final = 200_000  # made for one answer


class FindEscalationPaths(Query, frozen=True, kw_only=True, rename="pascal"):
    """The users and roles of the caller's account that are no administrators and can become one, in the order of their ARNs,
    each with its shortest path: who does what on what, and which statements allow it.

    Administrators may do everything; what stands against a step (a Deny, a boundary, a condition) is heeded, conditions as in a
    request with the keys of `Context`.
    """

    service = "muniment"
    models = ("access", "directory")

    context: Values = {}
    max_results: Annotated[int, msgspec.Meta(ge=1, le=PAGE_ITEMS_MAX)] = PATHS_DEFAULT
    next_token: str = ""

    def resources(self, views: Views, asked: Asked) -> tuple[Resource, ...]:
        return (Resource("*"),)

    def decides(self) -> tuple[str, ...]:
        return ("iam:AttachUserPolicy", "sts:AssumeRole")

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        cursors = Cursors.about(
            views.cursor_key, asked.now, self.action(), asked.actor.account, sorted(self.context.items())
        )
        after = self._place(cursors)
        found, position = self._found(views, asked)
        rows = [path for path in found.paths if key_of(path.actor.arn) > after]
        shown = rows[: self.max_results]
        answer: dict[str, Any] = {
            "Paths": [told(path) for path in shown],
            "Administrators": [one.arn for one in found.administrators],
            "Position": position,
        }
        if len(rows) > len(shown):
            answer["NextToken"] = cursors.marker(key_of(shown[-1].actor.arn))
        return answer

    def _found(self, views: Views, asked: Asked) -> tuple[Found, str]:
        access = views.access
        account = access.table.get(f"account.{asked.actor.account}")
        if not isinstance(account, Account):
            return Found((), ()), access.position()
        keys = keys_of(self.context)
        try:
            return find(
                Deciding(access, account, keys, DECISIONS_MAX), actors(access, account, keys)
            ), access.position()
        except Spent:
            raise LimitExceeded(f"the account takes more than {DECISIONS_MAX} decisions to search") from None

    def _place(self, cursors: Cursors) -> bytes:
        """The key behind which to go on."""
        try:
            return cursors.key(self.next_token) if self.next_token else b""
        except BadCursor:
            raise ValidationError("the NextToken was not given out for this question, or is too old") from None


def told(path: Path) -> dict[str, Any]:
    """One path."""
    return {
        "Principal": path.actor.arn,
        "Type": "User" if path.actor.is_user else "Role",
        "Steps": [step.told(actor.arn) for actor, step in path.steps],
        "Administrator": path.administrator,
    }
