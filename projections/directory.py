"""The directory: every boundary of stream IAM as it is now. Get* and List* queries read their answers off its states."""

from collections.abc import Sequence
from typing import ClassVar

from muniment.domain.boundary import State, new_state
from muniment.projections.fold import Fold, FoldedModel
from muniment.projections.readmodel import Recorded


class Directory(FoldedModel):
    """All states. A state that was handed out never changes: ask again for a newer one."""

    name = "directory"
    CHANGES_ONLY = True
    IGNORES: ClassVar[frozenset[str]] = frozenset({"AccountRegistrationDeclined", "PrincipalErased"})

    def __init__(self, fold: Fold) -> None:
        super().__init__(fold)
        self._kinds: dict[str, list[str]] = {}

    def state(self, boundary: str) -> State:
        """The boundary's state; the empty one where nothing was recorded yet. Raises KeyError for a kind that is not."""
        known = self.table.get(boundary)
        return new_state(boundary) if known is None else known

    def boundaries(self, kind: str) -> tuple[str, ...]:
        """The ids of all boundaries of `kind`, in the order they came to be."""
        return tuple(self._kinds.get(kind, ()))

    def accounts(self) -> tuple[str, ...]:
        """The numbers of all accounts, in the order they came to be."""
        return tuple(boundary.partition(".")[2] for boundary in self.boundaries("account"))

    def index(self, batch: Sequence[Recorded]) -> None:
        for boundary in self.fold.touched:
            if boundary not in self.table:
                self._kinds.setdefault(boundary.partition(".")[0], []).append(boundary)

    def reindex(self) -> None:
        kinds: dict[str, list[str]] = {}
        for boundary in self.table:
            kinds.setdefault(boundary.partition(".")[0], []).append(boundary)
        self._kinds = kinds

    def adopt_index(self, other: "Directory") -> None:
        self._kinds = other._kinds
