"""Rebuilds of this process's read models, one at a time, each on a thread of its own with a connection of its own."""

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec
import structlog

from muniment.domain.errors import Refused, ValidationError
from muniment.ops.backup.times import with_original_times
from muniment.ops.connection import LogServer
from muniment.ops.jetstream.loop import NatsLoop
from muniment.ops.jetstream.source import StreamSource
from muniment.ops.keys.ring import KeyRing
from muniment.ops.keys.verification import export
from muniment.ops.rebuild_child import Generations, Order, run_child, run_timeline_child
from muniment.projections.feed import Feed
from muniment.projections.fold import FoldedModel
from muniment.projections.readmodel import IAM, IAM_ACTIVITY
from muniment.projections.rebuild import Rebuilt, rebuild
from muniment.projections.timeline.apart import TimelineApart
from muniment.projections.timeline.database import Database
from muniment.projections.timeline.rebuild import Prepared, rebuild_timeline

log = structlog.get_logger("muniment.rebuild")

Progress = Callable[[int, int], None]

# A shorter log is folded before a child would have started.
CHILD_ENTRIES_MIN: Final = int(os.environ.get("MUNIMENT_REBUILD_CHILD_ENTRIES", "20000"))


class RebuildRunning(Refused):
    """Another rebuild runs; wait for its end."""

    status = 409


class Rebuild(Protocol):
    """Makes one read model anew and tells what it found: `{"Equal": …, "Entries": …, "Seconds": …, "Digests": …}`."""

    def __call__(self, progress: Progress) -> dict[str, Any]: ...


class Rebuilds:
    """Starts rebuilds and tells of them. `ways` maps a model's name to how it is rebuilt."""

    def __init__(self, ways: dict[str, Rebuild]) -> None:
        self._ways = ways
        self._guard = threading.Lock()
        self._state: dict[str, Any] = {"State": "NONE"}

    def start(self, projection: str) -> dict[str, Any]:
        """Begin. Raises ValidationError for a model that is not, RebuildRunning."""
        if projection not in self._ways:
            raise ValidationError(f"`{projection}` is not a projection: choose one of {', '.join(sorted(self._ways))}")
        with self._guard:
            if self._state["State"] == "RUNNING":
                raise RebuildRunning(f"projection `{self._state['Projection']}` is being rebuilt; wait for its end")
            self._state = {"State": "RUNNING", "Projection": projection, "Done": 0, "Known": 0}
        threading.Thread(target=self._run, args=(projection,), name="muniment-rebuild", daemon=True).start()
        return self.describe()

    def describe(self) -> dict[str, Any]:
        """The running or last rebuild."""
        return dict(self._state)

    def _run(self, projection: str) -> None:
        def progress(done: int, known: int) -> None:
            self._state = {"State": "RUNNING", "Projection": projection, "Done": done, "Known": known}

        try:
            found = self._ways[projection](progress)
        except Exception as error:
            log.error("rebuild failed", projection=projection, error=type(error).__name__)
            self._state = {"State": "FAILED", "Projection": projection, "Reason": f"{type(error).__name__}: {error}"}
            return
        self._state = {"State": "SUCCEEDED", "Projection": projection, **found}


def of_the_fold(feed: Feed, server: LogServer, ring: KeyRing, folder: Path, secret: bytes) -> dict[str, Rebuild]:
    """How the models over the shared fold are rebuilt: all of them together; a long log is folded by a child process.

    What an attempt that was killed has left in `folder` is where the next one goes on; `secret` vouches for it.
    """

    def work(progress: Progress) -> dict[str, Any]:
        source = StreamSource(server.as_role("api"), IAM, gentle=True)
        try:
            if source.bounds().last < CHILD_ENTRIES_MIN:
                return _told(rebuild(feed, source, ring, progress))
            prepared = run_child(_order(server, ring, str(folder), secret), progress)
            done = rebuild(feed, source, ring, progress, prepared)
            prepared.discard()
            return _told(done)
        finally:
            source.close()

    return {model.name: work for model in feed.models if isinstance(model, FoldedModel)}


def _order(server: LogServer, ring: KeyRing, folder: str = "", secret: bytes = b"") -> Order:
    connection = server.as_role("api")
    own = connection.credentials
    keys = export(ring.entries.public())
    ca, certificate, key = server.tls_files()
    return Order(
        connection.urls,
        own.seed,
        own.jwt,
        connection.inbox_prefix,
        ca,
        certificate,
        key,
        keys,
        folder,
        secret,
    )


def of_the_timeline(
    feed: Feed, timeline: TimelineApart, server: LogServer, ring: KeyRing, loop: NatsLoop
) -> dict[str, Rebuild]:
    """How the timeline is rebuilt: into tables of its own; those of a long log are filled by a child process."""

    def fill(fresh: Database, progress: Progress) -> Prepared | None:
        place = fresh.place
        live = 0 if timeline.stopped else timeline.database.generation
        generations = Generations(str(place), isinstance(place, Path), fresh.generation, live)
        return run_timeline_child(msgspec.structs.replace(_order(server, ring), timeline=generations), progress)

    def work(progress: Progress) -> dict[str, Any]:
        connection = server.as_role("api")
        sources = {
            IAM: with_original_times(StreamSource(connection, IAM, gentle=True), loop),
            IAM_ACTIVITY: with_original_times(StreamSource(connection, IAM_ACTIVITY, expires=True, gentle=True), loop),
        }
        try:
            if sum(source.bounds().last for source in sources.values()) < CHILD_ENTRIES_MIN:
                return _told(rebuild_timeline(feed, timeline, sources, ring, progress))
            return _told(rebuild_timeline(feed, timeline, sources, ring, progress, lambda fresh: fill(fresh, progress)))
        finally:
            for source in sources.values():
                source.close()

    return {timeline.name: work}


def _told(rebuilt: Rebuilt) -> dict[str, Any]:
    return {
        "Equal": rebuilt.equal,
        "Entries": rebuilt.entries,
        "Seconds": round(rebuilt.seconds, 3),
        "Digests": [
            {
                "Projection": each.model,
                "Position": each.position,
                "Rebuilt": each.rebuilt.hex(),
                "Live": each.live.hex(),
            }
            for each in rebuilt.compared
        ],
    }
