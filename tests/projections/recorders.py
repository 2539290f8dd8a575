"""Small read models that only remember what they were given."""

from collections.abc import Sequence
from typing import ClassVar

from muniment.projections.readmodel import IAM, IAM_ACTIVITY, ReadModel, Recorded


class Witness(ReadModel):
    """Remembers the sequences it was given, of both streams; refuses those it is told to."""

    name = "witness"
    STREAMS: ClassVar[tuple[str, ...]] = (IAM, IAM_ACTIVITY)

    def __init__(self, *refused: int) -> None:
        super().__init__()
        self.seen: dict[str, list[int]] = {IAM: [], IAM_ACTIVITY: []}
        self.refused = set(refused)
        self.begun = 0

    def apply(self, batch: Sequence[Recorded]) -> None:
        if bad := [recorded.sequence for recorded in batch if recorded.sequence in self.refused]:
            raise ValueError(f"cannot take {bad[0]}")
        self.seen[batch[0].stream].extend(recorded.sequence for recorded in batch)

    def reset(self) -> None:
        super().reset()
        self.seen = {IAM: [], IAM_ACTIVITY: []}
        self.begun += 1
