"""The file of heads: one signed head a line, only ever appended, kept outside the stream store (SECURITY 15).

Put it on another disk than the store, or let it be copied elsewhere: whoever can cut the log short must not reach it.
"""

import base64
import binascii
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

FILE: Final = "heads.log"  # its name in a data directory
TAIL_BYTES: Final = 1 << 20
TORN: Final = b" torn"  # ends a line that a crash cut short; the next start writes it


class BadHeadsFile(Exception):
    """A line of the file is not what this program writes."""

    def __init__(self, path: Path, number: int) -> None:
        super().__init__(f"line {number} of `{path}` is not a head: the file was altered")
        self.number = number


class HeadsFile:
    """Appends and reads. Mode 0600; every append is synced to the disk before it counts."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._handle = -1

    def append(self, *heads: bytes) -> None:
        """Add stored heads. Raises OSError."""
        handle = self._open()
        lines = b"".join(base64.b64encode(head) + b"\n" for head in heads)
        while lines:
            lines = lines[os.write(handle, lines) :]
        os.fsync(handle)

    def read(self) -> Iterator[tuple[int, bytes]]:
        """Every stored head with its line's number. Raises BadHeadsFile."""
        try:
            with self.path.open("rb") as file:
                yield from self._parsed(file, 1)
        except FileNotFoundError:
            return

    def last(self) -> list[bytes]:
        """The newest stored heads, oldest first: those in the last megabyte. Raises BadHeadsFile."""
        try:
            with self.path.open("rb") as file:
                file.seek(max(0, self.path.stat().st_size - TAIL_BYTES))
                if file.tell():
                    file.readline()  # most likely not a whole one
                return [head for _, head in self._parsed(file, 0)]
        except FileNotFoundError:
            return []

    def close(self) -> None:
        """Let the file go."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def _parsed(self, lines: Iterator[bytes], number: int) -> Iterator[tuple[int, bytes]]:
        for at, line in enumerate(lines, number):
            if not line.endswith(b"\n") or line.endswith(TORN + b"\n"):
                continue  # cut short by a crash, so never counted
            try:
                yield at, base64.b64decode(line[:-1], validate=True)
            except binascii.Error:
                raise BadHeadsFile(self.path, at) from None

    def _open(self) -> int:
        if self._handle < 0:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            size = os.fstat(self._handle).st_size
            if size and os.pread(self._handle, 1, size - 1) != b"\n":
                os.write(self._handle, TORN + b"\n")
        return self._handle
