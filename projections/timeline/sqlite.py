"""The timeline in SQLite: one file a generation, in a directory of its own; the file `live` names the one that is open.

WAL, so that readers and the writer do not wait for each other; a commit does not sync. After a power cut the file is whole
and at an earlier checkpoint (https://sqlite.org/pragma.html#pragma_synchronous), and the log is read again from there.
"""

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from muniment.projections.timeline.database import Touched
from muniment.projections.timeline.fill import Admits, Fill, SQLiteFill, nothing, sync
from muniment.projections.timeline.inserting import insert_into_sqlite
from muniment.projections.timeline.row import Columns
from muniment.projections.timeline.tables import VERSION, Tables
from muniment.projections.timeline.words import Wanted

READERS_MAX: Final = 8
BUSY_MILLISECONDS: Final = 10_000
_LIVE: Final = "live"


class SQLite:
    """One generation's file. Implements `Database`."""

    def __init__(self, directory: Path, generation: int) -> None:
        self.directory, self.generation = directory, generation
        self.path = directory / f"timeline-{VERSION}-{generation}.sqlite"
        self.tables = Tables()
        self.engine = self._engine()

    @property
    def place(self) -> Path:
        """The directory."""
        return self.directory

    @classmethod
    def live(cls, directory: Path) -> "SQLite":
        """The live generation in a directory, the first one where there is none of this version."""
        return cls(directory, _live(directory) or 1)

    def open(self) -> None:
        """Make sure that the tables and their indexes are there."""
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.engine.dispose()
        os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
        with self.engine.begin() as connection:
            dialect = connection.dialect
            for statement in (*self.tables.create(dialect), *self.tables.create_indexes(dialect)):
                connection.exec_driver_sql(statement)

    def clear(self) -> None:
        """Begin with an empty file."""
        self._remove()
        self.open()

    def write(self, connection: sa.Connection, rows: Sequence[Columns], touched: Sequence[Touched]) -> None:
        """Add rows, what they touched, and their words."""
        insert_into_sqlite(connection, self.tables.rows, rows)
        insert_into_sqlite(connection, self.tables.resources, touched)
        connection.exec_driver_sql(
            f"INSERT INTO {self.tables.text} (rowid, words) SELECT id, words FROM {self.tables.rows.name} "
            "WHERE id BETWEEN ? AND ?",
            (rows[0][0], rows[-1][0]),
        )

    def expire(self, connection: sa.Connection, low: int, high: int) -> None:
        """Remove a range of rows. The full text is told the words it forgets (https://sqlite.org/fts5.html#the_delete_command)."""
        rows, resources, text = self.tables.rows, self.tables.resources, self.tables.text
        connection.exec_driver_sql(
            f"INSERT INTO {text} ({text}, rowid, words) SELECT 'delete', id, words FROM {rows.name} "
            "WHERE id >= ? AND id < ?",
            (low, high),
        )
        for table in (resources, rows):
            connection.execute(sa.delete(table).where(table.c.id >= low, table.c.id < high))

    def matching(self, search: Sequence[Wanted]) -> sa.ColumnElement[bool]:
        """FTS5's query: every word quoted, joined by an implied AND."""
        query = " ".join(f'"{each.word}"{"*" if each.prefix else ""}' for each in search)
        text = sa.table(self.tables.text, sa.column("rowid"), sa.column(self.tables.text))
        found = sa.select(text.c.rowid).where(text.c[self.tables.text].op("MATCH")(query))
        return self.tables.rows.c.id.in_(found)

    def fill(self, admits: Admits = nothing) -> Fill | None:
        """A fresh file beside this one, that takes its place when it is done; or what is left of one, where `admits` takes it."""
        self.engine.dispose()
        _unlink(self.path)
        return SQLiteFill(self.path, self.tables, admits)

    def beside(self) -> "SQLite":
        """The generation after all that there are; a killed filling has left no whole one, so it is that of the filling again."""
        taken = [_number(path) for path in self._generations()]
        return SQLite(self.directory, max([self.generation, *taken]) + 1)

    def promote(self) -> None:
        """Name this generation in the file `live`; all but the one that was live before it are removed."""
        before = _live(self.directory)
        fresh = self.directory / f".{_LIVE}"
        fresh.write_text(f"{VERSION} {self.generation}\n")
        sync(fresh, os.O_RDWR)
        os.replace(fresh, self.directory / _LIVE)
        sync(self.directory, os.O_RDONLY | os.O_DIRECTORY)
        for path in self._generations():
            if _number(path) not in (self.generation, before or 1):
                _unlink(path)

    def discard(self) -> None:
        """Remove this generation, which is not live."""
        self._remove()

    def close(self) -> None:
        """Close the file."""
        self.engine.dispose()

    def _remove(self) -> None:
        self.engine.dispose()
        _unlink(self.path)
        SQLiteFill.remove_left_over(self.path)

    def _generations(self) -> list[Path]:
        return list(self.directory.glob(f"timeline-{VERSION}-*.sqlite"))

    def _engine(self) -> sa.Engine:
        engine = sa.create_engine(f"sqlite+pysqlite:///{self.path}", pool_size=READERS_MAX, max_overflow=0)

        @sa.event.listens_for(engine, "connect")
        def prepare(connection: Any, _: Any) -> None:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")
            connection.execute("PRAGMA case_sensitive_like=ON")  # as in PostgreSQL, and as names of actions are

        return engine


def _live(directory: Path) -> int | None:
    with contextlib.suppress(FileNotFoundError, ValueError):
        version, generation = (directory / _LIVE).read_text().split()
        if int(version) == VERSION:
            return int(generation)
    return None


def _number(path: Path) -> int:
    """The generation whose file it is."""
    return int(path.stem.rsplit("-", 1)[1])


def _unlink(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
