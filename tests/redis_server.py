"""A Redis of our own for tests: temporary, on loopback, with an administrator; Debian's package brings the program."""

import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
import redis

START_SECONDS_MAX = 20
PROGRAM = "/usr/bin/redis-server"


class Redis:
    """A running server with the users `admin` (everything) and those that a test adds."""

    def __init__(self, folder, *options):
        if not Path(PROGRAM).exists():
            raise RuntimeError("Redis is not installed: `apt-get install redis-server` (make test does so as root)")
        self.folder, self.password, self.options = folder, secrets.token_hex(16), options
        self.port = free_port()
        users = folder / "users.acl"
        users.write_text(f"user default off\nuser admin on >{self.password} ~* &* +@all\n")
        self.start()

    def start(self):
        """Start it and wait until it answers."""
        options = [
            "--port",
            str(self.port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--aclfile",
            self.folder / "users.acl",
            *self.options,
        ]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen([PROGRAM, *options], stdout=log, stderr=log, cwd=self.folder)
        until = time.monotonic() + START_SECONDS_MAX
        while True:
            try:
                with self.as_admin() as client:
                    client.ping()
                return
            except redis.ConnectionError:
                if time.monotonic() > until or self.process.poll() is not None:
                    raise RuntimeError((self.folder / "log").read_text()) from None
                time.sleep(0.02)

    def stop(self):
        """Stop it at once."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(START_SECONDS_MAX)

    def as_admin(self):
        return redis.Redis("127.0.0.1", self.port, username="admin", password=self.password, decode_responses=True)

    def takes(self, user, password):
        """Whether it takes this login."""
        try:
            with redis.Redis("127.0.0.1", self.port, username=user, password=password) as client:
                client.ping()
        except redis.AuthenticationError:
            return False
        except redis.exceptions.NoPermissionError:
            return True  # it is logged in, and may not ping
        return True


def free_port():
    """A port that nobody listens on now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.fixture(scope="session")
def redis_server():
    """One server for all tests of this process."""
    folder = Path(tempfile.mkdtemp(prefix="muniment-redis-"))
    server = None
    try:
        server = Redis(folder)
        yield server
    finally:
        if server is not None and server.process.poll() is None:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)
