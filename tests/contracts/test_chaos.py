"""Connections cut at random while several threads append: what was answered "ok" is stored exactly once."""

from __future__ import annotations

import random
import threading
import time

import pytest
from eventsourcing.persistence import IntegrityError, OperationalError, StoredEvent

from muniment.ops.jetstream.doubt import Unknown
from muniment.ops.jetstream.embedded import EmbeddedServer
from muniment.ops.jetstream.loop import NatsLoop
from muniment.ops.jetstream.recorder import JetStreamRecorder
from tests.contracts.proxy import Proxy

THREADS = 4


class Writer(threading.Thread):
    """Appends to a boundary of its own, one event a time, and remembers what it was told."""

    def __init__(self, recorder: JetStreamRecorder, number: int, count: int) -> None:
        super().__init__()
        self.boundary = f"account.{number:012}"
        self.ok: dict[int, tuple[int, bytes]] = {}
        self.unknown = 0
        self.failed = 0
        self.surprises: list[Exception] = []
        self._recorder = recorder
        self._count = count

    def run(self) -> None:
        for number in range(self._count):
            try:
                self._append(number)
            except Exception as exc:
                self.surprises.append(exc)
                return

    def _append(self, number: int) -> None:
        """One append, as the Ledger does it: after a failure, read where the boundary stands."""
        data = f"{self.boundary}/{number}".encode()
        while True:
            try:
                stored = self._recorder.select_events(self.boundary, desc=True, limit=1)
                version = stored[0].originator_version + 1 if stored else 1
                batch = [
                    StoredEvent(self.boundary, version + extra, "UserCreated", data) for extra in range(1 + number % 2)
                ]
                sequences = self._recorder.insert_events(batch, deadline=time.monotonic() + 3)
            except Unknown:
                self.unknown += 1
            except (OperationalError, IntegrityError):
                self.failed += 1
            else:
                for event, sequence in zip(batch, sequences, strict=True):
                    self.ok[event.originator_version] = (sequence, data)
                return


def chaos(server: EmbeddedServer, appends: int, line: bool = False) -> list[Writer]:
    with Proxy(server) as proxy, NatsLoop(proxy.credentials("api")) as connected:
        connected.wait_ready(5)
        if line:
            connected.keep_line()
        recorder = JetStreamRecorder(connected, "IAM", "iam")
        writers = [Writer(recorder, number, appends // THREADS) for number in range(THREADS)]
        for writer in writers:
            writer.start()
        rng = random.Random(7)  # noqa: S311
        while any(writer.is_alive() for writer in writers):
            time.sleep(rng.uniform(0, 0.08))
            proxy.cut()
        for writer in writers:
            writer.join()
    return writers


def check(server: EmbeddedServer, writers: list[Writer]) -> None:
    with NatsLoop(server.credentials("api")) as connected:
        recorder = JetStreamRecorder(connected, "IAM", "iam")
        notifications = recorder.select_notifications(None, 100_000)
    for writer in writers:
        assert not writer.surprises
        own = [one for one in notifications if one.originator_id == writer.boundary]
        assert [one.originator_version for one in own] == list(range(1, len(own) + 1))
        by_version = {one.originator_version: (one.id, one.state) for one in own}
        assert {version: by_version[version] for version in writer.ok} == writer.ok
        # What nobody was told of can only come from appends whose outcome stayed unknown: two events each at the most.
        assert len(own) - len(writer.ok) <= 2 * writer.unknown


@pytest.mark.parametrize("line", [False, True], ids=["over the loop", "over the line"])
def test_everything_acknowledged_under_cuts_is_stored_exactly_once(streams: EmbeddedServer, line: bool) -> None:
    check(streams, writers := chaos(streams, 200, line))
    assert sum(len(writer.ok) for writer in writers) == 300


@pytest.mark.heavy
@pytest.mark.parametrize("line", [False, True], ids=["over the loop", "over the line"])
def test_everything_acknowledged_under_many_cuts_is_stored_exactly_once(streams: EmbeddedServer, line: bool) -> None:
    check(streams, chaos(streams, 6000, line))
