"""Reading a stream in order: in bulk, live, over restarts; damage stops it and names the sequence."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from eventsourcing.persistence import StoredEvent

from muniment.ops.jetstream import api, pull, reader
from muniment.ops.jetstream.api import Stored, nanoseconds
from muniment.ops.jetstream.embedded import EmbeddedServer
from muniment.ops.jetstream.errors import EpochChanged, Gap
from muniment.ops.jetstream.loop import NatsLoop
from muniment.ops.jetstream.provision import provision, reset
from muniment.ops.jetstream.recorder import JetStreamRecorder
from muniment.ops.jetstream.source import StreamSource
from muniment.ops.jetstream.wire import pub
from muniment.projections.source import Bounds, SourceLost

READERS: list[reader.StreamReader] = []


@pytest.fixture(autouse=True)
def _note_readers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    READERS.clear()
    original = reader.StreamReader.__init__

    def note(self: reader.StreamReader, *args: object, **kwargs: object) -> None:
        original(self, *args, **kwargs)  # type: ignore[arg-type]
        READERS.append(self)

    monkeypatch.setattr(reader.StreamReader, "__init__", note)
    yield
    READERS.clear()


def fill(loop: NatsLoop, first: int, last: int) -> None:
    """Messages whose data is their number."""

    async def work() -> None:
        for number in range(first, last + 1):
            loop.link.send(pub(f"iam.account.{number % 7:012}.UserCreated", b"%d" % number))
            if number % 1000 == 0:
                await loop.link.flush()
        await loop.link.flush()
        while (await api.info(loop.link, "IAM", time.monotonic() + 5)).state.last_seq < last:
            pass

    loop.wait_ready(10)
    loop.run(work())


def wait_until(condition: Callable[[], bool], seconds: float = 10) -> None:
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up, f"did not happen within {seconds} s"
        time.sleep(0.005)


class Follower:
    """Follows a source and keeps what it gets."""

    def __init__(self, source: StreamSource, after: int = 0) -> None:
        self.got: list[Stored] = []
        self.ended: list[str] = []
        self.stop = source.follow(after, self.take, self.ended.append)

    def take(self, batch: Sequence[Stored]) -> None:
        self.got.extend(batch)

    @property
    def sequences(self) -> list[int]:
        return [stored.sequence for stored in self.got]


@pytest.fixture
def source(loop: NatsLoop) -> Iterator[StreamSource]:
    opened = StreamSource(loop.settings, "IAM")
    yield opened
    opened.close()


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[EmbeddedServer]:
    with EmbeddedServer(tmp_path) as server:
        provision(server.credentials("provision"), ephemeral=True)
        yield server


def test_bounds_of_an_empty_and_of_a_filled_stream(loop: NatsLoop, source: StreamSource) -> None:
    before = source.bounds()
    assert (before.first, before.last) == (0, 0) or before.last == before.first - 1
    fill(loop, 1, 3)
    assert source.bounds() == Bounds(before.epoch, 1, 3)
    assert len(before.epoch) == 36


def test_a_message_carries_what_the_feed_needs(loop: NatsLoop, source: StreamSource) -> None:
    started = time.time_ns()
    fill(loop, 1, 2)
    ((first, second),) = list(source.batches(0, 2))
    assert (second.stream, second.sequence, second.subject, second.data) == (
        "IAM",
        2,
        "iam.account.000000000002.UserCreated",
        b"2",
    )
    assert started - 10**9 < first.time_ns <= second.time_ns < time.time_ns() + 10**9
    assert second.headers == b""
    single = source.message(2)
    assert single is not None
    assert (single.sequence, single.time_ns, single.subject, single.data) == (
        2,
        second.time_ns,
        second.subject,
        second.data,
    )
    assert source.message(3) is None
    assert source.message(0) is None


def test_headers_are_there_when_asked_for(loop: NatsLoop, source: StreamSource) -> None:
    JetStreamRecorder(loop, "IAM", "iam").insert_events([StoredEvent("account.1", 1, "UserCreated", b"x")])
    ((stored,),) = list(source.batches(0, 1, headers=True))
    assert b"Mun-Version: 1\r\n" in stored.headers


@pytest.mark.parametrize(("after", "until"), [(0, 30_000), (0, 1), (12_345, 12_346), (29_999, 30_000), (17, 29_000)])
def test_batches_give_exactly_the_range(loop: NatsLoop, source: StreamSource, after: int, until: int) -> None:
    fill(loop, 1, 30_000)
    got = [stored for batch in source.batches(after, until) for stored in batch]
    assert [stored.sequence for stored in got] == list(range(after + 1, until + 1))
    assert got[-1].data == b"%d" % until
    assert list(source.batches(until, until)) == []


def test_a_slow_reader_of_batches_holds_the_server_back(loop: NatsLoop, source: StreamSource) -> None:
    fill(loop, 1, 40_000)
    batches = source.batches(0, 40_000)
    next(batches)
    time.sleep(0.3)
    fetched = READERS[0].position
    assert fetched <= pull.PULL_MESSAGES * pull.PULLS_IN_FLIGHT
    assert sum(len(batch) for batch in batches) > 40_000 - fetched


def test_following_delivers_what_is_there_and_then_what_comes(loop: NatsLoop, source: StreamSource) -> None:
    fill(loop, 1, 12_000)
    follower = Follower(source, 2_000)
    wait_until(lambda: len(follower.got) == 10_000)
    fill(loop, 12_001, 12_010)
    wait_until(lambda: len(follower.got) == 10_010)
    assert follower.sequences == list(range(2_001, 12_011))
    assert source.heard().head == 12_010
    follower.stop()
    fill(loop, 12_011, 12_012)
    time.sleep(0.05)
    assert len(follower.got) == 10_010


def test_the_head_is_known_before_everything_is_applied(loop: NatsLoop, source: StreamSource) -> None:
    fill(loop, 1, 20_000)
    heads: list[int] = []

    def take(_: Sequence[Stored]) -> None:
        heads.append(source.heard().head)

    stop = source.follow(0, take, lambda _: None)
    wait_until(lambda: len(heads) > 3)
    stop()
    assert heads[0] == 20_000


def test_hearing_goes_on_while_nothing_happens(
    loop: NatsLoop, source: StreamSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pull, "HEARTBEAT_SECONDS", 0.1)
    follower = Follower(source)
    wait_until(lambda: source.heard().at > 0)
    before = source.heard().at
    wait_until(lambda: source.heard().at > before + 0.15)
    follower.stop()


def test_a_follower_goes_on_where_it_was_after_the_server_was_killed(kept: EmbeddedServer) -> None:
    with NatsLoop(kept.credentials("api")) as loop:
        source = StreamSource(kept.credentials("decisions"), "IAM")
        fill(loop, 1, 500)
        follower = Follower(source)
        wait_until(lambda: len(follower.got) == 500)
        os.kill(kept.pid, signal.SIGKILL)
        wait_until(lambda: kept.restarts == 1)
        loop.wait_ready(10)
        fill(loop, 501, 600)
        wait_until(lambda: len(follower.got) == 600)
        assert follower.sequences == list(range(1, 601))
        assert follower.ended == []
        source.close()


def test_a_consumer_that_vanishes_is_made_again(loop: NatsLoop, source: StreamSource) -> None:
    fill(loop, 1, 10)
    follower = Follower(source)
    wait_until(lambda: len(follower.got) == 10)
    (current,) = READERS
    assert current._pull is not None
    name = current._pull._name
    loop.run(api.ask(loop.link, f"CONSUMER.DELETE.IAM.{name}", None, 5))
    fill(loop, 11, 20)
    wait_until(lambda: len(follower.got) == 20)
    assert follower.sequences == list(range(1, 21))
    assert current.reopened > 0


def test_a_hole_in_the_log_stops_the_reader_and_is_named(kept: EmbeddedServer) -> None:
    with NatsLoop(kept.credentials("api")) as loop:
        fill(loop, 1, 100)
        with_admin(kept, "STREAM.PURGE.IAM", {"filter": "iam.account.000000000004.UserCreated"})
        source = StreamSource(kept.credentials("api"), "IAM")
        follower = Follower(source)
        wait_until(lambda: bool(follower.ended))
        assert follower.ended == ["stream `IAM`: expected sequence 4, found 5"]
        assert follower.sequences[:3] == [1, 2, 3][: len(follower.sequences)]
        with pytest.raises(Gap, match="expected sequence 4, found 5"):
            list(source.batches(0, 100))
        source.close()


@pytest.mark.parametrize("expires", [False, True])
def test_a_beginning_that_is_gone_is_damage_unless_the_stream_expires(kept: EmbeddedServer, expires: bool) -> None:
    with NatsLoop(kept.credentials("api")) as loop:
        fill(loop, 1, 100)
        with_admin(kept, "STREAM.PURGE.IAM", {"seq": 51})
        source = StreamSource(kept.credentials("api"), "IAM", expires=expires)
        follower = Follower(source)
        wait_until(lambda: bool(follower.ended) or len(follower.got) == 50)
        assert follower.sequences == (list(range(51, 101)) if expires else [])
        assert follower.ended == ([] if expires else ["stream `IAM`: expected sequence 1, found 51"])
        source.close()


def test_a_log_shorter_than_what_was_read_from_it_is_damage(loop: NatsLoop, source: StreamSource) -> None:
    fill(loop, 1, 10)
    follower = Follower(source, 50)
    wait_until(lambda: bool(follower.ended))
    assert follower.ended == ["stream `IAM`: expected sequence 50, found 10"]


def test_a_stream_made_anew_under_a_follower_is_noticed(
    streams: EmbeddedServer, loop: NatsLoop, source: StreamSource
) -> None:
    fill(loop, 1, 10)
    follower = Follower(source)
    wait_until(lambda: len(follower.got) == 10)
    reset(streams.credentials("provision"))
    fill(loop, 1, 20)
    wait_until(lambda: bool(follower.ended))
    assert "it was made anew" in follower.ended[0]
    assert follower.sequences == list(range(1, 11))


def test_a_receiver_that_fails_ends_the_following_with_its_reason(loop: NatsLoop, source: StreamSource) -> None:
    fill(loop, 1, 10)

    def take(_: Sequence[Stored]) -> None:
        raise RuntimeError("cannot take it")

    ended: list[str] = []
    source.follow(0, take, ended.append)
    wait_until(lambda: bool(ended))
    assert ended == ["cannot take it"]


def test_stopping_from_within_the_receiver_does_not_hang(loop: NatsLoop, source: StreamSource) -> None:
    fill(loop, 1, 10)
    stopped = threading.Event()
    stops: list[Callable[[], None]] = []

    def take(_: Sequence[Stored]) -> None:
        wait_until(lambda: bool(stops))
        stops[0]()
        stopped.set()

    stops.append(source.follow(0, take, lambda _: None))
    assert stopped.wait(5)


def test_a_source_whose_server_is_gone_says_so(streams: EmbeddedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    from muniment.ops.jetstream import source as module

    monkeypatch.setattr(module, "REQUEST_SECONDS", 0.2)
    gone = EmbeddedServer(ephemeral=True)
    gone.start()
    settings = gone.credentials("api")
    gone.close()
    lost = StreamSource(settings, "IAM")
    with pytest.raises(SourceLost, match="cannot be read now"):
        lost.bounds()
    lost.close()
    with pytest.raises(SourceLost):
        lost.message(1)


def test_the_epoch_a_reader_was_given_is_checked(loop: NatsLoop) -> None:
    async def read() -> None:
        await reader.StreamReader(loop.link, "IAM", 0, lambda _: None, epoch="another").run()

    with pytest.raises(EpochChanged):
        loop.run(read())


def test_times_of_the_api_are_read_to_the_nanosecond() -> None:
    assert nanoseconds("2026-11-23T19:13:52.760216815Z") == 1_795_461_232_760_216_815
    assert nanoseconds("1970-01-01T00:00:01Z") == 10**9
    assert nanoseconds("1970-01-01T00:00:00.5Z") == 5 * 10**8


def with_admin(server: EmbeddedServer, subject: str, body: object) -> None:
    async def ask(loop: NatsLoop) -> None:
        await api.ask(loop.link, subject, body, 5)

    with NatsLoop(server.credentials("provision")) as loop:
        loop.wait_ready(5)
        loop.run(ask(loop))
