"""Filling a fresh file in bulk, crashes at every write, and the digest by which timelines are compared."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muniment.domain.account.users import UserCreated, UserTagged
from muniment.domain.activity.requests import CommandRefused
from muniment.projections.readmodel import IAM, IAM_ACTIVITY, Recorded
from muniment.projections.timeline import timeline as module
from muniment.projections.timeline.fill import SQLiteFill
from muniment.projections.timeline.places import database_at
from muniment.projections.timeline.question import Question
from muniment.projections.timeline.sqlite import SQLite
from muniment.projections.timeline.timeline import Timeline
from tests.postgres import Cluster
from tests.projections.histories import Historian

from .conftest import Told, give

Timelines = Callable[..., Timeline]


class Crash(BaseException):
    """The process ends here."""


def history(told: Told, users: int = 12) -> list[Recorded]:
    """Both streams, in turns."""
    for number in range(users):
        told.happened(UserCreated(f"u{number}", f"AIDA{number}"), UserTagged(f"u{number}", {"a": str(number)}))
        told.noted(CommandRefused("AccessDenied", f"no {number}"))
    return told.entries


def in_streams(entries: list[Recorded]) -> list[Recorded]:
    """As a filling reads: one stream after the other."""
    return sorted(entries, key=lambda one: one.stream)


def bulk(timeline: Timeline, entries: list[Recorded], together: int = 5) -> Timeline:
    timeline.begin_bulk(10**6)
    return give(timeline, in_streams(entries), together)


def test_a_filled_timeline_equals_one_that_was_live(
    tmp_path: Path, timelines: Timelines, told: Told, postgres: Cluster
) -> None:
    entries = history(told)
    live = give(timelines(tmp_path / "live"), entries, 3)
    filled = bulk(timelines(tmp_path / "filled"), entries)
    other = bulk(timelines(postgres.database()), entries)
    assert filled.digest() == live.digest() == other.digest()
    for question in (
        Question(),
        Question(text="no 3"),
        Question(resource="u3"),
        Question(user_name="root", action="iam:Test"),
    ):
        found = live.rows(question)
        assert found
        assert filled.rows(question) == found == other.rows(question)


def test_nobody_sees_a_filling_before_it_is_whole(tmp_path: Path, timelines: Timelines, told: Told) -> None:
    timeline = timelines(tmp_path)
    timeline.begin_bulk(10**6)
    timeline.take(told.happened(UserCreated("ana", "AIDAANA")), "e1")
    assert len(list(tmp_path.glob("timeline-1-1.sqlite.*.filling"))) == 1
    assert not (tmp_path / "timeline-1-1.sqlite").exists()
    timeline.live()
    assert list(tmp_path.glob("*.filling")) == []
    assert (tmp_path / "timeline-1-1.sqlite").stat().st_mode & 0o777 == 0o600
    assert [row.fact for row in timeline.rows(Question())] == ["UserCreated"]


def test_a_filled_timeline_goes_on_live_and_restarts_without_folding(
    tmp_path: Path, timelines: Timelines, told: Told
) -> None:
    timeline = bulk(timelines(tmp_path), history(told))
    give(timeline, told.happened(UserTagged("u1", {"a": "new"})))
    assert timeline.rows(Question(text="new"))[0].record.changes == [
        {"what": "users/u1", "old": {"tags": {"a": "1"}}, "new": {"tags": {"a": "new"}}}
    ]
    timeline.close()
    again = timelines(tmp_path)
    assert again.position(IAM) == len([one for one in told.entries if one.stream == IAM])
    assert again.digest() == timeline.digest()


def test_a_killed_filling_leaves_nothing_in_the_way(tmp_path: Path, timelines: Timelines, told: Told) -> None:
    entries = history(told)
    killed = timelines(tmp_path)
    killed.begin_bulk(10**6)
    killed.take([one for one in entries if one.stream == IAM], "e1")
    assert isinstance(killed._fill, SQLiteFill)
    again = bulk(timelines(tmp_path), entries)
    assert again.digest() == bulk(timelines(tmp_path / "other"), entries).digest()
    told_at_the_end = killed._fill._told()  # its pipe ends without the last frame, as that of a dead parent
    assert told_at_the_end.startswith("_Orphaned")
    assert killed._fill._child.returncode == 1
    killed._fill = None


@pytest.mark.parametrize("entries", [1, 120])  # the failure is met at the end, or in the middle
def test_a_filling_that_fails_stops_the_timeline_and_says_why(
    entries: int, tmp_path: Path, timelines: Timelines, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = "print('OperationalError: database or disk is full', end=''); raise SystemExit(1)"
    monkeypatch.setattr("muniment.projections.timeline.fill._CHILD", full)
    timeline = timelines(tmp_path)
    timeline.begin_bulk(10**6)
    for number in range(entries):
        timeline.take(
            told.happened(UserCreated(f"u{number}", f"A{number}"), UserTagged(f"u{number}", {"a": "x" * 9_000})), "e1"
        )
    timeline.live()
    assert timeline.stopped
    assert "disk is full" in timeline.status.reason
    assert list(tmp_path.glob("*.filling")) == []


def test_a_killed_child_stops_the_timeline(tmp_path: Path, timelines: Timelines, told: Told) -> None:
    timeline = timelines(tmp_path)
    timeline.begin_bulk(10**6)
    assert isinstance(timeline._fill, SQLiteFill)
    timeline._fill._child.kill()
    for number in range(20):  # more than may wait: nobody may hang
        timeline.take(told.happened(UserCreated(f"u{number}", f"A{number}")), "e1")
    timeline.live()
    assert timeline.stopped
    assert list(tmp_path.glob("*.filling")) == []


def test_a_poisoned_entry_stops_a_filling_exactly_there(
    tmp_path: Path, timelines: Timelines, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FILL_TOGETHER", 3)
    told.happened(
        *(UserCreated(f"u{n}", f"A{n}") for n in range(7)), UserTagged("nobody", {"a": "b"}), UserCreated("x", "A")
    )
    timeline = timelines(tmp_path)
    timeline.begin_bulk(10**6)
    timeline.take(told.entries, "e1")
    assert (timeline.stopped, timeline.status.sequence, timeline.position(IAM)) == (True, 8, 7)
    timeline.live()
    assert [row.sequence for row in timeline.rows(Question(oldest_first=True))] == list(range(1, 8))


def test_few_entries_are_not_filled_in_bulk(tmp_path: Path, timelines: Timelines, told: Told) -> None:
    timeline = timelines(tmp_path)
    timeline.begin_bulk(module.FILL_ENTRIES_MIN - 1)
    timeline.take(told.happened(UserCreated("ana", "AIDAANA")), "e1")
    assert len(timeline.rows(Question())) == 1


def crashing_at(monkeypatch: pytest.MonkeyPatch, database: Any, nth: int) -> None:
    """The process dies at the nth of all the writes that a batch consists of, or just after it."""
    left = [nth]

    def counted(owner: Any, name: str) -> None:
        work = getattr(owner, name)

        def step(*arguments: Any, **named: Any) -> Any:
            left[0] -= 1
            if left[0] == 0:
                raise Crash
            answer = work(*arguments, **named)
            left[0] -= 1
            if left[0] == 0:
                raise Crash
            return answer

        monkeypatch.setattr(owner, name, step)

    for owner, name in ((database, "write"), (database, "expire")):
        counted(owner, name)
    from muniment.projections.timeline.saved import Saved

    counted(Saved, "checkpoint")
    counted(Saved, "states")


@pytest.mark.parametrize("nth", [*range(1, 15), 23, 40])
def test_a_timeline_survives_a_crash_at_any_write(
    nth: int, place: Path | str, timelines: Timelines, told: Told, tmp_path: Path
) -> None:
    entries = history(told, 5)
    whole = give(timelines(tmp_path / "whole"), entries)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "SAVE_ENTRIES", 4)
        broken = timelines(place)
        crashing_at(patch, broken.database, nth)
        with pytest.raises(Crash):
            run(broken, entries)
    resumed = timelines(place)
    run(resumed, entries)
    assert resumed.rows(Question()) == whole.rows(Question())
    assert resumed.digest() == whole.digest()
    broken._past.changed.clear()  # the dead process saves nothing when the test closes what it opened


def run(timeline: Timeline, entries: list[Recorded]) -> None:
    """Feed from where the timeline is, as a feed does after a start."""
    for at in range(0, len(entries), 2):
        for one in entries[at : at + 2]:
            timeline.take([one], "e1")
        timeline.expired(IAM_ACTIVITY, 1)
    assert not timeline.stopped, timeline.status


@settings(max_examples=max(8, settings().max_examples // 10))  # each opens many files
@given(data=st.data(), sizes=st.lists(st.integers(1, 7), min_size=1, max_size=30))
def test_batches_restarts_and_fillings_all_give_the_same_timeline(
    data: st.DataObject, sizes: list[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    told = Told()
    historian = Historian(told.log)
    for _ in range(len(sizes)):
        historian.tell(lambda options: data.draw(st.sampled_from(list(options))))
    entries = [told.stored(IAM, message)[0] for message in told.log.messages]
    folder = tmp_path_factory.mktemp("timeline")
    filled = bulk(Timeline(database_at(folder / "filled")), entries)
    digest = filled.digest()
    filled.close()
    at = 0
    for size in sizes:
        timeline = Timeline(SQLite.live(folder / "live"))
        give(timeline, entries[timeline.position(IAM) : at + size])
        at = max(at, min(at + size, len(entries)))
        if size % 2:
            timeline.close()  # else it is killed: what was not saved is folded again
        else:
            timeline.database.close()
    last = Timeline(SQLite.live(folder / "live"))
    give(last, entries[last.position(IAM) :])
    assert last.digest() == digest
    last.close()


def test_a_digest_at_a_position_leaves_out_what_came_later_and_what_may_have_expired(
    place: Path | str, timelines: Timelines, told: Told
) -> None:
    entries = history(told, 3)
    timeline = give(timelines(place), entries)
    at = {IAM: timeline.position(IAM), IAM_ACTIVITY: timeline.position(IAM_ACTIVITY)}
    before, without = timeline.digest_at(at), timeline.digest_at(at, first_activity=3)
    give(timeline, told.happened(UserCreated("late", "AIDALATE")))
    give(timeline, told.noted(CommandRefused("AccessDenied", "late")))
    assert timeline.digest_at(at) == before != timeline.digest()
    timeline.expired(IAM_ACTIVITY, 3)
    assert timeline.digest_at(at, first_activity=3) == without != before


def test_a_fill_survives_being_abandoned(tmp_path: Path) -> None:
    database = SQLite.live(tmp_path)
    database.open()
    fill = database.fill()
    assert isinstance(fill, SQLiteFill)
    fill.abandon()
    assert list(tmp_path.glob("*.filling")) == []
    database.open()
    database.close()
