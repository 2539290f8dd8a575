"""Questions: every filter, every combination, held against plain Python over random entries; pages and forged cursors."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from muniment.domain.account.users import UserCreated, UserTagged
from muniment.domain.activity.requests import CommandRefused, QueryAnswered, UnauthenticatedRefused
from muniment.domain.ledger import Actor, Cause, Entry
from muniment.projections.queries.pagination import BadCursor, Cursors
from muniment.projections.readmodel import IAM, IAM_ACTIVITY, Recorded
from muniment.projections.timeline.places import database_at
from muniment.projections.timeline.question import Question, cursors_about
from muniment.projections.timeline.resources import touched
from muniment.projections.timeline.row import READ_ONLY, REFUSED, Row, row_id, shown_row, stored
from muniment.projections.timeline.timeline import Timeline
from muniment.projections.timeline.words import has, wanted
from tests.postgres import Cluster

from .conftest import Told, give

Timelines = Callable[..., Timeline]

NAMES = [
    "ana",
    "Ana",
    "bob",
    "o'neil",
    "ümit",
    "数据",
    'x"y',
    "a%b",
    "a_b",
    "*",
    "\\",
    "a.b@c",
    "ﬁx",
    "İx",
    "drop table;--",
]
ACCOUNTS = ["111122223333", "444455556666"]
ACTIONS = ["iam:CreateUser", "iam:TagUser", "sts:AssumeRole", "muniment:CreateAccount", "iam:Create_ser"]
SECRET = b"c" * 32
names = st.sampled_from(NAMES)


def actor(name: str, account: str) -> Actor:
    arn = f"arn:aws:iam::{account}:user/{name}"
    return Actor(account, arn, f"AIDA{NAMES.index(name)}", "IAMUser", name, f"AKIA{NAMES.index(name)}")


@st.composite
def happenings(draw: st.DrawFn) -> list[Recorded]:
    """Entries of both streams, with times that meet and cross."""
    found: list[Recorded] = []
    for number in range(1, draw(st.integers(0, 25)) + 1):
        name, account = draw(names), draw(st.sampled_from(ACCOUNTS))
        fact = draw(
            st.one_of(
                st.builds(CommandRefused, st.sampled_from(["AccessDenied", "NoSuchEntity"]), names, st.tuples(names)),
                st.builds(QueryAnswered, st.tuples(st.builds("arn:aws:iam::111122223333:user/{}".format, names))),
                st.builds(
                    UnauthenticatedRefused, st.integers(1, 9), st.dictionaries(names, st.integers(1, 3), max_size=2)
                ),
            )
        )
        cause = Cause(draw(st.sampled_from(ACTIONS)), f"r{number % 7}", parameters={"UserName": draw(names)})
        stream, boundary = draw(st.sampled_from([(IAM, "activity"), (IAM_ACTIVITY, "activity")]))
        time = draw(st.integers(0, 5)) * 1_000_000
        entry = Entry(
            f"e{stream}{number}",
            f"{boundary}.{account}",
            number,
            time,
            actor(name, account),
            cause,
            b"",
            fact,
            digest=b"d",
        )
        found.append(Recorded(stream, number, time, entry))
    return found


def questions() -> st.SearchStrategy[Question]:
    arns = st.builds("arn:aws:iam::111122223333:user/{}".format, names)
    return st.builds(
        Question,
        account=st.sampled_from(["", *ACCOUNTS]),
        principal=st.sampled_from(["", "AIDA0", "arn:aws:iam::111122223333:user/ana", "AIDA5"]),
        user_name=st.one_of(st.just(""), st.just(""), names),
        credential=st.sampled_from(["", "", "", "AKIA2"]),
        resource=st.one_of(st.just(""), st.just(""), names, arns),
        resource_type=st.sampled_from(["", "", "AWS::IAM::User", "AWS::IAM::Use_", "%"]),
        action=st.sampled_from(["", "", *ACTIONS, "CreateUser", "Create_ser", "%", "creat_user"]),
        services=st.sampled_from([(), (), ("iam",), ("sts", "muniment"), ("i_m",)]),
        fact=st.sampled_from(["", "", "CommandRefused"]),
        text=st.one_of(st.just(""), names, names.map(lambda name: name[:2] + "*"), st.sampled_from(["accessdenied ana", "!"])),
        entry_id=st.sampled_from(["", "", "", "eIAM1"]),
        request_id=st.sampled_from(["", "", "", "r3"]),
        refused=st.sampled_from([None, None, True, False]),
        high=st.sampled_from([None, None, False]),
        read_only=st.sampled_from([None, None, True, False]),
        since=st.one_of(st.none(), st.integers(0, 6_000_000)),
        until=st.one_of(st.none(), st.integers(0, 6_000_000)),
        oldest_first=st.booleans(),
    )  # fmt: skip


def fulfils(question: Question, recorded: Recorded) -> bool:
    """The question, plainly."""
    entry = recorded.entry
    resources = touched(entry, (), None)
    row = stored(recorded, (), resources)
    service, _, action = row.action.partition(":")
    return all(
        (
            not question.account or row.account == question.account,
            not question.principal or question.principal in (entry.actor.arn, row.principal_id),
            not question.user_name or entry.actor.name == question.user_name,
            not question.credential or entry.actor.credential == question.credential,
            not question.resource or any(question.resource in (one.arn, one.name) for one in resources),
            not question.resource_type or any(one.type == question.resource_type for one in resources),
            not question.action or question.action in (row.action, action),
            not question.services or service in question.services,
            not question.fact or row.fact == question.fact,
            not question.text or has(row.words, wanted(question.text)),
            not question.entry_id or entry.id == question.entry_id,
            not question.request_id or entry.command.id == question.request_id,
            question.refused is None or bool(row.flags & REFUSED) == question.refused,
            question.high is None or question.high is False,
            question.read_only is None or bool(row.flags & READ_ONLY) == question.read_only,
            question.since is None or recorded.time >= question.since,
            question.until is None or recorded.time < question.until,
        )
    )


def expected(question: Question, entries: Sequence[Recorded]) -> list[tuple[str, int]]:
    found = [one for one in entries if fulfils(question, one)]
    found.sort(key=lambda one: (one.time, row_id(one.stream, one.sequence)), reverse=not question.oldest_first)
    return [(one.stream, one.sequence) for one in found]


def places(rows: Sequence[Row]) -> list[tuple[str, int]]:
    return [(row.stream, row.sequence) for row in rows]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Timeline]:
    """One timeline for all random examples; each begins with empty tables."""
    place: Any = tmp_path_factory.mktemp("timeline")
    if request.param == "postgresql":
        cluster: Cluster = request.getfixturevalue("postgres")
        place = cluster.database()
    timeline = Timeline(database_at(place))
    yield timeline
    timeline.close()


def filled(timeline: Timeline, entries: Sequence[Recorded]) -> None:
    """Exactly these rows, written as the model writes them but for its checkpoints."""
    with timeline.database.engine.begin() as connection:
        timeline.database.expire(connection, 0, (1 << 63) - 1)
        rows, lines = [], []
        for recorded in sorted(entries, key=lambda one: row_id(one.stream, one.sequence)):
            resources = touched(recorded.entry, (), None)
            rows.append(stored(recorded, (), resources))
            lines += [(rows[-1].id, number, one.name, one.arn, recorded.time) for number, one in enumerate(resources)]
        if rows:
            timeline.database.write(connection, rows, lines)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(entries=happenings(), asked=st.lists(questions(), min_size=1, max_size=12), limit=st.integers(1, 4))
def test_answers_are_those_of_plain_python_page_by_page(
    shared: Timeline, entries: list[Recorded], asked: list[Question], limit: int
) -> None:
    filled(shared, entries)
    for question in asked:
        wanted_ = expected(question, entries)
        assert places(shared.rows(question)) == wanted_, question
        cursors, found, marker = cursors_about(SECRET, 1_000_000, question), [], ""
        for _ in range(len(wanted_) + 2):
            page = shared.page(question, cursors, marker=marker, limit=limit)
            found += places(page.items)
            if page.marker is None:
                break
            marker = page.marker
        assert found == wanted_


def test_a_row_comes_back_as_it_was_stored(place: Path | str, timelines: Timelines, told: Told) -> None:
    told.happened(UserCreated("ana", "AIDAANA"), UserTagged("ana", {"ü": "\0'\"\\"}))
    timeline = give(timelines(place), told.entries)
    for row in timeline.rows(Question()):
        assert msgspec.msgpack.decode(msgspec.msgpack.encode(row), type=Row) == row
    assert timeline.rows(Question(fact="UserTagged"))[0].record.data["tags"] == {"ü": "\0'\"\\"}


HOSTILE = ["\0", "a\0b", "'; DROP TABLE timeline_1_rows; --", '"', "\\", "%", "_", "*", "a*", "' OR ''='", "NEAR(", "\U0001f600",
           "‮abc", "<script>", "a" * 10_000, "{}", ":*", "&|!", "\ud7ff", "\n\r\t", "AND OR NOT", "col:x", "^a"]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_stored_found_and_harmless(
    name: str, place: Path | str, timelines: Timelines, told: Told
) -> None:
    told.noted(CommandRefused("AccessDenied", name, (name,)), CommandRefused("AccessDenied", "other", ("other",)))
    timeline = give(timelines(place), told.entries)
    assert timeline.rows(Question(fact="CommandRefused"))[1].record.message == name
    fields = (
        "account",
        "principal",
        "user_name",
        "credential",
        "resource",
        "resource_type",
        "action",
        "fact",
        "text",
        "request_id",
    )
    for field in fields:
        found = timeline.rows(Question(**{field: name}))
        assert field == "text" or len(found) <= 1, field
        if field == "resource" and "\0" not in name:
            assert places(found) == [(IAM_ACTIVITY, 1)]
    assert len(timeline.rows(Question())) == 2


def cursor_of(timeline: Timeline, question: Question, secret: bytes = SECRET) -> tuple[Cursors, str]:
    cursors = cursors_about(secret, 5_000_000, question)
    page = timeline.page(question, cursors, limit=1)
    assert page.marker is not None
    return cursors, page.marker


def test_forged_cursors_are_refused(place: Path | str, timelines: Timelines, told: Told) -> None:
    timeline = give(
        timelines(place), told.happened(UserCreated("ana", "A1"), UserCreated("bob", "A2"), UserCreated("cem", "A3"))
    )
    question = Question(account="111122223333")
    cursors, marker = cursor_of(timeline, question)
    assert [row.sequence for row in timeline.page(question, cursors, marker=marker, limit=1).items] == [2]
    _, stolen = cursor_of(timeline, question, b"x" * 32)
    _, other = cursor_of(timeline, Question())
    flips = [marker[:at] + ("A" if marker[at] != "A" else "B") + marker[at + 1 :] for at in range(len(marker))]
    for forged in [*flips, marker[:-1], marker + "A", "", " ", "é", "A" * 500, stolen, other, marker + "\0"][1:]:
        if forged:
            with pytest.raises(BadCursor):
                timeline.page(question, cursors, marker=forged, limit=1)
    short = cursors.marker(b"short")
    with pytest.raises(BadCursor):
        timeline.page(question, cursors, marker=short, limit=1)


def test_rows_that_come_between_two_pages_neither_double_nor_hide_one(
    place: Path | str, timelines: Timelines, told: Told
) -> None:
    timeline = give(timelines(place), told.happened(*(UserCreated(f"u{n}", f"A{n}") for n in range(6))))
    question = Question()
    cursors, marker = cursor_of(timeline, question)
    give(timeline, told.happened(UserCreated("late", "A9")))
    rest = timeline.page(question, cursors, marker=marker, limit=50)
    assert [row.sequence for row in rest.items] == [5, 4, 3, 2, 1]
    assert rest.marker is None


def test_a_page_is_bounded(place: Path | str, timelines: Timelines, told: Told) -> None:
    timeline = give(timelines(place), told.happened(*(UserCreated(f"u{n}", f"A{n}") for n in range(3))))
    cursors = cursors_about(SECRET, 0, Question())
    assert len(timeline.page(Question(), cursors, limit=0).items) == 1
    assert len(timeline.page(Question(), cursors, limit=10**9).items) == 3


def test_the_columns_are_in_the_order_the_row_reads_them() -> None:
    entry = Entry(
        "e",
        "activity.1",
        1,
        1,
        actor("ana", "111122223333"),
        Cause("iam:X", "r"),
        b"",
        CommandRefused("c", "m"),
        digest=b"d",
    )
    recorded = Recorded(IAM_ACTIVITY, 7, 9, entry)
    row = shown_row(stored(recorded, (), ()))
    assert (row.stream, row.sequence, row.time, row.account, row.refused) == (IAM_ACTIVITY, 7, 9, "1", True)
    assert (row.record.code, row.record.message) == ("c", "m")
