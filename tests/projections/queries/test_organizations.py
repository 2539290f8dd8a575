"""Queries on the organization: who is in it, who may ask, and what became of requests for accounts."""

from typing import Any

import pytest

from muniment.domain.ledger import Actor
from muniment.domain.organization.errors import (
    AccountNotFound,
    ChildNotFound,
    CreateAccountStatusNotFound,
    InvalidOrganizationsInput,
    OrganizationalUnitNotFound,
    OrganizationsAccessDenied,
    OrganizationsNotInUse,
    ParentNotFound,
    PolicyNotFound,
    TargetNotFound,
)
from muniment.domain.organization.policies import (
    OrganizationPolicyAttached,
    OrganizationPolicyCreated,
    PolicyTypeEnabled,
)
from muniment.domain.organization.policy_types import FULL_ACCESS, RCP, SCP
from muniment.domain.organization.state import AccountCreationFailed, AccountJoined, OrganizationCreated
from muniment.domain.organization.tagging import OrganizationResourceTagged
from muniment.domain.organization.units import AccountMoved, OrganizationalUnitCreated
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


UNIT, INNER, POLICY, ROOT = "ou-abcd-aaaaaaaa", "ou-abcd-bbbbbbbb", "p-aaaaaaaaaa", "r-abcd"


@pytest.fixture
def tree(organized: Any) -> Any:
    """A unit with a unit and the member in it, a policy on the inner unit, and tags."""
    return organized.after(
        OrganizationalUnitCreated(UNIT, "Outer", ROOT),
        OrganizationalUnitCreated(INNER, "Inner", UNIT, {"stage": "live"}),
        AccountMoved(MEMBER, ROOT, INNER),
        PolicyTypeEnabled(SCP),
        OrganizationPolicyCreated(POLICY, SCP, "Guard", "d", "{}", {"team": "red"}),
        OrganizationPolicyAttached(POLICY, INNER),
        OrganizationResourceTagged(ROOT, {"a": "1", "b": "2"}),
        boundary=ORGANIZATION,
    )


def ask(house: Any, action: str, **params: Any) -> Any:
    return house.ask(action, "organizations", **params)


def test_the_tree_is_shown_from_the_root_down(tree: Any) -> None:
    (root,) = ask(tree, "ListRoots")["Roots"]
    assert root == {
        "Id": ROOT,
        "Arn": f"{ARN}:root/o-abcdefghij/{ROOT}",
        "Name": "Root",
        "PolicyTypes": [{"Type": SCP, "Status": "ENABLED"}],
    }
    (outer,) = ask(tree, "ListOrganizationalUnitsForParent", ParentId=ROOT)["OrganizationalUnits"]
    assert outer == ask(tree, "DescribeOrganizationalUnit", OrganizationalUnitId=UNIT)["OrganizationalUnit"]
    assert ask(tree, "DescribeOrganizationalUnit", OrganizationalUnitId=INNER)["OrganizationalUnit"] == {
        "Id": INNER,
        "Arn": f"{ARN}:ou/o-abcdefghij/{INNER}",
        "Name": "Inner",
        "Path": f"o-abcdefghij/{ROOT}/{UNIT}/{INNER}/",
    }
    (account,) = ask(tree, "ListAccountsForParent", ParentId=INNER)["Accounts"]
    assert account["Paths"] == [f"o-abcdefghij/{ROOT}/{UNIT}/{INNER}/{MEMBER}/"]
    assert ask(tree, "ListChildren", ParentId=UNIT, ChildType="ORGANIZATIONAL_UNIT")["Children"] == [
        {"Id": INNER, "Type": "ORGANIZATIONAL_UNIT"}
    ]
    assert ask(tree, "ListChildren", ParentId=UNIT, ChildType="ACCOUNT")["Children"] == []
    assert ask(tree, "ListParents", ChildId=MEMBER)["Parents"] == [{"Id": INNER, "Type": "ORGANIZATIONAL_UNIT"}]
    assert ask(tree, "ListParents", ChildId=UNIT)["Parents"] == [{"Id": ROOT, "Type": "ROOT"}]


def test_policies_are_shown_with_where_they_are(tree: Any) -> None:
    assert [each["Id"] for each in ask(tree, "ListPolicies", Filter=SCP)["Policies"]] == [FULL_ACCESS, POLICY]
    assert [each["AwsManaged"] for each in ask(tree, "ListPolicies", Filter=RCP)["Policies"]] == [True]
    assert ask(tree, "ListPolicies", Filter="TAG_POLICY")["Policies"] == []
    assert ask(tree, "DescribePolicy", PolicyId=POLICY)["Policy"] == {
        "PolicySummary": {
            "Id": POLICY,
            "Arn": f"{ARN}:policy/o-abcdefghij/service_control_policy/{POLICY}",
            "Name": "Guard",
            "Description": "d",
            "Type": SCP,
            "AwsManaged": False,
        },
        "Content": "{}",
    }
    assert ask(tree, "DescribePolicy", PolicyId=FULL_ACCESS)["Policy"]["PolicySummary"]["Arn"].startswith(
        "arn:aws:organizations::aws:policy/"
    )
    held = ask(tree, "ListPoliciesForTarget", TargetId=INNER, Filter=SCP)["Policies"]
    assert [each["Id"] for each in held] == [FULL_ACCESS, POLICY]
    assert ask(tree, "ListPoliciesForTarget", TargetId=MEMBER, Filter=RCP)["Policies"] == []
    assert ask(tree, "ListTargetsForPolicy", PolicyId=POLICY)["Targets"] == [
        {
            "TargetId": INNER,
            "Arn": f"{ARN}:ou/o-abcdefghij/{INNER}",
            "Name": "Inner",
            "Type": "ORGANIZATIONAL_UNIT",
        }
    ]
    targets = ask(tree, "ListTargetsForPolicy", PolicyId=FULL_ACCESS)["Targets"]
    assert {(each["TargetId"], each["Type"]) for each in targets} == {
        (ROOT, "ROOT"),
        (UNIT, "ORGANIZATIONAL_UNIT"),
        (INNER, "ORGANIZATIONAL_UNIT"),
        (ACCOUNT, "ACCOUNT"),
        (MEMBER, "ACCOUNT"),
    }


