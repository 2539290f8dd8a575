"""`muniment:ListTimeline`: the audit timeline of the caller's account, with more questions than CloudTrail knows."""

from typing import Annotated, Any, Final

import msgspec

from muniment.domain.errors import ValidationError
from muniment.domain.quotas import PAGE_ITEMS_MAX
from muniment.domain.resource import Resource
from muniment.projections.queries.pagination import BadCursor
from muniment.projections.query import Asked, Query, Views
from muniment.projections.timeline.question import Question, cursors_about
from muniment.projections.timeline.record import record_of
from muniment.projections.timeline.row import Row

ROWS_DEFAULT: Final = 50
Moment = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]  # microseconds since the epoch


class ListTimeline(Query, frozen=True, kw_only=True, rename="pascal"):
    """Who did what, when, from where, and what it replaced: newest first, everything given must hold."""

    service = "muniment"
    models = ("timeline",)

    principal: str = ""  # an ARN or a unique id
    user_name: str = ""
    credential: str = ""  # access key id
    resource: str = ""  # an ARN or a name
    action_name: str = ""  # iam:CreateUser, or CreateUser of whatever service
    fact: str = ""
    text: str = ""  # words, all of them; one that ends in * may go on
    entry_id: str = ""
    request_id: str = ""
    refused: bool | None = None
    alarms: bool | None = None
    read_only: bool | None = None
    since: Moment | None = None  # inclusive
    until: Moment | None = None  # exclusive
    oldest_first: bool = False
    cloud_trail: bool = False  # rows as CloudTrail records
    max_results: Annotated[int, msgspec.Meta(ge=1, le=PAGE_ITEMS_MAX)] = ROWS_DEFAULT
    next_token: str = ""

    def resources(self, views: Views, asked: Asked) -> tuple[Resource, ...]:
        return (Resource("*"),)

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        question = self._question(asked.actor.account)
        cursors = cursors_about(views.cursor_key, asked.now, question)
        try:
            page = views.timeline.page(question, cursors, marker=self.next_token, limit=self.max_results)
        except BadCursor:
            raise ValidationError("the NextToken was not given out for this question, or is too old") from None
        shown = record_of if self.cloud_trail else told
        return {"Rows": [shown(row) for row in page.items], **({"NextToken": page.marker} if page.marker else {})}

    def _question(self, account: str) -> Question:
        return Question(
            account=account,  # from the credential, never from the request (SECURITY 16)
            principal=self.principal,
            user_name=self.user_name,
            credential=self.credential,
            resource=self.resource,
            action=self.action_name,
            fact=self.fact,
            text=self.text,
            entry_id=self.entry_id,
            request_id=self.request_id,
            refused=self.refused,
            high=self.alarms,
            read_only=self.read_only,
            since=self.since,
            until=self.until,
            oldest_first=self.oldest_first,
        )


def told(row: Row) -> dict[str, Any]:
    """A row as people and programs read it."""
    record = row.record
    return {
        "Time": row.time,
        "Principal": row.principal,
        "PrincipalId": row.principal_id,
        "AccessKeyId": row.credential,
        "Action": row.action,
        "Fact": row.fact,
        "Refused": row.refused,
        "ErrorCode": record.code,
        "ErrorMessage": record.message,
        "Severity": row.severity,
        "ReadOnly": row.read_only,
        "SourceAddress": row.source,
        "UserAgent": row.agent,
        "Parameters": record.parameters,
        "Data": record.data,
        "Changes": record.changes,
        "Resources": [{"Type": kind, "Arn": arn, "Name": name} for kind, arn, name in record.resources],
        "EntryId": row.entry_id,
        "RequestId": row.request_id,
        "Stream": row.stream,
        "Sequence": row.sequence,
    }
