"""Filling a fresh SQLite file in bulk: no journal, no sync, most indexes last; then synced and moved into its place.

SQLite works in a child process (`filler.py`), so that it shares neither Python's lock nor a core with the reader of the log.
"""

import contextlib
import os
import queue
import secrets
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

import sqlalchemy as sa

from muniment.projections.timeline.filler import DONE, FRAME, encode_batch, filling_engine
from muniment.projections.timeline.tables import Tables

WAITING_MAX: Final = 4  # batches between the reader and the child
_CHILD: Final = "from muniment.projections.timeline.filler import main; main()"


class FillFailed(Exception):
    """The child could not write; the message is its own."""


class Fill(Protocol):
    """A filling that is under way."""

    def put(self, rows: Sequence[Any], touched: Sequence[Any]) -> None:
        """Add rows and what they touched. Raises what went wrong with earlier ones."""

    def finish(self, seal: Callable[[sa.Connection], None]) -> None:
        """Wait for everything, let `seal` write the checkpoints, and put the file into its place."""

    def abandon(self) -> None:
        """Give up; nothing of it stays."""


class SQLiteFill:
    """A file that nobody else sees until `finish`."""

    def __init__(self, path: Path, tables: Tables) -> None:
        self._path, self._tables = path, tables
        self.remove_left_over(path)
        self._fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}.filling")
        os.close(os.open(self._fresh, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        self._child = subprocess.Popen(  # our own program; the path is no secret
            [sys.executable, "-c", _CHILD, str(self._fresh)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._waiting: queue.Queue[bytes | None] = queue.Queue(WAITING_MAX)
        self._broken = threading.Event()
        self._thread = threading.Thread(target=self._send, name="timeline-fill", daemon=True)
        self._thread.start()

    @staticmethod
    def remove_left_over(path: Path) -> None:
        """Remove what a filling that was killed has left. Its child ends by itself, in a file that has no name any more."""
        for left in path.parent.glob(f"{path.name}.*.filling"):
            left.unlink(missing_ok=True)

    def put(self, rows: Sequence[Any], touched: Sequence[Any]) -> None:
        """Add rows and what they touched. Raises FillFailed where earlier ones could not be added."""
        if self._broken.is_set():
            raise FillFailed(self._told())
        if rows:
            self._waiting.put(encode_batch((rows, touched)))

    def finish(self, seal: Callable[[sa.Connection], None]) -> None:
        """Index, seal, sync, and take the old file's place. Raises FillFailed."""
        told = self._told(whole=True)
        if self._child.returncode or told != DONE:
            raise FillFailed(told or f"the child ended with status {self._child.returncode}")
        engine = filling_engine(self._fresh)
        with engine.begin() as connection:
            seal(connection)
        engine.dispose()
        _sync_file(self._fresh)
        os.replace(self._fresh, self._path)
        sync(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)

    def abandon(self) -> None:
        """Give up; nothing of it stays."""
        self._child.kill()
        self._told()
        self.remove_left_over(self._path)

    def _told(self, *, whole: bool = False) -> str:
        """Let the child end, as one that has everything or as one that is given up, and what it said at its end."""
        if self._thread.is_alive():
            if whole:
                self._waiting.put(b"")
            self._waiting.put(None)
            self._thread.join()
        assert self._child.stdout is not None
        told = b"" if self._child.stdout.closed else self._child.stdout.read()
        self._child.stdout.close()
        self._child.wait()
        return told.decode(errors="replace")

    def _send(self) -> None:
        """Hand batches to the child until the end. When it is gone they are dropped, so that nobody waits for ever."""
        pipe = self._child.stdin
        assert pipe is not None
        while (payload := self._waiting.get()) is not None:
            if self._broken.is_set():
                continue
            try:
                pipe.write(FRAME.pack(len(payload)))
                pipe.write(payload)
            except OSError:
                self._broken.set()
        with contextlib.suppress(OSError):
            pipe.close()


def _sync_file(path: Path) -> None:
    sync(path, os.O_RDWR)


def sync(path: Path, flags: int) -> None:
    """Wait until a file, or a directory's entries, are on the disk."""
    handle = os.open(path, flags)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
