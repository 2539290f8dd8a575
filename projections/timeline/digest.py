"""The digest of a timeline's content at a position, by which a rebuilt generation is compared with the live one."""

import hashlib
from collections.abc import Mapping
from typing import Final

import msgspec
import sqlalchemy as sa

from muniment.projections.readmodel import IAM, IAM_ACTIVITY
from muniment.projections.timeline.database import Database
from muniment.projections.timeline.row import ACTIVITY_BIT
from muniment.projections.timeline.tables import VERSION

ROWS_TOGETHER: Final = 2_000


def of_rows(database: Database, positions: Mapping[str, int], first_activity: int = 0) -> bytes:
    """SHA-256 over all rows up to the positions, in order of stream and sequence: equal in both databases, live or rebuilt.

    Activity before `first_activity` is left out: it may have expired in one of two timelines that are compared.
    """
    rows = database.tables.rows
    columns = [column for column in rows.columns if column.name != "words"]
    ranges = (
        (0, positions.get(IAM, 0)),
        (ACTIVITY_BIT + first_activity, ACTIVITY_BIT + positions.get(IAM_ACTIVITY, 0)),
    )
    total = hashlib.sha256(f"timeline/{VERSION}".encode())
    encode = msgspec.msgpack.Encoder().encode
    with database.engine.connect() as connection:
        for low, high in ranges:
            within = sa.select(*columns).where(rows.c.id >= low, rows.c.id <= high).order_by(rows.c.id)
            for line in connection.execution_options(yield_per=ROWS_TOGETHER).execute(within):
                total.update(encode(tuple(line)))
    return total.digest()
