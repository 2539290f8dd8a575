"""What would be: commands decided one after another on copies of states. Nothing is recorded, and nothing leaves the process."""

from collections.abc import Callable
from typing import Any

from muniment.commands.command import At, Command, Decision
from muniment.commands.drawn import Drawn, uuid7
from muniment.domain.boundary import State
from muniment.domain.errors import InvalidInput
from muniment.domain.ledger import Actor, Cause, Entry, Sealed
from muniment.domain.sealing import Unreadable


class Imagined:
    """A sealer that keeps nothing: what is decided here is thrown away."""

    def seal(self, owner: str, field: str, plain: bytes) -> Sealed:
        """An empty box."""
        return Sealed("", b"")

    def unseal(self, owner: str, field: str, sealed: Sealed) -> bytes:
        """Nothing opens here."""
        raise Unreadable

    def prepare(self, owner: str) -> None:
        """No key is made."""


class Hypothesis:
    """States as they would be. `load` answers a boundary's state as it is; `changed` holds those that would be others."""

    def __init__(
        self, load: Callable[[str], State], actor: Actor, now: int, resolve: Callable[[str], str | None]
    ) -> None:
        self.changed: dict[str, State] = {}
        self._load, self._actor, self._now, self._resolve = load, actor, now, resolve

    def suppose(self, command: Command[Any]) -> None:
        """Decide a command as if the caller were allowed to give it. Raises what it refuses, and InvalidInput."""
        action = command.action()
        if command.prepares or command.operator_only:
            raise InvalidInput(f"{action} cannot be supposed: what it records is made outside of the decision")
        target = command.located(self._actor, self.state)
        also = {boundary: self.state(boundary) for boundary in command.also(self._actor)}
        given = Drawn(self._now, self._actor, Imagined(), also, self._resolve)
        self.record(target, command.decide(self.state(target), given), action)

    def record(self, target: str, decision: Decision, action: str) -> None:
        """Write the decided facts into the copies."""
        facts = () if decision is None else decision if isinstance(decision, tuple) else (decision,)
        for item in facts:
            boundary, fact = (item.boundary, item.fact) if isinstance(item, At) else (target, item)
            draft = self.changed.get(boundary)
            if draft is None:
                draft = self.changed[boundary] = self._load(boundary).draft()
            cause = Cause(action, "")
            version = draft.version + 1
            draft.apply(Entry(uuid7(self._now), boundary, version, self._now, self._actor, cause, draft.head, fact))

    def state(self, boundary: str) -> State:
        """A boundary as it would be after everything supposed so far."""
        return self.changed.get(boundary) or self._load(boundary)