def test_lists_come_in_pages_whose_tokens_are_good_for_their_question_alone(tree: Any) -> None:
    first = ask(tree, "ListTargetsForPolicy", PolicyId=FULL_ACCESS, MaxResults=3)
    rest = ask(tree, "ListTargetsForPolicy", PolicyId=FULL_ACCESS, MaxResults=3, NextToken=first["NextToken"])
    assert len(first["Targets"]) + len(rest["Targets"]) == 5
    assert "NextToken" not in rest
    with pytest.raises(InvalidOrganizationsInput) as caught:
        ask(tree, "ListTargetsForPolicy", PolicyId=POLICY, NextToken=first["NextToken"])
    assert caught.value.members == {"Reason": "INVALID_NEXT_TOKEN"}


def test_tags_are_told(tree: Any) -> None:
    def tags(resource: str) -> Any:
        return ask(tree, "ListTagsForResource", ResourceId=resource)["Tags"]

    assert tags(ROOT) == [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
    assert tags(INNER) == [{"Key": "stage", "Value": "live"}]
    assert tags(POLICY) == [{"Key": "team", "Value": "red"}]
    assert tags(MEMBER) == [{"Key": "env", "Value": "test"}]


def test_what_the_tree_does_not_have_is_refused_by_name(tree: Any) -> None:
    for action, params, kind in (
        ("DescribeOrganizationalUnit", {"OrganizationalUnitId": "ou-abcd-cccccccc"}, OrganizationalUnitNotFound),
        ("ListOrganizationalUnitsForParent", {"ParentId": "r-dcba"}, ParentNotFound),
        ("ListAccountsForParent", {"ParentId": "ou-abcd-cccccccc"}, ParentNotFound),
        ("ListChildren", {"ParentId": "r-dcba", "ChildType": "ACCOUNT"}, ParentNotFound),
        ("ListParents", {"ChildId": "999999999999"}, ChildNotFound),
        ("DescribePolicy", {"PolicyId": "p-bbbbbbbbbb"}, PolicyNotFound),
        ("ListTargetsForPolicy", {"PolicyId": "p-bbbbbbbbbb"}, PolicyNotFound),
        ("ListPoliciesForTarget", {"TargetId": "r-dcba", "Filter": SCP}, TargetNotFound),
        ("ListTagsForResource", {"ResourceId": FULL_ACCESS}, TargetNotFound),
    ):
        with pytest.raises(kind):
            ask(tree, action, **params)


def test_the_gate_is_asked_about_what_is_named_with_its_tags(tree: Any) -> None:
    def asked(action: str, **params: Any) -> Any:
        (resource,) = tree.resources(action, "organizations", **params)
        return resource.arn, resource.context

    policy_type = {"organizations:PolicyType": (SCP,)}
    assert asked("DescribePolicy", PolicyId=POLICY) == (
        f"{ARN}:policy/o-abcdefghij/service_control_policy/{POLICY}",
        {"aws:ResourceTag/team": ("red",)} | policy_type,
    )
    assert asked("ListPoliciesForTarget", TargetId=INNER, Filter=SCP) == (
        f"{ARN}:ou/o-abcdefghij/{INNER}",
        {"aws:ResourceTag/stage": ("live",)} | policy_type,
    )
    assert asked("ListPolicies", Filter=SCP) == ("*", policy_type)
    member_calls(tree)
    assert asked("DescribePolicy", PolicyId=POLICY) == ("*", {})
    with pytest.raises(OrganizationsAccessDenied):
        ask(tree, "DescribePolicy", PolicyId=POLICY)


def test_requests_for_accounts_are_listed_by_their_states(organized: Any) -> None:
    def listed(**params: Any) -> list[str]:
        return [each["Id"] for each in ask(organized, "ListCreateAccountStatus", **params)["CreateAccountStatuses"]]

    assert listed() == ["car-aaaaaaaa", "car-bbbbbbbb"]
    assert listed(States=["FAILED"]) == ["car-bbbbbbbb"]
    assert listed(States=["IN_PROGRESS"]) == []
    first = ask(organized, "ListCreateAccountStatus", MaxResults=1)
    assert listed(MaxResults=1, NextToken=first["NextToken"]) == ["car-bbbbbbbb"]
