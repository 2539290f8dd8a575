"""Read models: answers made from the log. Each has a name, a VERSION and a position, and stops visibly where it fails."""

import enum
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Final

import msgspec

from muniment.domain.errors import ReadModelBehind, ValidationError
from muniment.domain.ledger import Entry, Fact
from muniment.domain.position import Position

IAM: Final = "IAM"
IAM_ACTIVITY: Final = "IAM_ACTIVITY"
WAIT_SECONDS_DEFAULT: Final = 2.0
SIGHTINGS_MAX: Final = 4_096  # heads remembered with their times while a model is behind; the oldest matters

Monotonic = Callable[[], float]


class Foreign(Fact, frozen=True):
    """Stands for a fact this program does not know, so that the models it cannot concern go on."""

    name: str
    fact_version: int

    def evolve(self, state: Any, entry: Entry) -> None:
        raise Concern(f"unknown fact `{self.name}` version {self.fact_version}: upgrade this node")


class Concern(Exception):
    """An entry that concerns a model and cannot be applied."""


class Recorded(msgspec.Struct, frozen=True, gc=False):
    """An entry and where it stands: its stream, its sequence there, and when JetStream took it (microseconds, UTC)."""

    stream: str
    sequence: int
    time: int
    entry: Entry


class Checkpoint(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """How far a stream was read: its epoch, the sequence, and the SHA-256 of the message stored there."""

    epoch: str = ""
    sequence: int = 0
    digest: bytes = b""


BEGINNING: Final = Checkpoint()


class Condition(enum.Enum):
    """What a model is doing."""

    LOADING = "loading"
    LIVE = "live"
    STOPPED = "stopped"


class Status(msgspec.Struct, frozen=True):
    """A model's condition; where it stopped, at which entry and why."""

    condition: Condition = Condition.LOADING
    reason: str = ""
    stream: str = ""
    sequence: int = 0


class Counters:
    """What a model has done since the process began; the api turns these into metrics."""

    def __init__(self) -> None:
        self.entries = 0
        self.batches = 0
        self.seconds = 0.0  # spent applying
        self.waits = 0
        self.waits_expired = 0
        self.stops = 0
        self.resets = 0


class Lag(msgspec.Struct, frozen=True):
    """How far a model is behind what is known to be in a stream."""

    entries: int
    milliseconds: float  # since the first of them was known to be there


class ReadModel:
    """One read model. `apply` writes a batch; one thread calls it, and what readers see changes at its end, as a whole.

    A batch is of one stream, contiguous and in order. `apply` either takes all of it or raises and leaves what readers
    see unchanged; the batch is then given again entry by entry, and the model stops at the one that fails.
    """

    name: ClassVar[str] = ""
    VERSION: ClassVar[int] = 1
    STREAMS: ClassVar[tuple[str, ...]] = (IAM,)
    KINDS: ClassVar[frozenset[str] | None] = None  # the boundaries that concern it; None means all
    IGNORES: ClassVar[frozenset[str]] = frozenset()  # names of facts of those boundaries that change nothing here
    CHANGES_ONLY: ClassVar[bool] = False  # whether it never asks an entry who wrote it, and by which command
    BULK_ENTRIES: ClassVar[int] = 5_000  # taken at once in bulk: a transaction's worth

    def __init__(self, monotonic: Monotonic = time.monotonic) -> None:
        self.status = Status()
        self.counters = Counters()
        self.checkpoints: dict[str, Checkpoint] = {}  # a durable model sets them when it opens its rows
        self.epochs: dict[str, str] = {}  # stream → epoch of what is being read
        self._monotonic = monotonic
        self._heads: dict[str, int] = {}
        self._ahead: dict[str, deque[tuple[int, float]]] = {}  # heads that are not reached yet, and when each was seen
        self._moved = threading.Condition()
        self._waiting = 0

    # What a model says of itself

    def apply(self, batch: Sequence[Recorded]) -> None:
        """Take the batch, or raise and show nothing of it."""
        raise TypeError(f"{type(self).__name__} applies nothing")

    def digest(self) -> bytes:
        """SHA-256 over a canonical dump of what the model knows: equal for equal knowledge, however it was reached."""
        raise TypeError(f"{type(self).__name__} has no digest")

    def reset(self) -> None:
        """Forget everything; the model will be filled from the beginning of its streams. Children extend it."""
        self.checkpoints = {}
        self.status = Status()
        self.counters.resets += 1

    def expired(self, stream: str, first: int) -> None:
        """Drop what came from entries of `stream` before `first`: they have expired there. The same live and in a rebuild."""

    def begin_bulk(self, entries: int) -> None:
        """About `entries` entries come at once, in large batches; nobody reads this model until `end_bulk` and `live`."""

    def end_bulk(self) -> None:
        """The many are over. May be called without a `begin_bulk`."""

    def checkpoint_after(self, batch: Sequence[Recorded]) -> Checkpoint:
        """Where the model is once it has taken `batch`: what a durable model writes with its rows, in one transaction."""
        last = batch[-1]
        return Checkpoint(self.epochs.get(last.stream, ""), last.sequence, last.entry.digest)

    def concerns(self, entry: Entry) -> bool:
        """Whether the entry's boundary is one this model reads."""
        return self.KINDS is None or entry.boundary.partition(".")[0] in self.KINDS

    # What the feed does with it

    def position(self, stream: str = IAM) -> int:
        """The sequence of the last entry taken from `stream`; 0 before the first."""
        return self.checkpoints.get(stream, BEGINNING).sequence

    @property
    def stopped(self) -> bool:
        return self.status.condition is Condition.STOPPED

    def take(self, batch: Sequence[Recorded], epoch: str) -> None:
        """Apply what of `batch` is new, record the position and wake who waits for it. A failure stops the model."""
        if self.stopped or not batch:
            return
        stream, known = batch[0].stream, self.position(batch[0].stream)
        if stream not in self.STREAMS or batch[-1].sequence <= known:
            return
        fresh = batch if batch[0].sequence > known else batch[known - batch[0].sequence + 1 :]
        began = self._monotonic()
        self.epochs[stream] = epoch
        if self._try(fresh) is None:
            self._took(fresh)
        else:
            for recorded in fresh:  # given again one by one, to find out which one it was
                if (reason := self._try((recorded,))) is not None:
                    self.stop(reason, stream, recorded.sequence)
                    break
                self._took((recorded,))
        self.counters.seconds += self._monotonic() - began

    def _took(self, batch: Sequence[Recorded]) -> None:
        self.counters.entries += len(batch)
        self.counters.batches += 1
        self.reached(batch[0].stream, self.checkpoint_after(batch))

    def _try(self, batch: Sequence[Recorded]) -> str | None:
        try:
            self.refuse_foreign(batch)
            self.apply(batch)
        except Exception as error:  # whatever the cause, a hole in a read model is worse than its stop
            return f"{type(error).__name__}: {error}"
        return None

    def refuse_foreign(self, batch: Sequence[Recorded]) -> None:
        """Raise Concern where the batch holds an unknown fact of a boundary this model reads."""
        for recorded in batch:
            fact = recorded.entry.fact
            if type(fact) is Foreign and self.concerns(recorded.entry):
                raise Concern(f"unknown fact `{fact.name}` version {fact.fact_version}: upgrade this node")

    def reached(self, stream: str, checkpoint: Checkpoint) -> None:
        """Record how far the model is, and wake who waits for it."""
        self.checkpoints = {**self.checkpoints, stream: checkpoint}
        ahead = self._ahead.get(stream)
        while ahead and ahead[0][0] <= checkpoint.sequence:
            ahead.popleft()
        if self._waiting:
            with self._moved:
                self._moved.notify_all()

    def stop(self, reason: str, stream: str, sequence: int) -> None:
        """Go no further: the entry `sequence` of `stream` cannot be taken. What was known before it stays."""
        if self.stopped:
            return
        self.counters.stops += 1
        self.status = Status(Condition.STOPPED, reason, stream, sequence)
        with self._moved:
            self._moved.notify_all()

    def live(self) -> None:
        """The model has reached what was the stream's end; it may answer."""
        if not self.stopped:
            self.status = Status(Condition.LIVE)
            with self._moved:
                self._moved.notify_all()

    def head_seen(self, stream: str, sequence: int) -> None:
        """Note that the stream is known to reach `sequence`, applied here or not. Any thread may say so."""
        if sequence <= self._heads.get(stream, 0) or stream not in self.STREAMS:
            return
        if sequence > self.position(stream):
            self._heads[stream] = sequence
            ahead = self._ahead.setdefault(stream, deque())
            if len(ahead) < SIGHTINGS_MAX:
                ahead.append((sequence, self._monotonic()))

    def lag(self, stream: str = IAM) -> Lag:
        """How far behind this model is, by what is known: how many entries, and since when the oldest of them is."""
        position = self.position(stream)
        entries = max(0, self._heads.get(stream, 0) - position)
        for head, seen in tuple(self._ahead.get(stream, ())) if entries else ():
            if head > position:
                return Lag(entries, (self._monotonic() - seen) * 1_000)
        return Lag(entries, 0.0)

    # What readers do with it

    def wait(self, position: Position | int, timeout: float = WAIT_SECONDS_DEFAULT) -> None:
        """Return once the model is live and has taken `position` of stream IAM.

        Raises ReadModelBehind after `timeout` seconds, or at once where the model has stopped before it;
        ValidationError where the position is of another ledger.
        """
        sequence = position if isinstance(position, int) else self._own(position)
        if self.position() >= sequence and self.status.condition is Condition.LIVE:
            return
        self.counters.waits += 1
        with self._moved:
            self._waiting += 1
            try:
                self._moved.wait_for(lambda: self._answered(sequence), timeout)
            finally:
                self._waiting -= 1
        if self.position() >= sequence and self.status.condition is not Condition.LOADING:
            return
        self.counters.waits_expired += 1
        raise ReadModelBehind(self._behind(sequence))

    def _own(self, position: Position) -> int:
        epoch = self.checkpoints.get(IAM, BEGINNING).epoch
        if epoch and position.epoch != epoch:
            raise ValidationError("the position is of another ledger, or of this one before it was restored")
        return position.sequence

    def _answered(self, sequence: int) -> bool:
        return self.stopped or (self.status.condition is Condition.LIVE and self.position() >= sequence)

    def _behind(self, sequence: int) -> str:
        status, lag = self.status, self.lag()
        if self.stopped:
            return (
                f"read model `{self.name}` stopped at {status.stream} {status.sequence} and cannot reach position "
                f"{sequence}: {status.reason}"
            )
        return (
            f"read model `{self.name}` is {status.condition.value} at position {self.position()}, asked for {sequence}; "
            f"it is {lag.entries} entries and {lag.milliseconds:.0f} ms behind"
        )
