"""Restoring a backup: into empty streams only, verified before and after, and the beginning of a new epoch (SECURITY 12, 15).

The order is such that whatever is interrupted can be run again: keys, streams, heads, and last the epochs, without which
nothing may be served.
"""

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from muniment.domain import stored as bytes_of
from muniment.domain.erasing import ERASING, erased_owner
from muniment.ops.backup.archive import KEYS_MAGIC, Archive, ArchiveSource, Key, KeyRecord, Message, Span
from muniment.ops.backup.backup import STREAMS, FullSource
from muniment.ops.backup.frames import ArchiveReader, BadArchive
from muniment.ops.backup.target import Restored, RestoreFailed, RestoreRefused, Target
from muniment.ops.backup.times import original
from muniment.ops.jetstream.api import Stored
from muniment.ops.keys.kek import KEKs
from muniment.ops.keys.record import DATA, SIGNING, TOMBSTONE
from muniment.ops.keys.signing import SigningKeys, SigningKeysUnusable
from muniment.ops.keys.store import Conflict, KeyStore, MemoryKeyStore
from muniment.ops.notary.file import HeadsFile
from muniment.ops.notary.head import CHECKPOINTS, Head, Unsigned, opened, seal, subject
from muniment.ops.verify import Report, verify
from muniment.projections.readmodel import IAM, IAM_ACTIVITY

WRITE_MESSAGES: Final = 500
WRITE_BYTES: Final = 4 << 20
SIGNING_NAMES: Final = (f"{SIGNING}entries", f"{SIGNING}heads")

Progress = Callable[[str, int, int], None]  # what is done to which stream, done, in all


def _quiet(what: str, done: int, total: int) -> None:
    """No progress is shown."""


class Keys:
    """The keys a backup is read with: those in the key backup, or those the target holds already."""

    def __init__(self, store: KeyStore, keks: KEKs, path: Path | None) -> None:
        """Raises RestoreRefused, BadArchive."""
        self.target = store
        self.given = _read_keys(path, keks) if path is not None else None
        there = self.given or store
        missing = [name for name in SIGNING_NAMES if there.get(name) is None]
        if missing:
            raise RestoreRefused(
                f"`{missing[0]}` is neither in the target nor in a key backup: name the key backup with `--keys FILE`"
            )
        self.entries, self.heads = SigningKeys(there, keks, "entries"), SigningKeys(there, keks, "heads")
        try:
            self.entries.public()
            self.heads.public()
        except SigningKeysUnusable as unusable:
            raise RestoreRefused(f"{unusable} (the key-encryption key is not in any backup)") from None

    def write(self, erased: Sequence[str]) -> int:
        """Put the given keys into the target; names that were erased get their tombstone instead. Resumable.

        Raises RestoreRefused where the target holds another value.
        """
        values = {} if self.given is None else {name: _value(self.given, name) for name in self.given.names()}
        values |= {DATA + name: TOMBSTONE.encode() for name in erased}
        for name, value in values.items():
            kept = self.target.get(name)
            if kept is not None and kept.value == value:
                continue
            try:
                if kept is None:
                    self.target.create(name, value)
                elif value == TOMBSTONE.encode():
                    self.target.update(name, value, kept.revision)
                else:
                    raise RestoreRefused(f"the target holds another key under `{name}`: begin with an empty target")
            except Conflict:
                raise RestoreFailed(f"somebody else writes keys (`{name}`): stop every process first") from None
        return len(values)


class Restore:
    """One restore. `run` may be called again, in another process too, after it was interrupted."""

    def __init__(
        self,
        archive: Archive,
        keys: Keys,
        target: Target,
        sources: Callable[[str], FullSource],
        publish: Callable[[str, bytes], object],
        file: HeadsFile | None,
        progress: Progress = _quiet,
        clock: Callable[[], int] = lambda: time.time_ns() // 1_000,
    ) -> None:
        self._archive, self._keys, self._target = archive, keys, target
        self._sources, self._publish, self._file = sources, publish, file
        self._progress, self._clock = progress, clock
        self._spans = tuple(archive.spans[name] for name in STREAMS)

    def run(self) -> Restored:
        """Restore everything. Raises RestoreRefused, RestoreFailed, BadArchive."""
        reached = {span.stream: self._target.look(span) for span in self._spans}
        if all(map(self._target.done, self._spans)):
            raise RestoreRefused("this backup was restored here already, to its end")
        erased = check(self._archive, self._keys, self._progress)
        keys = self._keys.write(erased)
        messages = 0
        for span in self._spans:
            self._target.prepare(span)
        for span in self._spans:
            messages += self._fill(span, min(reached[span.stream], span.last))
        for span in self._spans:
            self._compare(span)
        self._sign()
        for span in reversed(self._spans):
            self._target.finish(span)
        epochs = {span.stream: self._target.planned_epoch(span.stream) for span in self._spans}
        return Restored(self._spans, epochs, messages, keys, erased, any(reached.values()))

    def _fill(self, span: Span, reached: int) -> int:
        after = max(reached, span.first - 1)
        written = 0
        for batch in _batches(self._archive.messages(span.stream), after):
            self._target.write(span.stream, batch, after)
            after = batch[-1].sequence
            written += len(batch)
            self._progress(f"writing {span.stream}", after - span.first + 1, span.last - span.first + 1)
        if after < span.last:
            raise BadArchive(f"`{self._archive.path}` ends {span.stream} at {after}, and should reach {span.last}")
        return written

    def _compare(self, span: Span) -> None:
        """What the stream holds now must be the backup, byte for byte."""
        there = _each(self._sources(span.stream).batches(span.first - 1, span.last, headers=True))
        for message in self._archive.messages(span.stream):
            found = next(there, None)
            if found is None or _differs(message, found):
                raise RestoreFailed(
                    f"{span.stream} {message.sequence} was not stored as it is in the backup: run it again"
                )
            done = message.sequence - span.first + 1
            if done % WRITE_MESSAGES == 0 or message.sequence == span.last:
                self._progress(f"comparing {span.stream}", done, span.last - span.first + 1)

    def _sign(self) -> None:
        """The first heads of the new epochs: they say which epoch each continues, and from where."""
        known = self._signed_already()
        closing = opened(self._archive.closing().head, self._keys.heads)
        for span in self._spans:
            if span.stream == CHECKPOINTS:
                continue
            epoch = self._target.planned_epoch(span.stream)
            if (data := known.get(epoch)) is None:
                head = self._head(span, epoch, closing)
                data = seal(head, self._keys.heads)
                self._publish(subject(span.stream), data)
            if self._file is not None and data not in self._file.last():
                self._file.append(data)

    def _head(self, span: Span, epoch: str, closing: Head) -> Head:
        last = b""
        for message in self._archive.messages(span.stream):
            if message.sequence == span.last:
                last = bytes_of.digest(message.data)
        about = {"root": closing.root, "chains": closing.chains} if span.stream == IAM else {}
        return Head(
            stream=span.stream,
            epoch=epoch,
            position=span.last,
            last=last,
            time=self._clock(),
            continues=span.epoch,
            **about,  # type: ignore[arg-type]
        )

    def _signed_already(self) -> dict[str, bytes]:
        """Heads that an interrupted run has published: epoch → stored bytes."""
        source, span = self._sources(CHECKPOINTS), self._archive.spans[CHECKPOINTS]
        found = {}
        for stored in _each(source.batches(span.last, source.bounds().last, headers=False)):
            try:
                found[opened(stored.data, self._keys.heads).epoch] = stored.data
            except Unsigned:
                raise RestoreFailed(f"{CHECKPOINTS} {stored.sequence} is not ours: stop every process first") from None
        return found


