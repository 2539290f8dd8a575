"""Acknowledgements and publishes that get lost, through a real TCP proxy (LEDGER 5): each append lands exactly once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest
from eventsourcing.persistence import IntegrityError, OperationalError, StoredEvent

from muniment.ops.jetstream import doubt
from muniment.ops.jetstream.doubt import Unknown
from muniment.ops.jetstream.embedded import EmbeddedServer
from muniment.ops.jetstream.loop import NatsLoop
from muniment.ops.jetstream.publisher import Publisher
from muniment.ops.jetstream.recorder import JetStreamRecorder
from tests.contracts.proxy import Judge, Proxy, Verdict, acknowledgement, fact, once

BOUNDARY = "account.123456789012"


@pytest.fixture
def proxy(streams: EmbeddedServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    monkeypatch.setattr(doubt, "ANSWER_SECONDS_MAX", 0.15)
    with Proxy(streams) as running:
        yield running


@pytest.fixture(params=["over the line", "over the loop"])
def recorder(proxy: Proxy, request: pytest.FixtureRequest) -> Iterator[JetStreamRecorder]:
    """Behind the proxy."""
    with NatsLoop(proxy.credentials("api")) as connected:
        connected.wait_ready(5)
        if request.param == "over the line":
            connected.keep_line()
            eventually(lambda: connected.line is not None)
        recorder = JetStreamRecorder(connected, "IAM", "iam")
        recorder.insert_events(events(1, 1))
        yield recorder


@pytest.fixture
def direct(loop: NatsLoop) -> JetStreamRecorder:
    """Beside the proxy: what is really stored, and the stranger who writes it."""
    return JetStreamRecorder(loop, "IAM", "iam")


def eventually(true: Callable[[], bool]) -> None:
    """Wait until it is so."""
    give_up = time.monotonic() + 5
    while not true():
        assert time.monotonic() < give_up, "it never was"
        time.sleep(0.01)


def events(first: int, count: int, mark: str = "ours") -> list[StoredEvent]:
    return [
        StoredEvent(BOUNDARY, version, "UserCreated", f"{mark}-{version}".encode())
        for version in range(first, first + count)
    ]


LOSSES: dict[str, Callable[[], tuple[Judge | None, Judge | None]]] = {
    "the answer is dropped": lambda: (None, once(acknowledgement, Verdict.DROP)),
    "the publish is dropped": lambda: (once(fact, Verdict.DROP), None),
    "cut before the answer": lambda: (None, once(acknowledgement, Verdict.CUT)),
    "cut before the publish": lambda: (once(fact, Verdict.CUT), None),
}


@pytest.mark.parametrize("count", [1, 5])
@pytest.mark.parametrize("loss", LOSSES)
def test_an_append_whose_answer_is_lost_lands_exactly_once(
    proxy: Proxy, recorder: JetStreamRecorder, direct: JetStreamRecorder, loss: str, count: int
) -> None:
    requests, answers = LOSSES[loss]()
    proxy.requests, proxy.answers = requests or proxy.requests, answers or proxy.answers

    sequences = recorder.insert_events(events(2, count), deadline=time.monotonic() + 5)

    assert sequences == list(range(2, 2 + count))
    assert direct.select_events(BOUNDARY) == events(1, 1) + events(2, count)
    assert direct.max_notification_id() == 1 + count


@pytest.mark.parametrize("count", [1, 5])
def test_a_stranger_who_takes_the_version_while_ours_is_lost_is_a_conflict(
    proxy: Proxy, recorder: JetStreamRecorder, direct: JetStreamRecorder, count: int
) -> None:
    lost = threading.Event()

    def wanted(command: bytes) -> bool:
        if fact(command):
            lost.set()
            return True
        return False

    def intrude() -> None:
        lost.wait(5)
        direct.insert_events(events(2, 1, "stranger"))

    stranger = threading.Thread(target=intrude)
    stranger.start()
    proxy.requests = once(wanted, Verdict.DROP)
    with pytest.raises(IntegrityError):
        recorder.insert_events(events(2, count), deadline=time.monotonic() + 5)
    stranger.join()
    assert direct.select_events(BOUNDARY) == events(1, 1) + events(2, 1, "stranger")


@pytest.mark.parametrize("count", [1, 5])
def test_a_first_copy_that_arrives_just_before_the_second_is_ours_and_no_conflict(
    proxy: Proxy, recorder: JetStreamRecorder, direct: JetStreamRecorder, count: int
) -> None:
    proxy.requests = once(fact, Verdict.HOLD)
    assert recorder.insert_events(events(2, count), deadline=time.monotonic() + 5) == list(range(2, 2 + count))
    assert direct.select_events(BOUNDARY) == events(1, 1) + events(2, count)


def test_ours_landed_and_seventeen_followed(
    proxy: Proxy, recorder: JetStreamRecorder, direct: JetStreamRecorder
) -> None:
    def seen(command: bytes) -> bool:
        if not acknowledgement(command):
            return False
        direct.insert_events(events(3, 17, "later"))
        return True

    proxy.answers = once(seen, Verdict.DROP)
    assert recorder.insert_events(events(2, 1), deadline=time.monotonic() + 5) == [2]
    assert direct.max_notification_id() == 19


def test_an_append_that_is_never_answered_is_unknown_and_may_have_landed(
    proxy: Proxy, recorder: JetStreamRecorder, direct: JetStreamRecorder
) -> None:
    proxy.answers = lambda command: Verdict.DROP if command.startswith((b"MSG", b"HMSG")) else Verdict.PASS
    with pytest.raises(Unknown):
        recorder.insert_events(events(2, 1), deadline=time.monotonic() + 0.5)
    assert direct.select_events(BOUNDARY) == events(1, 2)


def test_an_append_while_the_server_is_away_is_not_sent_and_never_lands(
    proxy: Proxy, recorder: JetStreamRecorder, direct: JetStreamRecorder
) -> None:
    proxy.refuse()
    wait_until(lambda: not recorder.loop.ready)
    with pytest.raises(OperationalError) as refused:
        recorder.insert_events(events(2, 1), deadline=time.monotonic() + 0.3)
    assert not isinstance(refused.value, Unknown)
    proxy.refuse(False)
    recorder.loop.wait_ready(5)
    assert direct.max_notification_id() == 1  # nothing was kept back to land later
    assert recorder.insert_events(events(2, 1)) == [2]


def test_an_append_waits_for_a_server_that_comes_back(
    proxy: Proxy, recorder: JetStreamRecorder, direct: JetStreamRecorder
) -> None:
    proxy.refuse()
    wait_until(lambda: not recorder.loop.ready)
    threading.Timer(0.3, proxy.refuse, (False,)).start()
    assert recorder.insert_events(events(2, 1), deadline=time.monotonic() + 5) == [2]


def test_a_cut_wakes_a_waiting_append_at_once(
    proxy: Proxy, recorder: JetStreamRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doubt, "ANSWER_SECONDS_MAX", 60.0)  # only the cut can wake it
    proxy.answers = once(acknowledgement, Verdict.CUT)
    assert recorder.insert_events(events(2, 1), deadline=time.monotonic() + 30) == [2]


def test_closing_wakes_a_waiting_append_with_an_unknown_outcome(proxy: Proxy, recorder: JetStreamRecorder) -> None:
    proxy.requests = once(fact, Verdict.DROP)
    outcome: list[Exception] = []

    def insert() -> None:
        try:
            recorder.insert_events(events(2, 1), deadline=time.monotonic() + 60)
        except Exception as exc:
            outcome.append(exc)

    thread = threading.Thread(target=insert)
    thread.start()
    time.sleep(0.1)
    recorder.loop.close()
    thread.join(5)
    assert [type(exc) for exc in outcome] == [Unknown]


@pytest.mark.parametrize("count", [1, 3])
def test_an_unguarded_append_with_a_lost_answer_is_found_and_not_doubled(
    proxy: Proxy, recorder: JetStreamRecorder, count: int
) -> None:
    publisher = Publisher(recorder.loop, "IAM_ACTIVITY")
    subject = "iam.activity.123456789012.SignInRefused"
    publisher.publish([(subject, b"before")])
    proxy.answers = once(acknowledgement, Verdict.DROP)
    messages = [(subject, b"mine-%d" % number) for number in range(count)]
    assert publisher.publish(messages, time.monotonic() + 5) == list(range(2, 2 + count))


def test_an_unguarded_append_that_did_not_arrive_is_unknown_and_not_repeated(
    proxy: Proxy, recorder: JetStreamRecorder
) -> None:
    publisher = Publisher(recorder.loop, "IAM_ACTIVITY")
    proxy.requests = once(fact, Verdict.DROP)
    with pytest.raises(Unknown):
        publisher.publish([("iam.activity.123456789012.SignInRefused", b"mine")], time.monotonic() + 0.6)
    assert publisher.publish([("iam.activity.123456789012.SignInRefused", b"next")]) == [1]


def wait_until(condition: Callable[[], bool]) -> None:
    give_up = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < give_up, "did not happen within 5 s"
        time.sleep(0.01)
