"""`JetStreamFactory`: the persistence module of `eventsourcing` that `PERSISTENCE_MODULE=muniment.ops.jetstream` names."""

from __future__ import annotations

import itertools
import threading
from typing import Any
from uuid import UUID

from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    InfrastructureFactory,
    InfrastructureFactoryError,
    NotSupportedError,
    ProcessRecorder,
    TrackingRecorder,
)
from eventsourcing.sqlite import SQLiteAggregateRecorder, SQLiteDatastore
from eventsourcing.utils import Environment, EnvType

from muniment.ops.jetstream.loop import NatsLoop
from muniment.ops.jetstream.recorder import JetStreamAggregateRecorder, JetStreamRecorder

_shared: dict[str, NatsLoop] = {}
_numbers = itertools.count(1)
_lock = threading.Lock()


def share(loop: NatsLoop) -> str:
    """A name under which a factory in this process finds the connection: environments hold text, and no secrets."""
    with _lock:
        name = f"nats-{next(_numbers)}"
        _shared[name] = loop
    return name


def unshare(name: str) -> None:
    """Forget a shared connection (it is not closed)."""
    with _lock:
        _shared.pop(name, None)


class JetStreamFactory(InfrastructureFactory[TrackingRecorder]):
    """Makes recorders over a connection that the composition shared.

    Environment: `JETSTREAM_LOOP` (a name from `share`), `JETSTREAM_STREAM` (default IAM), `JETSTREAM_PREFIX` (default
    `iam`), `ORIGINATOR_ID_TYPE` (`text`, or `uuid`, the library's default), `SNAPSHOTS_FILE` (an SQLite file; default
    in memory).
    """

    JETSTREAM_LOOP = "JETSTREAM_LOOP"
    JETSTREAM_STREAM = "JETSTREAM_STREAM"
    JETSTREAM_PREFIX = "JETSTREAM_PREFIX"
    ORIGINATOR_ID_TYPE = "ORIGINATOR_ID_TYPE"
    SNAPSHOTS_FILE = "SNAPSHOTS_FILE"

    def __init__(self, env: Environment | EnvType | None) -> None:
        super().__init__(env)
        name = self.env.get(self.JETSTREAM_LOOP, "")
        loop = _shared.get(name)
        if loop is None:
            raise InfrastructureFactoryError(f"no connection is shared under {self.JETSTREAM_LOOP}={name!r}")
        self._loop = loop
        self._stream = self.env.get(self.JETSTREAM_STREAM, "IAM") or "IAM"
        self._prefix = self.env.get(self.JETSTREAM_PREFIX, "iam") or "iam"
        self._id_type = self._id_type_named(self.env.get(self.ORIGINATOR_ID_TYPE, "uuid") or "uuid")
        self._datastores: list[SQLiteDatastore] = []

    def aggregate_recorder(self, purpose: str = "events") -> AggregateRecorder:
        """Snapshots go to a local SQLite file: a cache, not evidence. Anything else goes to the stream."""
        if purpose == "snapshots":
            return self._snapshots()
        return JetStreamAggregateRecorder(self._loop, self._stream, self._prefix, self._id_type)

    def application_recorder(self) -> ApplicationRecorder:
        """The recorder of facts."""
        return JetStreamRecorder(self._loop, self._stream, self._prefix, self._id_type)

    def tracking_recorder(self, tracking_recorder_class: type[TrackingRecorder] | None = None) -> TrackingRecorder:
        """Raises NotSupportedError: not offered."""
        raise NotSupportedError("not offered: projections keep their own checkpoints")

    def process_recorder(self) -> ProcessRecorder:
        """Raises NotSupportedError: not offered."""
        raise NotSupportedError("not offered: projections keep their own checkpoints")

    def close(self) -> None:
        """Close the snapshot files; the shared connection belongs to who made it."""
        for datastore in self._datastores:
            datastore.close()
        self._datastores.clear()

    def _snapshots(self) -> SQLiteAggregateRecorder:
        kind: Any = "uuid" if self._id_type is UUID else "text"
        # Memory is this factory's own: another ledger in this process must never find its snapshots there.
        memory = f"file:muniment-snapshots-{next(_numbers)}?mode=memory&cache=shared"
        name = self.env.get(self.SNAPSHOTS_FILE, "") or memory
        datastore = SQLiteDatastore(db_name=name, originator_id_type=kind)
        self._datastores.append(datastore)
        recorder = SQLiteAggregateRecorder(datastore=datastore, events_table_name="snapshots")
        recorder.create_table()
        return recorder

    @staticmethod
    def _id_type_named(name: str) -> type[UUID] | type[str]:
        if name.lower() not in ("uuid", "text"):
            raise InfrastructureFactoryError(f"ORIGINATOR_ID_TYPE is {name!r}: it must be 'uuid' or 'text'")
        return UUID if name.lower() == "uuid" else str


Factory = JetStreamFactory
