"""Watch: facts that this process must act on as they arrive: alarms to raise, owners to forget. It answers no questions."""

import hashlib
from collections.abc import Callable, Sequence

from muniment.domain.account.erasure import PrincipalErased
from muniment.domain.ledger import Entry
from muniment.domain.sealing import owner
from muniment.projections.readmodel import Condition, ReadModel, Recorded


class Watch(ReadModel):
    """Calls `alarm` for every new fact of high severity, and `forget` with the owner of every erased data key."""

    name = "watch"

    def __init__(self, alarm: Callable[[Entry], None], forget: Callable[[str], None]) -> None:
        super().__init__()
        self._alarm, self._forget = alarm, forget

    def apply(self, batch: Sequence[Recorded]) -> None:
        """Look at what arrived. What was in the log before this process began raised its alarm then."""
        live = self.status.condition is Condition.LIVE
        for recorded in batch:
            fact = recorded.entry.fact
            if fact.severity == "high" and live:
                self._alarm(recorded.entry)
            if type(fact) is PrincipalErased:
                self._forget(owner(recorded.entry.boundary, fact.unique_id))

    def digest(self) -> bytes:
        """Nothing is kept."""
        return hashlib.sha256(self.name.encode()).digest()
