"""A PostgreSQL cluster of our own for tests: temporary, on a Unix socket, without syncs; Debian's package brings the programs."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

START_SECONDS_MAX = 30
_SETTINGS = ("listen_addresses=", "fsync=off", "full_page_writes=off", "shared_buffers=32MB", "max_connections=60")


class Cluster:
    """A running server. `database()` makes an empty database and answers its URL."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._number = folder, 0
        self.as_user: dict[str, Any] = {}
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            user = pwd.getpwnam("postgres")
            os.chown(folder, user.pw_uid, user.pw_gid)
            self.as_user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        programs = _programs()
        self._run(
            str(programs / "initdb"), "-D", str(folder / "data"), "-U", "muniment", "-A", "trust", "--no-sync", "-E", "UTF8",
            "--locale=C.UTF-8",
        )  # fmt: skip
        self._postgres = str(programs / "postgres")
        self.process = self.start()

    def start(self) -> "subprocess.Popen[bytes]":
        """Start the server and wait until it answers."""
        options = [word for setting in _SETTINGS for word in ("-c", setting)]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [self._postgres, "-D", str(self.folder / "data"), "-k", str(self.folder), *options],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                **self.as_user,
            )
        until = time.monotonic() + START_SECONDS_MAX
        while True:
            try:
                psycopg.connect(self.url("postgres")).close()
            except psycopg.OperationalError:
                if time.monotonic() > until or self.process.poll() is not None:
                    raise RuntimeError((self.folder / "log").read_text()) from None
                time.sleep(0.05)
            else:
                return self.process

    def stop(self) -> None:
        """Stop the server at once, as a power cut would its connections."""
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(START_SECONDS_MAX)

    def database(self) -> str:
        """The URL of a new, empty database."""
        self._number += 1
        name = f"muniment_{self._number}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]
        return self.url(name)

    def url(self, name: str) -> str:
        return f"postgresql://muniment@/{name}?host={self.folder}"

    def _run(self, *command: str) -> None:
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=self.folder, **self.as_user)
        if done.returncode:
            raise RuntimeError(f"{command[0]} failed: {done.stderr}")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """One cluster for all tests of this process."""
    folder = Path(tempfile.mkdtemp(prefix="muniment-postgres-", dir="/tmp"))  # a socket's path is short
    folder.chmod(0o755)
    cluster = None
    try:
        cluster = Cluster(folder)
        yield cluster
    finally:
        if cluster is not None and cluster.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if not found:
        raise RuntimeError("PostgreSQL is not installed: `apt-get install postgresql` (make test does so as root)")
    return found[-1].parent
