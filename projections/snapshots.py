"""Snapshots of the shared fold: a local, disposable file, so that a restart reads only the log's tail. Never evidence.

Layout: magic, then frames `(kind number, length, bytes)`: the header, one frame for each state, and last the seal, which is the
key id and the signature over the SHA-256 of everything before it. A file that is not whole, not ours, or not of this log is
discarded, and the models are filled from the log.
"""

import contextlib
import hashlib
import os
import struct
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol

import msgspec

from muniment.domain import stored
from muniment.domain.boundary import STATES, State
from muniment.projections import piecewise
from muniment.projections.fold import VERSION, Fold
from muniment.projections.readmodel import IAM, Checkpoint
from muniment.projections.source import Source

MAGIC: Final = b"muniment-snapshot-1\0"
CONTEXT: Final = b"muniment-snapshot-v1\0"
FILE: Final = "models.snapshot"
FRAME: Final = struct.Struct(">BQ")
FRAME_BYTES_MAX: Final = 1 << 30
HEADER, SEAL, STATE = 0, 1, 2  # frames of states are numbered from STATE on, by the kinds in the header
BUFFER_BYTES: Final = 1 << 20


class Signer(Protocol):
    """Signs and checks; the key ring implements it."""

    def sign(self, payload: bytes) -> tuple[str, bytes]:
        """The signing key's id and the signature over `payload`."""

    def verify(self, key_id: str, signature: bytes, payload: bytes) -> bool:
        """Whether a known key made this signature."""


class Discarded(Exception):
    """Why a snapshot is of no use."""


class Picture(msgspec.Struct, frozen=True):
    """What is kept: whole states, and the entry they were folded up to."""

    states: Mapping[str, State]
    checkpoint: Checkpoint


class Header(msgspec.Struct, frozen=True):
    """What a snapshot must agree on before it is read."""

    version: int
    shapes: bytes
    checkpoint: Checkpoint
    kinds: list[str]
    states: int


