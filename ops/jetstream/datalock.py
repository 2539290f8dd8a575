"""One process at a time on a data directory: two nats-servers on one store would both start, and ruin it."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

LOCK_FILE = "lock"
WAIT_SECONDS = 3.0  # a server whose parent was just killed needs a moment to die


class DataDirectoryInUse(RuntimeError):
    """Another process works on the data directory."""

    def __init__(self, data: Path, holder: str) -> None:
        super().__init__(
            f"data directory `{data}` is in use by process {holder or 'unknown'}: "
            "stop that one first, or give this one its own directory with --data"
        )
        self.holder = holder


def is_held(data: Path) -> bool:
    """Whether a process works on the data directory now."""
    try:
        descriptor = os.open(data / LOCK_FILE, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


class DataLock:
    """An flock on a file in the directory, with the holder's process id written in it.

    The descriptor is handed down to the server child, so the lock lasts until both are gone.
    """

    def __init__(self, data: Path) -> None:
        self.descriptor = os.open(data / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            self._take(data)
        except BaseException:
            os.close(self.descriptor)
            raise
        os.ftruncate(self.descriptor, 0)
        os.pwrite(self.descriptor, str(os.getpid()).encode(), 0)

    def _take(self, data: Path) -> None:
        give_up = time.monotonic() + WAIT_SECONDS
        while True:
            try:
                fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = os.pread(self.descriptor, 32, 0).decode(errors="replace")
                if _lives(holder) or time.monotonic() > give_up:
                    raise DataDirectoryInUse(data, holder) from None
                time.sleep(0.05)
            else:
                return

    def release(self) -> None:
        """Let go. Call it after the child has ended."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


def _lives(holder: str) -> bool:
    """Whether the process that wrote its id is still there."""
    return holder.isdecimal() and Path(f"/proc/{holder}").exists()
