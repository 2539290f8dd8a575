"""The child process of a filling: takes batches of rows from its standard input and writes them to a fresh SQLite file.

First it says on a line how far the rows reach that are in the file already. A frame is its length and (rows, touched, how far
they reach) in msgpack; an empty one says that everything was sent. Where the input ends without it the parent has died, and so
does the child; what it was given stays, for a later filling to go on from. The last thing it says is `DONE`, or what went wrong.
"""

import gc
import queue
import struct
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final

import msgspec
import sqlalchemy as sa

from muniment.projections.readmodel import Checkpoint
from muniment.projections.timeline.inserting import insert_into_sqlite
from muniment.projections.timeline.saved import Saved
from muniment.projections.timeline.tables import Tables

FRAME: Final = struct.Struct(">Q")
DONE: Final = "done"
encode_batch: Final = msgspec.msgpack.Encoder().encode
At = tuple[str, Checkpoint]  # how far the rows of a stream reach
decode_batch: Final = msgspec.msgpack.Decoder(tuple[list[tuple[Any, ...]], list[tuple[Any, ...]], At]).decode
# Rows of one transaction, whose words are indexed by one statement: pages of indexes, and what they were before, are written once.
TOGETHER: Final = 32_000
AHEAD_MAX: Final = 64  # frames that wait here, so that the parent goes on while a transaction ends
_PRAGMAS: Final = (
    "page_size=16384",  # a tenth less work than with 8192: fewer pages are split, and cells sought
    "journal_mode=DELETE",  # a kill leaves the file as it was after the last transaction
    "synchronous=OFF",  # a machine that stops may not: `fill.origin` tells that it did
    "locking_mode=EXCLUSIVE",
    "cache_size=-131072",
    "temp_store=MEMORY",
    "secure_delete=OFF",  # what moves between pages stays in the file
)


def main() -> None:
    """Fill the file named by the only argument."""
    gc.disable()  # nothing here is ever garbage in a cycle, and there is much of it
    try:
        engine = filling_engine(Path(sys.argv[1]))
        with engine.connect() as connection:
            filler = _Filler(connection)
            print(msgspec.json.encode(filler.reached).decode(), flush=True)
            filler.run(sys.stdin.buffer)
        engine.dispose()
    except Exception as error:  # told to the parent, which stops the model; no row is repeated in it
        print(f"{type(error).__name__}: {getattr(error, 'orig', None) or error}", end="")
        sys.exit(1)
    print(DONE, end="")


def filling_engine(path: Path) -> sa.Engine:
    """An engine for a file that nobody else reads and that is thrown away when the machine stops."""
    engine = sa.create_engine(f"sqlite+pysqlite:///{path}", poolclass=sa.StaticPool, hide_parameters=True)

    @sa.event.listens_for(engine, "connect")
    def prepare(connection: Any, _: Any) -> None:
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    return engine


class _Orphaned(Exception):
    """The parent ended before it had sent everything."""


def _length(head: bytes) -> int:
    if len(head) != FRAME.size:
        raise _Orphaned
    length: int = FRAME.unpack(head)[0]
    return length


def _frames(source: BinaryIO) -> Iterator[bytes]:
    """The frames, read ahead by a thread. Raises _Orphaned where they end too early."""
    ahead: queue.Queue[bytes | None] = queue.Queue(AHEAD_MAX)

    def read() -> None:
        try:
            while length := _length(source.read(FRAME.size)):
                if len(frame := source.read(length)) != length:
                    raise _Orphaned
                ahead.put(frame)
            ahead.put(b"")
        except _Orphaned:
            ahead.put(None)

    threading.Thread(target=read, daemon=True).start()
    while frame := ahead.get():
        yield frame
    if frame is None:
        raise _Orphaned


class _Filler:
    """Inserts batches, and indexes the words of many of them at once."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection, self._tables = connection, Tables()
        self._saved = Saved(self._tables)
        self._first = self._last = self._number = 0
        for statement in self._tables.create(connection.dialect):
            connection.exec_driver_sql(statement)
        self._text("INSERT INTO {text} ({text}, rank) VALUES ('automerge', 0)")
        found = self._saved.load(connection)
        self.reached = {} if found is None else found.rows
        connection.commit()

    def run(self, source: BinaryIO) -> None:
        """Take every batch, then make the other indexes."""
        try:
            for frame in _frames(source):
                self._insert(*decode_batch(frame))
        except _Orphaned:
            self._settle()  # for a later filling to go on from
            raise
        self._settle()
        self._text("INSERT INTO {text} ({text}) VALUES ('optimize')")
        self._text("INSERT INTO {text} ({text}, rank) VALUES ('automerge', 4)")
        for statement in self._tables.create_indexes(self._connection.dialect):
            self._connection.exec_driver_sql(statement)
        self._connection.commit()
        self._connection.exec_driver_sql("PRAGMA analysis_limit=1000")
        self._connection.exec_driver_sql("ANALYZE")
        self._connection.commit()

    def _insert(self, rows: list[tuple[Any, ...]], touched: list[tuple[Any, ...]], at: At) -> None:
        if self._number and rows[0][0] < self._last:  # another stream
            self._settle()
        insert_into_sqlite(self._connection, self._tables.rows, rows)
        insert_into_sqlite(self._connection, self._tables.resources, touched)
        self._first, self._last = self._first or rows[0][0], rows[-1][0]
        self._number += len(rows)
        stream, self.reached[stream] = at
        if self._number >= TOGETHER:
            self._settle()

    def _settle(self) -> None:
        """Index the words of what came since the last time, note how far it reaches, and end the transaction."""
        if self._number:
            self._connection.exec_driver_sql(
                f"INSERT INTO {self._tables.text} (rowid, words) "
                f"SELECT id, words FROM {self._tables.rows.name} WHERE id BETWEEN ? AND ?",
                (self._first, self._last),
            )
            for stream, at in self.reached.items():
                self._saved.checkpoint(self._connection, stream, at)
        self._connection.commit()
        self._first = self._number = 0

    def _text(self, statement: str) -> None:
        self._connection.exec_driver_sql(statement.format(text=self._tables.text))
