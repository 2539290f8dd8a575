"""What a timeline keeps beside its rows: how far they reach, and the states its fold goes on from after a restart."""

import hashlib
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from muniment.domain.boundary import STATES, State
from muniment.domain.remembered import Remembered
from muniment.projections import piecewise
from muniment.projections.readmodel import Checkpoint
from muniment.projections.timeline.tables import Tables

ORIGIN: Final = "origin"  # in place of a stream, at 0: by which program a generation is made that is not live yet
STATES_AT: Final = "states"  # a checkpoint of its own: every saved state is as it was there, at the latest


class Found(msgspec.Struct, frozen=True):
    """What was kept. The rows may reach further than the states do."""

    rows: dict[str, Checkpoint]
    states_at: Checkpoint
    states: list[State]


class Saved:
    """Reads and writes the tables `checkpoints` and `states`."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def checkpoint(self, connection: sa.Connection, stream: str, at: Checkpoint) -> None:
        """Note how far the rows of a stream reach, in the transaction that adds them."""
        values = {"stream": stream, "epoch": at.epoch, "sequence": at.sequence, "digest": at.digest}
        _upsert(connection, self._tables.checkpoints, "stream", [values])

    def lock(self, connection: sa.Connection, stream: str) -> Checkpoint:
        """How far the rows of a stream reach; in PostgreSQL nobody else adds to them until this transaction ends."""
        table = self._tables.checkpoints
        query = sa.select(table).where(table.c.stream == stream).with_for_update()
        if (line := connection.execute(query).one_or_none()) is None:
            _insert_if_absent(connection, table, {"stream": stream, "epoch": "", "sequence": 0, "digest": b""})
            line = connection.execute(query).one()
        return Checkpoint(line.epoch, line.sequence, line.digest)

    def states(self, connection: sa.Connection, states: Iterable[State], at: Checkpoint) -> bool:
        """Save these states; all others are saved already and have not changed since. False where newer ones are saved."""
        if self.lock(connection, STATES_AT).sequence > at.sequence:
            return False
        lines = [
            {"boundary": state.id, "shape": shape_of(type(state)), "state": msgspec.msgpack.encode(state)}
            for state in states
        ]
        if lines:
            _upsert(connection, self._tables.states, "boundary", lines)
        self.checkpoint(connection, STATES_AT, at)
        return True

    def reached(self, engine: sa.Engine) -> dict[str, int]:
        """How far the rows of every stream reach: for a process that only looks."""
        with engine.connect() as connection:
            lines = connection.execute(sa.select(self._tables.checkpoints)).all()
        return {line.stream: line.sequence for line in lines if line.stream not in (STATES_AT, ORIGIN)}

    def origin(self, engine: sa.Engine) -> str:
        """Who began to make these tables; "" where nobody said so, or there are none."""
        if not sa.inspect(engine).has_table(self._tables.checkpoints.name):
            return ""
        table = self._tables.checkpoints
        with engine.connect() as connection:
            return connection.scalar(sa.select(table.c.epoch).where(table.c.stream == ORIGIN)) or ""

    def load(self, connection: sa.Connection, pause: Callable[[], None] = lambda: None) -> Found | None:
        """What was kept, or None where its states are of another shape or missing: then the rows are made anew.

        `pause` is called now and then.
        """
        kept = {
            line.stream: Checkpoint(line.epoch, line.sequence, line.digest)
            for line in connection.execute(sa.select(self._tables.checkpoints))
            if line.sequence
        }
        at = kept.pop(STATES_AT, Checkpoint())
        states = []
        for line in connection.execute(sa.select(self._tables.states)):
            kind = STATES.get(line.boundary.partition(".")[0])
            if kind is None or shape_of(kind) != line.shape:
                return None
            states.append(piecewise.decode(line.state, kind, pause))
        for state in states:
            state.remembered = Remembered()
        return Found(kept, at, states)


@lru_cache(maxsize=64)
def shape_of(kind: type[State]) -> str:
    """A hash of a state's fields and their types, deep down."""
    return hashlib.sha256(repr(msgspec.inspect.type_info(kind)).encode()).hexdigest()[:32]


def _insert_if_absent(connection: sa.Connection, table: sa.Table, values: dict[str, Any]) -> None:
    connection.execute(_insert(connection, table).values(values).on_conflict_do_nothing())


def _upsert(connection: sa.Connection, table: sa.Table, key: str, lines: list[dict[str, Any]]) -> None:
    statement = _insert(connection, table)
    others = {column.name: statement.excluded[column.name] for column in table.columns if column.name != key}
    connection.execute(statement.on_conflict_do_update(index_elements=[key], set_=others), lines)


def _insert(connection: sa.Connection, table: sa.Table) -> Any:
    return (postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert)(table)
