"""`BoundaryTail`: what this process knows of the last entries of boundaries, so that most appends need no read."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import NamedTuple

BOUNDARIES_MAX = 100_000


class Tail(NamedTuple):
    """The newest entry of a boundary that this process has seen."""

    version: int
    sequence: int


class BoundaryTail:
    """A bounded memory, least recently used out first, that only ever moves forward. Thread safe.

    What it says was true once and its entry exists for ever; newer entries may exist.
    """

    def __init__(self, size: int = BOUNDARIES_MAX) -> None:
        self._size = size
        self._tails: OrderedDict[str, Tail] = OrderedDict()
        self._lock = threading.Lock()

    def know(self, boundary: str, version: int, sequence: int) -> None:
        """Remember an entry; an older one than is known changes nothing."""
        with self._lock:
            known = self._tails.get(boundary)
            if known is None or known.version < version:
                self._tails[boundary] = Tail(version, sequence)
            self._tails.move_to_end(boundary)
            if len(self._tails) > self._size:
                self._tails.popitem(last=False)

    def last(self, boundary: str) -> Tail | None:
        """The newest entry known."""
        return self._tails.get(boundary)

    def after(self, boundary: str, version: int) -> int | None:
        """The sequence of exactly this version, None when it is not the one known."""
        known = self._tails.get(boundary)
        return known.sequence if known is not None and known.version == version else None

    def forget(self, boundary: str) -> None:
        """Drop what is known of a boundary."""
        with self._lock:
            self._tails.pop(boundary, None)
