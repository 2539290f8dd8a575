"""SetEscalationGuard: an account's own rule that nobody gives more than they may do themselves (SECURITY rule 4).

Without it, as with AWS, permission to grant is enough: whoever may attach policies may attach AdministratorAccess.
"""

from typing import Literal

from muniment.commands.command import Command, Decision, Given
from muniment.domain import arn
from muniment.domain.account.escalation_guard import EscalationGuardSet
from muniment.domain.account.state import Account
from muniment.domain.ledger import Actor
from muniment.domain.resource import Resource


class SetEscalationGuard(Command[Account], frozen=True, kw_only=True, rename="pascal"):
    """Refuse every change by which somebody could come to more than the caller may do, whatever the caller's permissions to
    grant; or no longer refuse them, which only the root user and whoever may do everything can ask for."""

    service = "muniment"
    boundary = Account

    mode: Literal["on", "off"]

    def resources(self, state: Account, actor: Actor) -> tuple[Resource, ...]:
        return (Resource(arn.root(state.number)),)

    def decide(self, state: Account, given: Given) -> Decision:
        on = self.mode == "on"
        return None if state.escalation_guarded == on else EscalationGuardSet(on)
