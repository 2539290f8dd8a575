"""Making a backup: copies the streams while it verifies them, and the wrapped keys into a file of their own."""

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, Protocol

import msgspec

from muniment.ops.backup.archive import KEYS_MAGIC, MAGIC, Begin, Closing, Key, KeyBegin, Message, Span
from muniment.ops.backup.frames import ArchiveSigner, ArchiveWriter
from muniment.ops.jetstream.api import Stored
from muniment.ops.keys.store import KeyStore
from muniment.ops.notary.ends import Ends, links_moved
from muniment.ops.notary.head import CHECKPOINTS, Head, seal
from muniment.projections.readmodel import IAM, IAM_ACTIVITY
from muniment.projections.source import Bounds
from muniment.projections.verify import Broken, Chains, Verifier, first_unsigned

STREAMS: Final = (IAM, IAM_ACTIVITY, CHECKPOINTS)  # in the order they lie in an archive

Progress = Callable[[str, int, int], None]  # stream, messages copied, messages in all


class FullSource(Protocol):
    """A stream with its messages' headers and original times (times.py)."""

    @property
    def stream(self) -> str: ...
    def bounds(self) -> Bounds: ...
    def batches(self, after: int, until: int, *, headers: bool) -> Iterator[Sequence[Stored]]: ...


class BackedUp(msgspec.Struct, frozen=True):
    """What was written."""

    path: str
    spans: tuple[Span, ...]
    messages: int
    bytes: int
    sha256: str  # over the records; the same that the file's end holds
    keys_path: str = ""
    keys: int = 0


def _quiet(stream: str, done: int, total: int) -> None:
    """No progress is shown."""


def back_up(
    sources: Sequence[FullSource],
    verifier: Verifier,
    signer: ArchiveSigner,
    path: Path,
    *,
    store: KeyStore | None = None,
    keys_path: Path | None = None,
    progress: Progress = _quiet,
    clock: Callable[[], int] = lambda: time.time_ns() // 1_000,
) -> BackedUp:
    """Copy the streams to `path`, and the wrapped keys to `keys_path`. A log that does not verify is not copied.

    The keys are copied last, so that they open everything in the archive. Raises Broken, SourceLost, OSError.
    """
    by_name = {source.stream: source for source in sources}
    # Heads first: entries that come meanwhile lie behind the bounds of IAM and never before a head.
    bounds = {name: by_name[name].bounds() for name in reversed(STREAMS)}
    spans = tuple(Span(name, bounds[name].epoch, max(1, bounds[name].first), bounds[name].last) for name in STREAMS)
    with ArchiveWriter(path, MAGIC) as writer:
        writer.put(Begin(clock(), spans))
        copies = [_Copy(by_name[span.stream], span, verifier, writer, progress) for span in spans]
        messages = sum(copy.run() for copy in copies)
        writer.put(Closing(messages, seal(copies[0].head(clock()), signer)))
        digest = writer.finish(signer)
    keys = _back_up_keys(store, signer, keys_path, clock) if store is not None and keys_path is not None else 0
    return BackedUp(str(path), spans, messages, path.stat().st_size, digest.hex(), str(keys_path or ""), keys)


class _Copy:
    """One stream on its way into the archive."""

    def __init__(
        self, source: FullSource, span: Span, verifier: Verifier, writer: ArchiveWriter, progress: Progress
    ) -> None:
        self._source, self._span, self._verifier, self._writer = source, span, verifier, writer
        self._progress = progress
        self._ends = Ends()
        self._last = b""
        self._chains: Chains | None = None
        if span.stream != CHECKPOINTS:
            begins = (lambda: source.bounds().first) if span.stream == IAM_ACTIVITY else None
            self._chains = Chains(span.stream, verifier, begins=begins)

    def run(self) -> int:
        """Copy everything; how many messages."""
        span, position = self._span, self._span.first - 1
        if self._chains is not None and span.stream == IAM_ACTIVITY:
            self._chains.skip_to(span.first)
        for messages in self._source.batches(position, span.last, headers=True):
            self._check(messages)
            for stored in messages:
                if stored.sequence != position + 1:
                    raise Broken(
                        span.stream, position + 1, f"the stream goes on at {stored.sequence}: messages are missing"
                    )
                position = stored.sequence
                self._writer.put(
                    Message(span.stream, position, stored.time_ns, stored.subject, stored.headers, stored.data)
                )
            self._progress(span.stream, position - span.first + 1, span.last - span.first + 1)
        if position < span.last:
            raise Broken(span.stream, position + 1, f"the stream ends here, and should reach {span.last}")
        self._confirm()
        return position - span.first + 1

    def head(self, now: int) -> Head:
        """The head of stream IAM over what was copied."""
        span = self._span
        return Head(
            stream=span.stream,
            epoch=span.epoch,
            position=span.last,
            last=self._last,
            time=now,
            root=self._ends.root(),
            chains=len(self._ends.links),
        )

    def _check(self, messages: Sequence[Stored]) -> None:
        if self._chains is None:
            return
        opened, broken = self._chains.open(messages)
        if broken is not None:
            raise broken
        self._ends.move(links_moved(opened))
        if opened:
            self._last = opened[-1].entry.digest

    def _confirm(self) -> None:
        if self._chains is None or self._chains.confirm():
            return
        for messages in self._source.batches(self._span.first - 1, self._span.last, headers=False):
            if (broken := first_unsigned(self._verifier, messages)) is not None:
                raise broken
        raise Broken(self._span.stream, self._span.last, "the log changed while it was read")


def _back_up_keys(store: KeyStore, signer: ArchiveSigner, path: Path, clock: Callable[[], int]) -> int:
    """The newest value of every name. Only wrapped keys and tombstones are in the store, so only they can get out."""
    count = 0
    with ArchiveWriter(path, KEYS_MAGIC) as writer:
        writer.put(KeyBegin(clock()))
        for name in store.names():
            if (kept := store.get(name)) is not None:
                writer.put(Key(name, kept.value))
                count += 1
        writer.finish(signer)
    return count
