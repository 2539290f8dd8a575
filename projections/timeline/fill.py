"""Filling a fresh SQLite file in bulk: no journal, no sync, indexes last; then synced and moved into its place.

SQLite works on a thread of its own, without Python's lock most of the time, while the next entries are read and folded.
"""

import contextlib
import os
import queue
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

import sqlalchemy as sa

from muniment.projections.timeline.inserting import insert_into_sqlite
from muniment.projections.timeline.tables import Tables

WAITING_MAX: Final = 4  # batches between the reader and SQLite
WORDS_TOGETHER: Final = 20_000  # rows whose words are indexed by one statement
_PRAGMAS: Final = (
    "page_size=8192",
    "journal_mode=OFF",
    "synchronous=OFF",
    "locking_mode=EXCLUSIVE",
    "cache_size=-131072",
    "temp_store=MEMORY",
)


class Fill(Protocol):
    """A filling that is under way."""

    def put(self, rows: Sequence[Any], touched: Sequence[Any]) -> None:
        """Add rows and what they touched. Raises what went wrong with earlier ones."""

    def finish(self, seal: Callable[[sa.Connection], None]) -> None:
        """Wait for everything, let `seal` write the checkpoints, and put the file into its place."""

    def abandon(self) -> None:
        """Give up; nothing of it stays."""


class SQLiteFill:
    """A file that nobody else sees until `finish`."""

    def __init__(self, path: Path, tables: Tables) -> None:
        self._path, self._tables = path, tables
        self._fresh = _beside(path)
        self.remove_left_over(path)
        self._engine = sa.create_engine(f"sqlite+pysqlite:///{self._fresh}", poolclass=sa.StaticPool)
        sa.event.listen(self._engine, "connect", _prepare)
        self._waiting: queue.Queue[tuple[Sequence[Any], Sequence[Any]] | None] = queue.Queue(WAITING_MAX)
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="timeline-fill", daemon=True)
        self._thread.start()

    @staticmethod
    def remove_left_over(path: Path) -> None:
        """Remove what a filling that was killed has left."""
        for suffix in ("", "-journal"):
            Path(f"{_beside(path)}{suffix}").unlink(missing_ok=True)

    def put(self, rows: Sequence[Any], touched: Sequence[Any]) -> None:
        """Add rows and what they touched. Raises what went wrong with earlier ones."""
        if self._failure is not None:
            raise self._failure
        if rows:
            self._waiting.put((rows, touched))

    def finish(self, seal: Callable[[sa.Connection], None]) -> None:
        """Index, seal, sync, and take the old file's place."""
        self._end()
        if self._failure is not None:
            raise self._failure
        with self._engine.begin() as connection:
            for statement in self._tables.create_indexes(connection.dialect):
                connection.exec_driver_sql(statement)
            connection.exec_driver_sql(f"INSERT INTO {self._tables.text} ({self._tables.text}) VALUES ('optimize')")
            seal(connection)
        with self._engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA analysis_limit=1000")
            connection.exec_driver_sql("ANALYZE")
            connection.commit()
        self._engine.dispose()
        self._take_place()

    def abandon(self) -> None:
        """Give up; nothing of it stays."""
        self._end()
        self._engine.dispose()
        self.remove_left_over(self._path)

    def _take_place(self) -> None:
        os.chmod(self._fresh, 0o600)
        sync(self._fresh, os.O_RDWR)
        os.replace(self._fresh, self._path)
        sync(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)

    def _end(self) -> None:
        if self._thread.is_alive():
            self._waiting.put(None)
            self._thread.join()

    def _run(self) -> None:
        """Take batches until the end. After a failure they are taken and dropped, so that nobody waits for ever."""
        try:
            with self._engine.connect() as connection:
                self._fill(connection)
        except BaseException as failure:
            self._failure = failure
            with contextlib.suppress(queue.Empty):
                while self._waiting.get(timeout=60) is not None:
                    pass

    def _fill(self, connection: sa.Connection) -> None:
        for statement in self._tables.create(connection.dialect):
            connection.exec_driver_sql(statement)
        text, rows = self._tables.text, self._tables.rows
        connection.exec_driver_sql(f"INSERT INTO {text} ({text}, rank) VALUES ('automerge', 0)")
        connection.commit()
        first, number, last = 0, 0, 0
        while (batch := self._waiting.get()) is not None:
            lines, touched = batch
            if number and lines[0][0] < last:  # another stream, or an earlier one again
                self._words(connection, first, last)
                first, number = 0, 0
            insert_into_sqlite(connection, rows, lines)
            insert_into_sqlite(connection, self._tables.resources, touched)
            first, number, last = first or lines[0][0], number + len(lines), lines[-1][0]
            if number >= WORDS_TOGETHER:
                self._words(connection, first, last)
                first, number = 0, 0
            connection.commit()
        if number:
            self._words(connection, first, last)
        connection.exec_driver_sql(f"INSERT INTO {text} ({text}, rank) VALUES ('automerge', 4)")
        connection.commit()

    def _words(self, connection: sa.Connection, first: int, last: int) -> None:
        connection.exec_driver_sql(
            f"INSERT INTO {self._tables.text} (rowid, words) "
            f"SELECT id, words FROM {self._tables.rows.name} WHERE id BETWEEN ? AND ?",
            (first, last),
        )


def _prepare(connection: Any, _: Any) -> None:
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _beside(path: Path) -> Path:
    return path.with_name(path.name + ".filling")


def sync(path: Path, flags: int) -> None:
    """Wait until a file, or a directory's entries, are on the disk."""
    handle = os.open(path, flags)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
