"""The child process of a filling: takes batches of rows from its standard input and writes them to a fresh SQLite file.

A frame is its length and a pair (rows, touched) in msgpack; an empty one says that everything was sent. Where the input ends
without it the parent has died, and so does the child. The last thing it says is `DONE`, or what went wrong.
"""

import gc
import struct
import sys
from pathlib import Path
from typing import Any, BinaryIO, Final

import msgspec
import sqlalchemy as sa

from muniment.projections.timeline.inserting import insert_into_sqlite
from muniment.projections.timeline.tables import Tables

FRAME: Final = struct.Struct(">Q")
DONE: Final = "done"
encode_batch: Final = msgspec.msgpack.Encoder().encode
decode_batch: Final = msgspec.msgpack.Decoder(tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]).decode
TOGETHER: Final = (
    8_000  # rows of one transaction, whose words are indexed by one statement: pages of indexes are written once
)
_PRAGMAS: Final = (
    "page_size=8192",
    "journal_mode=OFF",
    "synchronous=OFF",
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
            _Filler(connection).run(sys.stdin.buffer)
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


class _Filler:
    """Inserts batches, and indexes the words of many of them at once."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection, self._tables = connection, Tables()
        self._first = self._last = self._number = 0

    def run(self, source: BinaryIO) -> None:
        """Take every batch, then make the other indexes."""
        for statement in self._tables.create(self._connection.dialect):
            self._connection.exec_driver_sql(statement)
        self._text("INSERT INTO {text} ({text}, rank) VALUES ('automerge', 0)")
        self._connection.commit()
        while length := _length(source.read(FRAME.size)):
            self._insert(*decode_batch(source.read(length)))
        self._settle()
        self._text("INSERT INTO {text} ({text}) VALUES ('optimize')")
        self._text("INSERT INTO {text} ({text}, rank) VALUES ('automerge', 4)")
        for statement in self._tables.create_indexes(self._connection.dialect):
            self._connection.exec_driver_sql(statement)
        self._connection.commit()
        self._connection.exec_driver_sql("PRAGMA analysis_limit=1000")
        self._connection.exec_driver_sql("ANALYZE")
        self._connection.commit()

    def _insert(self, rows: list[tuple[Any, ...]], touched: list[tuple[Any, ...]]) -> None:
        if self._number and rows[0][0] < self._last:  # another stream, or an earlier one again
            self._settle()
        insert_into_sqlite(self._connection, self._tables.rows, rows)
        insert_into_sqlite(self._connection, self._tables.resources, touched)
        self._first, self._last = self._first or rows[0][0], rows[-1][0]
        self._number += len(rows)
        if self._number >= TOGETHER:
            self._settle()

    def _settle(self) -> None:
        """Index the words of what came since the last time, and end the transaction."""
        if self._number:
            self._connection.exec_driver_sql(
                f"INSERT INTO {self._tables.text} (rowid, words) "
                f"SELECT id, words FROM {self._tables.rows.name} WHERE id BETWEEN ? AND ?",
                (self._first, self._last),
            )
        self._connection.commit()
        self._first = self._number = 0

    def _text(self, statement: str) -> None:
        self._connection.exec_driver_sql(statement.format(text=self._tables.text))
