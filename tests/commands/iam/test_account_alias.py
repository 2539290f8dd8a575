"""The account's alias: one for each account, unique in the site (FEATURES 1a)."""

from muniment.commands.command import At
from muniment.commands.iam.account_alias import CreateAccountAlias, DeleteAccountAlias
from muniment.domain.account.account import AccountAliasCreated
from muniment.domain.errors import EntityAlreadyExists, InvalidInput, NoSuchEntity
from muniment.domain.site.state import SITE, AccountRegistered, AliasReserved
from tests.commands.given import ACCOUNT, ROOT, House, after, now, refused

OTHER = "210987654321"
SITE_OF_TWO = after(
    AccountRegistered(ACCOUNT, "one", "one@example.com"),
    AccountRegistered(OTHER, "two", "two@example.com"),
    boundary=SITE,
)


def test_account_and_site_are_told_together():
    given = now(also={SITE: SITE_OF_TWO})
    decided = CreateAccountAlias(account_alias="acme").decide(after(), given)
    assert decided == (AccountAliasCreated("acme"), At(SITE, AliasReserved("acme", ACCOUNT)))
    assert CreateAccountAlias(account_alias="acme").also(ROOT) == (SITE,)


def test_a_new_alias_takes_the_old_ones_place():
    house = House(SITE_OF_TWO)
    house.do(CreateAccountAlias(account_alias="acme"))
    house.do(CreateAccountAlias(account_alias="acme-two"))
    assert house.account.alias == "acme-two"
    assert house.state(SITE).aliases == {"acme-two": ACCOUNT}
    assert house.state(SITE).accounts[ACCOUNT].alias == "acme-two"
    version = house.account.version
    house.do(CreateAccountAlias(account_alias="acme-two"))
    assert house.account.version == version


def test_an_alias_of_another_account_is_taken():
    house = House(SITE_OF_TWO)
    house.do(CreateAccountAlias(account_alias="acme"), ROOT)
    other = ROOT.__class__(OTHER, f"arn:aws:iam::{OTHER}:root", OTHER, "Root")
    with refused(EntityAlreadyExists, "The account alias acme already exists."):
        house.do(CreateAccountAlias(account_alias="acme"), other)
    house.do(DeleteAccountAlias(account_alias="acme"))
    house.do(CreateAccountAlias(account_alias="acme"), other)
    assert house.state(SITE).aliases == {"acme": OTHER}


def test_an_account_number_is_no_alias():
    with refused(InvalidInput, "The account alias must not be a 12-digit number."):
        CreateAccountAlias(account_alias=OTHER).decide(after(), now(also={SITE: SITE_OF_TWO}))


def test_only_the_accounts_own_alias_is_deleted():
    house = House(SITE_OF_TWO)
    with refused(NoSuchEntity, "The account alias acme cannot be found."):
        house.do(DeleteAccountAlias(account_alias="acme"))
    house.do(CreateAccountAlias(account_alias="acme"))
    house.do(DeleteAccountAlias(account_alias="acme"))
    assert (house.account.alias, house.state(SITE).aliases) == ("", {})
    assert house.state(SITE).accounts[ACCOUNT].alias == ""


def test_the_actions_have_no_resource_type():
    assert [resource.arn for resource in CreateAccountAlias(account_alias="acme").resources(after(), ROOT)] == ["*"]
