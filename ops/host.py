"""How programs on the host reach the log: over the server that runs there, or one started for the moment."""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from muniment.commands.gate import OpenGate
from muniment.commands.ledger import Ledger
from muniment.ops import actions as _actions  # noqa: F401 - facts, commands and queries are known once it is imported
from muniment.ops.connection import LogServer
from muniment.ops.jetstream.api import info
from muniment.ops.jetstream.datalock import is_held
from muniment.ops.jetstream.factory import share, unshare
from muniment.ops.jetstream.keystore import JetStreamKeyStore
from muniment.ops.jetstream.loop import NatsLoop
from muniment.ops.jetstream.settings import ConnectionSettings, settings_on_host
from muniment.ops.jetstream.streams import EPOCH
from muniment.ops.keys.kek import KEKs
from muniment.ops.keys.keksource import kek_source
from muniment.ops.keys.ring import KeyRing
from muniment.ops.settings import BadSetting, Settings
from muniment.projections.readmodel import IAM

CONNECT_SECONDS_MAX = 10.0


class Host:
    """An open log: connections by role, and the key ring."""

    def __init__(self, settings: Settings, server: LogServer | None) -> None:
        self.settings = settings
        self._server = server
        self.loop = NatsLoop(self.as_role("api"))
        self.loop.wait_ready(CONNECT_SECONDS_MAX)
        self.keks = KEKs(kek_source(settings.kek, settings.data))
        self.store = JetStreamKeyStore(self.loop)
        self.ring = KeyRing(self.store, self.keks)

    def as_role(self, role: str) -> ConnectionSettings:
        """How to connect as `api`, `decisions` or `erasure`."""
        if self._server is not None:
            return self._server.as_role(role)
        return settings_on_host(self.settings.data, role)

    def epoch(self) -> str:
        """The epoch of stream IAM. Raises NatsError."""
        found = self.loop.run(info(self.loop.link, IAM, time.monotonic() + CONNECT_SECONDS_MAX))
        return str(found.config.get("metadata", {}).get(EPOCH, ""))

    def ledger(self) -> AbstractContextManager[Ledger]:
        """A Ledger of this process's own: the guards keep it and the server's apart. Commands are the operator's."""
        return ledger_over(self.loop, self.ring)

    def close(self) -> None:
        """Leave the log."""
        self.loop.close()


@contextmanager
def ledger_over(loop: NatsLoop, ring: KeyRing) -> Iterator[Ledger]:
    """A Ledger on a connection, behind an open gate and without snapshots."""
    shared = share(loop)
    env = {
        "PERSISTENCE_MODULE": "muniment.ops.jetstream",
        "JETSTREAM_LOOP": shared,
        "ORIGINATOR_ID_TYPE": "text",
        "SNAPSHOTS_FILE": "",
    }
    ledger = Ledger(env, signer=ring, sealer=ring, gate=OpenGate())
    try:
        yield ledger
    finally:
        ledger.close()
        unshare(shared)


@contextmanager
def on_host(data: Path, nats: str = "", credentials: Path | None = None, ca: Path | None = None) -> Iterator[Host]:
    """The log of a data directory, whether `muniment serve` runs there or not, or that of an external server.

    Raises BadSetting where there is no log.
    """
    settings = Settings(data=data, nats=nats, nats_credentials=credentials, nats_ca=ca)
    server = None
    if nats:
        server = LogServer(settings)
    elif not is_held(data):
        if not (data / "nats").is_dir():
            raise BadSetting(
                f"there is no log in `{data}`: name its directory with `--data`, or a server with `--nats`"
            )
        server = LogServer(settings)
        server.open()
    try:
        host = Host(settings, server)
        try:
            yield host
        finally:
            host.close()
    finally:
        if server is not None:
            server.close()
