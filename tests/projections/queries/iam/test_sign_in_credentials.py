"""Queries on passwords, factors, sessions of sign-in, and the credential report (FEATURES 1a, 1e, 1j)."""

import csv
import io

import pytest

import muniment.projections.queries.sign_ins  # noqa: F401 fills the registry
from muniment.domain.account.account import AccountCreated
from muniment.domain.account.keys import AccessKeyCreated, CredentialUsed
from muniment.domain.account.mfa import MFADeviceEnabled, SecurityKeyRegistered, VirtualMFADeviceCreated
from muniment.domain.account.passwords import LoginProfileCreated, PasswordPolicySet
from muniment.domain.account.reports import CredentialReportRequested
from muniment.domain.account.sign_ins import SignInSessionEnded, SignInSessionStarted
from muniment.domain.account.users import UserCreated
from muniment.domain.errors import NoSuchEntity, ReportExpired, ReportNotPresent
from muniment.domain.ledger import Sealed
from muniment.projections.queries.iam.credential_report import COLUMNS
from tests.projections.queries.conftest import ACCOUNT, BEGINNING, SECOND

SEALED = Sealed("k", b"box")
PHONE = f"arn:aws:iam::{ACCOUNT}:mfa/phone"
SPARE = f"arn:aws:iam::{ACCOUNT}:mfa/spare"
KEY = f"arn:aws:iam::{ACCOUNT}:u2f/user/ana/key"
FAR = BEGINNING + 10**15
DAY = 86_400 * SECOND


@pytest.fixture
def peopled(house):
    return house.after(
        AccountCreated("A", "a@example.com"),
        UserCreated("ana", "AIDAANA"),
        UserCreated("eva", "AIDAEVA"),
        LoginProfileCreated("ana", SEALED, True),
        VirtualMFADeviceCreated(SPARE, SEALED),
        VirtualMFADeviceCreated(PHONE, SEALED, {"team": "blue"}),
        MFADeviceEnabled("ana", PHONE, "AIDAANA", SEALED),
        SecurityKeyRegistered("ana", KEY, "AIDAANA", b"c", b"p"),
    )


def test_a_login_profile_is_shown_without_its_hash(peopled):
    profile = peopled.ask("GetLoginProfile", UserName="ANA")["LoginProfile"]
    assert set(profile) == {"UserName", "CreateDate", "PasswordResetRequired"}
    assert (profile["UserName"], profile["PasswordResetRequired"]) == ("ana", True)
    with pytest.raises(NoSuchEntity, match="Login Profile for User eva cannot be found"):
        peopled.ask("GetLoginProfile", UserName="eva")
    with pytest.raises(NoSuchEntity, match="Login Profile for User root cannot be found"):
        peopled.ask("GetLoginProfile")


def test_the_password_policy_is_shown_or_there_is_none(peopled):
    with pytest.raises(NoSuchEntity, match=f"The Password Policy with domain name {ACCOUNT} cannot be found"):
        peopled.ask("GetAccountPasswordPolicy")
    peopled.after(PasswordPolicySet(8, max_password_age=30))
    policy = peopled.ask("GetAccountPasswordPolicy")["PasswordPolicy"]
    assert (policy["ExpirePasswords"], policy["MaxPasswordAge"]) == (True, 30)
    assert "PasswordReusePrevention" not in policy


def test_users_may_read_the_policy_that_lets_them_change_their_password(peopled):
    peopled.after(PasswordPolicySet(8, allow_users_to_change_password=True))
    assert not peopled.resources("GetAccountPasswordPolicy")[0].granted  # root needs no grant
    assert peopled.user_calls("ana").resources("GetAccountPasswordPolicy")[0].granted


def test_enabled_devices_are_listed_for_their_user_in_the_order_they_came(peopled):
    assert [each["SerialNumber"] for each in peopled.walk("ListMFADevices", "MFADevices", 1, UserName="ana")] == [
        PHONE,
        KEY,
    ]
    assert peopled.ask("ListMFADevices", UserName="eva")["MFADevices"] == []
    assert peopled.ask("ListMFADevices")["MFADevices"] == []  # root's


@pytest.mark.parametrize(
    ("status", "expected"), [("Any", [PHONE, SPARE]), ("Assigned", [PHONE]), ("Unassigned", [SPARE])]
)
def test_virtual_devices_are_listed_by_assignment_without_their_seeds(peopled, status, expected):
    found = peopled.ask("ListVirtualMFADevices", AssignmentStatus=status)["VirtualMFADevices"]
    assert [each["SerialNumber"] for each in found] == expected
    assert not any({"Base32StringSeed", "QRCodePNG"} & set(each) for each in found)


