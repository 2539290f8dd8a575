"""Our own commands on accounts: the first one, more of them, lost root credentials (FEATURES 1a, DESIGN §8)."""

import pytest

from muniment.commands.command import COMMANDS
from muniment.commands.muniment.accounts import CreateAccount, FoundSite, ResetRootCredentials
from muniment.commands.organizations.organization import CreateOrganization
from muniment.domain.account.account import RootCredentialsReset
from muniment.domain.errors import AccessDenied, EntityAlreadyExists, InvalidInput, LimitExceeded, NoSuchEntity
from muniment.domain.ledger import Actor
from muniment.domain.organization.errors import OrganizationsAccessDenied, OrganizationsNotInUse
from muniment.domain.site.state import SITE
from tests.commands.given import ACCOUNT, BOUNDARY, OPERATOR, ROOT, House, ana, refused

FOUND = FoundSite(email="root@example.com", account_id=ACCOUNT)


def founded():
    house = House()
    house.do(FOUND, OPERATOR)
    return house


def test_the_first_account_has_the_chosen_number_and_a_root_key():
    house = House()
    answer = house.do(FOUND, OPERATOR)
    assert answer["AccountId"] == ACCOUNT
    (key,) = house.account.root_keys
    assert answer["Root"]["AccessKeyId"] == key.id
    assert len(answer["Root"]["SecretAccessKey"]) == 40
    assert key.secret.key == f"account.{ACCOUNT}/{ACCOUNT} {key.id}"
    assert (house.account.email, house.account.name) == ("root@example.com", "Management")
    assert list(house.state(SITE).accounts) == [ACCOUNT]


def test_a_number_is_drawn_where_none_is_chosen():
    answer = House().do(FoundSite(email="root@example.com"), OPERATOR)
    assert len(answer["AccountId"]) == 12


def test_a_number_that_is_none_is_refused():
    with refused(InvalidInput, "The account number must be 12 digits."):
        House().do(FoundSite(email="root@example.com", account_id="12"), OPERATOR)


def test_a_site_is_founded_once():
    with refused(EntityAlreadyExists, "The site has its first account already."):
        founded().do(FOUND, OPERATOR)


@pytest.mark.parametrize("caller", [ROOT, ana()])
@pytest.mark.parametrize("command", [FOUND, ResetRootCredentials(account_id=ACCOUNT)])
def test_only_the_operator_founds_and_resets(command, caller):
    message = f"User: {caller.arn} is not authorized to perform: {command.action()} because only the operator may do it"
    with refused(AccessDenied, message):
        House().do(command, caller)


def test_a_second_account_makes_the_organization():
    house = founded()
    answer = house.do(CreateAccount(email="two@example.com", account_name="Two"))
    number = answer["AccountId"]
    (organization_id,) = house.state(SITE).organizations
    organization = house.state(f"organization.{organization_id}")
    assert list(organization.accounts) == [ACCOUNT, number]
    assert [request.state for request in organization.requests.values()] == ["SUCCEEDED"]
    account = house.state(f"account.{number}")
    assert [key.id for key in account.root_keys] == [answer["Root"]["AccessKeyId"]]
    assert (account.email, account.users, account.roles) == ("two@example.com", {}, {})


def test_a_third_account_joins_the_organization_that_is_there():
    house = founded()
    house.do(CreateOrganization())
    house.do(CreateAccount(email="two@example.com", account_name="Two"))
    house.do(CreateAccount(email="three@example.com", account_name="Three"))
    (organization_id,) = house.state(SITE).organizations
    assert len(house.state(f"organization.{organization_id}").accounts) == 3


def test_a_taken_e_mail_address_is_refused_and_nothing_is_recorded():
    house = founded()
    with refused(EntityAlreadyExists, "An account with the e-mail address ROOT@example.com already exists."):
        house.do(CreateAccount(email="ROOT@example.com", account_name="Two"))
    assert house.state(SITE).organizations == {}


def test_a_full_organization_is_refused(monkeypatch):
    monkeypatch.setattr("muniment.commands.organizations.organization.ACCOUNTS_PER_ORGANIZATION_MAX", 2)
    house = founded()
    house.do(CreateAccount(email="two@example.com", account_name="Two"))
    with refused(LimitExceeded):
        house.do(CreateAccount(email="three@example.com", account_name="Three"))


def test_a_member_account_makes_no_accounts():
    house = founded()
    number = house.do(CreateAccount(email="two@example.com", account_name="Two"))["AccountId"]
    member = Actor(number, f"arn:aws:iam::{number}:root", number, "Root")
    with refused(OrganizationsAccessDenied):
        house.do(CreateAccount(email="three@example.com", account_name="Three"), member)


def test_an_unknown_account_makes_no_accounts():
    stranger = Actor("999999999999", "arn:aws:iam::999999999999:root", "999999999999", "Root")
    with refused(OrganizationsNotInUse):
        founded().do(CreateAccount(email="two@example.com", account_name="Two"), stranger)


@pytest.mark.parametrize(
    ("house", "command", "caller"),
    [(House, FOUND, OPERATOR), (founded, CreateAccount(email="two@example.com", account_name="Two"), ROOT)],
)
def test_a_repeat_gets_the_same_root_key(house, command, caller):  # DESIGN §3
    house = house()
    entries, first = house.run(command, caller)
    house.do(ResetRootCredentials(account_id=first["AccountId"]), OPERATOR)
    assert house.again(command, entries, caller) == first


def test_a_reset_replaces_all_root_keys_and_is_an_alarm():
    house = founded()
    (old,) = house.account.root_keys
    command = ResetRootCredentials(account_id=ACCOUNT)
    entries, answer = house.run(command, OPERATOR)
    (new,) = house.account.root_keys
    assert answer["AccountId"] == ACCOUNT
    assert answer["Root"]["AccessKeyId"] == new.id != old.id
    assert house.account.keys == {new.id: ""}
    (entry,) = entries
    assert isinstance(entry.fact, RootCredentialsReset)
    assert (entry.boundary, entry.fact.deleted, entry.fact.severity) == (BOUNDARY, (old.id,), "high")
    assert house.again(command, entries, OPERATOR) == answer


def test_an_account_that_does_not_exist_cannot_be_reset():
    with refused(NoSuchEntity, "The account 999999999999 cannot be found."):
        House().do(ResetRootCredentials(account_id="999999999999"), OPERATOR)


def test_no_front_knows_the_operators_commands():
    registered = {name for service, name in COMMANDS if service == "muniment"}
    assert "CreateAccount" in registered
    assert not registered & {"FoundSite", "ResetRootCredentials", "ErasePrincipal", "NoteCredentialUse"}
