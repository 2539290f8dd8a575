"""Where a restore writes: a data directory whose server is started for the moment, or an external server."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from muniment.ops.backup.restore import RestoreRefused
from muniment.ops.jetstream.embedded import EmbeddedServer
from muniment.ops.jetstream.loop import NatsLoop
from muniment.ops.jetstream.provision import Drift, provision
from muniment.ops.jetstream.settings import ConnectionSettings
from muniment.ops.jetstream.source import StreamSource
from muniment.ops.jetstream.streams import EPOCH
from muniment.projections.readmodel import IAM_ACTIVITY

CONNECT_SECONDS_MAX = 30.0
CACHES = (
    "snapshots.sqlite",
    "snapshots.sqlite-wal",
    "snapshots.sqlite-shm",
    "snapshots",
)  # of the log that was here before


class Place:
    """Connections to the target as the roles `provision` and `api`."""

    def __init__(self, admin: ConnectionSettings, writer: ConnectionSettings, closing: ExitStack) -> None:
        self._reading, self._closing = writer, closing
        self.admin, self.writer = NatsLoop(admin), NatsLoop(writer)
        closing.callback(self.admin.close)
        closing.callback(self.writer.close)
        self.admin.wait_ready(CONNECT_SECONDS_MAX)
        self.writer.wait_ready(CONNECT_SECONDS_MAX)
        self._sources: dict[str, StreamSource] = {}

    def source(self, stream: str) -> StreamSource:
        """A stream of the target."""
        if stream not in self._sources:
            source = StreamSource(self._reading, stream, expires=stream == IAM_ACTIVITY)
            self._closing.callback(source.close)
            self._sources[stream] = source
        return self._sources[stream]


@contextmanager
def embedded_place(data: Path) -> Iterator[Place]:
    """A data directory, new or emptied. Raises DataDirectoryInUse where a server runs on it."""
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    with ExitStack() as closing:
        server = closing.enter_context(EmbeddedServer(data))
        _provision(server.credentials("provision"))
        yield Place(server.credentials("provision"), server.credentials("api"), closing)


@contextmanager
def external_place(admin: ConnectionSettings, writer: ConnectionSettings) -> Iterator[Place]:
    """A server that somebody else runs; it must have been provisioned."""
    with ExitStack() as closing:
        yield Place(admin, writer, closing)


def forget_caches(data: Path) -> None:
    """Remove what is only a copy of the log that was here before; it is made again from the log."""
    for name in CACHES:
        path = data / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def check_kek(data: Path, setting: str) -> None:
    """The key-encryption key is in no backup: it must be there before. Raises RestoreRefused."""
    if not setting and not (data / "kek").is_file():
        raise RestoreRefused(
            f"`{data / 'kek'}` is not there: put the key-encryption key of the old host in its place (mode 0600), or name where "
            "it comes from with `--kek`; it is in no backup, and without it nothing sealed can be read"
        )


def _provision(admin: ConnectionSettings) -> None:
    """Make the streams; those of an interrupted restore have no epoch yet, which is all that may be odd about them."""
    try:
        provision(admin)
    except Drift as drift:
        if drift.field != f"metadata.{EPOCH}":
            raise
