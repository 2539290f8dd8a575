"""Filling a fresh SQLite file in bulk: no sync, most indexes last; then synced and moved into its place.

SQLite works in a child process (`filler.py`), so that it shares neither Python's lock nor a core with the reader of the log. What a
filling that was killed has left can be gone on with, by the same program on a machine that has not been started anew since.
"""

import contextlib
import fcntl
import hashlib
import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec
import sqlalchemy as sa

from muniment.projections.readmodel import Checkpoint
from muniment.projections.timeline.filler import DONE, FRAME, At, encode_batch, filling_engine
from muniment.projections.timeline.tables import Tables

PIPE_BYTES: Final = 1 << 20  # what may wait between the reader and the child
BOOT: Final = Path("/proc/sys/kernel/random/boot_id")
_CHILD: Final = "from muniment.projections.timeline.filler import main; main()"


class FillFailed(Exception):
    """The child could not write; the message is its own."""


Reached = dict[str, Checkpoint]  # how far the rows of each stream reach
Admits = Callable[[Mapping[str, Checkpoint]], bool]  # whether rows that reach so far are of the log that is read


def nothing(reached: Mapping[str, Checkpoint]) -> bool:
    """What was left is not gone on with."""
    return False


class Fill(Protocol):
    """A filling that is under way."""

    @property
    def reached(self) -> Reached:
        """How far the rows reach that were there when it began."""

    def put(self, rows: Sequence[Any], touched: Sequence[Any], at: At) -> None:
        """Add rows and what they touched; they reach so far then. Raises what went wrong with earlier ones."""

    def finish(self, seal: Callable[[sa.Connection], None]) -> None:
        """Wait for everything, let `seal` write the checkpoints, and put the file into its place."""

    def abandon(self) -> None:
        """Give up; nothing of it stays."""


class SQLiteFill:
    """A file that nobody else sees until `finish`."""

    def __init__(self, path: Path, tables: Tables, admits: Admits = nothing) -> None:
        self._path, self._tables = path, tables
        self.reached: Reached = {}
        self._last_words = ""
        if (left := left_over(path)) is not None and self._goes_on(left, admits):
            return
        self.remove_left_over(path)
        self._fresh = path.with_name(f"{path.name}.{origin()}.{secrets.token_hex(4)}.filling")
        os.close(os.open(self._fresh, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        self._start()

    def _goes_on(self, left: Path, admits: Admits) -> bool:
        """Go on with a file that a killed filling has left, where it can be opened and its rows are those of the log."""
        if admits is nothing:
            return False
        self._fresh = left
        self._start()
        assert self._child.stdout is not None
        with contextlib.suppress(msgspec.DecodeError):  # what it said was what went wrong
            self.reached = msgspec.json.decode(self._child.stdout.readline(), type=Reached)
            if self.reached and admits(self.reached):
                return True
        self.reached = {}
        self._child.kill()
        self._told()
        return False

    def _start(self) -> None:
        self._child = subprocess.Popen(  # our own program; the path is no secret
            [sys.executable, "-P", "-c", _CHILD, str(self._fresh)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert self._child.stdin is not None
        self._pipe = self._child.stdin
        with contextlib.suppress(OSError):  # an unprivileged process may be refused; then the default does
            fcntl.fcntl(self._pipe.fileno(), fcntl.F_SETPIPE_SZ, PIPE_BYTES)

    @staticmethod
    def remove_left_over(path: Path) -> None:
        """Remove what a filling that was killed has left. Its child ends by itself, in a file that has no name any more."""
        for left in path.parent.glob(f"{path.name}.*.filling*"):
            left.unlink(missing_ok=True)

    def put(self, rows: Sequence[Any], touched: Sequence[Any], at: At) -> None:
        """Add rows and what they touched. Raises FillFailed where earlier ones could not be added."""
        if rows:
            self._send(encode_batch((rows, touched, at)))

    def finish(self, seal: Callable[[sa.Connection], None]) -> None:
        """Index, seal, sync, and take the old file's place. Raises FillFailed."""
        self._send(b"")
        if (told := self._told()) != DONE:
            raise FillFailed(told)
        engine = filling_engine(self._fresh)
        with engine.begin() as connection:
            seal(connection)
        engine.dispose()
        sync(self._fresh, os.O_RDWR)
        os.replace(self._fresh, self._path)
        sync(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)

    def abandon(self) -> None:
        """Give up; nothing of it stays."""
        self._child.kill()
        self._told()
        self.remove_left_over(self._path)

    def _send(self, payload: bytes) -> None:
        if self._pipe.closed:
            raise FillFailed(self._last_words)
        try:
            self._pipe.write(FRAME.pack(len(payload)) + payload)
            self._pipe.flush()
        except OSError:
            raise FillFailed(self._told()) from None

    def _told(self) -> str:
        """Let the child end, and what it said at its end: without the last frame it gives up."""
        with contextlib.suppress(OSError):
            self._pipe.close()
        assert self._child.stdout is not None
        if not self._child.stdout.closed:
            told = self._child.stdout.read().decode(errors="replace")
            self._child.stdout.close()
            if told.startswith("{"):
                told = told.partition("\n")[2]  # behind how far the rows reached at its beginning
            self._last_words = told or f"the child ended with status {self._child.wait()}"
        self._child.wait()
        return self._last_words


def left_over(path: Path) -> Path | None:
    """The newest file that a filling of `path` by this very program has left since this machine was started."""
    found = path.parent.glob(f"{path.name}.{origin()}.*.filling")
    return max(found, key=lambda left: left.stat().st_mtime, default=None)


@cache
def origin() -> str:
    """A name for this program as it is installed, on this machine since it was started.

    Another program may make other rows; and what was not synced may be half there after the machine has stopped.
    """
    with contextlib.suppress(OSError):
        told = hashlib.sha256(BOOT.read_bytes())
        package = Path(__file__).parents[2]
        for folder in ("domain", "projections"):
            for file in sorted((package / folder).rglob("*.py")):
                known = file.stat()
                told.update(f"{file} {known.st_size} {known.st_mtime_ns}".encode())
        return told.hexdigest()[:16]
    return secrets.token_hex(8)  # nothing is gone on with then


def sync(path: Path, flags: int) -> None:
    """Wait until a file, or a directory's entries, are on the disk."""
    handle = os.open(path, flags)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
