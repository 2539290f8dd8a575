"""The digest of a timeline's content at a position, by which a rebuilt generation is compared with the live one."""

import hashlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec
import sqlalchemy as sa

from muniment.projections.readmodel import IAM, IAM_ACTIVITY
from muniment.projections.timeline.database import Database
from muniment.projections.timeline.row import ACTIVITY_BIT
from muniment.projections.timeline.tables import VERSION
from muniment.projections.turns import Turns

ROWS_TOGETHER: Final = 2_000


def of_rows(
    database: Database,
    positions: Mapping[str, int],
    first_activity: int = 0,
    after: Mapping[str, int] = MappingProxyType({}),
) -> bytes:
    """SHA-256 over all rows up to the positions, in order of stream and sequence: equal in both databases, live or rebuilt.

    Activity before `first_activity` is left out: it may have expired in one of two timelines that are compared. So is what
    lies at or before the positions `after`.
    """
    rows = database.tables.rows
    columns = [column for column in rows.columns if column.name != "words"]
    ranges = (
        (after.get(IAM, 0) + 1, positions.get(IAM, 0)),
        (
            ACTIVITY_BIT + max(first_activity, after.get(IAM_ACTIVITY, 0) + 1),
            ACTIVITY_BIT + positions.get(IAM_ACTIVITY, 0),
        ),
    )
    total = hashlib.sha256(f"timeline/{VERSION}".encode())
    encode, turns = msgspec.msgpack.Encoder().encode, Turns()
    with database.engine.connect() as connection:
        for low, high in ranges:
            within = sa.select(*columns).where(rows.c.id >= low, rows.c.id <= high).order_by(rows.c.id)
            for line in connection.execution_options(yield_per=ROWS_TOGETHER).execute(within):
                total.update(encode(tuple(line)))
                turns.pass_on()
    return total.digest()
