"""RequireExternalIds: an account's own rule against confused deputies (SECURITY rule 5).

IAM User Guide, "The confused deputy problem": whoever acts for many customers must say for which one, by the external id.
"""

from muniment.commands.command import Command, Decision, Given
from muniment.domain import arn
from muniment.domain.account.state import Account
from muniment.domain.account.trust_guard import ExternalIdRequirementSet
from muniment.domain.ledger import Actor
from muniment.domain.resource import Resource


class RequireExternalIds(Command[Account], frozen=True, kw_only=True, rename="pascal"):
    """Refuse trust policies that let another account in without a condition on `sts:ExternalId`, and whoever assumes a role from
    another account without one; or no longer refuse them."""

    service = "muniment"
    boundary = Account

    required: bool = True

    def resources(self, state: Account, actor: Actor) -> tuple[Resource, ...]:
        return (Resource(arn.root(state.number)),)

    def decide(self, state: Account, given: Given) -> Decision:
        return None if state.external_id_required == self.required else ExternalIdRequirementSet(self.required)
