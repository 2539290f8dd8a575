"""A generation: a fold and the models that are filled together, be it the live one or one built beside it."""

from collections.abc import Callable, Sequence
from functools import partial

from muniment.domain.boundary import State
from muniment.projections.fold import Fold, FoldedModel
from muniment.projections.readmodel import IAM, ReadModel, Recorded
from muniment.projections.snapshots import Picture, Snapshots
from muniment.projections.source import Source


class Generation:
    """Takes batches: the fold first, then every model. A failure is pinned to its entry, and only who it concerns stops."""

    def __init__(self, fold: Fold | None, models: Sequence[ReadModel]) -> None:
        self.fold = fold
        self.models = tuple(models)

    def folded(self) -> tuple[FoldedModel, ...]:
        """The models over the fold."""
        return tuple(model for model in self.models if isinstance(model, FoldedModel))

    def readers(self, stream: str) -> tuple[ReadModel, ...]:
        """The models that read `stream`."""
        return tuple(model for model in self.models if stream in model.STREAMS)

    def position(self, stream: str) -> int:
        """The sequence after which this generation has to read `stream` on: that of the model furthest behind."""
        positions = [model.position(stream) for model in self.readers(stream) if not model.stopped]
        if self.fold is not None and stream == IAM and self.folded():
            positions.append(self.fold.position)
        return min(positions, default=0)

    def take(self, batch: Sequence[Recorded], epoch: str) -> None:
        """Apply a batch to the fold and to every model. Raises Spoiled where the fold works in place."""
        if self.fold is not None and batch[0].stream == IAM and not self._fold(self.fold, batch):
            for recorded in batch:
                self._one(self.fold, recorded, epoch)
            return
        for model in self.models:
            model.take(batch, epoch)

    def _fold(self, fold: Fold, batch: Sequence[Recorded]) -> bool:
        if fold.in_place:
            fold.extend(batch)
            return True
        try:
            fold.extend(batch)
        except Exception:  # the batch is given again, entry by entry, to find out which one it was
            return False
        return True

    def _one(self, fold: Fold, recorded: Recorded, epoch: str) -> None:
        try:
            fold.extend((recorded,))
        except Exception as error:  # whatever it was, it stops the models that read this boundary
            fold.abandon(recorded, f"{type(error).__name__}: {error}")
        for model in self.models:
            model.take((recorded,), epoch)

    def in_place(self, stream: str, wanted: bool) -> None:
        """Let the fold work in place, or stop it from doing so; right only while nobody reads the models over it."""
        if self.fold is not None and stream == IAM:
            if wanted and not self.fold.in_place:
                self.fold.begin_in_place()
            elif not wanted:
                self.fold.end_in_place()

    def bulk_entries(self, stream: str, position: int) -> int:
        """How many entries after `position` are best taken at once."""
        wanted = [
            model.BULK_ENTRIES
            for model in self.readers(stream)
            if model.position(stream) <= position and not model.stopped
        ]
        return max(wanted, default=FoldedModel.BULK_ENTRIES)

    def changes_only(self, stream: str) -> bool:
        """Whether none of its models asks the entries of `stream` who wrote them, and why."""
        return all(model.CHANGES_ONLY for model in self.readers(stream))

    def begin_bulk(self, stream: str, entries: int) -> None:
        """Tell the models that about so many entries will come at once."""
        for model in self.readers(stream):
            guarded(model, stream, partial(model.begin_bulk, entries))

    def end_bulk(self, stream: str) -> None:
        """Tell the models that the many are over; from here on states are whole values."""
        self.in_place(stream, False)
        for model in self.readers(stream):
            guarded(model, stream, model.end_bulk)

    def expire(self, stream: str, first: int) -> None:
        """Let the models drop what came from entries of `stream` before `first`."""
        for model in self.readers(stream):
            guarded(model, stream, partial(model.expired, stream, first))

    def load(self, snapshots: Snapshots, source: Source, pause: Callable[[], None] | None = None) -> None:
        """Begin from a snapshot where there is one of use. Raises SourceLost."""
        if self.fold is None or self.fold.position or not self.folded():
            return
        if (checkpoint := snapshots.load(self.fold, source, pause)) is not None:
            for model in self.folded():
                model.load(checkpoint)

    def picture(self) -> Picture | None:
        """What a snapshot would keep now; None where something was abandoned: that has to be met again after a restart."""
        folded = self.folded()
        if self.fold is None or not folded or self.fold.abandoned or any(model.stopped for model in folded):
            return None
        checkpoint = folded[0].checkpoints.get(IAM)
        return None if checkpoint is None else Picture(dict(self.fold.states), checkpoint)

    def twin(self) -> "Generation":
        """An empty generation of the models over the fold."""
        fold = Fold()
        return Generation(fold, [type(model)(fold) for model in self.folded()])

    def adopt(self, other: "Generation") -> list[State]:
        """Show what a twin holds in place of what this one does, each model from one moment to the next.

        Answers the states that were shown until now, for the caller to let go of.
        """
        assert self.fold is not None  # only generations over a fold have twins
        assert other.fold is not None
        old = list(self.fold.states.values())
        self.fold.adopt(other.fold)
        for model, new in zip(self.folded(), other.folded(), strict=True):
            model.adopt(new)
        return old

    def begin_anew(self, model: ReadModel) -> None:
        """Make `model` forget everything; models over the fold do so together, for they are filled together."""
        if isinstance(model, FoldedModel):
            self.reset()
        else:
            guarded(model, IAM, model.reset)

    def forget_from(self, stream: str, sequence: int) -> None:
        """Models that hold the entry `sequence` of `stream` begin anew."""
        for model in self.readers(stream):
            if model.position(stream) >= sequence:
                self.begin_anew(model)

    def reset(self) -> None:
        """Forget what is held in memory: the fold and the models over it."""
        if self.fold is not None:
            self.fold.reset()
        for model in self.folded():
            model.reset()


def guarded(model: ReadModel, stream: str, work: Callable[[], None]) -> None:
    """Let a model do something beside applying; where it fails, that model stops where it is and the others go on."""
    try:
        work()
    except Exception as error:  # a durable model's database may fail in any way
        model.stop(f"{type(error).__name__}: {error}", stream, model.position(stream) + 1)
