"""Where entries come from, as the feed sees it: one stream, read in order. `ops/jetstream/reader.py` implements it."""

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import msgspec


class Stored(Protocol):
    """One message of a stream, as it lies there."""

    @property
    def stream(self) -> str: ...
    @property
    def sequence(self) -> int: ...
    @property
    def time_ns(self) -> int:
        """When JetStream took it, nanoseconds since the Unix epoch."""

    @property
    def subject(self) -> str: ...
    @property
    def data(self) -> bytes: ...


class Bounds(msgspec.Struct, frozen=True):
    """A stream's epoch (a restore begins a new one), and its first and last sequence; last is first - 1 when it is empty."""

    epoch: str
    first: int
    last: int


class Heard(msgspec.Struct, frozen=True):
    """What the server said last: how far the stream reaches, and when it was heard (`time.monotonic()`)."""

    head: int
    at: float


class SourceLost(Exception):
    """The stream cannot be read now; trying again later may succeed."""


Deliver = Callable[[Sequence[Stored]], None]
Ended = Callable[[str], None]
Stop = Callable[[], None]


class Source(Protocol):
    """One stream. All methods may be called from any thread and may block, but for `heard`, which only looks."""

    @property
    def stream(self) -> str:
        """Its name: `IAM` or `IAM_ACTIVITY`."""

    def bounds(self) -> Bounds:
        """What the stream holds now. Raises SourceLost."""

    def message(self, sequence: int) -> Stored | None:
        """One message, or None where the stream does not hold it. Raises SourceLost."""

    def batches(self, after: int, until: int) -> Iterator[Sequence[Stored]]:
        """The messages after sequence `after` up to and with `until`, in order, some thousands at a time. Raises SourceLost."""

    def follow(self, after: int, deliver: Deliver, ended: Ended) -> Stop:
        """Deliver every message after `after`, in order, as it arrives, from a thread of the source's own.

        Reconnects by itself and goes on where it was. Where that cannot be, because messages are missing or the stream is
        another one, it calls `ended` once with the reason. Returns the function that stops it; nothing is delivered then.
        """

    def heard(self) -> Heard:
        """How far the stream is known to reach, by messages, heartbeats or answers, and when that was learned."""
