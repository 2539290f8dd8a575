"""The site: numbers, e-mail addresses, aliases and organizations that exist once (DESIGN §2)."""

from muniment.domain.site.state import (
    SITE,
    AccountRegistered,
    AccountRegistrationDeclined,
    AliasReleased,
    AliasReserved,
    OrganizationRegistered,
)
from tests.commands.given import ACCOUNT, after, then

FIRST = AccountRegistered(ACCOUNT, "Management", "Root@Example.com")


def test_an_account_is_found_by_its_number_and_by_its_address_in_any_case():
    site = after(FIRST, boundary=SITE)
    assert site.accounts[ACCOUNT].email == "Root@Example.com"
    assert site.emails == {"root@example.com": ACCOUNT}


def test_an_alias_leads_to_its_account_until_it_is_released():
    site = after(FIRST, AliasReserved("acme", ACCOUNT), boundary=SITE)
    assert (site.aliases, site.accounts[ACCOUNT].alias) == ({"acme": ACCOUNT}, "acme")
    site = then(site, AliasReserved("acme-two", ACCOUNT))
    assert (site.aliases, site.accounts[ACCOUNT].alias) == ({"acme-two": ACCOUNT}, "acme-two")
    site = then(site, AliasReleased("acme-two", ACCOUNT))
    assert (site.aliases, site.accounts[ACCOUNT].alias) == ({}, "")


def test_an_organization_is_known_with_its_management_account():
    site = after(FIRST, OrganizationRegistered("o-1", ACCOUNT), boundary=SITE)
    assert site.organizations == {"o-1": ACCOUNT}
    assert site.accounts[ACCOUNT].organization == "o-1"


def test_a_declined_account_leaves_the_site_as_it_was():
    before = after(FIRST, boundary=SITE)
    declined = then(before, AccountRegistrationDeclined("car-1", "two"))
    assert (declined.accounts, declined.emails) == (before.accounts, before.emails)
