"""`muniment:ListSessions`: the temporary credentials that were given out in the caller's account, or with something of it."""

from typing import Annotated, Any, Final

import msgspec

from muniment.domain.activity.sessions import SessionIssued
from muniment.domain.errors import ValidationError
from muniment.domain.quotas import PAGE_ITEMS_MAX
from muniment.domain.resource import Resource
from muniment.domain.session import Step
from muniment.projections.credentials import Credentials
from muniment.projections.queries.pagination import BadCursor
from muniment.projections.query import Asked, Query, Views
from muniment.projections.sessions import stands
from muniment.projections.timeline.question import Question, cursors_about
from muniment.projections.timeline.row import Row

LONGEST_SECONDS: Final = 129_600  # what may be alive was issued within so many
SESSIONS_DEFAULT: Final = 50


class ListSessions(Query, frozen=True, kw_only=True, rename="pascal"):
    """Sessions of the last 36 hours, newest first, and what became of each: `Active`, `Expired` or `Ended`.

    `AccessKeyId` narrows to one session or key and all that was begun with it; `PrincipalArn` to a role, user or federated user.
    """

    service = "muniment"
    models = ("timeline", "credentials")

    access_key_id: str = ""
    principal_arn: str = ""
    max_results: Annotated[int, msgspec.Meta(ge=1, le=PAGE_ITEMS_MAX)] = SESSIONS_DEFAULT
    next_token: str = ""

    def resources(self, views: Views, asked: Asked) -> tuple[Resource, ...]:
        return (Resource("*"),)

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        question = Question(
            account=asked.actor.account,
            fact=SessionIssued.__name__,
            text=self.access_key_id,
            resource=self.principal_arn,
            since=(asked.now - LONGEST_SECONDS * 1_000_000)
            // 60_000_000
            * 60_000_000,  # a page's marker outlives a minute
        )
        cursors = cursors_about(views.cursor_key, asked.now, msgspec.structs.replace(question, since=None))
        try:
            page = views.timeline.page(question, cursors, marker=self.next_token, limit=self.max_results)
        except BadCursor:
            raise ValidationError("the NextToken was not given out for this question, or is too old") from None
        sessions = [told(row, views.credentials, asked.now) for row in page.items]
        return {"Sessions": sessions, **({"NextToken": page.marker} if page.marker else {})}


def told(row: Row, credentials: Credentials, now: int) -> dict[str, Any]:
    """A session as its record tells it, and whether it still counts."""
    issued = msgspec.convert(row.record.data, SessionIssued)
    return {
        "AccessKeyId": issued.access_key_id,
        "Type": issued.session_type,
        "Arn": issued.session_arn,
        "PrincipalId": issued.principal_id,
        "Issued": row.record.written,
        "Expires": issued.expires,
        "State": state_of(issued, row.record.written, credentials, now),
        "IssuedTo": row.principal,
        "Parent": issued.parent,
        "Depth": issued.depth,
        "MFA": issued.mfa,
        "SourceIdentity": issued.source_identity,
        "Provider": issued.provider,
        "Subject": issued.subject,
    }


def state_of(issued: SessionIssued, at: int, credentials: Credentials, now: int) -> str:
    """What became of a session that was issued `at` a moment."""
    if issued.expires <= now:
        return "Expired"
    itself = Step(issued.session_arn.split(":")[4], issued.principal_id, issued.access_key_id, at)
    for step in (*issued.lineage, itself):
        account = credentials.account(step.account)
        if account is None or not stands(step, account):
            return "Ended"
    return "Active"
