"""Commands that only the operator gives, on the host itself. They pass no gate, so they check who gives them."""

from typing import Final

from muniment.domain.account.state import Account
from muniment.domain.errors import AccessDenied, InvalidInput
from muniment.domain.ids import is_account_number
from muniment.domain.ledger import Actor

OPERATOR: Final = "Operator"  # the actor's type; no request that came over the network has it


def check_operator(actor: Actor, action: str) -> None:
    """Raises AccessDenied for everybody else, root users too."""
    if actor.type != OPERATOR:
        who = actor.arn or "anonymous"
        raise AccessDenied(f"User: {who} is not authorized to perform: {action} because only the operator may do it")


def boundary_of(account_id: str) -> str:
    """The boundary of the account a parameter names. It becomes part of a subject, so nothing else than a number may pass.

    Raises InvalidInput.
    """
    if not is_account_number(account_id):
        raise InvalidInput("AccountId must be 12 digits.")
    return f"{Account.kind}.{account_id}"
