"""What a killed filling has left is gone on with, where it is of the same log, program and machine; else it begins anew."""

import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from muniment.domain.account.users import UserCreated, UserTagged
from muniment.domain.activity.requests import CommandRefused
from muniment.projections.readmodel import IAM, IAM_ACTIVITY, Checkpoint, Recorded
from muniment.projections.source import Source
from muniment.projections.timeline import fill as module
from muniment.projections.timeline import timeline as timeline_module
from muniment.projections.timeline.fill import SQLiteFill
from muniment.projections.timeline.places import database_at, generation_at
from muniment.projections.timeline.question import Question
from muniment.projections.timeline.rebuild import prepare
from muniment.projections.timeline.timeline import Timeline
from tests.postgres import Cluster

from .conftest import Told, give

Timelines = Callable[..., Timeline]
FEW_TOGETHER = "from muniment.projections.timeline import filler; filler.TOGETHER = 10; filler.main()"


def history(told: Told, users: int = 20) -> list[Recorded]:
    for number in range(users):
        told.happened(UserCreated(f"u{number}", f"AIDA{number}"), UserTagged(f"u{number}", {"a": str(number)}))
        told.noted(CommandRefused("AccessDenied", f"no {number}"))
    return sorted(told.entries, key=lambda one: one.stream)


def begun(timeline: Timeline) -> SQLiteFill:
    """Begin to fill."""
    timeline.begin_bulk(10**6)
    assert isinstance(timeline._fill, SQLiteFill)
    return timeline._fill


def sent_to(timeline: Timeline, entries: list[Recorded]) -> None:
    """Give them one by one."""
    for one in entries:
        timeline.take([one], "e1")


def abandoned(timelines: Timelines, folder: Path, entries: list[Recorded]) -> None:
    """A filling whose parent died when it had sent these entries."""
    killed = timelines(folder)
    fill = begun(killed)
    sent_to(killed, entries)
    assert fill._told().startswith("_Orphaned")  # its pipe ends without the last frame
    killed._fill = None


def whole(timelines: Timelines, folder: Path, entries: list[Recorded]) -> Timeline:
    """The same filled without a pause."""
    filled = timelines(folder)
    begun(filled)
    sent_to(filled, entries)
    return filled


@pytest.mark.parametrize("sent", [1, 37, 60])  # of 40 entries of IAM and 20 of IAM_ACTIVITY
def test_a_filling_whose_parent_was_killed_is_gone_on_with(
    sent: int, tmp_path: Path, timelines: Timelines, told: Told
) -> None:
    entries = history(told)
    abandoned(timelines, tmp_path / "a", entries[:sent])
    asked: list[Mapping[str, Checkpoint]] = []

    def admits(reached: Mapping[str, Checkpoint]) -> bool:
        asked.append(reached)
        return True

    again = timelines(tmp_path / "a", admits=admits)
    fill = begun(again)
    last = {one.stream: one for one in entries[:sent]}
    assert asked == [{stream: Checkpoint("e1", one.sequence, one.entry.digest) for stream, one in last.items()}], (
        "it tells how far the rows reach, and is asked for once"
    )
    assert fill.reached == asked[0]
    sent_to(again, entries)
    again.live()
    other = whole(timelines, tmp_path / "other", entries)
    other.live()
    assert again.digest() == other.digest()
    assert again.rows(Question(text="u7")) == other.rows(Question(text="u7")) != []
    assert list((tmp_path / "a").glob("*.filling*")) == []
    assert again.position(IAM) == 40
    give(again, told.happened(UserTagged("u1", {"a": "new"})))  # its states are whole, too
    assert again.rows(Question(text="new"))[0].record.changes[0]["old"] == {"tags": {"a": "1"}}


