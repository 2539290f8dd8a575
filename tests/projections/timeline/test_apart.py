"""The timeline on a thread of its own, several writers on one database, and rebuilding beside the live one."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from muniment.domain.account.users import UserCreated, UserTagged
from muniment.domain.activity.requests import CommandRefused
from muniment.projections.feed import Feed
from muniment.projections.readmodel import IAM, IAM_ACTIVITY
from muniment.projections.rebuild import RebuildRunning
from muniment.projections.timeline import apart
from muniment.projections.timeline import timeline as module
from muniment.projections.timeline.apart import TimelineApart
from muniment.projections.timeline.places import database_at, generation_at, timeline_at
from muniment.projections.timeline.question import Question
from muniment.projections.timeline.rebuild import Prepared, prepare, rebuild_timeline
from muniment.projections.timeline.timeline import Timeline
from tests.postgres import Cluster
from tests.projections.logs import ACCOUNT, Log, Signer

from .conftest import Told, give

ALL = 1_000_000  # rows: more than a slow machine writes meanwhile

Timelines = Callable[..., Timeline]


def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to be"
        time.sleep(0.01)


def test_the_feed_goes_on_while_the_database_is_away(
    postgres: Cluster, timelines: Timelines, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart, "RETRY_SECONDS", 0.05)
    timeline = timelines(postgres.database(), TimelineApart)
    assert isinstance(timeline, TimelineApart)
    timeline.live()
    timeline.take(told.happened(UserCreated("ana", "AIDAANA")), "e1")
    timeline.flush()
    postgres.stop()
    began = time.monotonic()
    for number in range(20):
        timeline.take(told.happened(UserTagged("ana", {"n": str(number)})), "e1")
    assert time.monotonic() - began < 0.5  # nobody waits
    until(lambda: bool(timeline.trouble))
    assert not timeline.stopped
    assert timeline.position(IAM) < 21
    postgres.start()
    timeline.wait(21, timeout=20)
    assert timeline.trouble == ""
    assert [row.sequence for row in timeline.rows(Question(oldest_first=True))] == list(range(1, 22))


def test_a_timeline_that_falls_too_far_behind_stops_and_does_not_hold_up_the_feed(
    tmp_path: Path, timelines: Timelines, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart, "WAITING_ENTRIES_MAX", 3)
    timeline = timelines(tmp_path, TimelineApart)
    timeline.live()
    timeline.flush()  # type: ignore[attr-defined]
    write, going = timeline.database.write, threading.Event()
    monkeypatch.setattr(timeline.database, "write", lambda *rest: going.wait(10) and write(*rest))
    for number in range(5):
        timeline.take(told.happened(UserCreated(f"u{number}", f"A{number}")), "e1")
    assert timeline.stopped
    assert "too slow" in timeline.status.reason
    going.set()


def test_waiting_for_a_position_sees_its_rows(place: Path | str, timelines: Timelines, told: Told) -> None:
    timeline = timelines(place, TimelineApart)
    timeline.live()
    for number in range(1, 20):
        timeline.take(told.happened(UserCreated(f"u{number}", f"A{number}")), "e1")
        timeline.wait(number)
        assert timeline.rows(Question())[0].sequence == number


def test_a_poisoned_entry_stops_the_timeline_where_it_is(place: Path | str, timelines: Timelines, told: Told) -> None:
    timeline = timelines(place, TimelineApart)
    timeline.live()
    timeline.take(
        told.happened(UserCreated("ana", "A"), UserTagged("nobody", {"a": "b"}), UserCreated("bob", "B")), "e1"
    )
    timeline.flush()  # type: ignore[attr-defined]
    assert (timeline.status.stream, timeline.status.sequence) == (IAM, 2)
    assert [row.sequence for row in timeline.rows(Question())] == [1]


def test_what_was_asked_before_the_end_is_done_at_the_end(tmp_path: Path, timelines: Timelines, told: Told) -> None:
    timeline = timelines(tmp_path, TimelineApart)
    timeline.live()
    for number in range(50):
        timeline.take(told.happened(UserCreated(f"u{number}", f"A{number}")), "e1")
    timeline.close()
    again = timelines(tmp_path)
    assert again.position(IAM) == 50
    assert len(again.rows(Question())) == 50


def test_two_processes_write_one_database_and_no_row_is_doubled(
    postgres: Cluster, timelines: Timelines, told: Told
) -> None:
    place = postgres.database()
    entries = [
        *told.happened(*(UserCreated(f"u{n}", f"A{n}") for n in range(60))),
        *told.noted(CommandRefused("c", "m")),
    ]
    writers = [timelines(place) for _ in range(3)]
    start = threading.Barrier(3)

    def run(timeline: Timeline, together: int) -> None:
        start.wait()
        give(timeline, entries, together)

    threads = [
        threading.Thread(target=run, args=(writer, size)) for writer, size in zip(writers, (1, 3, 7), strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [writer.status.reason for writer in writers] == ["", "", ""]
    alone = give(timelines(postgres.database()), entries)
    assert {writer.digest() for writer in writers} == {alone.digest()}
    for writer in writers:
        writer.close()
    assert timelines(place).position(IAM) == 60


def test_a_database_that_was_set_back_stops_those_who_knew_more(
    postgres: Cluster, timelines: Timelines, told: Told
) -> None:
    place = postgres.database()
    one, other = timelines(place), timelines(place)
    give(one, told.happened(UserCreated("ana", "A")))
    other.reset()
    one.take(told.happened(UserCreated("bob", "B")), "e1")
    assert one.stopped
    assert "before what was written already" in one.status.reason
    assert other.rows(Question()) == []


class House:
    """A feed over two logs in memory, with a timeline of its own thread."""

    def __init__(self, place: Path | str) -> None:
        signer = Signer()
        self.logs = {IAM: Log(signer, IAM), IAM_ACTIVITY: Log(signer, IAM_ACTIVITY)}
        self.signer = signer
        self.timeline = TimelineApart(database_at(place))
        self.feed = Feed([log.source() for log in self.logs.values()], signer, [self.timeline])

    def happened(self, users: int) -> None:
        first = len(self.logs[IAM].messages)
        self.logs[IAM].append(ACCOUNT, *(UserCreated(f"u{first + n}", f"A{first + n}") for n in range(users)))
        self.logs[IAM_ACTIVITY].append(
            "activity.111122223333", CommandRefused("AccessDenied", f"no {first}"), writer="w"
        )

    def rebuild(self, **options: Any) -> Any:
        sources = {stream: log.source() for stream, log in self.logs.items()}
        return rebuild_timeline(self.feed, self.timeline, sources, self.signer, **options)

    def level(self) -> None:
        until(
            lambda: all(
                self.timeline.position(name) == len(log.messages) + log.first - 1 for name, log in self.logs.items()
            )
        )


@pytest.fixture
def house(place: Path | str) -> Iterator[House]:
    house = House(place)
    house.happened(20)
    house.feed.start()
    assert house.feed.wait_loaded(10)
    house.level()
    yield house
    house.feed.close()
    house.timeline.close()


def test_a_rebuilt_timeline_equals_the_live_one_and_takes_its_place(house: House) -> None:
    before = house.timeline.rows(Question())
    seen: list[tuple[int, int]] = []
    rebuilt = house.rebuild(progress=lambda done, known: seen.append((done, known)))
    assert rebuilt.equal
    assert len(rebuilt.compared) == 1
    assert seen[-1][0] == 21
    assert house.timeline.database.generation == 2  # type: ignore[attr-defined]
    assert house.timeline.rows(Question()) == before
    house.happened(3)
    house.level()
    assert len(house.timeline.rows(Question())) == 25


def test_no_read_fails_while_entries_come_in_and_the_timeline_is_rebuilt(house: House) -> None:
    done, failures, counts = threading.Event(), [], []

    def read() -> None:
        while not done.is_set():
            try:
                counts.append(len(house.timeline.rows(Question(), limit=ALL)))
            except Exception as error:
                failures.append(error)

    def write() -> None:
        while not done.is_set():
            house.happened(1)
            time.sleep(0.005)

    threads = [threading.Thread(target=read), threading.Thread(target=write)]
    for thread in threads:
        thread.start()
    try:
        results = [house.rebuild() for _ in range(2)]
    finally:
        done.set()
        for thread in threads:
            thread.join()
    assert failures == []
    assert all(result.equal for result in results)
    assert counts == sorted(counts)  # no row was ever missing again
    house.level()
    assert len(house.timeline.rows(Question(), limit=ALL)) == sum(len(log.messages) for log in house.logs.values())


def test_a_wrong_live_timeline_is_found_out_and_replaced(house: House) -> None:
    with house.timeline.database.engine.begin() as connection:
        rows = house.timeline.database.tables.rows
        connection.execute(rows.update().where(rows.c.id == 3).values(action="iam:Forged"))
    rebuilt = house.rebuild()
    assert not rebuilt.equal
    assert house.timeline.rows(Question(action="iam:Forged")) == []


def test_a_stopped_timeline_is_mended_by_a_rebuild(house: House) -> None:
    house.timeline.stop("for this test", IAM, 1)
    house.timeline.flush()
    assert house.rebuild().compared == ()
    assert not house.timeline.stopped
    house.happened(1)
    house.level()


def test_a_rebuild_that_another_process_prepared_reads_only_what_came_after_it(
    house: House, place: Path | str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def prepared(database: Any) -> Prepared | None:
        sources = {stream: log.source() for stream, log in house.logs.items()}
        live = generation_at(place, house.timeline.database.generation)
        found = prepare(
            generation_at(place, database.generation), live, sources, house.signer, lambda done, known: None
        )
        live.close()
        house.happened(2)
        return found

    stored: list[int] = []
    columns_of = module.columns_of
    monkeypatch.setattr(module, "columns_of", lambda recorded, *rest: stored.append(1) or columns_of(recorded, *rest))
    house.level()
    house.timeline.flush()
    rebuilt = house.rebuild(prepared=prepared)
    assert rebuilt.equal
    assert [each.position for each in rebuilt.compared] == sorted({each.position for each in rebuilt.compared})
    assert len(rebuilt.compared) == 2  # what the other process had filled, and what came after it
    assert len(stored) == 21 + 3 + 3  # by who prepared; of what came after, by the live one and by the twin
    house.level()
    assert len(house.timeline.rows(Question())) == 24


def test_a_live_row_that_was_altered_is_found_by_the_process_that_prepares(house: House, place: Path | str) -> None:
    house.level()
    house.timeline.flush()
    with house.timeline.database.engine.begin() as connection:
        rows = house.timeline.database.tables.rows
        connection.execute(sa.update(rows).where(rows.c.id == 3).values(principal="arn:aws:iam::1:user/somebody-else"))

    def prepared(database: Any) -> Prepared | None:
        sources = {stream: log.source() for stream, log in house.logs.items()}
        live = generation_at(place, house.timeline.database.generation)
        fresh = generation_at(place, database.generation)
        try:
            return prepare(fresh, live, sources, house.signer, lambda done, known: None)
        finally:
            live.close()

    assert not house.rebuild(prepared=prepared).equal
    assert house.rebuild(prepared=prepared).equal  # the log is the truth: what was altered is replaced


def test_a_second_rebuild_is_refused_while_one_runs(house: House) -> None:
    with house.feed.rebuilding, pytest.raises(RebuildRunning):
        house.rebuild()


def test_a_rebuild_that_fails_leaves_the_live_timeline_as_it_was(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    before = house.timeline.rows(Question())

    def failing(*_: Any) -> None:
        raise RuntimeError("in the middle")

    with monkeypatch.context() as patch:
        patch.setattr("muniment.projections.timeline.rebuild._compare", failing)
        with pytest.raises(RuntimeError, match="in the middle"):
            house.rebuild()
    assert house.timeline.rows(Question()) == before
    house.happened(1)
    house.level()
    assert house.rebuild().equal


def test_a_rebuilt_timeline_that_cannot_be_promoted_leaves_the_live_one(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.level()
    live, before = house.timeline.database, len(house.timeline.rows(Question()))

    def failing(database: Any) -> None:
        raise OSError("No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(type(live), "promote", failing)
        with pytest.raises(OSError, match="No space left"):
            house.rebuild()
    assert house.timeline.database is live
    house.happened(1)
    house.level()
    assert len(house.timeline.rows(Question())) > before
    assert house.rebuild().equal


def test_the_promoted_generation_is_the_one_that_is_opened(
    house: House, place: Path | str, timelines: Timelines
) -> None:
    house.rebuild()
    house.rebuild()
    house.timeline.flush()
    again = timelines(place)
    assert again.database.generation == 3  # type: ignore[attr-defined]
    assert again.digest() == house.timeline.digest()
    if isinstance(place, Path):  # the one before stays for a way back, older ones are gone
        assert sorted(path.name for path in place.glob("*.sqlite")) == ["timeline-1-2.sqlite", "timeline-1-3.sqlite"]


def test_a_setting_names_a_directory_or_a_database(tmp_path: Path, postgres: Cluster) -> None:
    for place, dialect in ((tmp_path / "t", "sqlite"), (postgres.database(), "postgresql")):
        timeline = timeline_at(place, None)  # type: ignore[arg-type]
        assert timeline.database.engine.dialect.name == dialect
        timeline.close()
