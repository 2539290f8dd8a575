"""Trails: what the notary learns from the feed, which has checked every entry before. They are read models without answers."""

import hashlib
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import msgspec

from muniment.ops.notary.ends import links_moved
from muniment.projections.fold import Fold, FoldedModel
from muniment.projections.readmodel import BEGINNING, IAM, IAM_ACTIVITY, Checkpoint, ReadModel, Recorded
from muniment.projections.verify import Link

Between = Callable[[Callable[[], Any]], Any]  # runs a task between two batches: `Feed.between`


class Moved(msgspec.Struct, frozen=True):
    """How far a stream was read, and the chains that grew since the last time this was asked."""

    checkpoint: Checkpoint
    links: dict[str, Link]


class Trail(Protocol):
    """One stream, as the notary follows it."""

    @property
    def stream(self) -> str: ...

    def position(self, stream: str = ...) -> int:
        """The sequence of the last entry that was read and checked."""

    def moved(self) -> Moved:
        """What moved since the last call. Called between two batches."""


class LogTrail(FoldedModel):
    """Stream IAM: the ends of all boundaries' chains, from the shared fold, so that a snapshot serves it too."""

    name = "heads"

    def __init__(self, fold: Fold) -> None:
        super().__init__(fold)
        self._grown: set[str] = set()

    @property
    def stream(self) -> str:
        return IAM

    def index(self, batch: Sequence[Recorded]) -> None:
        self._grown.update(self.fold.touched)

    def reindex(self) -> None:
        self._grown = set(self.table)

    def moved(self) -> Moved:
        """Boundaries that grew; after a start or a rebuild all of them."""
        links = {name: Link(self.table[name].version, self.table[name].head) for name in self._grown}
        self._grown = set()
        return Moved(self.checkpoints.get(IAM, BEGINNING), links)


class ActivityTrail(ReadModel):
    """Stream IAM_ACTIVITY: the chains of its writers. It goes on behind the last signed head, so that a start reads little."""

    name = "activity-heads"
    STREAMS = (IAM_ACTIVITY,)

    def __init__(self, since: Checkpoint = BEGINNING) -> None:
        super().__init__()
        self._grown: dict[str, Link] = {}
        if since.sequence:
            self.checkpoints = {IAM_ACTIVITY: since}

    @property
    def stream(self) -> str:
        return IAM_ACTIVITY

    def apply(self, batch: Sequence[Recorded]) -> None:
        self._grown.update(links_moved(batch))

    def reset(self) -> None:
        super().reset()
        self._grown = {}

    def moved(self) -> Moved:
        """Writers that wrote."""
        links, self._grown = self._grown, {}
        return Moved(self.checkpoints.get(IAM_ACTIVITY, BEGINNING), links)

    def digest(self) -> bytes:
        """Nothing is kept but what moved since the last head."""
        return hashlib.sha256(self.name.encode()).digest()
