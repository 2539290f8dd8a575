"""Which secrets changed: told as it happens to the process that rotates them. It answers no questions."""

import hashlib
from collections.abc import Callable, Sequence

from muniment.domain.secret.state import Secret
from muniment.projections.fold import Fold
from muniment.projections.readmodel import IAM, Checkpoint, Condition, ReadModel, Recorded

PREFIX = f"{Secret.kind}."


class SecretChanges(ReadModel):
    """Calls `heard` with the boundary of every secret that a batch changed, after the models before this one have it."""

    name = "secret-changes"

    def __init__(self, fold: Fold) -> None:
        super().__init__()
        self._fold = fold
        self.heard: Callable[[str], None] = lambda boundary: None  # the composition puts it in

    def position(self, stream: str = IAM) -> int:
        """While the others load, wherever they are: who starts looks at every secret by itself."""
        return self._fold.position if self.status.condition is Condition.LOADING else super().position(stream)

    def live(self) -> None:
        """From here on every change counts."""
        self.reached(IAM, Checkpoint("", self._fold.position))
        super().live()

    def apply(self, batch: Sequence[Recorded]) -> None:
        """Tell what changed, each secret once."""
        for boundary in dict.fromkeys(recorded.entry.boundary for recorded in batch):
            if boundary.startswith(PREFIX):
                self.heard(boundary)

    def digest(self) -> bytes:
        """Nothing is kept."""
        return hashlib.sha256(self.name.encode()).digest()
