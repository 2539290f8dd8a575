"""Which entry made something what it is: the log is read backwards, a kept state at a time, until the entry is found."""

from collections.abc import Callable, Sequence
from typing import Final, Protocol

from muniment.domain.boundary import ChainBroken, State, new_state
from muniment.projections.fold import NOTHING
from muniment.projections.past.log import PastUnreadable
from muniment.projections.past.past import Past
from muniment.projections.readmodel import Recorded
from muniment.projections.turns import Turns

ENTRIES_MAX: Final = 30_000  # looked at for one answer: some seconds' worth


class Wanted(Protocol):
    """What is looked for in one boundary."""

    @property
    def boundary(self) -> str: ...
    @property
    def value(self) -> Callable[..., object]:
        """What it is in a state."""


def origins_of(past: Past, wanted: Sequence[Wanted], sequence: int) -> list[Recorded | None]:
    """For each of `wanted` the last entry up to `sequence` that changed it; None where none did among the last many thousand.

    Raises PastUnreadable.
    """
    found: list[Recorded | None] = [None] * len(wanted)
    for boundary in {one.boundary for one in wanted}:
        places = [place for place, one in enumerate(wanted) if one.boundary == boundary]
        newest = later = past.state(boundary, sequence)
        while places and later.version and newest.version - later.version < ENTRIES_MAX:
            earlier = past.kept.nearest(boundary, later.position - 1) or new_state(boundary)
            changed = _changes(past, earlier, later, {place: wanted[place].value for place in places})
            for place, recorded in changed.items():
                found[place] = recorded
            places = [place for place in places if place not in changed]
            later = earlier
    return found


def _changes(past: Past, earlier: State, later: State, values: dict[int, Callable[..., object]]) -> dict[int, Recorded]:
    """The last entry between two states of a boundary that changed each value."""
    draft = earlier.draft()
    draft.remembered = NOTHING
    known = {place: value(draft) for place, value in values.items()}
    found: dict[int, Recorded] = {}
    turns = Turns()
    for recorded in past.entries((earlier.id,), earlier.position, later.position):
        turns.pass_on()
        try:
            draft.apply(recorded.entry)
        except ChainBroken as broken:
            raise PastUnreadable(f"the past cannot be read: {broken}") from None
        for place, value in values.items():
            now = value(draft)
            if now is not known[place] and now != known[place]:
                known[place], found[place] = now, recorded
    if draft.head != later.head:
        raise PastUnreadable(f"the chain of `{later.id}` does not lead to its known head at {later.position}")
    return found
