"""How an account comes to be, and an organization: the facts that both need, in every boundary they concern."""

from typing import Final

from muniment.commands.command import At, Given
from muniment.commands.iam.access_keys import new_key
from muniment.domain.account.account import AccountCreated
from muniment.domain.account.state import Account
from muniment.domain.organization.state import Organization, OrganizationCreated
from muniment.domain.site.state import Site, SiteAccount

ROOT: Final = ""  # the user name of an account's root user


def account_boundary(number: str) -> str:
    """account.123456789012"""
    return f"{Account.kind}.{number}"


def organization_boundary(organization_id: str) -> str:
    """organization.o-…"""
    return f"{Organization.kind}.{organization_id}"


def free_number(site: Site, given: Given) -> str:
    """An account number that nobody has."""
    while (number := given.account_number()) in site.accounts:
        pass
    return number


def account_created(number: str, name: str, email: str) -> At:
    """The account's own first fact."""
    return At(account_boundary(number), AccountCreated(name, email))


def root_key_created(number: str, given: Given) -> At:
    """The first key of an account's root user."""
    return At(account_boundary(number), new_key(number, ROOT, number, given))


def new_organization_id(given: Given) -> str:
    """o-…: letters and digits in lower case, as all ids of Organizations."""
    return given.unique_id("o-").lower()


def organization_created(organization_id: str, management: SiteAccount, feature_set: str, given: Given) -> At:
    """The organization's own first fact."""
    root_id = given.unique_id("r-").lower()
    return At(
        organization_boundary(organization_id),
        OrganizationCreated(management.number, management.name, management.email, root_id, feature_set),
    )
