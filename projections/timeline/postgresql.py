"""The timeline in PostgreSQL: one set of tables a generation; the table `timeline_live` names the one that is open.

Several processes may write the same generation: each locks the checkpoint, and adds only what is behind it. A commit waits
for the database's disk, so that its crash does not set back what this process knows to be there.
"""

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from muniment.projections.readmodel import Checkpoint
from muniment.projections.timeline.database import Touched
from muniment.projections.timeline.fill import Admits, Fill, nothing, origin
from muniment.projections.timeline.row import Columns
from muniment.projections.timeline.saved import ORIGIN, Saved
from muniment.projections.timeline.tables import VERSION, Tables
from muniment.projections.timeline.words import Wanted, words

CONNECTIONS_MAX: Final = 8
CONNECT_SECONDS: Final = 5
_DDL_LOCK: Final = 0x6D756E69  # an advisory lock of ours: two processes do not create the same tables at once
_LIVE: Final = sa.Table(
    "timeline_live",
    sa.MetaData(),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("generation", sa.Integer, nullable=False),
    sa.Column("before", sa.Integer, nullable=False),
)


class PostgreSQL:
    """One generation's tables. Implements `Database`."""

    def __init__(self, url: str, generation: int, engine: sa.Engine | None = None) -> None:
        self._url, self.generation = url, generation
        self.tables = Tables("" if generation == 1 else str(generation))
        self.engine = engine or _engine(url)

    @property
    def place(self) -> str:
        """The URL, with its password."""
        return self._url

    @classmethod
    def live(cls, url: str) -> "PostgreSQL":
        """The live generation of a database, the first one where there is none of this version."""
        engine = _engine(url)
        with engine.begin() as connection:
            generation, _ = _live(connection)
        return cls(url, generation, engine)

    def open(self) -> None:
        """Make sure that the tables and their indexes are there."""
        with self.engine.begin() as connection:
            _lock(connection)
            dialect = connection.dialect
            for statement in (*self.tables.create(dialect), *self.tables.create_indexes(dialect)):
                connection.exec_driver_sql(statement)

    def clear(self) -> None:
        """Begin with empty tables."""
        self.discard()
        self.open()

    def write(self, connection: sa.Connection, rows: Sequence[Columns], touched: Sequence[Touched]) -> None:
        """Add rows and what they touched, by COPY. The words of a row go as a tsvector; none of them needs escaping."""
        lines = [(*row[:-1], " ".join(f"'{word}'" for word in words(row[-1]))) for row in rows]
        self._copy(connection, self.tables.rows, lines)
        self._copy(connection, self.tables.resources, touched)

    def expire(self, connection: sa.Connection, low: int, high: int) -> None:
        """Remove a range of rows and what they touched."""
        for table in (self.tables.resources, self.tables.rows):
            connection.execute(sa.delete(table).where(table.c.id >= low, table.c.id < high))

    def matching(self, search: Sequence[Wanted]) -> sa.ColumnElement[bool]:
        """A tsquery of quoted words."""
        query = " & ".join(f"'{each.word}'{':*' if each.prefix else ''}" for each in search)
        return self.tables.rows.c.words.op("@@")(sa.cast(query, postgresql.TSQUERY))

    def fill(self, admits: Admits = nothing) -> Fill | None:
        """Rows are copied in as they are when live."""
        return None

    def beside(self) -> "PostgreSQL":
        """The generation after the live one: empty, or as a rebuild by this very program has left it when it was killed."""
        with self.engine.begin() as connection:
            generation, _ = _live(connection)
        following = PostgreSQL(self._url, max(generation, self.generation) + 1)
        saved = Saved(following.tables)
        if saved.origin(following.engine) != origin():
            following.clear()
            with following.engine.begin() as connection:
                saved.checkpoint(connection, ORIGIN, Checkpoint(origin()))
        return following

    def promote(self) -> None:
        """Name this generation the live one; of those before it only the last stays."""
        with self.engine.begin() as connection:
            generation, before = _live(connection)
            values = {"version": VERSION, "generation": self.generation, "before": generation}
            statement: Any = postgresql.insert(_LIVE).values(values)
            connection.execute(statement.on_conflict_do_update(index_elements=["version"], set_=values))
            if before not in (generation, self.generation, 0):
                _drop(connection, Tables("" if before == 1 else str(before)))

    def discard(self) -> None:
        """Remove this generation."""
        with self.engine.begin() as connection:
            _lock(connection)
            _drop(connection, self.tables)

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    def _copy(self, connection: sa.Connection, table: sa.Table, lines: Sequence[tuple[Any, ...]]) -> None:
        columns = ", ".join(column.name for column in table.columns)
        cursor: Any = connection.connection.cursor()
        with cursor, cursor.copy(f"COPY {table.name} ({columns}) FROM STDIN") as copy:
            for line in lines:
                copy.write_row(line)


def _engine(url: str) -> sa.Engine:
    return sa.create_engine(
        sa.make_url(url).set(drivername="postgresql+psycopg"),
        pool_size=CONNECTIONS_MAX,
        max_overflow=0,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={"connect_timeout": CONNECT_SECONDS},
    )


def _live(connection: sa.Connection) -> tuple[int, int]:
    """The live generation, and the one before it (0: none)."""
    _lock(connection)
    _LIVE.create(connection, checkfirst=True)
    found = connection.execute(sa.select(_LIVE).where(_LIVE.c.version == VERSION)).one_or_none()
    return (1, 0) if found is None else (found.generation, found.before)


def _lock(connection: sa.Connection) -> None:
    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_DDL_LOCK)))


def _drop(connection: sa.Connection, tables: Tables) -> None:
    for statement in tables.drop(connection.dialect):
        connection.exec_driver_sql(statement)
