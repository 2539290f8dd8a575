"""Queries on the organization: who is in it, who may ask, and what became of requests for accounts."""

from typing import Any

import pytest

from muniment.domain.ledger import Actor
from muniment.domain.organization.errors import (
    AccountNotFound,
    CreateAccountStatusNotFound,
    InvalidOrganizationsInput,
    OrganizationsAccessDenied,
    OrganizationsNotInUse,
)
from muniment.domain.organization.state import AccountCreationFailed, AccountJoined, OrganizationCreated
from muniment.domain.site.state import AccountRegistered, OrganizationRegistered

ACCOUNT = "111122223333"
MEMBER = "444455556666"
ORGANIZATION = "organization.o-abcdefghij"
ARN = f"arn:aws:organizations::{ACCOUNT}"
SECOND = 1_000_000


@pytest.fixture
def organized(house: Any) -> Any:
    """A management account, one member, and one request that failed."""
    house.after(
        AccountRegistered(ACCOUNT, "main", "main@example.com"),
        OrganizationRegistered("o-abcdefghij", ACCOUNT),
        AccountRegistered(MEMBER, "team", "team@example.com", "o-abcdefghij", "car-aaaaaaaa"),
        boundary="site.muniment",
    )
    return house.after(
        OrganizationCreated(ACCOUNT, "main", "main@example.com", "r-abcd"),
        AccountJoined(MEMBER, "team", "team@example.com", "car-aaaaaaaa", {"env": "test"}),
        AccountCreationFailed("again", "team@example.com", "car-bbbbbbbb", "EMAIL_ALREADY_EXISTS"),
        boundary=ORGANIZATION,
    )


def member_calls(house: Any) -> Any:
    house.actor = Actor(MEMBER, f"arn:aws:iam::{MEMBER}:root", MEMBER, "Root")
    return house


def test_any_member_may_describe_the_organization(organized: Any) -> None:
    expected = {
        "Organization": {
            "Id": "o-abcdefghij",
            "Arn": f"{ARN}:organization/o-abcdefghij",
            "FeatureSet": "ALL",
            "MasterAccountArn": f"{ARN}:account/o-abcdefghij/{ACCOUNT}",
            "MasterAccountId": ACCOUNT,
            "MasterAccountEmail": "main@example.com",
            "AvailablePolicyTypes": [],
        }
    }
    assert organized.ask("DescribeOrganization", "organizations") == expected
    assert member_calls(organized).ask("DescribeOrganization", "organizations") == expected


def test_outside_an_organization_everything_says_so(house: Any) -> None:
    house.after(AccountRegistered(ACCOUNT, "main", "main@example.com"), boundary="site.muniment")
    for action, params in (
        ("DescribeOrganization", {}),
        ("ListAccounts", {}),
        ("DescribeAccount", {"AccountId": ACCOUNT}),
        ("DescribeCreateAccountStatus", {"CreateAccountRequestId": "car-aaaaaaaa"}),
    ):
        with pytest.raises(OrganizationsNotInUse):
            house.ask(action, "organizations", **params)


def test_accounts_are_listed_oldest_first_in_pages(organized: Any) -> None:
    joined = organized.now - SECOND
    everything = organized.ask("ListAccounts", "organizations")
    assert [account["Id"] for account in everything["Accounts"]] == [ACCOUNT, MEMBER]
    assert "NextToken" not in everything
    assert everything["Accounts"][1] == {
        "Id": MEMBER,
        "Arn": f"{ARN}:account/o-abcdefghij/{MEMBER}",
        "Email": "team@example.com",
        "Name": "team",
        "Status": "ACTIVE",
        "State": "ACTIVE",
        "Paths": [f"o-abcdefghij/r-abcd/{MEMBER}/"],
        "JoinedMethod": "CREATED",
        "JoinedTimestamp": joined,
    }
    first = organized.ask("ListAccounts", "organizations", MaxResults=1)
    second = organized.ask("ListAccounts", "organizations", MaxResults=1, NextToken=first["NextToken"])
    assert first["Accounts"] + second["Accounts"] == everything["Accounts"]
    assert "NextToken" not in second


def test_a_foreign_token_is_refused(organized: Any) -> None:  # SECURITY CVE row 30
    token = organized.ask("ListAccounts", "organizations", MaxResults=1)["NextToken"]
    for damaged in (token[:-1], token + "A", "x"):
        with pytest.raises(InvalidOrganizationsInput):
            organized.ask("ListAccounts", "organizations", NextToken=damaged)


def test_only_the_management_account_sees_accounts(organized: Any) -> None:
    member_calls(organized)
    for action, params in (
        ("ListAccounts", {}),
        ("DescribeAccount", {"AccountId": MEMBER}),
        ("DescribeCreateAccountStatus", {"CreateAccountRequestId": "car-aaaaaaaa"}),
    ):
        with pytest.raises(OrganizationsAccessDenied):
            organized.ask(action, "organizations", **params)


def test_an_account_is_described_and_asked_about_by_its_arn_and_tags(organized: Any) -> None:
    assert organized.ask("DescribeAccount", "organizations", AccountId=MEMBER)["Account"]["Name"] == "team"
    (resource,) = organized.resources("DescribeAccount", "organizations", AccountId=MEMBER)
    assert resource.arn == f"{ARN}:account/o-abcdefghij/{MEMBER}"
    assert resource.context == {"aws:ResourceTag/env": ("test",)}
    with pytest.raises(AccountNotFound):
        organized.ask("DescribeAccount", "organizations", AccountId="999988887777")


def test_requests_tell_how_they_ended(organized: Any) -> None:
    def status(request: str) -> Any:
        return organized.ask("DescribeCreateAccountStatus", "organizations", CreateAccountRequestId=request)[
            "CreateAccountStatus"
        ]

    done, failed = status("car-aaaaaaaa"), status("car-bbbbbbbb")
    assert (done["State"], done["AccountId"]) == ("SUCCEEDED", MEMBER)
    assert (failed["State"], failed["FailureReason"]) == ("FAILED", "EMAIL_ALREADY_EXISTS")
    assert "AccountId" not in failed
    with pytest.raises(CreateAccountStatusNotFound):
        status("car-cccccccc")
