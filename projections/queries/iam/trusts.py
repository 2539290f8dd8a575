"""A role's trust policy as it is shown: unique ids as the ARNs they have now, ids of what is gone as they are (FEATURES 1b)."""

from muniment.domain.account import trust
from muniment.domain.account.state import Account, Role
from muniment.domain.boundary import as_state
from muniment.projections.query import Views


def trust_shown(views: Views, account: Account, role: Role) -> str:
    """The document with ARNs; principals of other accounts are looked up there."""

    def account_of(number: str) -> Account:
        if number == account.number:
            return account
        boundary = f"{Account.kind}.{number}"
        return as_state(views.state(boundary), boundary, Account)

    return trust.shown(role.trust, lambda unique_id: trust.arn_now(unique_id, role.principals, account_of))
