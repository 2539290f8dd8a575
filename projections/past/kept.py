"""Kept states: some earlier states of every boundary, and how late it was at some sequences, in a local, disposable file.

A state is kept about every hundred entries of its boundary, so that any state between two of them is a short way off
(DESIGN §4, "the nearest of several kept snapshots"): one in a thousand as a whole, the others as what differs from it. Each
is signed; what is not ours, or has another shape, is passed over. Never evidence.
"""

import contextlib
import copy
import hashlib
import os
import queue
import sqlite3
import threading
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from muniment.domain.boundary import STATES, State
from muniment.projections.fold import NOTHING, VERSION
from muniment.projections.snapshots import Signer, shapes

CONTEXT: Final = b"muniment-kept-state-v1\0"
FORMAT: Final = 2
KEEP_ENTRIES: Final = 100  # of one boundary, between two kept states
WHOLE_ENTRIES: Final = 1_000  # between two that are kept as a whole
WAITING_MAX: Final = 16  # states that wait to be written
COMPRESSION: Final = 1  # zlib's fastest: a fifth of the size for a millisecond

SCHEMA: Final = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = OFF;
CREATE TABLE IF NOT EXISTS made_by (shape BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS kept (
    boundary TEXT NOT NULL, sequence INTEGER NOT NULL, version INTEGER NOT NULL, base INTEGER NOT NULL,
    state BLOB NOT NULL, key TEXT NOT NULL, signature BLOB NOT NULL,
    PRIMARY KEY (boundary, sequence)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS moments (
    sequence INTEGER PRIMARY KEY, time INTEGER NOT NULL, epoch TEXT NOT NULL, digest BLOB NOT NULL
);
"""
TABLES: Final = ("made_by", "kept", "moments")

_encoder = msgspec.msgpack.Encoder()


class Moment(msgspec.Struct, frozen=True, gc=False):
    """How late it was at a sequence: the running maximum of JetStream's time (microseconds), and which entry lies there."""

    sequence: int
    time: int
    epoch: str
    digest: bytes


class Kept(NamedTuple):
    """A state, or in its place one whose tables hold only what differs from an earlier one, and the keys that are gone."""

    whole: State
    gone: dict[str, list[str]]


class KeptStates:
    """The file at `path`, or memory where that is None. Safe for many threads; writing a state happens on a thread of its own."""

    def __init__(self, path: Path | None, signer: Signer, say: Callable[[str], None] = lambda text: None) -> None:
        self._path, self._signer, self._say = path, signer, say
        self._lock = threading.Lock()
        self._wholes: dict[str, State] = {}  # the writer's: boundary → the last state that it kept as a whole
        self._versions: dict[str, int] = {}  # boundary → the version of its newest kept state
        self._waiting: queue.Queue[State | None] = queue.Queue(WAITING_MAX)
        self._writer: threading.Thread | None = None
        self._database = self._opened()

    # States

    def newest(self, boundary: str) -> int:
        """The version of the newest state that is kept of a boundary, or is about to be; 0 where there is none."""
        return self._versions.get(boundary, 0)

    def offer(self, state: State, *, wait: bool = False) -> None:
        """Keep a whole state that nobody will change. Where many wait already it is let go, unless `wait`."""
        if self._writer is None:
            self._writer = threading.Thread(target=self._write, name="kept-states", daemon=True)
            self._writer.start()
        with contextlib.suppress(queue.Full):
            self._waiting.put(state, block=wait)
            self._versions[state.id] = max(state.version, self.newest(state.id))

    def nearest(self, boundary: str, sequence: int) -> State | None:
        """The latest kept state of a boundary at or before a sequence."""
        row = self._row("boundary = ? AND sequence <= ?", boundary, sequence)
        if row is None:
            return None
        found = self._opened_row(boundary, row)
        if found is None or not row[1]:
            return found if found is None else found.whole
        base = self._row("boundary = ? AND sequence = ? AND base = 0", boundary, row[1])
        whole = self._opened_row(boundary, base) if base is not None else None
        return None if whole is None else together(whole.whole, found)

    def _row(self, where: str, boundary: str, sequence: int) -> Any:
        query = f"SELECT sequence, base, state, key, signature FROM kept WHERE {where} ORDER BY sequence DESC LIMIT 1"
        return self._one(query, (boundary, sequence))

    def _opened_row(self, boundary: str, row: Any) -> "Kept | None":
        sequence, base, blob, key, signature = row
        if not self._signer.verify(key, signature, _signed(boundary, sequence, base, blob)):
            self._say(f"a kept state of `{boundary}` carries no valid signature and is passed over")
            return None
        kind = STATES[boundary.partition(".")[0]]
        parts = msgspec.msgpack.decode(zlib.decompress(blob), type=tuple[kind, dict[str, list[str]]])  # type: ignore[valid-type]
        found = Kept(*parts)
        found.whole.remembered = NOTHING
        return found

    def flush(self) -> None:
        """Return once every state that was offered is written."""
        self._waiting.join()

    # Moments

    def moments(self) -> list[Moment]:
        """All of them, in order."""
        with self._lock:
            rows = self._database.execute("SELECT sequence, time, epoch, digest FROM moments ORDER BY sequence")
            return [Moment(*row) for row in rows]

    def note(self, moments: Sequence[Moment]) -> None:
        """Add moments after the last one."""
        with self._lock, self._database:
            rows = [(each.sequence, each.time, each.epoch, each.digest) for each in moments]
            self._database.executemany("INSERT OR REPLACE INTO moments VALUES (?, ?, ?, ?)", rows)

    def clear(self) -> None:
        """Forget everything."""
        self.flush()
        with self._lock, self._database:
            self._database.execute("DELETE FROM kept")
            self._database.execute("DELETE FROM moments")
            self._versions, self._wholes = {}, {}

    def close(self) -> None:
        """Write what waits, and close the file."""
        if self._writer is not None:
            self._waiting.put(None)
            self._writer.join()
            self._writer = None
        with self._lock:
            self._database.close()

    def _write(self) -> None:
        while (state := self._waiting.get()) is not None:
            try:
                self._put(state)
            except Exception as error:  # a full disk, keys that are away: the log still has everything
                self._say(f"a state of `{state.id}` could not be kept: {error}")
            finally:
                self._waiting.task_done()
        self._waiting.task_done()

    def _put(self, state: State) -> None:
        whole = self._wholes.get(state.id)
        if whole is not None and whole.version < state.version < whole.version + WHOLE_ENTRIES:
            base, kept = whole.position, difference(whole, state)
        else:
            base, kept = 0, Kept(state, {})
        blob = zlib.compress(_encoder.encode((kept.whole, kept.gone)), COMPRESSION)
        key, signature = self._signer.sign(_signed(state.id, state.position, base, blob))
        with self._lock, self._database:
            row = (state.id, state.position, state.version, base, blob, key, signature)
            self._database.execute("INSERT OR REPLACE INTO kept VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        if not base:
            self._wholes[state.id] = state

    def _one(self, query: str, values: tuple[Any, ...]) -> Any:
        try:
            with self._lock:
                return self._database.execute(query, values).fetchone()
        except sqlite3.DatabaseError as error:  # damaged: as good as nothing kept
            self._say(f"kept states cannot be read: {type(error).__name__}")  # its text may repeat a row
            return None

    def _opened(self) -> sqlite3.Connection:
        try:
            return self._open()
        except sqlite3.DatabaseError as error:
            self._say(f"`{self._path}` is discarded and made anew from the log: {error}")
            assert self._path is not None  # memory is never damaged
            for suffix in ("", "-wal", "-shm"):
                Path(f"{self._path}{suffix}").unlink(missing_ok=True)
            return self._open()

    def _open(self) -> sqlite3.Connection:
        if self._path is not None:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o600))
        database = sqlite3.connect(self._path or ":memory:", check_same_thread=False)
        database.executescript(SCHEMA)
        shape = hashlib.sha256(b"%d/%d/" % (FORMAT, VERSION) + shapes(sorted(STATES))).digest()
        known = database.execute("SELECT shape FROM made_by").fetchone()
        moments = database.execute("SELECT count(*) FROM moments").fetchone()[0]
        with database:
            if known != (shape,) or not moments:  # another release's; or nothing says which log they are of
                for table in TABLES:
                    database.execute(f"DELETE FROM {table}")
                database.execute("INSERT INTO made_by VALUES (?)", (shape,))
        self._versions = dict(database.execute("SELECT boundary, max(version) FROM kept GROUP BY boundary"))
        return database


def _signed(boundary: str, sequence: int, base: int, blob: bytes) -> bytes:
    """What is signed for a kept state; `base` is the sequence of the whole one that it differs from, 0 for a whole one."""
    place = f"{boundary}\0{sequence}\0{base}\0".encode()
    return CONTEXT + hashlib.sha256(place + hashlib.sha256(blob).digest()).digest()


def copied(state: State) -> State:
    """A whole state beside one that is still being written to."""
    twin = copy.copy(state)
    twin.__dict__.pop("shared", None)  # its tables are its own
    for name in state.__struct_fields__:
        value = getattr(state, name)
        if type(value) is dict:
            setattr(twin, name, value.copy())
    return twin


def difference(old: State, new: State) -> Kept:
    """What a later state of a boundary has in other ways than an earlier one. States share what is the same in them, so looking
    whether it is the same object is enough."""
    part, gone = copy.copy(new), {}
    part.__dict__.pop("shared", None)
    for name in new.__struct_fields__:
        before, after = getattr(old, name), getattr(new, name)
        if type(after) is not dict:
            continue
        get = before.get
        changed = {} if after is before else {key: value for key, value in after.items() if get(key) is not value}
        setattr(part, name, changed)
        if len(before) + sum(key not in before for key in changed) != len(after):
            gone[name] = [key for key in before if key not in after]
    return Kept(part, gone)


def together(whole: State, later: Kept) -> State:
    """The later state again."""
    state = later.whole
    for name in state.__struct_fields__:
        changed = getattr(state, name)
        if type(changed) is dict:
            table = getattr(whole, name)  # nobody else has it: it was decoded for this
            for key in later.gone.get(name, ()):
                table.pop(key, None)
            table.update(changed)
            setattr(state, name, table)
    return state
