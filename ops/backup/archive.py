"""What is in a backup: streams message by message in one archive, wrapped keys in another (frames.py has the container)."""

from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from muniment.ops.backup.frames import ArchiveReader, BadArchive
from muniment.ops.jetstream.api import Stored
from muniment.projections.source import Bounds, Deliver, Ended, Heard, SourceLost, Stop

MAGIC: Final = b"muniment-backup\0\1"  # the last byte is the format's version
KEYS_MAGIC: Final = b"muniment-keybackup\0\1"
BATCH: Final = 1_000


class Span(msgspec.Struct, frozen=True, array_like=True):
    """A stream in the backup: its epoch, and the sequences that were copied."""

    stream: str
    epoch: str
    first: int
    last: int


class Begin(msgspec.Struct, frozen=True, tag="begin"):
    """The first record."""

    made: int  # microseconds
    spans: tuple[Span, ...]


class Message(msgspec.Struct, frozen=True, array_like=True, tag="message", gc=False):
    """One stored message, byte for byte, with the time JetStream first took it (nanoseconds) and its raw headers."""

    stream: str
    sequence: int
    time_ns: int
    subject: str
    headers: bytes
    data: bytes


class Closing(msgspec.Struct, frozen=True, tag="closing"):
    """The last record: how many messages there are, and a signed head of stream IAM over exactly what was copied."""

    messages: int
    head: bytes


class KeyBegin(msgspec.Struct, frozen=True, tag="begin"):
    """The first record of a key backup."""

    made: int


class Key(msgspec.Struct, frozen=True, tag="key"):
    """A name in IAM_KEYS and its newest value: keys, each wrapped with a key-encryption key that is not in here."""

    name: str
    value: bytes


KeyRecord = KeyBegin | Key


# msgspec cannot mix arrays and maps in one union: messages are told from the two others by their first byte.
class Archive:
    """A backup of streams, read from its file. Several passes may be made; nothing is kept in memory."""

    def __init__(self, path: Path) -> None:
        """Raises BadArchive, OSError."""
        self.path = path
        self.reader = ArchiveReader(path, MAGIC)
        records = self._records()
        first = next(records, None)
        records.close()
        if not isinstance(first, Begin):
            raise BadArchive(f"`{path}` does not begin like a backup")
        self.begin: Begin = first
        self.spans = {span.stream: span for span in first.spans}

    def messages(self, stream: str | None = None) -> Iterator[Message]:
        """The messages of a stream, or of all. Raises BadArchive."""
        for record in self._records():
            if isinstance(record, Message) and stream in (None, record.stream):
                yield record

    def closing(self) -> Closing:
        """The last record. Raises BadArchive."""
        for record in self._records():
            if isinstance(record, Closing):
                return record
        raise BadArchive(f"`{self.path}` has no closing record")

    def _records(self) -> Generator[Begin | Message | Closing, None, None]:
        message = msgspec.msgpack.Decoder(Message)
        other = msgspec.msgpack.Decoder(Begin | Closing)
        for number, frame in enumerate(self.reader.frames(), 1):
            try:
                yield message.decode(frame) if _is_array(frame) else other.decode(frame)
            except (msgspec.MsgspecError, UnicodeDecodeError):
                raise BadArchive(f"`{self.path}`: record {number} cannot be understood") from None


def _is_array(frame: bytes) -> bool:
    """By msgpack's first byte: fixarray, array 16 or array 32."""
    return bool(frame) and (frame[0] & 0xF0 == 0x90 or frame[0] in (0xDC, 0xDD))


class ArchiveSource:
    """A stream in an archive as a Source: what verifies and replays a live log does so with a backup too."""

    def __init__(self, archive: Archive, stream: str) -> None:
        self._archive, self._stream = archive, stream

    @property
    def stream(self) -> str:
        """Its name."""
        return self._stream

    def bounds(self) -> Bounds:
        """What was copied."""
        span = self._archive.spans.get(self._stream)
        if span is None:
            raise SourceLost(f"`{self._archive.path}` holds no stream `{self._stream}`")
        return Bounds(span.epoch, span.first, span.last)

    def message(self, sequence: int) -> Stored | None:
        """One message; reads the archive up to it."""
        return next((each for batch in self.batches(sequence - 1, sequence) for each in batch), None)

    def batches(self, after: int, until: int) -> Iterator[Sequence[Stored]]:
        """The messages in order."""
        batch: list[Stored] = []
        for message in self._archive.messages(self._stream):
            if message.sequence > until:
                break
            if message.sequence > after:
                batch.append(stored(message))
            if len(batch) == BATCH:
                yield batch
                batch = []
        if batch:
            yield batch

    def follow(self, after: int, deliver: Deliver, ended: Ended) -> Stop:
        """Raises SourceLost: nothing is added to an archive."""
        raise SourceLost("a backup cannot be followed")

    def heard(self) -> Heard:
        """How far it reaches."""
        return Heard(self.bounds().last, 0.0)


def stored(message: Message) -> Stored:
    """The message as readers of streams know it."""
    return Stored(message.stream, message.sequence, message.time_ns, message.subject, message.data, message.headers)
