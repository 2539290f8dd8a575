"""Watch: facts that this process must act on as they arrive: alarms to raise, owners to forget. It answers no questions."""

import hashlib
from collections.abc import Callable, Sequence

from muniment.domain.erasing import erased_owner
from muniment.domain.ledger import Entry
from muniment.projections.fold import Fold
from muniment.projections.readmodel import IAM, Checkpoint, Condition, ReadModel, Recorded


class Watch(ReadModel):
    """Calls `alarm` for every new fact of high severity, and `forget` with the owner of every erased data key."""

    name = "watch"

    def __init__(self, fold: Fold, alarm: Callable[[Entry], None], forget: Callable[[str], None]) -> None:
        super().__init__()
        self._fold, self._alarm, self._forget = fold, alarm, forget

    def position(self, stream: str = IAM) -> int:
        """While the others load, wherever they are: what is in the log already was acted on when it was new."""
        return self._fold.position if self.status.condition is Condition.LOADING else super().position(stream)

    def live(self) -> None:
        """From here on every entry counts."""
        self.reached(IAM, Checkpoint("", self._fold.position))
        super().live()

    def apply(self, batch: Sequence[Recorded]) -> None:
        """Look at what arrived."""
        for recorded in batch:
            fact = recorded.entry.fact
            if fact.severity == "high":
                self._alarm(recorded.entry)
            if (erased := erased_owner(recorded.entry)) is not None:
                self._forget(erased)

    def digest(self) -> bytes:
        """Nothing is kept."""
        return hashlib.sha256(self.name.encode()).digest()
