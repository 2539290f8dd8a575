"""What `Access.decide` answers."""

from muniment.domain.policy.decision import Decision as Explained
from muniment.domain.position import Position
from muniment.projections.access.decided import Decided


class Decision:
    """One decision; true where the request is allowed.

    `effect` is `allowed`, `explicitDeny` or `implicitDeny`, `layer` what decided (`identity-based policy`, …), `position`
    how far the log was known, `age` for how many seconds it may have moved on unheard.
    """

    __slots__ = ("_decided", "_missing", "age", "allowed", "effect", "layer", "position")

    def __init__(self, decided: Decided | None, position: Position, age: float, missing: str = "") -> None:
        self._decided, self._missing = decided, missing
        self.position, self.age = position, age
        self.allowed = bool(decided)
        self.effect = decided.effect.value if decided is not None else "implicitDeny"
        self.layer = decided.layer.value if decided is not None else "identity-based policy"

    def __bool__(self) -> bool:
        return self.allowed

    def __repr__(self) -> str:
        return f"Decision({self.effect}, by {self.layer})"

    @property
    def reason(self) -> str:
        """The text of AWS's AccessDenied; empty where the request is allowed."""
        return self._missing if self._decided is None else self._decided.reason

    def explain(self) -> Explained | None:
        """What every layer says, which statements matched and which keys were missing; None for an unknown principal."""
        return None if self._decided is None else self._decided.decision
