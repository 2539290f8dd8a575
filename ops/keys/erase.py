"""Erasing one owner: its data key ends, and with it everything sealed under it, in facts, backups and read models.

The record becomes a tombstone, so that no node makes a new key; then the old messages are overwritten, and a scan over
all that the store holds proves it (SECURITY 12). Running it again is harmless, and is how a restore re-applies it.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec

from muniment.ops.keys.record import DATA, TOMBSTONE, DamagedRecord, KeyRecord, decode
from muniment.ops.keys.ring import KeyRing
from muniment.ops.keys.store import Conflict, KeyShredder

CHUNK_BYTES: Final = 1 << 20


class ErasureIncomplete(Exception):
    """The scan still found key material of an erased owner; run the erasing again."""


class Erasure(msgspec.Struct, frozen=True):
    """What the ledger records of an erasing: the owner and the ids of the keys that are gone. None of it is secret."""

    owner: str
    key_ids: tuple[str, ...]  # empty where an earlier run had removed them
    messages_overwritten: int
    messages_scanned: int


def erase(ring: KeyRing, shredder: KeyShredder, owner: str) -> Erasure:
    """Make everything sealed for `owner` unreadable for ever. Idempotent. Raises ErasureIncomplete, ValueError."""
    name = DATA + owner
    _end(ring, owner)
    before = [value for held, value in shredder.messages() if held == name]
    records = [record for value in before if (record := _record(name, value)) is not None]
    overwritten = shredder.shred_superseded(name)
    scanned = _prove(shredder, name, records)
    ids = dict.fromkeys(key.id for record in records for key in record.keys)
    return Erasure(owner, tuple(ids), overwritten, scanned)


def shred(ring: KeyRing, shredder: KeyShredder, owner: str) -> int:
    """The same without the scan over everything that the store holds: for many owners, one after another. Answers how many
    messages were overwritten; none where an earlier run did so."""
    _end(ring, owner)
    return shredder.shred_superseded(DATA + owner)


def find_in_files(directory: Path, needles: Iterable[bytes]) -> list[Path]:
    """The files below `directory` that hold one of the `needles`: proves on the disk itself what the store says."""
    wanted = [needle for needle in needles if needle]
    return [path for path in sorted(directory.rglob("*")) if path.is_file() and _holds(path, wanted)]


def _end(ring: KeyRing, owner: str) -> None:
    _bury(ring, DATA + owner)
    ring.forget(owner)


def _bury(ring: KeyRing, name: str) -> None:
    """Put the tombstone in the record's place, as often as another writer gets in between."""
    stone = TOMBSTONE.encode()
    while True:
        kept = ring.store.get(name)
        try:
            if kept is None:
                ring.store.create(name, stone)
            elif kept.value != stone:
                ring.store.update(name, stone, kept.revision)
        except Conflict:
            continue
        return


def _prove(shredder: KeyShredder, name: str, records: list[KeyRecord]) -> int:
    """No message of the name but its tombstone, and none of its wrapped keys anywhere. Answers how many were looked at."""
    boxes = [key.box for record in records for key in record.keys]
    scanned = 0
    for held, value in shredder.messages():
        scanned += 1
        if (held == name and value != TOMBSTONE.encode()) or any(box in value for box in boxes):
            raise ErasureIncomplete(f"`{held}` still holds an erased key: run the erasing again")
    return scanned


def _record(name: str, value: bytes) -> KeyRecord | None:
    try:
        return decode(name, value)
    except DamagedRecord:
        return None


def _holds(path: Path, needles: list[bytes]) -> bool:
    """Reads in chunks that overlap by the longest needle."""
    overlap = max((len(needle) for needle in needles), default=1) - 1
    tail = b""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            window = tail + chunk
            if any(needle in window for needle in needles):
                return True
            tail = window[-overlap:] if overlap else b""
    return False
