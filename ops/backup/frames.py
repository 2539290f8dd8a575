"""The container of backups: length-prefixed msgpack frames in gzip, ended by their SHA-256 and a signature over it.

Layout: magic, then one gzip member (RFC 1952) of frames `(length: 4 bytes, bytes)`. The digest is over the magic and all frames
but the last one, which is the seal: digest, key id, signature over its context + digest. A file is written beside its
place and renamed when it is whole and synced, so that what has the name is a backup.
"""

import contextlib
import gzip
import hashlib
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol

import msgspec

CONTEXT: Final = b"muniment-backup-seal-v1\0"
FRAME_BYTES_MAX: Final = 4 << 20
LENGTH_BYTES: Final = 4
COMPRESSION: Final = 5
BUFFER_BYTES: Final = 1 << 20


class BadArchive(Exception):
    """A file that is no whole, unaltered backup; the message says what is wrong with it."""


class ArchiveSigner(Protocol):
    """Signs and checks archives; the signing keys for heads do."""

    def sign(self, payload: bytes) -> tuple[str, bytes]:
        """The signing key's id and the signature over `payload`."""

    def verify(self, key_id: str, signature: bytes, payload: bytes) -> bool:
        """Whether a known key made this signature."""


class Seal(msgspec.Struct, frozen=True, array_like=True):
    """The last frame."""

    digest: bytes
    key: str
    signature: bytes


class ArchiveWriter:
    """Writes frames; `finish` makes it a backup, leaving the `with` block without it removes what was written."""

    def __init__(self, path: Path, magic: bytes) -> None:
        """Raises FileExistsError where the place is taken: a backup is never overwritten."""
        if path.exists():
            raise FileExistsError(f"`{path}` exists: a backup never overwrites a file")
        self.path = path
        self._unfinished = path.with_name(f"{path.name}.unfinished")
        self._unfinished.unlink(missing_ok=True)
        handle = os.open(self._unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        self._file = os.fdopen(handle, "wb", BUFFER_BYTES)
        self._file.write(magic)
        self._digest = hashlib.sha256(magic)
        self._gzip = gzip.GzipFile("", "wb", COMPRESSION, self._file, mtime=0)
        self._encoder = msgspec.msgpack.Encoder()
        self._done = False

    def __enter__(self) -> "ArchiveWriter":
        return self

    def __exit__(self, *_: object) -> None:
        if not self._done:
            with contextlib.suppress(OSError):  # a full disk fails here a second time
                self._file.close()
            self._unfinished.unlink(missing_ok=True)

    def put(self, record: msgspec.Struct) -> None:
        """Add a frame. Raises OSError (a full disk)."""
        frame = self._encoder.encode(record)
        framed = len(frame).to_bytes(LENGTH_BYTES) + frame
        self._digest.update(framed)
        self._gzip.write(framed)

    def finish(self, signer: ArchiveSigner) -> bytes:
        """Seal the file, sync it, give it its name; the digest. Raises OSError."""
        digest = self._digest.digest()
        frame = self._encoder.encode(Seal(digest, *signer.sign(CONTEXT + digest)))
        self._gzip.write(len(frame).to_bytes(LENGTH_BYTES) + frame)
        self._gzip.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        os.rename(self._unfinished, self.path)
        folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        self._done = True
        return digest


class ArchiveReader:
    """Reads frames. `seal` is set once all were read; `check` reads everything and checks digest and signature."""

    def __init__(self, path: Path, magic: bytes) -> None:
        self.path, self._magic = path, magic
        self.seal: Seal | None = None

    def frames(self) -> Iterator[bytes]:
        """Every frame but the seal, in order; the digest is checked at the end. Raises BadArchive."""
        with self.path.open("rb") as file:
            if file.read(len(self._magic)) != self._magic:
                raise BadArchive(f"`{self.path}` is not such a backup, or of another format version")
            digest = hashlib.sha256(self._magic)
            try:
                yield from self._unpacked(file, digest)
            except (EOFError, zlib.error, gzip.BadGzipFile) as error:
                raise BadArchive(f"`{self.path}` is cut short or damaged at byte {file.tell()}: {error}") from None

    def records(self, kind: Any) -> Iterator[Any]:
        """Every frame decoded. Raises BadArchive."""
        decoder = msgspec.msgpack.Decoder(kind)
        for number, frame in enumerate(self.frames(), 1):
            try:
                record = decoder.decode(frame)
            except (msgspec.MsgspecError, UnicodeDecodeError):
                raise BadArchive(f"`{self.path}`: record {number} cannot be understood") from None
            yield record

    def check(self, signer: ArchiveSigner) -> bytes:
        """Read all of it; the digest. Raises BadArchive where it is not whole, or nobody we know signed it."""
        for _ in self.frames():
            pass
        assert self.seal is not None  # `frames` ends without it only by raising
        if not signer.verify(self.seal.key, self.seal.signature, CONTEXT + self.seal.digest):
            raise BadArchive(f"`{self.path}` carries no valid signature: it was altered, or made with other keys")
        return self.seal.digest

    def _unpacked(self, file: BinaryIO, digest: "hashlib._Hash") -> Iterator[bytes]:
        """A frame is known to be the last when nothing follows it: so each is handed out when the next has begun."""
        with gzip.GzipFile(fileobj=file, mode="rb") as unpacked:
            frame = self._frame(unpacked)
            if frame is None:
                raise EOFError("it holds nothing")
            while (following := self._frame(unpacked)) is not None:
                digest.update(len(frame).to_bytes(LENGTH_BYTES) + frame)
                yield frame
                frame = following
        try:
            self.seal = msgspec.msgpack.decode(frame, type=Seal)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise BadArchive(f"`{self.path}` has no end: it is cut short") from None
        if self.seal.digest != digest.digest():
            raise BadArchive(f"`{self.path}` does not hold what its end says: it was altered or damaged")

    def _frame(self, unpacked: gzip.GzipFile) -> bytes | None:
        head = unpacked.read(LENGTH_BYTES)
        if not head:
            return None
        length = int.from_bytes(head)
        if len(head) < LENGTH_BYTES or length > FRAME_BYTES_MAX:
            raise EOFError("a record's length is wrong")
        frame = unpacked.read(length)
        if len(frame) < length:
            raise EOFError("a record is cut short")
        return frame
