"""The tables of the timeline, in SQLAlchemy Core. Their names carry the model's version: a new shape is a new set of tables."""

from typing import Final

from sqlalchemy import BigInteger, Column, Dialect, Integer, LargeBinary, MetaData, Table, Text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.schema import CreateTable, DropTable

VERSION: Final = 1
_INDEXES: Final = {  # of `rows`; what comes later sorts later under its key, so they are cheap to keep while it is filled
    "time": ("time", "id"),
    "account": ("account", "time", "id"),
    "principal_id": ("principal_id", "time", "id"),
    "user_name": ("user_name", "time", "id"),
    "credential": ("credential", "time", "id"),
    "action": ("action", "time", "id"),
    "entry": ("entry_id",),
    "request": ("request_id",),
}
_ID: Final = BigInteger().with_variant(Integer(), "sqlite")  # only INTEGER PRIMARY KEY is SQLite's rowid


class Tables:
    """One generation's tables. In PostgreSQL several generations stand side by side, told apart by `generation`."""

    def __init__(self, generation: str = "") -> None:
        prefix = f"timeline_{VERSION}{'_' if generation else ''}{generation}"
        self.prefix = prefix
        self.metadata = MetaData()
        text = Text().with_variant(TSVECTOR(), "postgresql")
        self.rows = Table(
            f"{prefix}_rows",
            self.metadata,
            Column("id", _ID, primary_key=True, autoincrement=False),
            Column("time", BigInteger, nullable=False),
            *(Column(name, Text, nullable=False) for name in ("account", "principal", "principal_id", "user_name")),
            *(Column(name, Text, nullable=False) for name in ("credential", "action", "fact")),
            Column("flags", Integer, nullable=False),
            *(Column(name, Text, nullable=False) for name in ("entry_id", "request_id", "types", "record")),
            Column("words", text, nullable=False),
        )
        self.resources = Table(
            f"{prefix}_resources",
            self.metadata,
            Column("id", BigInteger, primary_key=True),
            Column("number", Integer, primary_key=True),
            Column("name", Text, nullable=False),
            Column("arn", Text, nullable=False),
            Column("time", BigInteger, nullable=False),
            sqlite_with_rowid=False,
        )
        self.checkpoints = Table(
            f"{prefix}_checkpoints",
            self.metadata,
            Column("stream", Text, primary_key=True),  # and "anchor": how far the saved states reach
            Column("epoch", Text, nullable=False),
            Column("sequence", BigInteger, nullable=False),
            Column("digest", LargeBinary, nullable=False),
        )
        self.states = Table(
            f"{prefix}_states",
            self.metadata,
            Column("boundary", Text, primary_key=True),
            Column("shape", Text, nullable=False),  # of the program that wrote it: another shape is not read
            Column("state", LargeBinary, nullable=False),
        )
        self.text = f"{prefix}_text"  # SQLite's full text; PostgreSQL has it in `rows.words`

    def create(self, dialect: Dialect) -> list[str]:
        """The statements that make empty tables, and the indexes that are kept from the beginning."""
        tables = [
            str(CreateTable(table, if_not_exists=True).compile(dialect=dialect))
            for table in self.metadata.sorted_tables
        ]
        indexes = [self._index(dialect, name, self.rows, columns) for name, columns in _INDEXES.items()]
        return [*tables, *indexes, *(self._full_text() if dialect.name == "sqlite" else ())]

    def create_indexes(self, dialect: Dialect) -> list[str]:
        """The statements that make the indexes that are best made last; those that are there already are left alone."""
        made = [self._index(dialect, "resource", self.resources, ("name", "time", "id"))]
        if dialect.name != "sqlite":
            made.append(f"CREATE INDEX IF NOT EXISTS {self.prefix}_by_words ON {self.rows.name} USING gin (words)")
        return made

    def _index(self, dialect: Dialect, name: str, table: Table, columns: tuple[str, ...]) -> str:
        if dialect.name == "sqlite" and table is self.rows and columns[-1] == "id":
            columns = columns[:-1]  # every index ends with the rowid there, which is `id`
        return f"CREATE INDEX IF NOT EXISTS {self.prefix}_by_{name} ON {table.name} ({', '.join(columns)})"

    def drop(self, dialect: Dialect) -> list[str]:
        """The statements that remove the tables."""
        gone = [str(DropTable(table, if_exists=True).compile(dialect=dialect)) for table in self.metadata.sorted_tables]
        return [f"DROP TABLE IF EXISTS {self.text}", *gone] if dialect.name == "sqlite" else gone

    def _full_text(self) -> list[str]:
        """Words only, no places: a search asks for words, not for phrases (https://sqlite.org/fts5.html#the_detail_option)."""
        return [
            f"CREATE VIRTUAL TABLE IF NOT EXISTS {self.text} USING fts5("
            f"words, content='{self.rows.name}', content_rowid='id', tokenize='ascii', detail=none, columnsize=0)"
        ]
