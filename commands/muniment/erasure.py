"""ErasePrincipal: an operator's command that ends what was sealed for somebody (SECURITY 12)."""

from typing import Any

from muniment.commands.command import Command, Given
from muniment.commands.muniment.operator import boundary_of, check_operator
from muniment.domain import arn
from muniment.domain.account.erasure import PrincipalErased
from muniment.domain.account.state import Account
from muniment.domain.errors import NoSuchEntity
from muniment.domain.ledger import Actor, Entry, Fact
from muniment.domain.resource import Resource


class ErasePrincipal(Command[Account], frozen=True, kw_only=True, rename="pascal"):
    """Record that everything sealed for a principal is erased. Only the operator may; the keys are erased afterwards."""

    operator_only = True

    service = "muniment"
    boundary = Account

    account_id: str
    unique_id: str  # AIDA…, AROA…, or the account's number for its root user; the principal may be gone already

    def target(self, actor: Actor) -> str:
        return boundary_of(self.account_id)

    def resources(self, state: Account, actor: Actor) -> tuple[Resource, ...]:
        return (Resource(arn.root(self.account_id)),)

    def decide(self, state: Account, given: Given) -> Fact:
        check_operator(given.actor, self.action())
        if not state.version:
            raise NoSuchEntity(f"The account {self.account_id} cannot be found.")
        return PrincipalErased(self.unique_id)

    def answer(self, state: Account, entries: tuple[Entry, ...], given: Given) -> dict[str, Any]:
        return {"AccountId": self.account_id, "UniqueId": self.unique_id}
