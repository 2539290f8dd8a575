"""Inserting many rows into SQLite at once: by the driver's `executemany`, which takes the tuples as they are."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa


def insert_into_sqlite(connection: sa.Connection, table: sa.Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert `rows`, whose values stand in the order of the table's columns."""
    if rows:
        connection.exec_driver_sql(_statement(table.name, len(table.columns)), rows)


@lru_cache(maxsize=64)
def _statement(table: str, width: int) -> str:
    return f"INSERT INTO {table} VALUES ({','.join('?' * width)})"
