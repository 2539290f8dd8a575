"""LookupEvents: the eight attributes, times, pages, and what bad input gets."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from muniment.domain.account.keys import AccessKeyCreated
from muniment.domain.account.users import UserCreated, UserTagged
from muniment.domain.activity.requests import QueryAnswered
from muniment.domain.ledger import Actor, Cause, Entry, Sealed
from muniment.projections.queries.cloudtrail import (
    InvalidEventCategory,
    InvalidLookupAttributes,
    InvalidNextToken,
    InvalidTimeRange,
    LookupEvents,
)
from muniment.projections.query import QUERIES, Asked
from muniment.projections.readmodel import IAM, IAM_ACTIVITY, Recorded
from muniment.projections.timeline.sqlite import SQLite
from muniment.projections.timeline.timeline import Timeline

from .conftest import check_shape, model

ACCOUNT, OTHER = "111122223333", "444455556666"
START = 1_795_000_000_000_000
MINUTE = 60_000_000
Ask = Callable[..., dict[str, Any]]


class Views:
    """The views that this query needs."""

    cursor_key = b"c" * 32

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline


@pytest.fixture
def ask(tmp_path: Path) -> Iterator[Ask]:
    timeline = Timeline(SQLite.live(tmp_path))
    happened = [
        ("iam:CreateUser", UserCreated("ana", "AIDAANA"), ACCOUNT, "root", "AKIAROOT"),
        ("iam:CreateUser", UserCreated("bob", "AIDABOB"), ACCOUNT, "ana", "AKIAANA"),
        ("iam:TagUser", UserTagged("bob", {"a": "b"}), ACCOUNT, "ana", "AKIAANA"),
        (
            "iam:CreateAccessKey",
            AccessKeyCreated("bob", "AKIABOB", Sealed("k", b"x"), "AIDABOB"),
            ACCOUNT,
            "ana",
            "AKIAANA",
        ),
        ("iam:CreateUser", UserCreated("ana", "AIDAOTHER"), OTHER, "root", "AKIAOTHER"),
    ]
    versions: dict[str, int] = {}
    for number, (action, fact, account, name, credential) in enumerate(happened, 1):
        versions[account] = versions.get(account, 0) + 1
        actor = Actor(account, f"arn:aws:iam::{account}:user/{name}", f"ID{name}", "IAMUser", name, credential)
        cause = Cause(action, f"r{number}")
        entry = Entry(
            f"e{number}",
            f"account.{account}",
            versions[account],
            START,
            actor,
            cause,
            b"",
            fact,
            digest=b"d",
        )
        timeline.take([Recorded(IAM, number, START + number * MINUTE, entry)], "e1")
    actor = Actor(ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/ana", "IDana", "IAMUser", "ana", "AKIAANA")
    fact = QueryAnswered((f"arn:aws:iam::{ACCOUNT}:user/bob",))
    entry = Entry(
        "e6", f"activity.{ACCOUNT}", 1, START, actor, Cause("sts:GetCallerIdentity", "r6"), b"", fact, digest=b"d"
    )
    timeline.take([Recorded(IAM_ACTIVITY, 1, START + 10 * MINUTE, entry)], "e1")
    assert not timeline.stopped, timeline.status

    def question(account: str = ACCOUNT, now: int = START, **params: Any) -> dict[str, Any]:
        query = msgspec.convert(params, QUERIES["cloudtrail", "LookupEvents"])
        answer = query.answer(Views(timeline), Asked(Actor(account, "", ""), now))  # type: ignore[arg-type]
        check_shape(model("cloudtrail").operation_model("LookupEvents").output_shape, answer, "LookupEvents")
        return answer

    yield question
    timeline.close()


def ids(answer: dict[str, Any]) -> list[str]:
    return [event["EventId"] for event in answer["Events"]]


def attribute(key: str, value: str) -> list[dict[str, str]]:
    return [{"AttributeKey": key, "AttributeValue": value}]


def test_events_of_the_callers_account_come_newest_first(ask: Ask) -> None:
    assert ids(ask()) == ["e6", "e4", "e3", "e2", "e1"]
    assert ids(ask(OTHER)) == ["e5"]


@pytest.mark.parametrize(
    ("key", "value", "found"),
    [
        ("EventId", "e3", ["e3"]),
        ("EventId", "e5", []),  # another account's
        ("EventName", "CreateUser", ["e2", "e1"]),
        ("EventName", "createuser", []),
        ("ReadOnly", "true", ["e6"]),
        ("ReadOnly", "false", ["e4", "e3", "e2", "e1"]),
        ("Username", "ana", ["e6", "e4", "e3", "e2"]),
        ("ResourceType", "AWS::IAM::AccessKey", ["e4"]),
        ("ResourceName", "bob", ["e6", "e4", "e3", "e2"]),
        ("ResourceName", f"arn:aws:iam::{ACCOUNT}:user/bob", ["e6", "e4", "e3", "e2"]),
        ("ResourceName", "AKIABOB", ["e4"]),
        ("EventSource", "iam.amazonaws.com", ["e4", "e3", "e2", "e1"]),
        ("EventSource", "sts.amazonaws.com", ["e6"]),
        ("AccessKeyId", "AKIAROOT", ["e1"]),
    ],
)
def test_each_of_the_eight_attributes_finds_its_events(key: str, value: str, found: list[str], ask: Ask) -> None:
    assert ids(ask(LookupAttributes=attribute(key, value))) == found


def test_every_attribute_of_the_model_is_understood(ask: Ask) -> None:
    shape = model("cloudtrail").shape_for("LookupAttributeKey")
    for key in shape.enum:  # type: ignore[attr-defined]
        assert ids(ask(LookupAttributes=attribute(key, "true"))) in ([], ["e6"])


def test_times_are_inclusive_on_both_ends(ask: Ask) -> None:
    assert ids(ask(StartTime=START + 2 * MINUTE, EndTime=START + 3 * MINUTE)) == ["e3", "e2"]
    assert ids(ask(StartTime=START + 20 * MINUTE)) == []
    with pytest.raises(InvalidTimeRange):
        ask(StartTime=2, EndTime=1)


def test_pages_follow_each_other(ask: Ask) -> None:
    first = ask(MaxResults=2)
    second = ask(MaxResults=2, NextToken=first["NextToken"])
    third = ask(MaxResults=2, NextToken=second["NextToken"])
    assert [ids(page) for page in (first, second, third)] == [["e6", "e4"], ["e3", "e2"], ["e1"]]
    assert "NextToken" not in third


def test_a_token_of_another_question_or_account_is_refused(ask: Ask) -> None:
    token = ask(MaxResults=1)["NextToken"]
    for other in ({"account": OTHER}, {"LookupAttributes": attribute("Username", "ana")}, {"StartTime": START}):
        with pytest.raises(InvalidNextToken):
            ask(NextToken=token, **other)
    for forged in (token[:-1], token + "A", "x", "é"):
        with pytest.raises(InvalidNextToken):
            ask(NextToken=forged)


@pytest.mark.parametrize(
    "attributes",
    [
        [*attribute("EventId", "a"), *attribute("EventId", "b")],
        attribute("ReadOnly", "maybe"),
        attribute("EventId", ""),
        attribute("Nonsense", "x"),
    ],
)
def test_wrong_attributes_are_refused(attributes: list[dict[str, str]], ask: Ask) -> None:
    with pytest.raises(InvalidLookupAttributes):
        ask(LookupAttributes=attributes)


def test_insight_events_are_not_recorded_here(ask: Ask) -> None:
    with pytest.raises(InvalidEventCategory):
        ask(EventCategory="insight")


def test_an_event_carries_its_whole_record(ask: Ask) -> None:
    (event,) = ask(LookupAttributes=attribute("EventId", "e2"))["Events"]
    assert event["EventName"] == "CreateUser"
    assert event["EventTime"] == START + 2 * MINUTE
    assert event["EventSource"] == "iam.amazonaws.com"
    assert event["Username"] == "ana"
    assert event["ReadOnly"] == "false"
    assert event["Resources"] == [{"ResourceType": "AWS::IAM::User", "ResourceName": "bob"}]
    record = json.loads(event["CloudTrailEvent"])
    assert record["eventID"] == "e2"
    assert record["userIdentity"]["userName"] == "ana"


def test_the_gate_is_asked_for_all_resources() -> None:
    assert [resource.arn for resource in LookupEvents().resources(None, None)] == ["*"]  # type: ignore[arg-type]
    assert LookupEvents.action() == "cloudtrail:LookupEvents"
