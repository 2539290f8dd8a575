"""The foreign readers of an embedded server: a file in its data directory, which the supervisor admits as it changes."""

from __future__ import annotations

from pathlib import Path

import msgspec

from muniment.ops.jetstream.permissions import Role, foreign_reader
from muniment.ops.jetstream.settings import write_private

FILE = "readers.json"


class ReaderEntry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One reader as the server knows it: its public key, and the consumers through which it follows these boundaries."""

    name: str
    key: str  # public nkey
    consumers: tuple[str, ...]
    boundaries: tuple[str, ...] = ()  # empty: everything
    account: str = ""

    @property
    def role(self) -> Role:
        """What its NATS user may do."""
        return foreign_reader(self.name, "IAM", *self.consumers)


def load_readers(data: Path) -> tuple[ReaderEntry, ...]:
    """All readers of a data directory; none where there is no file."""
    try:
        return msgspec.json.decode((data / FILE).read_bytes(), type=tuple[ReaderEntry, ...])
    except FileNotFoundError:
        return ()


def save_readers(data: Path, readers: tuple[ReaderEntry, ...]) -> None:
    """Replace the file in one step, mode 0600."""
    write_private(data / FILE, msgspec.json.format(msgspec.json.encode(readers), indent=2).decode() + "\n")


def changed(data: Path) -> int:
    """When the file was written last, in nanoseconds; 0 where there is none."""
    try:
        return (data / FILE).stat().st_mtime_ns
    except FileNotFoundError:
        return 0