def test_a_filling_whose_child_was_killed_goes_on_after_its_last_transaction(
    tmp_path: Path, timelines: Timelines, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_CHILD", FEW_TOGETHER)
    entries = history(told)
    killed = timelines(tmp_path)
    fill = begun(killed)
    for at in range(0, 35, 5):
        killed.take(entries[at : at + 5], "e1")
    assert fill._child.stdout is not None
    fill._child.stdout.readline()  # it has begun
    time.sleep(0.2)  # and is somewhere in the middle, or at the end of what it has got: it must not matter
    fill._child.send_signal(signal.SIGKILL)
    fill._told()
    killed._fill = None
    again = timelines(tmp_path, admits=lambda reached: True)
    reached = begun(again).reached
    assert not reached or 10 <= reached[IAM].sequence <= 35
    sent_to(again, entries)
    again.live()
    other = whole(timelines, tmp_path / "other", entries)
    other.live()
    assert again.digest() == other.digest()


def test_what_is_left_is_not_gone_on_with_unasked_or_where_it_is_of_another_log(
    tmp_path: Path, timelines: Timelines, told: Told
) -> None:
    entries = history(told)
    for name, options in (("unasked", {}), ("refused", {"admits": lambda reached: False})):
        abandoned(timelines, tmp_path / name, entries[:30])
        again = timelines(tmp_path / name, **options)
        assert begun(again).reached == {}
        assert len(list((tmp_path / name).glob("*.filling"))) == 1
        sent_to(again, entries)
        again.live()
        assert len(again.rows(Question())) == 60


@pytest.mark.parametrize("change", ["machine", "program", "damage"])
def test_what_another_machine_or_program_left_or_what_is_damaged_is_not_gone_on_with(
    change: str, tmp_path: Path, timelines: Timelines, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = history(told)
    abandoned(timelines, tmp_path / "timeline", entries[:30])
    if change == "machine":
        (tmp_path / "boot").write_text("another")
        monkeypatch.setattr(module, "BOOT", tmp_path / "boot")
        module.origin.cache_clear()
    elif change == "program":
        monkeypatch.setattr(module, "origin", lambda: "0" * 16)
    else:
        (left,) = (tmp_path / "timeline").glob("*.filling")
        left.write_bytes(b"no database" * 1_000)
    again = timelines(tmp_path / "timeline", admits=lambda reached: True)
    assert begun(again).reached == {}
    sent_to(again, entries)
    again.live()
    assert not again.stopped, again.status
    assert len(again.rows(Question())) == 60
    assert list((tmp_path / "timeline").glob("*.filling*")) == []
    if change == "machine":
        monkeypatch.undo()
        module.origin.cache_clear()


def test_a_rebuild_goes_on_with_the_rows_of_one_that_was_killed_where_the_log_says_the_same(
    tmp_path: Path, timelines: Timelines, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("muniment.projections.timeline.timeline.FILL_ENTRIES_MIN", 1)
    entries = history(told)
    live = give(timelines(tmp_path), entries)
    sources: dict[str, Source] = {IAM: told.log.source(), IAM_ACTIVITY: told.activity.source()}
    sent: list[int] = []
    put = SQLiteFill.put

    def counted(self: SQLiteFill, rows: list[object], touched: list[object], at: tuple[str, Checkpoint]) -> None:
        sent.append(len(rows))
        put(self, rows, touched, at)

    monkeypatch.setattr(SQLiteFill, "put", counted)
    for boundary_of_log, expected in ((True, 30), (False, 60)):
        killed = timelines(database_at(tmp_path).beside())
        fill = begun(killed)
        epoch = "e1" if boundary_of_log else "another"
        killed.take(entries[:30], epoch)
        fill._told()
        killed._fill = None
        killed._past.changed.clear()  # the dead process saves nothing when the test closes what it opened
        sent.clear()
        fresh = generation_at(tmp_path, 2)
        found = prepare(fresh, database_at(tmp_path), sources, told.log.signer, lambda done, known: None)
        assert found is not None
        assert found.rebuilt == found.live == live.digest()
        assert sum(sent) == expected
        fresh.discard()


def test_a_rebuild_in_postgresql_goes_on_with_the_tables_of_one_that_was_killed(
    timelines: Timelines, told: Told, postgres: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timeline_module, "SAVE_ENTRIES", 10)
    place, entries = postgres.database(), history(told)
    live = give(timelines(place), entries)
    sources: dict[str, Source] = {IAM: told.log.source(), IAM_ACTIVITY: told.activity.source()}
    made: list[int] = []
    columns_of = timeline_module.columns_of
    monkeypatch.setattr(timeline_module, "columns_of", lambda one, *rest: made.append(1) or columns_of(one, *rest))
    for by_the_same, expected in ((True, 30), (False, 60)):
        killed = timelines(live.database.beside())
        sent_to(killed, entries[:30])
        killed._past.changed.clear()  # the dead process saves nothing when the test closes what it opened
        made.clear()
        if not by_the_same:
            monkeypatch.setattr("muniment.projections.timeline.postgresql.origin", lambda: "another program")
        fresh = live.database.beside()
        assert fresh.generation == 2
        found = prepare(fresh, live.database, sources, told.log.signer, lambda done, known: None)
        assert found is not None
        assert found.rebuilt == found.live == live.digest()
        assert len(made) == expected
        fresh.discard()
        fresh.close()
