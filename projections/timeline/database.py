"""The database of a timeline, as the model sees it; `sqlite.py` and `postgresql.py` are the two there are.

A *generation* is one complete set of tables. A rebuild fills the next one beside the live one; `promote` makes it the one
that is opened from then on (DESIGN §4).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import sqlalchemy as sa

from muniment.projections.timeline.fill import Admits, Fill, nothing
from muniment.projections.timeline.row import Columns
from muniment.projections.timeline.tables import Tables
from muniment.projections.timeline.words import Wanted

Touched = tuple[int, int, str, str, int]  # a line of table `resources`: id, number, name, ARN, time


class Database(Protocol):
    """One generation of the timeline's tables, somewhere."""

    tables: Tables
    engine: sa.Engine
    generation: int

    @property
    def place(self) -> Path | str:
        """What `places.py` opens it by: a directory, or a URL, which may hold a password."""

    def open(self) -> None:
        """Make sure that the tables and their indexes are there."""

    def clear(self) -> None:
        """Begin with empty tables."""

    def write(self, connection: sa.Connection, rows: Sequence[Columns], touched: Sequence[Touched]) -> None:
        """Add rows, what they touched, and their words. `rows` is not empty and in the order of its ids."""

    def expire(self, connection: sa.Connection, low: int, high: int) -> None:
        """Remove the rows with `low` <= id < `high`, what they touched, and their words."""

    def matching(self, search: Sequence[Wanted]) -> sa.ColumnElement[bool]:
        """The condition that a row has all these words."""

    def fill(self, admits: Admits = nothing) -> Fill | None:
        """Begin to fill empty tables in bulk, where that needs a way of its own; or go on with what is left of such a filling,
        where `admits` says that its rows are those of the log."""

    def beside(self) -> "Database":
        """The next generation, empty and not live."""

    def promote(self) -> None:
        """From now on this generation is the one that is opened; the one before it stays, older ones go."""

    def discard(self) -> None:
        """Remove this generation, which is not live."""

    def close(self) -> None:
        """Let go of all connections."""
