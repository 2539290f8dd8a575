"""A walk through the log: `Access` as it was after one entry, then after the next, for as few boundaries as its decisions look at.

Which boundaries these are is found out on the way: one that is first asked for in the middle is loaded as of there, and
followed from there.
"""

from collections.abc import Iterator

from muniment.domain.boundary import ChainBroken, State
from muniment.domain.stored import Damaged
from muniment.projections.access.model import Access
from muniment.projections.access.organizations import MOVING
from muniment.projections.fold import NOTHING, Fold
from muniment.projections.past.access import Table
from muniment.projections.past.log import PastUnreadable
from muniment.projections.past.past import Past, Row
from muniment.projections.readmodel import IAM, Checkpoint, Concern, Condition, Recorded, Status
from muniment.projections.source import SourceLost
from muniment.projections.turns import Turns


class Walk:
    """From the state after the entry at `start` to that at `until`. `access` shows where it is."""

    def __init__(self, past: Past, start: int, until: int) -> None:
        self.position = start
        self._past, self._until = past, until
        self._rows: dict[str, Row] = {}
        self.access = Access(Fold())
        self.access.status = Status(Condition.LIVE)
        self.access.show(Table(self._meet))
        self._stand(start)

    def steps(self) -> Iterator[Recorded]:
        """Each entry of the boundaries that were asked for, after it was applied. Raises PastUnreadable."""
        turns = Turns()
        try:
            while (following := self._next()) is not None:
                recorded = following.take()
                self._apply(recorded)
                turns.pass_on()
                yield recorded
        except SourceLost as lost:
            raise PastUnreadable(f"the past cannot be read now: {lost}") from None
        except (ChainBroken, Concern, Damaged) as fault:
            raise PastUnreadable(f"the past cannot be read after {self.position}: {fault}") from None
        self._arrive()

    def _meet(self, boundary: str) -> State:
        """A boundary that was not asked for before: from here on it is followed."""
        state = self._past.state(boundary, self.position)
        self._rows[boundary] = self._past.row(boundary, self.position, self._until)
        return state

    def _next(self) -> Row | None:
        waiting = [row for row in self._rows.values() if row.head() is not None]
        return min(waiting, key=Row.place) if waiting else None

    def _apply(self, recorded: Recorded) -> None:
        boundary, table = recorded.entry.boundary, self.access.table
        draft = table[boundary].draft()
        draft.remembered = NOTHING
        draft.apply(recorded.entry)
        draft.position = recorded.sequence
        if boundary.startswith(MOVING):
            self.access.moved()
        table[boundary] = draft  # a whole state, as decisions expect: they compare what they know with what there is
        self._stand(recorded.sequence)

    def _stand(self, sequence: int) -> None:
        self.position = sequence
        self.access.checkpoints = {IAM: Checkpoint("", sequence)}

    def _arrive(self) -> None:
        """What was applied must lead to what is known at the end."""
        for boundary in self._rows:
            if self.access.table[boundary].head != self._past.state(boundary, self._until).head:
                raise PastUnreadable(f"the chain of `{boundary}` does not lead to its known head at {self._until}")
        self._stand(self._until)
