"""`muniment serve`: everything on one machine, from the log to the port, and an orderly end (DESIGN §8)."""

import contextlib
import gc
import os
import shutil
import signal
import socket
import sys
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

import msgspec
import structlog
import uvicorn

from muniment.api.app import build_app
from muniment.ops import founding
from muniment.ops.answers import Answers
from muniment.ops.compose import Core, build_core, build_services
from muniment.ops.connection import LogServer
from muniment.ops.founding import Founded
from muniment.ops.jetstream.settings import write_private
from muniment.ops.keys import hygiene
from muniment.ops.keys.kek import KEKs
from muniment.ops.keys.keksource import kek_source
from muniment.ops.patience import PatientProtocol
from muniment.ops.settings import BadSetting, Settings

SHUTDOWN_SECONDS = 10
SWITCH_SECONDS = 0.0005  # Python's default lets a busy thread keep the lock for 5 ms (DESIGN §4)
# Objects that the collector looks at in one go, while everybody waits: each costs it a walk through cold memory (bench/stall.py).
COLLECTOR = (300, 3, 10_000)

log = structlog.get_logger("muniment.serve")

Scope = MutableMapping[str, Any]
Messages = Callable[..., Awaitable[Any]]


class Server:
    """One running process."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.log = LogServer(settings)
        self.keks: KEKs
        self.founded: Founded | None = None
        self.core: Core
        self._app: Any = None
        self._answers: Answers | None = None
        self._socket: socket.socket | None = None
        self._resetting = threading.Lock()
        self._removes: Path | None = None

    def open(self) -> None:
        """Start the log, load the read models, found the site where there is none, and take the port."""
        os.umask(0o077)  # whatever this process writes is its owner's alone
        hygiene.forbid_dumps()
        sys.setswitchinterval(SWITCH_SECONDS)
        gc.set_threshold(*COLLECTOR)
        self._take_folder()
        self._socket = _listen(self.settings)
        self.log.open()
        self.keks = KEKs(kek_source(self.settings.kek, self.settings.data))
        self._build(None)

    def _take_folder(self) -> None:
        """Make the data directory. An ephemeral server's must be its own, for it is removed at the end."""
        data = self.settings.data
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.settings.ephemeral:
            if any(data.iterdir()):
                raise BadSetting(
                    f"`{data}` is not empty, and an ephemeral server removes its data: name another folder"
                )
            self._removes = data

    def _build(self, again: Founded | None) -> None:
        core = build_core(self.settings, self.log, self.keks)
        self.core = core
        core.open(self.log)
        if core.ledger is not None:
            self.founded = founding.found(core.ledger, self.settings, again) or self.founded
        services = build_services(self.settings, core, self.reset if self.settings.ephemeral else None, self.endpoint)
        self._app = build_app(services, core.registry)
        connection = self.log.answers()
        self._answers = Answers(connection, services) if connection is not None else None

    def reset(self) -> dict[str, Any]:
        """Back to the first start's state: same account number, same root key. Ephemeral servers only."""
        assert self.founded is not None
        with self._resetting:
            self._stop_answering()
            self._app.close()
            self.core.close()  # first, so that nothing signed by the old keys reaches the new log
            self.log.reset()
            self._build(self.founded)
        return {"reset": True, "account_id": self.founded.account_id}

    def _stop_answering(self) -> None:
        if self._answers is not None:
            self._answers.close()
            self._answers = None

    async def __call__(self, scope: Scope, receive: Messages, send: Messages) -> None:
        """ASGI: whichever application is current."""
        await self._app(scope, receive, send)

    @property
    def endpoint(self) -> str:
        """The URL that clients use."""
        if self.settings.public_url:
            return self.settings.public_url.rstrip("/")
        assert self._socket is not None
        port = self._socket.getsockname()[1]
        host = f"[{self.settings.host}]" if ":" in self.settings.host else self.settings.host
        return f"{'https' if self.settings.secure else 'http'}://{host}:{port}"

    def ready(self) -> dict[str, Any]:
        """What the ready file says; root only where this start made it."""
        account = self.founded.account_id if self.founded else self.core.reads.first_account()
        body: dict[str, Any] = {"endpoint": self.endpoint, "nats_url": self.log.url, "account_id": account}
        if self.founded is not None:
            root = self.founded.root
            body["root"] = {"access_key_id": root.access_key_id, "secret_access_key": root.secret.reveal()}
        return body

    def write_ready_file(self) -> None:
        """JSON for whoever waits for us, readable by the owner alone."""
        if self.settings.ready_file is not None:
            write_private(self.settings.ready_file, msgspec.json.encode(self.ready()).decode())

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT, then finish what was begun."""
        assert self._socket is not None
        config = uvicorn.Config(
            self,
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="off",
            loop="uvloop",
            http=PatientProtocol,
            proxy_headers=False,
            timeout_graceful_shutdown=SHUTDOWN_SECONDS,
            ssl_certfile=self.settings.tls_cert,
            ssl_keyfile=self.settings.tls_key,
        )
        uvicorn.Server(config).run(sockets=[self._socket])

    def close(self) -> None:
        """Stop every part. May be called after a failed `open`."""
        self._stop_answering()
        if self._app is not None:
            self._app.close()
        if hasattr(self, "core"):
            self.core.close()
        self.log.close()
        if self._socket is not None:
            self._socket.close()
        if self._removes is not None:
            shutil.rmtree(self._removes, ignore_errors=True)
        if self.settings.ready_file is not None:
            with contextlib.suppress(OSError):
                self.settings.ready_file.unlink()


def run(settings: Settings, announce: Callable[[Server], None]) -> None:
    """Open, announce, run, close."""
    server = Server(settings)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        server.open()
        server.write_ready_file()
        announce(server)
        server.run()
    except KeyboardInterrupt:
        log.info("stopped")
    finally:
        server.close()


def _interrupt(signum: int, frame: object) -> None:
    raise KeyboardInterrupt


def _listen(settings: Settings) -> socket.socket:
    """The port, taken before anything else starts, so that a taken one is told at once."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise BadSetting(
            f"cannot listen on {settings.host}:{settings.port}: {reason}; choose another with `--port` (0 takes a free one)"
        ) from None
    listener.listen(2048)
    listener.set_inheritable(False)
    return listener


def ready_path(text: str) -> Path:
    """The path of a ready file, whose folder must exist."""
    path = Path(text)
    if not path.parent.is_dir():
        raise BadSetting(f"`{path.parent}`, where the ready file goes, does not exist")
    return path
