"""Inserting many rows into SQLite at once: some hundreds in one statement, which costs a third of one statement each."""

from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, Final

import sqlalchemy as sa

ROWS_PER_STATEMENT: Final = 400  # times the columns, far below SQLite's 250 000 (and the portable 32 766) variables


def insert_into_sqlite(connection: sa.Connection, table: sa.Table, rows: Sequence[Sequence[Any]]) -> None:
    """Insert `rows`, whose values stand in the order of the table's columns."""
    width = len(table.columns)
    whole = len(rows) - len(rows) % ROWS_PER_STATEMENT
    for start in range(0, whole, ROWS_PER_STATEMENT):
        values = tuple(chain.from_iterable(rows[start : start + ROWS_PER_STATEMENT]))
        connection.exec_driver_sql(_statement(table.name, width, ROWS_PER_STATEMENT), values)
    if rest := [tuple(row) for row in rows[whole:]]:
        connection.exec_driver_sql(_statement(table.name, width, 1), rest)


@lru_cache(maxsize=64)
def _statement(table: str, width: int, rows: int) -> str:
    line = f"({','.join('?' * width)})"
    return f"INSERT INTO {table} VALUES {','.join([line] * rows)}"
