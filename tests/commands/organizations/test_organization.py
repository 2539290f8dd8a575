"""Organizations and the accounts made for them (FEATURES 1a)."""

import json

import pytest

from muniment.commands.iam.tags import Tag
from muniment.commands.organizations.organization import CreateAccount, CreateOrganization
from muniment.domain.errors import InvalidInput
from muniment.domain.ledger import Actor
from muniment.domain.organization.errors import (
    AlreadyInOrganization,
    OrganizationsAccessDenied,
    OrganizationsNotInUse,
)
from muniment.domain.site.state import SITE, AccountRegistered
from tests.commands.given import ACCOUNT, ROOT, House, after, refused

FIRST = AccountRegistered(ACCOUNT, "Management", "root@example.com")
EMAIL = "two@example.com"


def site():
    return House(after(FIRST, boundary=SITE))


def organized():
    house = site()
    house.do(CreateOrganization())
    return house


def organization(house):
    (found,) = house.state(SITE).organizations
    return house.state(f"organization.{found}")


def root_of(number):
    return Actor(number, f"arn:aws:iam::{number}:root", number, "Root")


def test_the_callers_account_manages_its_new_organization():
    house = site()
    shown = house.do(CreateOrganization())["Organization"]
    found = organization(house)
    assert shown == {
        "Id": found.number,
        "Arn": f"arn:aws:organizations::{ACCOUNT}:organization/{found.number}",
        "FeatureSet": "ALL",
        "MasterAccountArn": f"arn:aws:organizations::{ACCOUNT}:account/{found.number}/{ACCOUNT}",
        "MasterAccountId": ACCOUNT,
        "MasterAccountEmail": "root@example.com",
        "AvailablePolicyTypes": [],
    }
    assert (found.management, list(found.accounts), found.accounts[ACCOUNT].method) == (ACCOUNT, [ACCOUNT], "INVITED")
    assert (found.arn(), found.account_arn(ACCOUNT)) == (shown["Arn"], shown["MasterAccountArn"])


def test_ids_are_as_the_api_reference_says():
    found = organization(organized())
    assert found.number.startswith("o-")
    assert found.root.startswith("r-")
    for text in (found.number[2:], found.root[2:]):
        assert text == text.lower()
        assert text.isalnum()
        assert 10 <= len(text) <= 32


def test_an_account_is_in_one_organization_only():
    with refused(AlreadyInOrganization, "The AWS account is already a member of an organization."):
        organized().do(CreateOrganization())


def test_an_account_is_made_and_joins():
    house = organized()
    status = house.do(CreateAccount(email=EMAIL, account_name="Two", tags=(Tag("a", "1"),)))["CreateAccountStatus"]
    assert status == {
        "Id": status["Id"],
        "AccountName": "Two",
        "State": "IN_PROGRESS",
        "RequestedTimestamp": house.time,
    }
    request = organization(house).requests[status["Id"]]
    assert (request.state, request.failure) == ("SUCCEEDED", "")
    member = organization(house).accounts[request.account]
    assert (member.name, member.email, member.method, member.tags) == ("Two", EMAIL, "CREATED", {"a": "1"})
    account = house.state(f"account.{request.account}")
    assert (account.name, account.email, account.root_keys) == ("Two", EMAIL, ())
    assert house.state(SITE).emails[EMAIL] == request.account


def test_the_management_account_may_assume_a_role_in_the_new_one():
    house = organized()
    house.do(CreateAccount(email=EMAIL, account_name="Two", role_name="Door"))
    number = house.state(SITE).emails[EMAIL]
    account = house.state(f"account.{number}")
    door = account.role("Door")
    principal = json.loads(door.trust)["Statement"][0]["Principal"]
    assert principal == {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    assert door.attached == ("arn:aws:iam::aws:policy/AdministratorAccess",)
    assert account.attachments == {"arn:aws:iam::aws:policy/AdministratorAccess": 1}


@pytest.mark.parametrize("email", ["two@example.com", "TWO@Example.Com", "root@example.com"])
def test_an_e_mail_address_makes_one_account_in_the_whole_site(email):
    house = organized()
    house.do(CreateAccount(email=EMAIL, account_name="Two"))
    accounts = set(house.state(SITE).accounts)
    command = CreateAccount(email=email, account_name="Three")
    entries, answer = house.run(command)
    status = answer["CreateAccountStatus"]
    assert status["State"] == "IN_PROGRESS"
    request = organization(house).requests[status["Id"]]
    assert (request.state, request.failure, request.account) == ("FAILED", "EMAIL_ALREADY_EXISTS", "")
    assert set(house.state(SITE).accounts) == accounts
    assert house.again(command, entries) == answer


def test_a_full_organization_takes_no_account(monkeypatch):
    monkeypatch.setattr("muniment.commands.organizations.organization.ACCOUNTS_PER_ORGANIZATION_MAX", 1)
    house = organized()
    status = house.do(CreateAccount(email=EMAIL, account_name="Two"))["CreateAccountStatus"]
    assert organization(house).requests[status["Id"]].failure == "ACCOUNT_LIMIT_EXCEEDED"


def test_only_the_management_account_makes_accounts():
    house = organized()
    house.do(CreateAccount(email=EMAIL, account_name="Two"))
    member = root_of(house.state(SITE).emails[EMAIL])
    with refused(OrganizationsAccessDenied, "You don't have permissions to access this resource."):
        house.do(CreateAccount(email="x@example.com", account_name="X"), member)


@pytest.mark.parametrize("caller", [ROOT, root_of("999999999999")])
def test_without_an_organization_no_account_is_made(caller):
    with refused(OrganizationsNotInUse, "Your account is not a member of an organization."):
        site().do(CreateAccount(email=EMAIL, account_name="Two"), caller)


def test_duplicate_tag_keys_are_refused():
    with refused(InvalidInput):
        organized().do(CreateAccount(email=EMAIL, account_name="Two", tags=(Tag("a", ""), Tag("a", ""))))


def test_the_gate_is_told_the_tags_of_the_request():
    house = site()
    (resource,) = CreateAccount(email=EMAIL, account_name="Two", tags=(Tag("a", "1"),)).resources(
        house.state(SITE), ROOT
    )
    assert resource.arn == "*"
    assert resource.context == {"aws:RequestTag/a": ("1",), "aws:TagKeys": ("a",)}


def test_a_repeat_of_a_success_gets_the_first_answer():
    house = organized()
    command = CreateAccount(email=EMAIL, account_name="Two")
    entries, first = house.run(command)
    house.do(CreateAccount(email="x@example.com", account_name="X"))
    assert house.again(command, entries) == first
