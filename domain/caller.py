"""The caller: who was authenticated, and the condition keys its request brings (POLICY_EVALUATION 2.1)."""

from collections.abc import Mapping

import msgspec

from muniment.domain.ledger import Actor
from muniment.domain.session import Session


class Caller(msgspec.Struct, frozen=True):
    """An authenticated requester. `actor` goes into the entry; `context` and `address` stay with the request."""

    actor: Actor
    context: Mapping[str, tuple[str, ...]] = {}
    address: str = ""  # source IP; sealed before it is recorded
    agent: str = ""  # user agent; sealed before it is recorded
    session: Session | None = None  # the temporary credentials the request was signed with
    operator: bool = False  # a command given on the host itself: no gate, but recorded like any other

    @property
    def is_root(self) -> bool:
        """Whether this is an account's root user."""
        return self.actor.type == "Root"
