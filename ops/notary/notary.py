"""The notary: signs a head of each stream every ten seconds or thousand entries, publishes it, and keeps it off the store."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

from muniment.ops.notary.check import LogDiffers, check_head, check_root, last_good, newest
from muniment.ops.notary.ends import Ends
from muniment.ops.notary.file import BadHeadsFile, HeadsFile
from muniment.ops.notary.head import CHECKPOINTS, Head, HeadSigner, Unsigned, opened, seal, subject
from muniment.ops.notary.trail import Between, Moved, Trail
from muniment.projections.readmodel import BEGINNING, IAM, Checkpoint
from muniment.projections.source import Source
from muniment.projections.verify import Link, Verifier

HEAD_SECONDS: Final = 10.0
HEAD_ENTRIES: Final = 1_000
LOOK_SECONDS: Final = 0.2
PUBLISHED_LOOKED_AT_MAX: Final = 100  # messages at the end of IAM_CHECKPOINTS among which the last heads are


class Publisher(Protocol):
    """Appends to IAM_CHECKPOINTS; `ops/jetstream/publisher.py`."""

    def publish(self, messages: Sequence[tuple[str, bytes]]) -> list[int]:
        """Store `(subject, data)` pairs; their sequences."""


class Notary:
    """`check` once the read models are loaded, then `start`; `close` signs what is not signed yet.

    `trails` are among the feed's models, and `between` is `Feed.between`. `failure` says why the last head could not be
    kept (a full disk, no connection): the next try follows by itself. Every process that writes may run one: heads of several
    agree with each other, and each keeps its own file.
    """

    def __init__(
        self,
        trails: Sequence[Trail],
        between: Between,
        publisher: Publisher,
        signer: HeadSigner,
        file: HeadsFile | None,
        *,
        seconds: float = HEAD_SECONDS,
        entries: int = HEAD_ENTRIES,
        clock: Callable[[], int] = lambda: time.time_ns() // 1_000,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.signed: dict[str, Head] = {}  # stream → the last head
        self.failure = ""
        self.heads = 0  # since this process began; a metric shows it
        self._trails, self._between = tuple(trails), between
        self._publisher, self._signer, self._file = publisher, signer, file
        self._seconds, self._entries, self._clock, self._monotonic = seconds, entries, clock, monotonic
        self._ends = Ends()
        self._pending: dict[str, dict[str, Link]] = {trail.stream: {} for trail in trails}
        self._at = monotonic()
        self._working = threading.Lock()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="notary", daemon=True)

    # -- at start -----------------------------------------------------------------------------------------------

    def check(self, sources: Sequence[Source], checkpoints: Source | None, verifier: Verifier) -> None:
        """Compare the loaded log with the last heads, in the file and in IAM_CHECKPOINTS. Raises LogDiffers, SourceLost.

        A log that differs must not be served: it is shorter than it was, or another one.
        """
        places: list[tuple[str, list[Head]]] = []
        if self._file is not None:
            places.append((f"`{self._file.path}`", self._kept()))
        if checkpoints is not None:
            places.append((CHECKPOINTS, published(checkpoints, self._signer)))
        for source in sources:
            bounds = source.bounds()
            for place, heads in places:
                if (head := newest(heads, source.stream)) is None:
                    continue
                try:
                    check_head(source, head, bounds, place)
                except LogDiffers as differs:
                    raise self._located(source, heads, head, differs) from None
                self._check_ends(source, verifier, head, place)
                known = self.signed.get(source.stream)
                if known is None or head.position > known.position:
                    self.signed[source.stream] = head

    def _check_ends(self, source: Source, verifier: Verifier, head: Head, place: str) -> None:
        if source.stream != IAM or not any(trail.stream == IAM for trail in self._trails):
            return
        checkpoint = self._look(IAM)
        if checkpoint.sequence >= head.position:
            check_root(source, verifier, head, self._ends, checkpoint.sequence, place)

    def _located(self, source: Source, heads: Sequence[Head], head: Head, differs: LogDiffers) -> LogDiffers:
        good = last_good(source, heads, head)
        where = f"; it still agrees with the head at {good}" if good else ""
        return LogDiffers(differs.stream, differs.position, differs.reason + where)

    def _kept(self) -> list[Head]:
        """The newest heads in the file."""
        assert self._file is not None
        try:
            return [opened(data, self._signer) for data in self._file.last()]
        except (BadHeadsFile, Unsigned) as wrong:
            raise LogDiffers(IAM, 0, f"`{self._file.path}`: {wrong}") from None

    # -- from then on -------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Sign from now on, on a thread of its own."""
        self._thread.start()

    def close(self) -> None:
        """Sign what came since the last head, and stop. May be called without `start`."""
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join()
        if self._file is not None:
            self._file.close()

    def sign(self) -> None:
        """Sign every stream that moved since its last head, now. Raises whatever keeps a head from being kept."""
        with self._working:
            for trail in self._trails:
                checkpoint = self._look(trail.stream)
                if checkpoint.sequence and not self._is_signed(trail.stream, checkpoint):
                    self._sign(trail.stream, checkpoint)
            self._at = self._monotonic()

    def _run(self) -> None:
        while not self._closing.wait(LOOK_SECONDS):
            if self._due():
                self._try()
        self._try()

    def _try(self) -> None:
        try:
            self.sign()
            self.failure = ""
        except Exception as error:  # whatever it is, the next try may succeed, and the log itself is not harmed
            self.failure = f"no head could be kept: {type(error).__name__}: {error}"

    def _due(self) -> bool:
        late = self._monotonic() - self._at >= self._seconds
        return late or any(self._behind(trail) >= self._entries for trail in self._trails)

    def _behind(self, trail: Trail) -> int:
        known = self.signed.get(trail.stream)
        return trail.position(trail.stream) - (known.position if known is not None else 0)

    def _is_signed(self, stream: str, checkpoint: Checkpoint) -> bool:
        known = self.signed.get(stream)
        return known is not None and (known.epoch, known.position) == (checkpoint.epoch, checkpoint.sequence)

    def _look(self, stream: str) -> Checkpoint:
        """Take over what moved; it stays pending until it is in a head that is kept."""
        trail = next(trail for trail in self._trails if trail.stream == stream)
        moved: Moved = self._between(trail.moved)
        if stream == IAM:
            self._ends.move(moved.links)
        else:
            self._pending[stream].update(moved.links)
        return moved.checkpoint

    def _sign(self, stream: str, checkpoint: Checkpoint) -> None:
        head = self._head(stream, checkpoint)
        data = seal(head, self._signer)
        self._publisher.publish([(subject(stream), data)])
        if self._file is not None:
            self._file.append(data)
        self._pending[stream] = {}
        self.signed[stream] = head
        self.heads += 1

    def _head(self, stream: str, checkpoint: Checkpoint) -> Head:
        about: dict[str, Any] = {"moved": dict(self._pending[stream])}
        if stream == IAM:
            about = {"root": self._ends.root(), "chains": len(self._ends.links)}
        return Head(
            stream=stream,
            epoch=checkpoint.epoch,
            position=checkpoint.sequence,
            last=checkpoint.digest,
            time=self._clock(),
            **about,
        )


def resume_from(file: HeadsFile | None, signer: HeadSigner, stream: str) -> Checkpoint:
    """Where a trail of a stream may go on: behind the last head in the file. What is wrong with the file `check` tells."""
    if file is None:
        return BEGINNING
    try:
        head = newest([opened(data, signer) for data in file.last()], stream)
    except (BadHeadsFile, Unsigned):
        return BEGINNING
    return BEGINNING if head is None else Checkpoint(head.epoch, head.position, head.last)


def published(checkpoints: Source, signer: HeadSigner) -> list[Head]:
    """The newest heads in IAM_CHECKPOINTS, oldest first. Raises LogDiffers where one is not signed."""
    bounds = checkpoints.bounds()
    before = max(0, bounds.first - 1, bounds.last - PUBLISHED_LOOKED_AT_MAX)  # a full disk may have eaten sequence 1
    heads: list[Head] = []
    for messages in checkpoints.batches(before, bounds.last):
        for message in messages:
            if not message.subject.startswith(subject("")):
                continue
            try:
                heads.append(opened(message.data, signer))
            except Unsigned as unsigned:
                raise LogDiffers(CHECKPOINTS, message.sequence, str(unsigned)) from None
    return heads
