"""The supervisor of an embedded nats-server: a child process on loopback that dies with us and is restarted when it fails."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from urllib.parse import urlsplit

import structlog

from muniment.ops.jetstream import askers as asking
from muniment.ops.jetstream import child, monitor
from muniment.ops.jetstream.datalock import DataLock, is_held
from muniment.ops.jetstream.permissions import ROLES, ROLES_ON_HOST
from muniment.ops.jetstream.provision import provision_followers, remove_followers
from muniment.ops.jetstream.readers import ReaderEntry, changed, load_readers
from muniment.ops.jetstream.serverconfig import LOOPBACK, ServerConfig
from muniment.ops.jetstream.settings import (
    HOST_FILE,
    ConnectionSettings,
    Credentials,
    HostFile,
    api_prefix,
    inbox_prefix,
    new_seed,
    public_key,
    write_host_file,
    write_private,
)

RELOAD_SECONDS_MAX = 10.0
RESTART_SECONDS_MIN = 0.05
RESTART_SECONDS_MAX = 5.0
HEALTHY_SECONDS = 10.0  # after living this long a server's next failure counts as its first
HEALTH_CHECK_SECONDS = 1.0
FREE_BYTES_MIN = 8 << 20  # a store that failed on a full disk is restarted once this much is free
STOP_SECONDS_MAX = 5.0
TEMPORARY_PREFIX = "muniment-ephemeral-"
SWEEP_AFTER_SECONDS = 60.0
WRITE_ERROR = "write error"  # how /healthz names a stream that failed on a full or broken disk


class EmbeddedServer:
    """One nats-server on one data directory. `start` returns when it is up; `close` ends it.

    `ephemeral` keeps nothing: a temporary directory that is removed at the end, no syncing. Every start makes new
    nkeys; the seeds of the running roles are in `nats.json` (mode 0600) for tools on this host, that of `provision`
    stays in memory until `retire("provision")`.
    """

    def __init__(self, data: Path | None = None, *, ephemeral: bool = False) -> None:
        if data is None and not ephemeral:
            raise ValueError("an embedded server that keeps its data needs a directory for it")
        self.ephemeral = ephemeral
        self.on_restart: list[Callable[[], None]] = []
        self.restarts = 0
        self.url = ""
        self._temporary = data is None
        self.data = data if data is not None else Path(tempfile.mkdtemp(prefix=TEMPORARY_PREFIX))
        self._seeds: dict[str, str] = {}
        self._users: dict[str, str] = {}
        self._readers: tuple[ReaderEntry, ...] = ()
        self._readers_at = 0  # when their file was written, as it was taken
        self._askers: tuple[asking.AskerEntry, ...] = ()
        self._askers_at = 0
        self._monitor_url = ""
        self._port = -1
        self._lock: DataLock | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._closing = threading.Event()
        self._up = threading.Event()
        self._failure: BaseException | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Take the data directory, start the server, wait until it serves.

        Raises DataDirectoryInUse, or ServerDidNotStart with the end of the server's log.
        """
        if self._temporary:
            _sweep(self.data)
        self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = DataLock(self.data)
        for name in ROLES:
            self._seeds[name] = new_seed()
            self._users[name] = public_key(self._seeds[name])
        self._readers_at, self._readers = changed(self.data), load_readers(self.data)
        self._take_askers()
        self._thread = threading.Thread(target=self._supervise, name="nats-server", daemon=True)
        self._thread.start()
        self._up.wait()
        if self._failure is not None:
            self.close()
            raise self._failure

    def credentials(self, role: str) -> ConnectionSettings:
        """How to connect as `provision`, `api`, `decisions` or `erasure`. Raises KeyError after `retire(role)`."""
        return ConnectionSettings(
            urls=(self.url,),
            credentials=Credentials(seed=self._seeds[role]),
            inbox_prefix=inbox_prefix(role),
            api_prefix=api_prefix(role),
            name=f"muniment-{role}",
        )

    def retire(self, role: str) -> None:
        """Let a role connect no more: its key leaves the configuration and this process; its connections are cut.

        Returns once the server has taken the new configuration: until then it refuses whoever is just connecting.
        """
        del self._seeds[role], self._users[role]
        self._reload()

    def admit_readers(self) -> None:
        """Take the file of foreign readers as it is now: accounts and consumers for new ones, none for those that left.

        Stream administration is there for as long as this takes. Raises what `provision_followers` raises.
        """
        at, before, now = changed(self.data), self._readers, load_readers(self.data)
        self._readers_at, self._readers = at, now
        kept = "provision" in self._seeds
        if not kept:
            self._seeds["provision"] = new_seed()
            self._users["provision"] = public_key(self._seeds["provision"])
        self._reload()
        try:
            administrator = self.credentials("provision")
            wanted = {consumer for reader in now for consumer in reader.consumers}
            gone = [consumer for reader in before for consumer in reader.consumers if consumer not in wanted]
            remove_followers(administrator, gone)
            for reader in now:
                provision_followers(administrator, reader.consumers, reader.boundaries)
        finally:
            if not kept:
                self.retire("provision")

    def _reload(self) -> None:
        """Let the server take the configuration as it is to be now."""
        self._write_config()
        if self._process is None:
            return
        before = monitor.configured(self._monitor_url)
        self._process.send_signal(signal.SIGHUP)
        give_up = time.monotonic() + RELOAD_SECONDS_MAX
        while monitor.configured(self._monitor_url) in ("", before) and time.monotonic() < give_up:
            if self._closing.wait(0.005):
                return

    @property
    def pid(self) -> int:
        """The process id of the running server."""
        return self._process.pid if self._process is not None else 0

    @property
    def store(self) -> Path:
        """The directory of the streams' files."""
        return self.data / "nats"

    @property
    def log(self) -> Path:
        """The server's own log."""
        return self.data / "nats.log"

    def alive(self) -> bool:
        """True while the server runs and its health check finds nothing wrong."""
        return not self.trouble()

    def trouble(self) -> str:
        """Empty while the server runs and says it is healthy, else what is wrong: a full disk, for one."""
        if self._process is None or self._process.poll() is not None:
            return "the embedded server is being restarted"
        return monitor.health(self._monitor_url)

    def sync_always(self) -> bool:
        """True when the server says that it writes through to the disk before acknowledging."""
        return monitor.sync_always(self._monitor_url)

    def close(self) -> None:
        """Stop the server and let the directory go; an ephemeral one is removed. May be called twice."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        if self._lock is not None:  # else the directory, and the file in it, are another's
            (self.data / HOST_FILE).unlink(missing_ok=True)
            self._lock.release()
            self._lock = None
        if self._temporary:
            shutil.rmtree(self.data, ignore_errors=True)

    def __enter__(self) -> EmbeddedServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ------------------------------------------------------------------ the supervising thread

    def _supervise(self) -> None:
        """Runs in a thread that lives as long as the supervisor: the child's death signal is bound to it."""
        pause = RESTART_SECONDS_MIN
        try:
            while not self._closing.is_set():
                try:
                    self._launch()
                except child.ServerDidNotStart as exc:
                    if not self._up.is_set():
                        self._failure = exc
                        return
                else:
                    started = time.monotonic()
                    self._up.set()
                    self._watch()
                    if time.monotonic() - started > HEALTHY_SECONDS:
                        pause = RESTART_SECONDS_MIN
                if self._closing.wait(pause):
                    return
                pause = min(pause * 2, RESTART_SECONDS_MAX)
        except BaseException as exc:
            self._failure = exc
        finally:
            self._stop()
            self._up.set()

    def _launch(self) -> None:
        self._write_config()
        ports_dir = self._ports_dir
        shutil.rmtree(ports_dir, ignore_errors=True)
        ports_dir.mkdir(mode=0o700)
        lock = self._lock.descriptor if self._lock is not None else -1
        again = self._process is not None
        self._process = child.launch(self._config, self.log, lock)
        ports = child.read_ports(self._process, ports_dir, self.log)
        self.url = _loopback_url(ports["nats"])
        self._monitor_url = _loopback_url(ports["monitoring"])
        self._port = urlsplit(self.url).port or -1  # clients know this one: a restart must keep it
        self._wait_serving()
        on_host = {name: seed for name, seed in self._seeds.items() if name in ROLES_ON_HOST}
        write_host_file(self.data, HostFile(self.url, on_host))
        if again:
            self.restarts += 1
            for listener in self.on_restart:
                listener()

    def _wait_serving(self) -> None:
        """The ports are named a moment before JetStream has recovered its streams."""
        give_up = time.monotonic() + child.START_SECONDS_MAX
        while (wrong := monitor.health(self._monitor_url)) and time.monotonic() < give_up:
            if self._process is None or self._process.poll() is not None:
                raise child.ServerDidNotStart(f"nats-server ended while starting:\n{child.tail(self.log)}")
            if self._closing.wait(0.01):
                return
        if wrong and not self._up.is_set():
            raise child.ServerDidNotStart(f"nats-server is not healthy: {wrong}")

    def _watch(self) -> None:
        """Return when the server has ended, must be restarted, or we are closing."""
        process = self._process
        assert process is not None
        next_check = time.monotonic() + HEALTH_CHECK_SECONDS
        while process.poll() is None and not self._closing.wait(0.02):
            if time.monotonic() < next_check:
                continue
            next_check = time.monotonic() + HEALTH_CHECK_SECONDS
            if WRITE_ERROR in monitor.health(self._monitor_url) and self._free_bytes() >= FREE_BYTES_MIN:
                self._stop()
                return
            if changed(self.data) != self._readers_at:
                self._try_admitting()
            if asking.changed(self.data) != self._askers_at and self._take_askers():
                self._stop()  # services that a new account imports reach it after a restart only: a reload is not enough
                return

    def _try_admitting(self) -> None:
        """A file that cannot be taken must not end the server: whoever wrote it sees that nothing became of it."""
        try:
            self.admit_readers()
        except Exception as error:
            self._readers_at = changed(self.data)
            structlog.get_logger("muniment.nats").error("readers not admitted", error=type(error).__name__)

    def _take_askers(self) -> bool:
        """Whether the programs that ask for decisions are others than before; the file says which there are."""
        self._askers_at, before = asking.changed(self.data), self._askers
        try:
            self._askers = asking.load_askers(self.data)
        except ValueError as error:
            structlog.get_logger("muniment.nats").error("askers not admitted", error=type(error).__name__)
        return self._askers != before

    def _stop(self) -> None:
        process = self._process
        if process is None or process.poll() is not None:
            return
        process.send_signal(signal.SIGKILL if self.ephemeral else signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _free_bytes(self) -> int:
        stat = os.statvfs(self.data)
        return stat.f_bavail * stat.f_frsize

    @property
    def _config(self) -> Path:
        return self.data / "nats.conf"

    @property
    def _ports_dir(self) -> Path:
        return self.data / "ports"

    def _write_config(self) -> None:
        config = ServerConfig(
            name="muniment-embedded",
            store=self.store,
            users=self._users,
            port=self._port,
            ports_dir=self._ports_dir,
            sync_always=not self.ephemeral,
            readers=tuple((reader.role, reader.key) for reader in self._readers),
            askers={asker.account_name: asker.render() for asker in self._askers},
        )
        write_private(self._config, config.render())


def _sweep(own: Path) -> None:
    """Remove what ephemeral servers left behind that were killed with their parents."""
    for left in own.parent.glob(f"{TEMPORARY_PREFIX}*"):
        try:
            # A young directory without a lock belongs to a server that is about to start.
            forgotten = time.time() - left.stat().st_mtime > SWEEP_AFTER_SECONDS and left.owner() == own.owner()
            if forgotten and not is_held(left):
                shutil.rmtree(left, ignore_errors=True)
        except (OSError, KeyError):
            continue


def _loopback_url(urls: Iterable[str]) -> str:
    """The loopback URL among those in a ports file."""
    for url in urls:
        if urlsplit(url).hostname == LOOPBACK:
            return url
    raise child.ServerDidNotStart(f"nats-server listens elsewhere than on loopback: {', '.join(urls)}")
