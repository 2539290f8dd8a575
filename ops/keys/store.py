"""The store of wrapped keys: what the key ring demands of it, and one in memory for tests and ephemeral servers.

The real one is the key-value bucket IAM_KEYS (DESIGN §2). A name keeps every message until it is overwritten: one that
the server dropped by itself would leave its bytes in the block files, out of reach (SECURITY 12).
"""

import re
import threading
from collections.abc import Iterator
from typing import Final, Protocol

import msgspec

NAME_CHARACTERS_MAX: Final = 256
_NAME: Final = re.compile(
    r"[A-Za-z0-9_=/-]+(\.[A-Za-z0-9_=/-]+)*"
)  # as NATS spells a key: ADR-8, no wildcards, no empty part


class Kept(msgspec.Struct, frozen=True, gc=False):
    """A value and the revision that an update must name."""

    value: bytes
    revision: int


class Conflict(Exception):
    """Another writer was first: read again and decide again."""


class KeyStore(Protocol):
    """What a running process may do. Every read is answered by the leader, never by a replica that lags."""

    def get(self, name: str) -> Kept | None:
        """The newest value, or None where there is none."""

    def create(self, name: str, value: bytes) -> int:
        """Store the first value and answer its revision. Raises Conflict where the name has one."""

    def update(self, name: str, value: bytes, revision: int) -> int:
        """Replace the value whose revision is given. Raises Conflict where it is not the newest."""

    def names(self) -> list[str]:
        """All names that hold a value, sorted."""


class KeyShredder(Protocol):
    """What only the erasing role may do: overwrite messages, and look at all that are left."""

    def shred_superseded(self, name: str) -> int:
        """Overwrite all messages of a name but the newest; answers how many."""

    def messages(self) -> Iterator[tuple[str, bytes]]:
        """Every message that the store still holds, history included: (name, value)."""


def check_name(name: str) -> None:
    """Raises ValueError where `name` is not a plain key of the store."""
    if len(name) > NAME_CHARACTERS_MAX or not _NAME.fullmatch(name):
        raise ValueError(f"`{name[:NAME_CHARACTERS_MAX]}` cannot name a key: letters, digits and -/_=. only")


class MemoryKeyStore:
    """A KeyStore and KeyShredder in memory; what is in it ends with the process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._revision = 0
        self._messages: dict[str, list[Kept]] = {}

    def get(self, name: str) -> Kept | None:
        """The newest value."""
        with self._lock:
            kept = self._messages.get(name)
            return kept[-1] if kept else None

    def create(self, name: str, value: bytes) -> int:
        """The first value. Raises Conflict."""
        return self._put(name, value, 0)

    def update(self, name: str, value: bytes, revision: int) -> int:
        """The next value. Raises Conflict."""
        return self._put(name, value, revision)

    def names(self) -> list[str]:
        """All names, sorted."""
        with self._lock:
            return sorted(self._messages)

    def shred_superseded(self, name: str) -> int:
        """Keep the newest message only."""
        with self._lock:
            kept = self._messages.get(name, [])
            removed = len(kept[:-1])
            del kept[:-1]
            return removed

    def messages(self) -> Iterator[tuple[str, bytes]]:
        """Every message, history included."""
        with self._lock:
            every = [(name, kept.value) for name, history in self._messages.items() for kept in history]
        yield from every

    def _put(self, name: str, value: bytes, expected: int) -> int:
        check_name(name)
        with self._lock:
            history = self._messages.setdefault(name, [])
            newest = history[-1].revision if history else 0
            if newest != expected:
                raise Conflict(f"`{name}` is at revision {newest}, not {expected}")
            self._revision += 1
            history.append(Kept(value, self._revision))
            return self._revision
