"""One step of a path: an action that somebody may take, on what, and by which policies."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from muniment.domain.account.state import Account
from muniment.domain.policy.request import AccessRequest, Principal
from muniment.projections.access.decided import Decided
from muniment.projections.access.model import Access
from muniment.projections.explain.reach import Spent, direct_paths
from muniment.projections.turns import Turns

Keys = Mapping[str, tuple[str, ...]]
NO_KEYS: Final[Keys] = {}


class Step(msgspec.Struct, frozen=True):
    """An action that leads on."""

    action: str
    resource: str
    ways: tuple[Mapping[str, Any], ...] = ()  # by which policies it is allowed, and through which groups

    def told(self, actor: str) -> dict[str, Any]:
        """As the answer has it."""
        return {"Principal": actor, "Action": self.action, "Resource": self.resource, "Paths": list(self.ways)}


class Deciding:
    """Decisions on behalf of one analysis, counted."""

    def __init__(self, access: Access, account: Account, context: Keys, decisions: int) -> None:
        self.account, self.context = account, context
        self._access, self._left = access, decisions
        self._turns = Turns()

    def step(self, actor: Principal, action: str, resource: str, keys: Keys = NO_KEYS) -> Step | None:
        """The step, where it is allowed: in a guarded account nobody gives more than they have, so that no grant leads on.
        Raises Spent."""
        if self.account.escalation_guarded and not action.startswith("sts:"):
            return None
        decided = self.decide(actor, action, resource, keys)
        if not decided:
            return None
        return Step(action, resource, tuple(direct_paths(decided, self.account)))

    def decide(self, actor: Principal, action: str, resource: str, keys: Keys = NO_KEYS) -> Decided:
        """One decision. Raises Spent."""
        self._left -= 1
        if self._left < 0:
            raise Spent
        self._turns.pass_on()
        context = {**self.context, **keys}
        return self._access.decide(AccessRequest(action=action, resource=resource, principal=actor, context=context))
