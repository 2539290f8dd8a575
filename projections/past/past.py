"""The past: states and decisions at any position of stream IAM, and who changed what on the way there."""

import threading
from collections import OrderedDict
from collections.abc import Collection, Iterator
from typing import Final

from muniment.domain.boundary import State
from muniment.domain.stored import Damaged
from muniment.projections.past.access import AccessAt
from muniment.projections.past.kept import KeptStates
from muniment.projections.past.log import TOGETHER, Log, PastUnreadable, recorded
from muniment.projections.past.model import Passage
from muniment.projections.past.moment import Clock
from muniment.projections.past.states import Now, States
from muniment.projections.readmodel import BEGINNING, IAM, Checkpoint, Recorded
from muniment.projections.source import SourceLost, Stored
from muniment.projections.verify import Verifier

MOMENTS_MAX: Final = 32  # moments whose Access is remembered: their documents are read


class Past:
    """What `views.past` is. Safe for many threads."""

    def __init__(self, now: Now, passage: Passage, kept: KeptStates, log: Log, verifier: Verifier) -> None:
        self.passage, self._log = passage, log
        self.kept = kept
        self._states = States(now, log, kept, verifier)
        self._clock = Clock(passage, log)
        self._moments: OrderedDict[int, AccessAt] = OrderedDict()
        self._lock = threading.Lock()

    def position(self, as_of: str | int | None, now: int) -> int:
        """The sequence that `as_of` names; None names the last one read here. Raises ValidationError, PastUnreadable."""
        return self.passage.position() if as_of is None else self._clock.sequence(as_of, now)

    def state(self, boundary: str, sequence: int) -> State:
        """The state of a boundary after the entry at `sequence`. Raises PastUnreadable."""
        return self._states.at(boundary, sequence)

    def access(self, sequence: int) -> AccessAt:
        """Who might do what after the entry at `sequence`."""
        with self._lock:
            known = self._moments.get(sequence)
            if known is None:
                epoch = self.passage.checkpoints.get(IAM, BEGINNING).epoch
                known = AccessAt(lambda boundary: self.state(boundary, sequence), Checkpoint(epoch, sequence))
                self._moments[sequence] = known
                if len(self._moments) > MOMENTS_MAX:
                    self._moments.popitem(last=False)
            self._moments.move_to_end(sequence)
        return known

    def entries(self, boundaries: Collection[str], after: int, until: int) -> Iterator[Recorded]:
        """The entries of some boundaries after one sequence up to another, in the stream's order. Raises PastUnreadable.

        They are chained by whoever folds them onto a state of `after`.
        """
        rows = [self.row(boundary, after, until) for boundary in boundaries]
        try:
            while rows := [row for row in rows if row.head() is not None]:
                first = min(rows, key=Row.place)
                yield first.take()
        except SourceLost as lost:
            raise PastUnreadable(f"the past cannot be read now: {lost}") from None
        except Damaged as fault:
            raise PastUnreadable(f"the past cannot be read: {fault}") from None

    def row(self, boundary: str, after: int, until: int) -> "Row":
        """The messages of one boundary, to be taken one by one."""
        return Row(self._log, boundary, after, until)

    def entry(self, sequence: int) -> Recorded | None:
        """The entry at a sequence; its signature was checked by whoever read the log up to there. Raises PastUnreadable."""
        try:
            found = self._log.stretch(sequence - 1, 1)
            return recorded(found[0]) if found and found[0].sequence == sequence else None
        except (SourceLost, Damaged) as fault:
            raise PastUnreadable(f"the past cannot be read now: {fault}") from None


class Row:
    """One boundary's messages, read as they are needed."""

    def __init__(self, log: Log, boundary: str, after: int, until: int) -> None:
        self._log, self._boundary, self._after, self._until = log, boundary, after, until
        self._waiting: list[Stored] = []
        self._ended = False

    def head(self) -> Stored | None:
        """The next message, or None behind the last."""
        if not self._waiting and not self._ended:
            got = self._log.entries(self._boundary, self._after, TOGETHER)
            self._waiting = [message for message in reversed(got) if message.sequence <= self._until]
            self._ended = not got or got[-1].sequence >= self._until
        return self._waiting[-1] if self._waiting else None

    def place(self) -> int:
        """Where the next message lies."""
        return self._waiting[-1].sequence

    def take(self) -> Recorded:
        """The next entry, which is then behind. Raises Damaged."""
        message = self._waiting.pop()
        self._after = message.sequence
        return recorded(message)