class Snapshots:
    """One file in `folder`. `say` is told when a snapshot is discarded, and why."""

    def __init__(self, folder: Path, signer: Signer, say: Callable[[str], None] = lambda text: None) -> None:
        self.path = folder / FILE
        self._signer = signer
        self._say = say

    def save(self, picture: Picture) -> None:
        """Write a snapshot in place of the last one, in one step: a crash leaves the one or the other. Raises OSError."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        unfinished = self.path.with_suffix(".unfinished")
        with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb", BUFFER_BYTES) as file:
            self._write(file, picture)
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, self.path)
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def load(self, fold: Fold, source: Source, pause: Callable[[], None] | None = None) -> Checkpoint | None:
        """Fill an empty fold from the snapshot; None where there is none that is of use. Raises SourceLost.

        `pause` is called now and then where it is given: others are served meanwhile.
        """
        try:
            picture = self._read(pause)
            self._check_against(picture.checkpoint, source)
        except FileNotFoundError:
            return None
        except (Discarded, OSError, msgspec.MsgspecError) as reason:
            self._say(f"the snapshot `{self.path}` is discarded and the models are filled from the log: {reason}")
            self.discard()
            return None
        fold.states = dict(picture.states)
        fold.position = picture.checkpoint.sequence
        return picture.checkpoint

    def read(self) -> Picture:
        """What was kept, its signature checked, but not yet compared with any log. Raises Discarded, OSError, MsgspecError."""
        return self._read(lambda: None)

    def discard(self) -> None:
        """Remove the snapshot, and what an unfinished one left, where that can be done: neither would be believed."""
        for path in (self.path, self.path.with_suffix(".unfinished")):
            with contextlib.suppress(OSError):
                path.unlink()

    def _write(self, file: BinaryIO, picture: Picture) -> None:
        encoder, total = msgspec.msgpack.Encoder(), hashlib.sha256()

        def put(number: int, data: bytes) -> None:
            head = FRAME.pack(number, len(data))
            total.update(head)
            total.update(data)
            file.write(head)
            file.write(data)

        file.write(MAGIC)
        total.update(MAGIC)
        kinds = sorted({state.kind for state in picture.states.values()})
        put(HEADER, encoder.encode(Header(VERSION, shapes(kinds), picture.checkpoint, kinds, len(picture.states))))
        numbers = {kind: STATE + number for number, kind in enumerate(kinds)}
        for state in picture.states.values():
            put(numbers[state.kind], encoder.encode(state))
        put(SEAL, encoder.encode(self._signer.sign(CONTEXT + total.digest())))

    def _read(self, pause: Callable[[], None] | None) -> Picture:
        states: dict[str, State] = {}
        with open(self.path, "rb", BUFFER_BYTES) as file:
            if file.read(len(MAGIC)) != MAGIC:
                raise Discarded("it is not a snapshot of this format")
            total = hashlib.sha256(MAGIC)
            frames = _frames(file, total)
            header, decoders = self._header(*next(frames, (SEAL, b"")))
            sealed = total.digest()
            for number, data in frames:
                if number == SEAL:
                    self._check_seal(data, sealed)
                    break
                if not STATE <= number < STATE + len(decoders):
                    raise Discarded("it holds a part of an unknown kind")
                decoder = decoders[number - STATE]
                state: State = decoder.decode(data) if pause is None else piecewise.decode(data, decoder.type, pause)
                states[state.id] = state
                sealed = total.digest()
            else:
                raise Discarded("it is cut short")
        if len(states) != header.states:
            raise Discarded("states are missing")
        return Picture(states, header.checkpoint)

    def _header(self, number: int, data: bytes) -> tuple[Header, list[msgspec.msgpack.Decoder[Any]]]:
        if number != HEADER:
            raise Discarded("it is cut short")
        header = msgspec.msgpack.decode(data, type=Header)
        if header.version != VERSION or any(kind not in STATES for kind in header.kinds):
            raise Discarded("another release made it")
        if header.shapes != shapes(header.kinds):
            raise Discarded("states have another shape now")
        return header, [msgspec.msgpack.Decoder(STATES[kind]) for kind in header.kinds]

    def _check_seal(self, data: bytes, total: bytes) -> None:
        key, signature = msgspec.msgpack.decode(data, type=tuple[str, bytes])
        if not self._signer.verify(key, signature, CONTEXT + total):
            raise Discarded("its signature does not fit what it holds")

    def _check_against(self, checkpoint: Checkpoint, source: Source) -> None:
        """The entry that the snapshot ends at must stand in the stream, the same to the last bit."""
        bounds = source.bounds()
        if checkpoint.epoch != bounds.epoch:
            raise Discarded("it was made before the log was restored")
        message = source.message(checkpoint.sequence) if checkpoint.sequence <= bounds.last else None
        if message is None or stored.digest(message.data) != checkpoint.digest:
            raise Discarded(f"entry {checkpoint.sequence} of stream {IAM} is not the one it was made from")


def _frames(file: BinaryIO, total: "hashlib._Hash") -> Iterator[tuple[int, bytes]]:
    """The frames of a file; each is taken into `total` before it is handed out, the seal excepted."""
    while head := file.read(FRAME.size):
        if len(head) < FRAME.size:
            raise Discarded("it is cut short")
        number, length = FRAME.unpack(head)
        data = file.read(length) if length <= FRAME_BYTES_MAX else b""
        if len(data) != length:
            raise Discarded("it is cut short")
        if number != SEAL:
            total.update(head)
            total.update(data)
        yield number, data


def shapes(kinds: list[str]) -> bytes:
    """SHA-256 over the shape of the states of these kinds: a snapshot of another shape is of no use."""
    return hashlib.sha256(repr([msgspec.inspect.type_info(STATES[kind]) for kind in kinds]).encode()).digest()
