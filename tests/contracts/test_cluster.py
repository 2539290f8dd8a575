"""Three nodes with the deployed configuration: the leader is killed under writes, and nothing acknowledged is lost or doubled."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator

import pytest
from eventsourcing.persistence import IntegrityError, OperationalError, StoredEvent

from muniment.ops.jetstream.api import Stored
from muniment.ops.jetstream.doubt import Unknown
from muniment.ops.jetstream.errors import Refused
from muniment.ops.jetstream.loop import NatsLoop
from muniment.ops.jetstream.provision import Drift, provision
from muniment.ops.jetstream.recorder import JetStreamRecorder
from muniment.ops.jetstream.settings import ConnectionSettings
from muniment.ops.jetstream.source import StreamSource
from tests.contracts.cluster import Cluster, running_cluster

WRITERS = 4
OUTAGE_SECONDS_MAX = 25.0


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with running_cluster(tmp_path_factory.mktemp("cluster")) as running:
        provision(running.settings("provision"), replicas=3)
        yield running


@pytest.fixture
def loop(cluster: Cluster) -> Iterator[NatsLoop]:
    with NatsLoop(cluster.settings("api")) as connected:
        connected.wait_ready(10)
        yield connected


def test_every_node_syncs_always(cluster: Cluster) -> None:
    assert cluster.syncs() == [True, True, True]


def test_provisioning_again_changes_nothing_and_another_number_of_replicas_is_drift(cluster: Cluster) -> None:
    assert provision(cluster.settings("provision"), replicas=3) == []
    with pytest.raises(Drift, match="num_replicas"):
        provision(cluster.settings("provision"), replicas=1)


def test_a_client_without_the_authority_is_refused(cluster: Cluster) -> None:
    settings = cluster.settings("api")
    plain = ConnectionSettings(tuple(url.replace("tls:", "nats:") for url in settings.urls), settings.credentials)
    with NatsLoop(plain) as connected, pytest.raises(Refused, match="TLS"):
        connected.wait_ready(2)


def test_the_leader_is_killed_under_writes_and_every_acknowledged_entry_is_there_once(
    cluster: Cluster, loop: NatsLoop
) -> None:
    recorder = JetStreamRecorder(loop, "IAM", "iam")
    delivered: list[Stored] = []
    damage: list[str] = []
    source = StreamSource(cluster.settings("decisions"), "IAM")
    stop_following = source.follow(0, delivered.extend, damage.append)
    writers = [Writer(recorder, number) for number in range(WRITERS)]
    for writer in writers:
        writer.start()
    wait_until(lambda: all(len(writer.ok) > 20 for writer in writers))

    leader = cluster.leader(loop, "IAM")
    cluster.kill(leader)
    killed = time.monotonic()
    before = [len(writer.ok) for writer in writers]
    wait_until(lambda: all(len(writer.ok) > count + 20 for writer, count in zip(writers, before, strict=True)))
    outage = time.monotonic() - killed
    for writer in writers:
        writer.stopping.set()
    for writer in writers:
        writer.join()
    assert outage < OUTAGE_SECONDS_MAX

    last = recorder.max_notification_id()
    assert last is not None
    wait_until(lambda: bool(delivered) and delivered[-1].sequence >= last)  # the reader got over the failover by itself
    stop_following()
    source.close()
    assert damage == []
    assert [stored.sequence for stored in delivered] == list(range(1, last + 1))
    for writer in writers:
        assert not writer.surprises
        stored = {one.sequence: one.data for one in delivered if writer.boundary in one.subject}
        # Each acknowledged entry is where it was said to be; entries nobody was told of come from unknown outcomes only.
        assert {sequence: data for sequence, data in stored.items() if sequence in writer.ok} == writer.ok
        assert len(stored) - len(writer.ok) <= writer.unknown
        assert len(set(stored.values())) == len(stored)
    cluster.start(leader)
    cluster.wait_healthy()


def test_without_a_majority_a_command_waits_and_then_nothing_was_stored_or_it_is_unknown(
    cluster: Cluster, loop: NatsLoop
) -> None:
    recorder = JetStreamRecorder(loop, "IAM", "iam")
    boundary = "account.999999999999"
    (first,) = recorder.insert_events([StoredEvent(boundary, 1, "UserCreated", b"before")], deadline=soon(20))
    leader = cluster.leader(loop, "IAM")
    lost = [number for number in range(3) if number != leader]
    for number in lost:
        cluster.kill(number)
    started = time.monotonic()
    with pytest.raises(OperationalError):
        recorder.insert_events([StoredEvent(boundary, 2, "UserCreated", b"alone")], deadline=soon(2))
    assert 1.5 < time.monotonic() - started < 4

    for number in lost:
        cluster.start(number)
    cluster.wait_healthy()
    # The command is sent again, as a client does: it is done once, whether the first try landed or not.
    with contextlib.suppress(IntegrityError):
        recorder.insert_events([StoredEvent(boundary, 2, "UserCreated", b"again")], deadline=soon(25))
    stored = recorder.select_events(boundary)
    assert [event.originator_version for event in stored] == [1, 2]
    assert stored[1].state in (b"alone", b"again")
    assert first > 0


class Writer(threading.Thread):
    """Appends one event after another to its own boundary and remembers what was acknowledged."""

    def __init__(self, recorder: JetStreamRecorder, number: int) -> None:
        super().__init__()
        self.boundary = f"account.{number:012}"
        self.ok: dict[int, bytes] = {}
        self.unknown = 0
        self.surprises: list[Exception] = []
        self.stopping = threading.Event()
        self._recorder = recorder

    def run(self) -> None:
        version, number = 1, 0
        while not self.stopping.is_set():
            number += 1
            data = f"{self.boundary}/{number}".encode()
            try:
                (sequence,) = self._recorder.insert_events(
                    [StoredEvent(self.boundary, version, "UserCreated", data)], deadline=soon(20)
                )
                self.ok[sequence] = data
                version += 1
            except Unknown:
                self.unknown += 1
                version = self._next()
            except (OperationalError, IntegrityError):
                version = self._next()
            except Exception as exc:
                self.surprises.append(exc)
                return
            time.sleep(0.005)

    def _next(self) -> int:
        while not self.stopping.is_set():
            try:
                stored = self._recorder.select_events(self.boundary, desc=True, limit=1)
            except OperationalError:
                continue
            return stored[0].originator_version + 1 if stored else 1
        return 1


def soon(seconds: float) -> float:
    return time.monotonic() + seconds


def wait_until(condition: object) -> None:
    assert callable(condition)
    give_up = time.monotonic() + 40
    while not condition():
        assert time.monotonic() < give_up, "did not happen within 40 s"
        time.sleep(0.02)
