"""Rotation of the key-encryption key: every wrapped key is wrapped again with the first one; no data is sealed again.

The steps: every node is given the new key as a *second* one, then as the first, then `rewrap_all` runs, and when it
leaves nothing behind the old key is taken off the lists. All keys on the list open, so no read fails meanwhile. A run
that was killed is simply run again: what is done already is passed over.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

import msgspec

from muniment.ops.keys.kek import CannotUnwrap, KEKs
from muniment.ops.keys.record import DamagedRecord, decode, rewrap
from muniment.ops.keys.store import Conflict, KeyShredder, KeyStore

AHEAD: Final = 1_000  # names that wait for a worker
T = TypeVar("T")
Progress = Callable[[int, int], None]


class Rotation(msgspec.Struct, frozen=True):
    """What a run did, in names of the key store."""

    kek: str  # the id all are wrapped with now
    total: int
    rewrapped: int
    already: int  # wrapped with it before this run
    erased: int  # nothing to wrap
    shredded: int  # superseded messages overwritten, so that the old key-encryption key opens nothing on the disk
    failed: dict[str, str]  # name → why; these still need the old key

    @property
    def is_complete(self) -> bool:
        """Whether the old key-encryption keys may go."""
        return not self.failed


def _quiet(done: int, total: int) -> None:
    """No progress is shown."""


def rewrap_all(
    store: KeyStore, keks: KEKs, shredder: KeyShredder | None, progress: Progress = _quiet, together: int = 1
) -> Rotation:
    """Wrap every key with the first key-encryption key. Resumable; `progress(done, total)` is called after each name.

    Without a shredder the old copies stay on the disk until a run that has one. `together` names are worked on at a time: each
    waits for the store several times.
    """
    names = store.names()
    done = {"rewrapped": 0, "already": 0, "erased": 0}
    failed: dict[str, str] = {}
    shredded = 0

    def one(name: str) -> tuple[str, int, str]:
        try:
            became = rewrap_one(store, keks, name)
            return became, 0 if shredder is None else shredder.shred_superseded(name), ""
        except (CannotUnwrap, DamagedRecord) as error:
            return "", 0, str(error)

    for number, (name, (became, overwritten, reason)) in enumerate(_each(one, names, together), 1):
        if reason:
            failed[name] = reason
        else:
            done[became] += 1
        shredded += overwritten
        progress(number, len(names))
    return Rotation(keks.first.id, len(names), shredded=shredded, failed=failed, **done)


def _each(work: Callable[[str], T], names: list[str], together: int) -> Iterator[tuple[str, T]]:
    """Each name and what was made of it, in their order."""
    if together == 1:
        yield from ((name, work(name)) for name in names)
        return
    pool = ThreadPoolExecutor(together, thread_name_prefix="rewrap")
    try:
        for first in range(0, len(names), AHEAD):
            some = names[first : first + AHEAD]
            yield from zip(some, pool.map(work, some), strict=True)
    finally:
        pool.shutdown(cancel_futures=True)


def settle(store: KeyStore, keks: KEKs, name: str, kek_id: str) -> None:
    """After a key of `name` was stored under `kek_id`: wrap it again where that key has left the first place meanwhile.

    A rotation in another process may have looked at all names before this one came to be, and may drop the old key next.
    """
    if keks.first.id != kek_id:
        rewrap_one(store, keks, name)


def rewrap_one(store: KeyStore, keks: KEKs, name: str) -> str:
    """One name, as often as another writer gets in between; answers what became of it."""
    while True:
        if (kept := store.get(name)) is None:
            return "erased"
        record = decode(name, kept.value)
        if record.erased:
            return "erased"
        if (fresh := rewrap(keks, name, record)) is None:
            return "already"
        try:
            store.update(name, fresh.encode(), kept.revision)
        except Conflict:
            continue
        return "rewrapped"
