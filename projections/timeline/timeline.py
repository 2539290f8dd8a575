"""The timeline as a read model: applies entries to its database, in one transaction with how far they reach."""

import time
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import ClassVar, Final

import sqlalchemy as sa

from muniment.domain.boundary import State
from muniment.projections.queries.pagination import Cursors, Page
from muniment.projections.readmodel import BEGINNING, IAM, IAM_ACTIVITY, Checkpoint, Monotonic, ReadModel, Recorded
from muniment.projections.timeline import digest
from muniment.projections.timeline.database import Database, Touched
from muniment.projections.timeline.fill import Admits, Fill, nothing
from muniment.projections.timeline.opening import Unsealer, opened
from muniment.projections.timeline.past import Change, Past
from muniment.projections.timeline.question import After, Question, key_of, place_of, select
from muniment.projections.timeline.resources import touched as touched_by
from muniment.projections.timeline.row import Columns, Row, clean, columns_of, row_id, shown_row
from muniment.projections.timeline.saved import Saved
from muniment.projections.timeline.tables import VERSION
from muniment.projections.turns import Turns

PAGE_ROWS_MAX: Final = 1_000
FILL_ENTRIES_MIN: Final = 20_000  # fewer are inserted as they would be live
FILL_TOGETHER: Final = 250  # entries in one piece of a filling
SAVE_ENTRIES: Final = 10_000  # between two savings of the states that changed


class Mismatch(Exception):
    """The database was made from another log, or was set back: this timeline must not add to it."""


