"""What signing in needs of the rest of the house; the composition wires it."""

from collections.abc import Callable
from dataclasses import dataclass

from muniment.commands.activity import Activity
from muniment.commands.drawn import Clock
from muniment.commands.ledger import Ledger
from muniment.commands.proofs.security_keys import SecurityKeys
from muniment.commands.proofs.spent import SpentProofs
from muniment.commands.proofs.tickets import Tickets
from muniment.commands.workshop import Workshop
from muniment.domain.boundary import State


@dataclass(frozen=True)
class House:
    """The parts."""

    ledger: Ledger
    activity: Activity
    workshop: Workshop
    tickets: Tickets
    spent: SpentProofs
    keys: SecurityKeys
    state: Callable[[str], State]  # a boundary as this process knows it
    wait: Callable[[int], None]  # until this process knows it up to a position of stream IAM
    now: Clock

    def known(self, boundary: str) -> State:
        """A boundary with all that this process has written so far: whoever got a password a moment ago may sign in now."""
        self.wait(self.ledger.seen)
        return self.state(boundary)
