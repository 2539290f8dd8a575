"""Queries on the account as a whole: summary, alias, authorization details; and kinds of credentials that are not issued."""

from typing import Any

import botocore.loaders
import pytest

from muniment.domain.account.account import AccountAliasCreated, AccountCreated, RootCredentialsReset
from muniment.domain.account.attachments import GroupPolicyAttached, UserPolicyAttached
from muniment.domain.account.groups import GroupCreated, GroupMemberAdded
from muniment.domain.account.inline import GroupInlinePolicyPut, RoleInlinePolicyPut, UserInlinePolicyPut
from muniment.domain.account.permissions_boundaries import RolePermissionsBoundarySet
from muniment.domain.account.policies import PolicyCreated, PolicyVersionCreated
from muniment.domain.account.roles import RoleCreated
from muniment.domain.account.users import UserCreated
from muniment.domain.errors import NoSuchEntity
from muniment.domain.ledger import Sealed

ACCOUNT = "111122223333"
BEGINNING = 1_700_000_000_000_000
SECOND = 1_000_000
READ = f"arn:aws:iam::{ACCOUNT}:policy/Read"
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
AUDIT = "arn:aws:iam::aws:policy/SecurityAudit"


@pytest.fixture
def furnished(house: Any) -> Any:
    return house.after(
        AccountCreated("main", "a@example.com"),
        RootCredentialsReset("AKIAROOTROOTROOTROOT", Sealed("k", b"")),
        PolicyCreated("Read", "ANPAREAD", "{1}", description="Reads"),
        PolicyVersionCreated(READ, "v2", "{2}", True),
        GroupCreated("Dev", "AGPADEV"),
        GroupCreated("audit", "AGPAAUDIT"),
        UserCreated("ana", "AIDAANA", tags={"t": "1"}),
        UserCreated("bea", "AIDABEA"),
        GroupMemberAdded("Dev", "ana"),
        GroupMemberAdded("audit", "ana"),
        RoleCreated("run", "AROARUN", "{}", max_session_duration=7_200),
        UserInlinePolicyPut("ana", "Do", "{3}"),
        GroupInlinePolicyPut("Dev", "Do", "{4}"),
        RoleInlinePolicyPut("run", "Do", "{5}"),
        UserPolicyAttached("ana", READ),
        GroupPolicyAttached("Dev", READ_ONLY),
        RolePermissionsBoundarySet("run", AUDIT),
    )


def test_the_summary_has_every_key_of_the_model_and_counts(furnished: Any) -> None:
    figures = furnished.ask("GetAccountSummary")["SummaryMap"]
    model = botocore.loaders.Loader().load_service_model("iam", "service-2")
    assert set(figures) == set(model["shapes"]["summaryKeyType"]["enum"])
    assert len(figures) == 34  # INTERFACES, iam T1
    counted = ("Users", "Groups", "Roles", "Policies", "PolicyVersionsInUse", "AccountAccessKeysPresent", "MFADevices")
    assert [figures[key] for key in counted] == [2, 2, 1, 1, 2, 1, 0]
    assert (figures["UsersQuota"], figures["VersionsPerPolicyQuota"], figures["PolicySizeQuota"]) == (5_000, 5, 6_144)
    assert furnished.arns("GetAccountSummary") == ["*"]


def test_the_alias_is_listed_where_there_is_one(furnished: Any) -> None:
    assert furnished.ask("ListAccountAliases") == {"AccountAliases": [], "IsTruncated": False}
    furnished.after(AccountAliasCreated("acme"))
    assert furnished.ask("ListAccountAliases") == {"AccountAliases": ["acme"], "IsTruncated": False}


def test_details_tell_users_with_all_that_hangs_on_them(furnished: Any) -> None:
    details = furnished.ask("GetAccountAuthorizationDetails")
    ana, bea = details["UserDetailList"]
    assert ana == {
        "Path": "/",
        "UserName": "ana",
        "UserId": "AIDAANA",
        "Arn": f"arn:aws:iam::{ACCOUNT}:user/ana",
        "CreateDate": BEGINNING + 7 * SECOND,
        "UserPolicyList": [{"PolicyName": "Do", "PolicyDocument": "{3}"}],
        "GroupList": ["audit", "Dev"],
        "AttachedManagedPolicies": [{"PolicyName": "Read", "PolicyArn": READ}],
        "Tags": [{"Key": "t", "Value": "1"}],
    }
    assert "UserPolicyList" not in bea
    assert (bea["GroupList"], bea["AttachedManagedPolicies"], bea["Tags"]) == ([], [], [])


