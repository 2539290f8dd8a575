"""The read model behind the past: notes how late it was at which sequence, and has states kept while the fold passes them."""

import hashlib
from bisect import bisect_right
from collections.abc import Sequence
from typing import ClassVar, Final

from muniment.projections.fold import Fold
from muniment.projections.past.kept import KEEP_ENTRIES, KeptStates, Moment, copied
from muniment.projections.readmodel import IAM, Checkpoint, ReadModel, Recorded

BULK_SHARE: Final = 2  # in bulk half as often: keeping a state costs as much as applying many entries
NOTE_ENTRIES: Final = 256  # of the stream, between two noted moments
DECIDING: Final = frozenset({"account", "site", "organization"})  # boundaries that decisions are made from


class Passage(ReadModel):
    """Moments, and states to keep. What it holds is durable; the file is written with how far it reaches."""

    name = "past"
    KINDS: ClassVar[frozenset[str] | None] = frozenset()  # no fact concerns it: it only looks at when and where

    def __init__(self, fold: Fold, kept: KeptStates, keep_entries: int = KEEP_ENTRIES) -> None:
        super().__init__()
        self._fold, self._kept, self._keep_entries = fold, kept, keep_entries
        self._sequences: list[int] = []
        self._times: list[int] = []
        self.latest = 0  # the running maximum of JetStream's time, microseconds
        found = kept.moments()
        self._add(found)
        if found:
            last = found[-1]
            self.checkpoints = {IAM: Checkpoint(last.epoch, last.sequence, last.digest)}

    def apply(self, batch: Sequence[Recorded]) -> None:
        """Note moments, and keep the states of boundaries that have come far since their last one."""
        fresh: list[Moment] = []
        last, latest = self._sequences[-1] if self._sequences else 0, self.latest
        for recorded in batch:
            latest = max(latest, recorded.time)
            if recorded.sequence - last >= NOTE_ENTRIES:
                last = recorded.sequence
                fresh.append(Moment(last, latest, self.epochs.get(IAM, ""), recorded.entry.digest))
        if fresh:
            self._kept.note(fresh)
            self._add(fresh)
        self.latest = latest
        self._keep()

    def _keep(self) -> None:
        fold = self._fold
        entries = self._keep_entries * (BULK_SHARE if fold.in_place else 1)
        for boundary in fold.touched:
            state = fold.states[boundary]
            if state.version - self._kept.newest(boundary) >= entries and _decides(boundary):
                self._kept.offer(copied(state) if fold.in_place else state, wait=fold.in_place)

    def _add(self, moments: Sequence[Moment]) -> None:
        self._times += [moment.time for moment in moments]
        self._sequences += [moment.sequence for moment in moments]  # last: readers look at these first
        if moments:
            self.latest = max(self.latest, moments[-1].time)

    def before(self, time: int) -> tuple[int, int]:
        """The last noted sequence whose running maximum is at most `time`, and that maximum; (0, 0) where there is none."""
        found = bisect_right(self._times, time, hi=len(self._sequences))
        return (self._sequences[found - 1], self._times[found - 1]) if found else (0, 0)

    def finish(self) -> None:
        """Note where it stands, so that the next start goes on from here."""
        at = self.checkpoints.get(IAM)
        if at is not None and at.sequence > (self._sequences[-1] if self._sequences else 0) and not self.stopped:
            moment = Moment(at.sequence, self.latest, at.epoch, at.digest)
            self._kept.note([moment])
            self._add([moment])

    def reset(self) -> None:
        super().reset()
        self._kept.clear()
        self._sequences, self._times, self.latest = [], [], 0

    def digest(self) -> bytes:
        """Of what everybody must agree on: how late it was at the end."""
        return hashlib.sha256(f"{self.name}/{self.VERSION}/{self.position()}/{self.latest}".encode()).digest()


def _decides(boundary: str) -> bool:
    return boundary.partition(".")[0] in DECIDING