def test_a_device_of_somebody_else_is_as_good_as_missing(peopled):
    assert peopled.ask("GetMFADevice", SerialNumber=PHONE, UserName="ana")["UserName"] == "ana"
    assert peopled.ask("GetMFADevice", SerialNumber=KEY, UserName="ana")["Certifications"] == {}
    for params in ({"UserName": "eva"}, {}):
        with pytest.raises(NoSuchEntity):
            peopled.ask("GetMFADevice", SerialNumber=PHONE, **params)
    assert peopled.ask("ListMFADeviceTags", SerialNumber=PHONE)["Tags"] == [{"Key": "team", "Value": "blue"}]


def test_the_summary_counts_passwords_and_devices(peopled):
    summary = peopled.ask("GetAccountSummary")["SummaryMap"]
    wanted = {"MFADevices": 3, "MFADevicesInUse": 2, "AccountMFAEnabled": 0, "AccountPasswordPresent": 0}
    assert {name: summary[name] for name in wanted} == wanted


def test_sessions_are_listed_while_they_stand(peopled):
    house = peopled.after(
        SignInSessionStarted("ana", "one", "AIDAANA", "a" * 64, FAR, PHONE),
        SignInSessionStarted("ana", "two", "AIDAANA", "b" * 64, FAR),
        SignInSessionStarted("eva", "three", "AIDAEVA", "c" * 64, FAR),
        SignInSessionEnded("ana", "two", "AIDAANA"),
    )
    query = house.query("ListSignInSessions", "muniment", UserName="ana")
    from muniment.projections.query import Asked

    (session,) = query.answer(house, Asked(house.actor, house.now))["Sessions"]
    assert (session["SessionId"], session["Factor"], session["Kind"]) == ("one", PHONE, "browser")
    assert "a" * 64 not in str(session)
    assert query.answer(house, Asked(house.actor, FAR)) == {"Sessions": []}
    assert house.state(f"account.{ACCOUNT}").user("ana").login.last_used


def rows(house):
    content = house.ask("GetCredentialReport")["Content"].decode()
    return list(csv.DictReader(io.StringIO(content)))


def test_the_report_has_22_columns_and_a_row_for_root_and_each_user(peopled):
    assert len(COLUMNS) == 22
    with pytest.raises(ReportNotPresent):
        peopled.ask("GetCredentialReport")
    peopled.after(
        PasswordPolicySet(8, max_password_age=30),
        AccessKeyCreated("eva", "AKIAEVA", SEALED, "AIDAEVA"),
        CredentialUsed("AKIAEVA", BEGINNING, "iam", "us-east-1"),
        CredentialReportRequested(),
    )
    root, ana, eva = rows(peopled)
    assert (root["user"], root["password_enabled"], root["mfa_active"]) == ("<root_account>", "not_supported", "false")
    assert (ana["password_enabled"], ana["password_last_used"], ana["mfa_active"]) == ("true", "no_information", "true")
    assert ana["password_next_rotation"] > ana["password_last_changed"]
    assert (eva["password_enabled"], eva["password_last_changed"]) == ("false", "N/A")
    assert (eva["access_key_1_active"], eva["access_key_1_last_used_service"]) == ("true", "iam")
    assert (eva["access_key_2_active"], eva["access_key_2_last_rotated"], eva["cert_1_active"]) == (
        "false",
        "N/A",
        "false",
    )


def test_a_report_is_too_old_after_four_hours(peopled):
    peopled.after(CredentialReportRequested())
    asked = peopled.state(f"account.{ACCOUNT}").report_requested
    peopled.now = asked + 4 * 3_600 * SECOND - 1
    assert peopled.ask("GetCredentialReport")
    peopled.now += 1
    with pytest.raises(ReportExpired):
        peopled.ask("GetCredentialReport")


def test_names_that_look_like_formulas_stay_in_their_cells(house):
    """A user's name is data in a spreadsheet; IAM allows names that begin with `=`, `+`, `-` or `@`."""
    house.after(AccountCreated("A", "a@example.com"), UserCreated("=cmd+1", "AIDAX"), CredentialReportRequested())
    assert rows(house)[1]["user"] == "=cmd+1"  # as AWS's report has it: whoever opens it must import it as text
