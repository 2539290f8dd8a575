"""The audit as CloudTrail answers it: LookupEvents, over the timeline of the caller's account."""

from typing import Any, Final

import msgspec

from muniment.domain.errors import Refused
from muniment.domain.resource import Resource
from muniment.projections.queries.pagination import BadCursor
from muniment.projections.query import Asked, Query, Views
from muniment.projections.timeline.question import Question, cursors_about
from muniment.projections.timeline.record import event_source, record_json, services_of
from muniment.projections.timeline.row import Row

EVENTS_MAX: Final = 50  # a page, by the API reference


class InvalidNextToken(Refused):
    """The token was not given out for this question, or is too old."""

    code = "InvalidNextTokenException"


class InvalidTimeRange(Refused):
    """The start is after the end."""

    code = "InvalidTimeRangeException"


class InvalidLookupAttributes(Refused):
    """More attributes than one, or a value that the attribute cannot have."""

    code = "InvalidLookupAttributesException"


class InvalidEventCategory(Refused):
    """Only management events are recorded here."""

    code = "InvalidEventCategoryException"


class LookupAttribute(msgspec.Struct, frozen=True, rename="pascal"):
    """What an event must have."""

    attribute_key: str
    attribute_value: str


class LookupEvents(Query, frozen=True, kw_only=True, rename="pascal"):
    """Events of this account, newest first. https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html"""

    service = "cloudtrail"
    models = ("timeline",)

    lookup_attributes: tuple[LookupAttribute, ...] = ()
    start_time: int | None = None  # microseconds
    end_time: int | None = None
    event_category: str = ""
    max_results: int = EVENTS_MAX
    next_token: str = ""

    def resources(self, views: Views, asked: Asked) -> tuple[Resource, ...]:
        return (Resource("*"),)

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        question = self.question(asked.actor.account)
        cursors = cursors_about(views.cursor_key, asked.now, question)
        try:
            page = views.timeline.page(
                question, cursors, marker=self.next_token, limit=min(self.max_results, EVENTS_MAX)
            )
        except BadCursor:
            raise InvalidNextToken(
                "Invalid token or token that was previously used in a request with different parameters."
            ) from None
        return {"Events": [event_of(row) for row in page.items], **({"NextToken": page.marker} if page.marker else {})}

    def question(self, account: str) -> Question:
        """What is asked of the timeline. Raises InvalidTimeRange, InvalidLookupAttributes, InvalidEventCategory."""
        if self.start_time is not None and self.end_time is not None and self.start_time > self.end_time:
            raise InvalidTimeRange("The start time must be before the end time.")
        if self.event_category:
            raise InvalidEventCategory(f"Invalid event category: {self.event_category}")
        if len(self.lookup_attributes) > 1:
            raise InvalidLookupAttributes("You can only specify one lookup attribute.")
        return Question(
            account=account,
            since=self.start_time,
            until=None if self.end_time is None else self.end_time + 1,
            **(_wanted(self.lookup_attributes[0]) if self.lookup_attributes else {}),
        )


_FIELDS: Final = {
    "EventId": "entry_id",
    "EventName": "action",
    "Username": "user_name",
    "ResourceType": "resource_type",
    "ResourceName": "resource",
    "AccessKeyId": "credential",
}


def _wanted(attribute: LookupAttribute) -> dict[str, Any]:
    key, value = attribute.attribute_key, attribute.attribute_value
    if not value:
        raise InvalidLookupAttributes(f"The value of the lookup attribute {key} must not be empty.")
    if key == "ReadOnly":
        if value not in ("true", "false"):
            raise InvalidLookupAttributes("The value of the lookup attribute ReadOnly must be true or false.")
        return {"read_only": value == "true"}
    if key == "EventSource":
        return {"services": services_of(value)}
    if (field := _FIELDS.get(key)) is None:
        raise InvalidLookupAttributes(f"Invalid lookup attribute: {key}")
    return {field: value}


def event_of(row: Row) -> dict[str, Any]:
    """An event as LookupEvents lists it; the whole record is in it as JSON text."""
    service, _, name = row.action.partition(":")
    found: dict[str, Any] = {
        "EventId": row.entry_id,
        "EventName": name or service,
        "ReadOnly": "true" if row.read_only else "false",
        "AccessKeyId": row.credential,
        "EventTime": row.time,
        "EventSource": event_source(service),
        "Username": row.user_name,
        "Resources": [{"ResourceType": kind, "ResourceName": name} for kind, arn, name in row.record.resources if kind],
        "CloudTrailEvent": record_json(row),
    }
    return {name: value for name, value in found.items() if value != ""}