def test_details_tell_groups_roles_and_the_policies_in_use(furnished: Any) -> None:
    details = furnished.ask("GetAccountAuthorizationDetails")
    assert [(group["GroupName"], group["GroupPolicyList"]) for group in details["GroupDetailList"]] == [
        ("audit", []),
        ("Dev", [{"PolicyName": "Do", "PolicyDocument": "{4}"}]),
    ]
    (role,) = details["RoleDetailList"]
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == AUDIT
    assert (role["InstanceProfileList"], role["RoleLastUsed"], role["RolePolicyList"][0]["PolicyDocument"]) == (
        [],
        {},
        "{5}",
    )
    # of AWS's policies those that are attached or a boundary
    assert [policy["Arn"] for policy in details["Policies"]] == [READ, READ_ONLY, AUDIT]
    read = details["Policies"][0]
    assert (read["Description"], read["DefaultVersionId"], read["AttachmentCount"]) == ("Reads", "v2", 1)
    assert [
        (version["VersionId"], version["Document"], version["IsDefaultVersion"])
        for version in read["PolicyVersionList"]
    ] == [
        ("v2", "{2}", True),
        ("v1", "{1}", False),
    ]


@pytest.mark.parametrize(
    ("chosen", "counts"),
    [
        (["User"], (2, 0, 0, 0)),
        (["Group", "Role"], (0, 2, 1, 0)),
        (["LocalManagedPolicy"], (0, 0, 0, 1)),
        (["AWSManagedPolicy"], (0, 0, 0, 2)),
        ([], (2, 2, 1, 3)),
    ],
)
def test_details_are_filtered_by_kind(furnished: Any, chosen: list[str], counts: tuple[int, ...]) -> None:
    details = furnished.ask("GetAccountAuthorizationDetails", Filter=chosen)
    lists = ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies")
    assert tuple(len(details[member]) for member in lists) == counts


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_pages_of_details_run_across_the_four_lists(furnished: Any, limit: int) -> None:
    whole = furnished.ask("GetAccountAuthorizationDetails")
    lists = ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies")
    found: dict[str, list[Any]] = {member: [] for member in lists}
    marker: dict[str, str] = {}
    while True:
        page = furnished.ask("GetAccountAuthorizationDetails", MaxItems=limit, **marker)
        assert sum(len(page[member]) for member in lists) <= limit
        for member in lists:
            found[member] += page[member]
        if not page["IsTruncated"]:
            break
        marker = {"Marker": page["Marker"]}
    assert found == {member: whole[member] for member in lists}


@pytest.mark.parametrize(
    ("action", "member"),
    [
        ("ListMFADevices", "MFADevices"),
        ("ListSigningCertificates", "Certificates"),
        ("ListSSHPublicKeys", "SSHPublicKeys"),
        ("ListServiceSpecificCredentials", "ServiceSpecificCredentials"),
    ],
)
def test_credentials_that_are_not_issued_are_listed_as_none(furnished: Any, action: str, member: str) -> None:
    """INTERFACES: Terraform's force_destroy lists these before it deletes a user."""
    assert furnished.ask(action, UserName="ana") == {member: [], "IsTruncated": False}
    assert furnished.ask(action) == {member: [], "IsTruncated": False}
    assert furnished.arns(action, UserName="ANA") == [f"arn:aws:iam::{ACCOUNT}:user/ana"]
    with pytest.raises(NoSuchEntity):
        furnished.ask(action, UserName="nobody")


def test_all_users_service_credentials_and_virtual_devices_are_none(furnished: Any) -> None:
    assert furnished.ask("ListServiceSpecificCredentials", AllUsers=True)["ServiceSpecificCredentials"] == []
    assert furnished.arns("ListServiceSpecificCredentials", AllUsers=True) == [f"arn:aws:iam::{ACCOUNT}:user/"]
    assert furnished.ask("ListVirtualMFADevices", AssignmentStatus="Any") == {
        "VirtualMFADevices": [],
        "IsTruncated": False,
    }
    assert furnished.arns("ListVirtualMFADevices") == [f"arn:aws:iam::{ACCOUNT}:mfa/"]


def test_nobody_has_a_login_profile(furnished: Any) -> None:
    with pytest.raises(NoSuchEntity, match=r"^Login Profile for User ana cannot be found\.$"):
        furnished.ask("GetLoginProfile", UserName="ana")
    with pytest.raises(NoSuchEntity, match=r"^The user with name bob cannot be found\.$"):
        furnished.ask("GetLoginProfile", UserName="bob")