class Timeline(ReadModel):
    """Who did what, when, from where, and what it replaced. Everything here happens on the caller's thread."""

    name = "timeline"
    VERSION = VERSION
    STREAMS: ClassVar[tuple[str, ...]] = (IAM, IAM_ACTIVITY)

    def __init__(
        self,
        database: Database,
        *,
        unsealer: Unsealer | None = None,
        monotonic: Monotonic = time.monotonic,
        admits: Admits = nothing,
    ) -> None:
        super().__init__(monotonic)
        self._admits = admits  # of what a killed filling has left
        self.database = database
        self._unsealer = unsealer
        self._fill: Fill | None = None
        self._past, self._saved = Past(), Saved(database.tables)
        self._rows_to: dict[str, Checkpoint] = {}  # how far the rows reach; after a restart the fold may be behind them
        self._since_saved = 0
        self._begin()

    def _begin(self) -> None:
        """Go on from what the database holds, or anew where that is of another shape."""
        self.database.open()
        with self.database.engine.connect() as connection:
            found = self._saved.load(connection, Turns().pass_on)
        if found is None:
            self.database.clear()
            return
        self._past.load(found.states)
        self._rows_to = found.rows
        self.checkpoints = {**found.rows, **({IAM: found.states_at} if IAM in found.rows else {})}

    # What the feed calls

    def apply(self, batch: Sequence[Recorded]) -> None:
        """Add the rows of a batch: all of them with the checkpoint after them, or none.

        While a file is filled nobody sees it, so there a batch is added in pieces that stay in the processor's cache.
        """
        if self._fill is None:
            self._apply(batch)
        else:
            for start in range(0, len(batch), FILL_TOGETHER):
                self._apply(batch[start : start + FILL_TOGETHER])

    def _apply(self, batch: Sequence[Recorded]) -> None:
        rows: list[Columns] = []
        touched: list[Touched] = []
        try:
            known = self._rows_to.get(batch[0].stream, BEGINNING)
            for recorded in batch:
                self._one(recorded, known, rows, touched)
            self._store(self.checkpoint_after(batch), batch, rows, touched)
        except BaseException:
            self._past.undo()
            raise
        self._past.keep()

    def begin_bulk(self, entries: int) -> None:
        """Fill an empty timeline in the way that is fastest there."""
        if self._fill is None and not self._rows_to and entries >= FILL_ENTRIES_MIN:
            self._fill = self.database.fill(self._admits)
            if self._fill is not None:
                self._rows_to = dict(self._fill.reached)

    def live(self) -> None:
        """Everything was read: put what was filled in bulk into its place, and answer from now on."""
        self.finish()
        super().live()

    def finish(self) -> None:
        """End a bulk filling: its file takes its place. A failure stops the model."""
        fill, self._fill = self._fill, None
        if fill is None:
            return
        try:
            fill.finish(self._seal)
            self._past.changed.clear()
        except Exception as error:
            fill.abandon()
            self.stop(f"the timeline could not be filled: {type(error).__name__}: {error}", IAM, self.position())
        self.database.open()

    def expired(self, stream: str, first: int) -> None:
        """Drop the rows of entries that their stream no longer holds: the same live and in a rebuild."""
        if self._fill is None:
            with self.database.engine.begin() as connection:
                self.database.expire(connection, row_id(stream, 0), row_id(stream, first))

    def reset(self) -> None:
        """Forget every row."""
        super().reset()
        self._abandon()
        self._past, self._rows_to, self._since_saved = Past(), {}, 0
        self.database.clear()

    def adopt(self, other: "Timeline") -> None:
        """Show what a new generation holds, from one moment to the next. Both are level; `other` is used no more."""
        other.database.promote()  # first: where this fails, nothing has changed
        before, self.database = self.database, other.database
        self._past, self._saved, self._since_saved = other._past, other._saved, other._since_saved
        self._rows_to = dict(other._rows_to)
        if self.stopped:
            self.status = other.status
        for stream, checkpoint in other.checkpoints.items():
            self.reached(stream, checkpoint)
        before.close()

    def close(self) -> None:
        """Save the states, so that the next start folds nothing again, and let go of the database."""
        if self._fill is not None:
            self._abandon()
        elif self._past.changed and not self.stopped:
            with self.database.engine.begin() as connection:
                self._save(connection, self.checkpoints.get(IAM, BEGINNING))
        self.database.close()

    # Asking it

    def page(self, question: Question, cursors: Cursors, *, marker: str = "", limit: int = 50) -> Page[Row]:
        """At most `limit` rows behind `marker`. Raises BadCursor; `cursors` are about this question (question.py)."""
        limit = min(max(1, limit), PAGE_ROWS_MAX)
        rows = self.rows(question, after=place_of(cursors.key(marker)) if marker else None, limit=limit + 1)
        shown = rows[:limit]
        return Page(shown, cursors.marker(key_of(shown[-1])) if len(rows) > limit else None)

    def rows(self, question: Question, *, after: After | None = None, limit: int = PAGE_ROWS_MAX) -> list[Row]:
        """At most `limit` rows, their addresses opened where this process may open them."""
        database = self.database
        with database.engine.connect() as connection:
            found = connection.execute(select(database, question, after, limit)).all()
        return [opened(shown_row(columns), self._unsealer) for columns in found]

    def digest(self) -> bytes:
        return self.digest_at({stream: at.sequence for stream, at in self._rows_to.items()})

    def digest_at(
        self, positions: Mapping[str, int], first_activity: int = 0, after: Mapping[str, int] = MappingProxyType({})
    ) -> bytes:
        """SHA-256 over all rows up to the positions: equal in both databases, live or rebuilt (digest.py)."""
        return digest.of_rows(self.database, positions, first_activity, after)

    # Storing

    def _one(self, recorded: Recorded, known: Checkpoint, rows: list[Columns], touched: list[Touched]) -> None:
        entry = recorded.entry
        changes: list[Change] = []
        state: State | None = None
        if recorded.stream == IAM:
            if recorded.sequence <= known.sequence and self._past.knows(entry):
                return  # given again, after a later entry of its batch failed
            changes = self._past.take(entry)
            state = self._past.states[entry.boundary]
        if recorded.sequence <= known.sequence:  # folded again after a restart: its row is there
            if recorded.sequence == known.sequence:
                _compare(recorded, known)
            return
        resources = touched_by(entry, changes, state)
        row = columns_of(recorded, changes, resources)
        rows.append(row)
        number, moment = row[0], row[1]
        for place, (_, arn, name) in enumerate(resources):
            if "\0" in arn or "\0" in name:
                arn, name = clean(arn), clean(name)
            touched.append((number, place, name, arn, moment))

    def _store(self, after: Checkpoint, batch: Sequence[Recorded], rows: list[Columns], touched: list[Touched]) -> None:
        if not rows:
            return
        stream = batch[0].stream
        if self._fill is not None:
            self._fill.put(rows, touched, (stream, after))
        else:
            self._insert(after, batch, rows, touched)
        self._rows_to[stream] = after

    def _insert(
        self, after: Checkpoint, batch: Sequence[Recorded], rows: list[Columns], touched: list[Touched]
    ) -> None:
        """Add what the database has not got yet: another process may share it and have been first."""
        stream = batch[0].stream
        with self.database.engine.begin() as connection:
            there = self._saved.lock(connection, stream)
            if there.sequence < self._rows_to.get(stream, BEGINNING).sequence:
                raise Mismatch(f"the rows of {stream} end at {there.sequence}, before what was written already")
            for recorded in batch:
                if recorded.sequence == there.sequence:
                    _compare(recorded, there)
            if there.sequence < after.sequence:
                above = row_id(stream, there.sequence)
                fresh = [row for row in rows if row[0] > above]
                self.database.write(connection, fresh, [line for line in touched if line[0] > above])
                self._saved.checkpoint(connection, stream, after)
            due = self._since_saved + len(rows) >= SAVE_ENTRIES
            if due:
                self._save(connection, after if stream == IAM else self.checkpoints.get(IAM, BEGINNING))
        self._since_saved = 0 if due else self._since_saved + len(rows)
        if due:
            self._past.changed.clear()

    def _save(self, connection: sa.Connection, at: Checkpoint) -> None:
        """Save the states that changed: a restart folds on from here."""
        self._saved.states(connection, [self._past.states[name] for name in sorted(self._past.changed)], at)

    def _seal(self, connection: sa.Connection) -> None:
        """The last step of a filling, in its own file."""
        for stream, at in self._rows_to.items():
            self._saved.checkpoint(connection, stream, at)
        self._save(connection, self.checkpoints.get(IAM, BEGINNING))

    def _abandon(self) -> None:
        fill, self._fill = self._fill, None
        if fill is not None:
            fill.abandon()


def _compare(recorded: Recorded, known: Checkpoint) -> None:
    if recorded.entry.digest != known.digest:
        raise Mismatch(f"{recorded.stream} {recorded.sequence} is not the entry the last row was made from: rebuild")
