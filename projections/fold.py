"""The fold that the in-memory models share: every boundary of stream IAM, by the domain's own State.apply.

A model over the fold keeps its own table of references to whole states, so it stops alone; the states are held once
(docs/decisions/0004-access-shares-the-fold.md). A boundary whose entry cannot be applied is abandoned at that entry.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Final

from muniment.domain.boundary import State, new_state
from muniment.domain.remembered import Remembered
from muniment.projections import piecewise
from muniment.projections.readmodel import IAM, Checkpoint, Concern, Condition, ReadModel, Recorded, Status
from muniment.projections.turns import Turns

VERSION: Final = 1  # raised when facts fold to something else than before: older snapshots are then passed over


class Forgetful(Remembered):
    """Remembers nothing: which commands were done is the ledger's memory, not an answer to anyone, and would fill ours."""

    def note(self, key: bytes, body: bytes, time: int, version: int) -> None:
        """Let it pass."""

    def draft(self) -> "Forgetful":
        """Itself: it never changes."""
        return self


NOTHING: Final = Forgetful()


class Spoiled(Exception):
    """An entry failed in a fold that works in place: what it holds is to be thrown away and made again."""

    def __init__(self, sequence: int, reason: str) -> None:
        super().__init__(f"entry {sequence} cannot be applied: {reason}")
        self.sequence = sequence


class Fold:
    """Whole states by boundary. `extend` takes a batch or raises and changes nothing, unless it works in place."""

    def __init__(self) -> None:
        self.states: dict[str, State] = {}
        self.abandoned: dict[str, str] = {}  # boundary → why it goes no further
        self.touched: tuple[str, ...] = ()  # the boundaries of the last batch
        self.position = 0
        self._own: set[str] | None = None  # in place: states that nobody else has seen

    def reset(self) -> None:
        """Forget everything."""
        self.__init__()  # type: ignore[misc]

    @property
    def in_place(self) -> bool:
        """Whether it works without copies now."""
        return self._own is not None

    def begin_in_place(self) -> None:
        """Work without copies until `end_in_place`: right while nobody reads. A failure then raises Spoiled."""
        self._own = set()

    def end_in_place(self) -> None:
        """From here on states are whole values that are never changed again."""
        self._own = None

    def extend(self, batch: Sequence[Recorded]) -> None:
        """Apply the entries after `position`. Raises what an entry's fact raises, or Spoiled in place."""
        drafts: dict[str, State] = {}
        sequence = 0
        try:
            for recorded in batch:
                sequence = recorded.sequence
                if sequence <= self.position:
                    continue
                entry = recorded.entry
                draft = drafts.get(entry.boundary)
                if draft is None:
                    if entry.boundary in self.abandoned:
                        continue
                    draft = drafts[entry.boundary] = self._draft(entry.boundary)
                draft.apply(entry)
                draft.position = sequence
        except Exception as error:
            if self._own is None:
                raise
            raise Spoiled(sequence, f"{type(error).__name__}: {error}") from error
        self.states.update(drafts if self._own is not None else {name: draft.whole() for name, draft in drafts.items()})
        self.touched = tuple(drafts)
        self.position = max(self.position, sequence)

    def _draft(self, boundary: str) -> State:
        known = self.states.get(boundary)
        if self._own is not None:
            if boundary in self._own:
                assert known is not None  # owned states were put into the table by an earlier batch
                return known
            self._own.add(boundary)
        draft = new_state(boundary) if known is None else known.draft()
        if known is not None and self._own is not None:
            draft.own()  # once, and then nothing stands between the facts and the tables
        draft.remembered = NOTHING
        return draft

    def abandon(self, recorded: Recorded, reason: str) -> None:
        """Give up an entry's boundary: its state stays as it was before the entry."""
        self.abandoned[recorded.entry.boundary] = reason
        self.touched = ()
        self.position = recorded.sequence

    def adopt(self, other: "Fold") -> None:
        """Take over what another fold of the same log holds at the same position or a later one."""
        self.states, self.abandoned, self.position = other.states, other.abandoned, other.position
        self.touched = ()


class FoldedModel(ReadModel):
    """A read model over the shared fold. What it shows is in `table`: boundary → whole state, for the kinds it reads."""

    KINDS: ClassVar[frozenset[str] | None] = None
    BULK_ENTRIES: ClassVar[int] = 512  # so few fit into the processor's cache: a fifth faster than thousands

    def __init__(self, fold: Fold) -> None:
        super().__init__()
        self.fold = fold
        self.table: dict[str, State] = {}

    def apply(self, batch: Sequence[Recorded]) -> None:
        """Show the states that the fold has reached with this batch."""
        fold = self.fold
        if fold.abandoned:
            for recorded in batch:
                boundary = recorded.entry.boundary
                if boundary in fold.abandoned and self.concerns(recorded.entry):
                    raise Concern(fold.abandoned[boundary])
        self.index(batch)
        table, states = self.table, fold.states
        for boundary in fold.touched:
            if self.reads(boundary):
                table[boundary] = states[boundary]

    def refuse_foreign(self, batch: Sequence[Recorded]) -> None:
        """The fold has done so: it abandons the boundary of an unknown fact."""

    def reads(self, boundary: str) -> bool:
        """Whether this model reads that boundary."""
        return self.KINDS is None or boundary.partition(".")[0] in self.KINDS

    def index(self, batch: Sequence[Recorded]) -> None:
        """Note what the batch changes beside the states. Must not fail half-way."""

    def reindex(self) -> None:
        """Make the model's own indexes from `table` alone, after a snapshot was loaded."""

    def adopt_index(self, other: Any) -> None:
        """Take over the indexes of a new generation of this model: on the feed's thread, so not by making them again."""

    def load(self, checkpoint: Checkpoint) -> None:
        """Take everything from the fold, which was loaded from a snapshot of this checkpoint."""
        self.reached(IAM, checkpoint)
        self.table = {boundary: state for boundary, state in self.fold.states.items() if self.reads(boundary)}
        self.reindex()

    def reset(self) -> None:
        super().reset()
        self.table = {}
        self.reindex()

    def picture(self) -> Mapping[str, State]:
        """What the model shows now, as a value that stays: the digest is taken from it, on any thread."""
        return dict(self.table)

    def digest(self) -> bytes:
        return self.digest_of(self.picture())

    def digest_of(self, picture: Mapping[str, State]) -> bytes:
        """The digest of what the model shows when its states are those of `picture`."""
        return digest_of(self.name, self.VERSION, picture.items())

    def adopt(self, other: "FoldedModel") -> None:
        """Show what a new generation of this model holds, from one moment to the next."""
        self.table = other.table
        self.adopt_index(other)
        self.status = other.status if other.stopped else Status(Condition.LIVE)
        if (checkpoint := other.checkpoints.get(IAM)) is not None:
            self.reached(IAM, checkpoint)


def digest_of(name: str, version: int, states: Iterable[tuple[str, State]]) -> bytes:
    """SHA-256 over the states in the order of their boundaries."""
    total, turns = hashlib.sha256(f"{name}/{version}".encode()), Turns()
    for boundary, state in sorted(states, key=lambda item: item[0]):
        total.update(boundary.encode())
        total.update(piecewise.digest(state, turns.pass_on))
    return total.digest()
