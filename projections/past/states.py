"""States of boundaries at past sequences: from the nearest known state before, and the entries of that boundary after it.

Nothing is believed on the way: every entry must follow the one before it, the entry *behind* the asked one must name it (so none is
missing, whichever replica answered), and the last one's signature vouches for all of them (DESIGN §3).
"""

import threading
from bisect import bisect_right
from collections import OrderedDict
from typing import Final, Protocol

from muniment.domain import stored
from muniment.domain.boundary import ChainBroken, State, new_state
from muniment.domain.stored import Damaged
from muniment.projections.fold import NOTHING
from muniment.projections.past.kept import KEEP_ENTRIES, KeptStates, copied
from muniment.projections.past.log import Log, PastUnreadable, recorded
from muniment.projections.readmodel import IAM, Concern, Recorded
from muniment.projections.source import SourceLost, Stored
from muniment.projections.verify import Broken, Verifier, is_signed

CHUNK: Final = 64  # entries asked for at once: half of it is read in vain on average
REMEMBERED_MAX: Final = 64  # states in memory that were asked for last
TRIES_MAX: Final = 3  # a replica that lags is asked again


class Now(Protocol):
    """The states as they are now: the directory."""

    @property
    def stopped(self) -> bool: ...
    def position(self) -> int:
        """How far they reach."""

    def state(self, boundary: str) -> State:
        """The newest state of a boundary; the empty one where nothing was recorded."""


class States:
    """Whole states at sequences of stream IAM. Safe for many threads."""

    def __init__(self, now: Now, log: Log, kept: KeptStates, verifier: Verifier) -> None:
        self._now, self._log, self._kept, self._verifier = now, log, kept, verifier
        self._remembered: OrderedDict[tuple[str, int], State] = OrderedDict()
        self._places: dict[str, list[int]] = {}  # boundary → the positions of its remembered states, ascending
        self._lock = threading.Lock()

    def at(self, boundary: str, sequence: int) -> State:
        """The state of a boundary after the entry at `sequence`, which the log must have reached.

        Raises PastUnreadable; KeyError for a kind of boundary that is not.
        """
        reached = self._now.position()  # before the state is looked at: it may only be newer
        newest = self._now.state(boundary)
        if not self._now.stopped and newest.position <= sequence <= reached:
            return newest
        try:
            return self._read(boundary, sequence, newest.version)
        except SourceLost as lost:
            raise PastUnreadable(f"the past cannot be read now: {lost}") from None
        except (Concern, Damaged, Broken) as fault:
            raise PastUnreadable(f"`{boundary}` cannot be read as of {sequence}: {fault}") from None

    def _read(self, boundary: str, sequence: int, newest: int) -> State:
        base = self._nearest(boundary, sequence)
        draft = base.draft()
        draft.remembered = NOTHING
        last, behind = base.version, False
        proof: Stored | None = None
        for _ in range(TRIES_MAX):
            while messages := self._log.entries(boundary, draft.position, CHUNK):
                found = [message for message in messages if message.sequence <= sequence]
                for message in found:
                    _apply(draft, recorded(message))
                    if draft.version - last >= KEEP_ENTRIES and draft.version > self._kept.newest(boundary):
                        self._kept.offer(copied(draft))
                        last = draft.version
                proof = found[-1] if found else proof
                if behind := len(found) < len(messages):
                    _follows(draft, recorded(messages[len(found)]))
                    break
            if behind or draft.version >= newest:
                break
        else:
            raise SourceLost(f"a replica of {IAM} does not have all entries of `{boundary}` up to {sequence} yet")
        if proof is not None and not is_signed(self._verifier, stored.open_envelope(proof.data)):
            raise Broken(IAM, proof.sequence, "the entry carries no valid signature")
        return self._remember(draft)

    def _nearest(self, boundary: str, sequence: int) -> State:
        """The latest state before, among those in memory and those in the file; the empty one where there is none."""
        found = None
        with self._lock:
            places = self._places.get(boundary, [])
            if at := bisect_right(places, sequence):
                key = (boundary, places[at - 1])
                found = self._remembered[key]
                self._remembered.move_to_end(key)
        if found is not None and sequence - found.position < CHUNK:
            return found  # near enough in the whole stream
        kept = self._kept.nearest(boundary, sequence)
        if kept is not None and (found is None or kept.position > found.position):
            found = kept
        return new_state(boundary) if found is None else found

    def _remember(self, state: State) -> State:
        with self._lock:
            key = (state.id, state.position)
            if key not in self._remembered:
                self._remembered[key] = state
                places = self._places.setdefault(state.id, [])
                places.insert(bisect_right(places, state.position), state.position)
            if len(self._remembered) > REMEMBERED_MAX:
                (boundary, place), _ = self._remembered.popitem(last=False)
                self._places[boundary].remove(place)
        return state


def _apply(draft: State, found: Recorded) -> None:
    try:
        draft.apply(found.entry)
    except ChainBroken as broken:
        raise Broken(IAM, found.sequence, str(broken)) from None
    draft.position = found.sequence


def _follows(state: State, behind: Recorded) -> None:
    """Check that nothing is missing between a state and the boundary's next entry."""
    entry = behind.entry
    if entry.version != state.version + 1 or entry.prev != state.head:
        raise Broken(
            IAM, behind.sequence, f"version {entry.version} of `{entry.boundary}` does not follow the state before it"
        )
