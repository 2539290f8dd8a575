"""What the shipped suites do not notice: guards that matter between connections, and batches that are all or nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from eventsourcing.persistence import DataError, IntegrityError, StoredEvent

from muniment.ops.jetstream.embedded import EmbeddedServer
from muniment.ops.jetstream.loop import NatsLoop
from muniment.ops.jetstream.recorder import JetStreamRecorder
from muniment.ops.jetstream.wire import header_block, pub

A, B = "account.111111111111", "account.222222222222"
WRITERS = 16


def event(boundary: str, version: int, mark: str = "") -> StoredEvent:
    return StoredEvent(boundary, version, "UserCreated", f"{boundary}/{version}/{mark}".encode())


@pytest.fixture
def other(streams: EmbeddedServer) -> Iterator[JetStreamRecorder]:
    """A second connection, which knows nothing of the first."""
    with NatsLoop(streams.credentials("api")) as connected:
        connected.wait_ready(5)
        yield JetStreamRecorder(connected, "IAM", "iam")


@pytest.fixture
def recorder(loop: NatsLoop) -> JetStreamRecorder:
    return JetStreamRecorder(loop, "IAM", "iam")


def race(recorders: list[JetStreamRecorder], version: int) -> list[str]:
    """Sixteen writers, over the given connections, all for one version of one boundary; the marks of those who won."""
    won: list[str] = []
    start = threading.Barrier(WRITERS)

    def write(number: int) -> None:
        start.wait()
        try:
            recorders[number % len(recorders)].insert_events([event(A, version, str(number))])
        except IntegrityError:
            return
        won.append(str(number))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return won


def test_of_many_writers_on_two_connections_exactly_one_wins_each_version(
    recorder: JetStreamRecorder, other: JetStreamRecorder
) -> None:
    stored = []
    for version in range(1, 9):
        won = race([recorder, other], version)
        assert len(won) == 1
        stored.append(event(A, version, won[0]))
    assert recorder.select_events(A) == stored


def test_a_batch_over_two_boundaries_with_one_stale_guard_stores_nothing(
    recorder: JetStreamRecorder, other: JetStreamRecorder
) -> None:
    recorder.insert_events([event(A, 1), event(B, 1)])
    other.insert_events([event(B, 2, "other")])  # the first recorder does not know of it
    for batch in (
        [event(A, 2), event(A, 3), event(B, 2)],
        [event(B, 2), event(A, 2)],
    ):
        with pytest.raises(IntegrityError):
            recorder.insert_events(batch)
    assert recorder.select_events(A) == [event(A, 1)]
    assert recorder.max_notification_id() == 3


def test_a_batch_over_two_boundaries_is_stored_whole_and_in_order(recorder: JetStreamRecorder) -> None:
    assert recorder.insert_events([event(A, 1), event(B, 1), event(A, 2), event(B, 2)]) == [1, 2, 3, 4]
    assert recorder.insert_events([event(B, 3), event(A, 3)]) == [5, 6]
    assert recorder.select_events(A) == [event(A, version) for version in (1, 2, 3)]
    assert recorder.select_events(B) == [event(B, version) for version in (1, 2, 3)]


def test_of_many_batches_over_the_same_two_boundaries_one_lands(
    recorder: JetStreamRecorder, other: JetStreamRecorder
) -> None:
    won: list[str] = []
    start = threading.Barrier(WRITERS)

    def write(number: int) -> None:
        start.wait()
        own = [recorder, other][number % 2]
        first, second = (A, B) if number % 4 < 2 else (B, A)
        try:
            own.insert_events([event(first, 1, str(number)), event(second, 1, str(number))])
        except IntegrityError:
            return
        won.append(str(number))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert recorder.select_events(A) == [event(A, 1, won[0])]
    assert recorder.select_events(B) == [event(B, 1, won[0])]


def test_a_batch_cut_before_its_commit_stores_nothing(streams: EmbeddedServer, recorder: JetStreamRecorder) -> None:
    recorder.insert_events([event(A, 1)])
    with NatsLoop(streams.credentials("api")) as doomed:
        doomed.wait_ready(5)
        doomed.run(_begin_batch(doomed))
    time.sleep(0.1)
    assert recorder.max_notification_id() == 1
    assert recorder.insert_events([event(A, 2), event(A, 3)]) == [2, 3]


async def _begin_batch(loop: NatsLoop) -> None:
    """The first two messages of a batch of three, handled by the server, and then nothing."""
    for number in (1, 2):
        headers = {"Nats-Batch-Id": "cut", "Nats-Batch-Sequence": str(number), "Mun-Version": str(number + 1)}
        loop.link.send(pub(f"iam.{A}.UserCreated", b"cut", headers=header_block(headers)))
    await loop.link.flush()


def test_a_thousand_events_are_one_batch_and_one_more_is_refused(recorder: JetStreamRecorder) -> None:
    with pytest.raises(DataError, match="at most 1000"):
        recorder.insert_events([event(A, version) for version in range(1, 1002)])
    assert recorder.max_notification_id() is None
    assert recorder.insert_events([event(A, version) for version in range(1, 1001)]) == list(range(1, 1001))


@pytest.mark.parametrize("versions", [[1, 3], [2, 1], [1, 1], [3]])
def test_versions_of_a_boundary_leave_no_gap(recorder: JetStreamRecorder, versions: list[int]) -> None:
    with pytest.raises(IntegrityError):
        recorder.insert_events([event(A, version) for version in versions])
    assert recorder.max_notification_id() is None


def test_an_event_too_large_is_refused_and_the_connection_lives(recorder: JetStreamRecorder) -> None:
    for size in (300 << 10, 2 << 20):  # over the stream's limit; over the server's
        with pytest.raises(DataError):
            recorder.insert_events([StoredEvent(A, 1, "UserCreated", bytes(size))])
    assert recorder.insert_events([event(A, 1)]) == [1]
    assert recorder.loop.link.connects == 1


def test_headers_of_a_call_are_on_every_message(recorder: JetStreamRecorder) -> None:
    recorder.insert_events([event(A, 1), event(A, 2)], headers={"Mun-Trace": "abc"})
    with recorder.subscribe() as subscription:
        next(subscription)
    found = recorder.loop.run(_headers(recorder))
    assert [block.count(b"Mun-Trace: abc") for block in found] == [1, 1]


async def _headers(recorder: JetStreamRecorder) -> list[bytes]:
    from muniment.ops.jetstream.directget import batch

    page = await batch(recorder.loop.link, "IAM", 1, "iam.>", 10, time.monotonic() + 5)
    return [stored.headers for stored in page]


@pytest.mark.parametrize("length", [1, 3, 2500])
def test_a_range_of_versions_is_read_wherever_it_lies(recorder: JetStreamRecorder, length: int) -> None:
    for start in range(1, length + 1, 500):
        stop = min(start + 500, length + 1)
        batch = [event(one, version) for version in range(start, stop) for one in (A, B)]
        recorder.insert_events(batch)
    fresh = JetStreamRecorder(recorder.loop, "IAM", "iam")  # knows nothing of where versions lie
    everything = [event(A, version) for version in range(1, length + 1)]
    assert fresh.select_events(A) == everything
    for gt, lte, limit in (
        (length - 1, None, None),
        (length // 2, None, 2),
        (0, length // 3, None),
        (length, None, None),
    ):
        wanted = [
            one for one in everything if one.originator_version > gt and one.originator_version <= (lte or length)
        ]
        if lte == 0:
            wanted = []
        assert fresh.select_events(A, gt=gt, lte=lte, limit=limit) == wanted[:limit]
    assert fresh.select_events(A, desc=True, limit=2) == everything[::-1][:2]
    assert fresh.select_events("account.999999999999") == []