def check(archive: Archive, keys: Keys, progress: Progress = _quiet) -> tuple[str, ...]:
    """Verify all of a backup: container, chains, signatures, heads. Answers the owners whose erasing its log tells of.

    Raises BadArchive.
    """
    archive.reader.check(keys.heads)
    sources = [ArchiveSource(archive, IAM), ArchiveSource(archive, IAM_ACTIVITY)]
    checkpoints = ArchiveSource(archive, CHECKPOINTS)
    report: Report = verify(
        sources,
        checkpoints,
        None,
        keys.entries,
        keys.heads,
        progress=lambda stream, done, total: progress(f"verifying {stream}", done, total),
    )
    if not report.sound:
        raise BadArchive(f"`{archive.path}` does not verify: {report.findings[0]}")
    closing = archive.closing()
    count = sum(span.last - span.first + 1 for span in archive.spans.values())
    try:
        head = opened(closing.head, keys.heads)
    except Unsigned as unsigned:
        raise BadArchive(f"`{archive.path}`: {unsigned}") from None
    if (head.position, closing.messages) != (archive.spans[IAM].last, count):
        raise BadArchive(f"`{archive.path}` does not hold as many messages as it says")
    return _erased(archive)


def _erased(archive: Archive) -> tuple[str, ...]:
    names = tuple(f".{kind.__name__}" for kind in ERASING)
    owners: dict[str, None] = {}
    for message in archive.messages(IAM):
        if message.subject.endswith(names):
            erased = erased_owner(bytes_of.decode(message.data))
            assert erased is not None  # its place and name were verified
            owners[erased] = None
    return tuple(owners)


def _read_keys(path: Path, keks: KEKs) -> MemoryKeyStore:
    """A key backup, as a store. Its signature is checked with the keys in it, which open only under our key-encryption key."""
    reader = ArchiveReader(path, KEYS_MAGIC)
    store = MemoryKeyStore()
    for record in reader.records(KeyRecord):
        if isinstance(record, Key):
            try:
                store.create(record.name, record.value)
            except (ValueError, Conflict):
                raise BadArchive(f"`{path}` holds a name that is none: {record.name[:40]!r}") from None
    if store.get(f"{SIGNING}heads") is None:
        raise RestoreRefused(f"`{path}` holds no signing keys: it is not a backup of this program's keys")
    heads = SigningKeys(store, keks, "heads")
    try:
        reader.check(heads)
    except SigningKeysUnusable as unusable:
        raise RestoreRefused(f"{unusable} (the key-encryption key is not in any backup)") from None
    return store


def _value(store: KeyStore, name: str) -> bytes:
    kept = store.get(name)
    assert kept is not None
    return kept.value


def _batches(messages: Iterator[Message], after: int) -> Iterator[list[Message]]:
    batch: list[Message] = []
    size = 0
    for message in messages:
        if message.sequence <= after:
            continue
        batch.append(message)
        size += len(message.data)
        if len(batch) == WRITE_MESSAGES or size > WRITE_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _each(batches: Iterator[Sequence[Stored]]) -> Iterator[Stored]:
    return itertools.chain.from_iterable(batches)


def _differs(message: Message, found: Stored) -> bool:
    there = original(found)
    told = (there.sequence, there.time_ns, there.subject, there.data)
    return told != (message.sequence, message.time_ns, message.subject, message.data)


__all__ = ["Keys", "Restore", "RestoreFailed", "RestoreRefused", "Restored", "check"]
