"""Which secrets have a resource policy, by their ARNs: decisions about all others need not look for one."""

from collections.abc import Iterable

from muniment.domain.boundary import State
from muniment.domain.secret.state import Secret


class Guarded:
    """The ARNs of the secrets among some states whose resource policy counts. One thread tells it of states, any may ask."""

    def __init__(self, states: Iterable[State] = ()) -> None:
        self._arns: dict[str, str] = {}  # boundary → ARN
        self._guarded: set[str] = set()
        for state in states:
            self.note(state)

    def note(self, state: State) -> None:
        """Take notice of the newest state of a boundary."""
        if not isinstance(state, Secret):
            return
        before, now = self._arns.get(state.id, ""), state.arn if state.policy else ""
        if before == now:
            return
        if now:
            self._arns[state.id] = now
            self._guarded.add(now)
        else:
            del self._arns[state.id]
        self._guarded.discard(before)

    def __contains__(self, arn: str) -> bool:
        return arn in self._guarded


class Everything(Guarded):
    """Where nobody says which states there are, every secret has to be looked at."""

    def __contains__(self, arn: str) -> bool:
        return True
