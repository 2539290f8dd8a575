"""Passwords by boto3 and the aws CLI, as tools use them (INTERFACES iam T1)."""

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError
from botocore.httpsession import URLLib3Session

from tests.muniment_server import AWS

GOOD, BETTER = "Correct-Horse-1", "Battery-Staple-2"


def code_of(call, **parameters):
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return caught.value.response["Error"]["Code"]


def test_a_login_profile_comes_changes_and_goes(iam):
    iam.create_user(UserName="ana")
    assert code_of(iam.get_login_profile, UserName="ana") == "NoSuchEntity"
    made = iam.create_login_profile(UserName="ana", Password=GOOD, PasswordResetRequired=True)["LoginProfile"]
    got = iam.get_login_profile(UserName="ana")["LoginProfile"]
    assert got == made
    assert (got["UserName"], got["PasswordResetRequired"]) == ("ana", True)
    assert code_of(iam.create_login_profile, UserName="ana", Password=GOOD) == "EntityAlreadyExists"
    iam.update_login_profile(UserName="ana", PasswordResetRequired=False)
    assert iam.get_login_profile(UserName="ana")["LoginProfile"]["PasswordResetRequired"] is False
    assert code_of(iam.delete_user, UserName="ana") == "DeleteConflict"
    iam.delete_login_profile(UserName="ana")
    iam.delete_user(UserName="ana")


def test_the_account_has_a_password_policy(iam):
    assert code_of(iam.get_account_password_policy) == "NoSuchEntity"
    iam.update_account_password_policy(MinimumPasswordLength=14, MaxPasswordAge=90, PasswordReusePrevention=2)
    policy = iam.get_account_password_policy()["PasswordPolicy"]
    assert policy == {
        "MinimumPasswordLength": 14,
        "RequireSymbols": False,
        "RequireNumbers": False,
        "RequireUppercaseCharacters": False,
        "RequireLowercaseCharacters": False,
        "AllowUsersToChangePassword": False,
        "ExpirePasswords": True,
        "HardExpiry": False,
        "MaxPasswordAge": 90,
        "PasswordReusePrevention": 2,
    }
    iam.create_user(UserName="ana")
    assert code_of(iam.create_login_profile, UserName="ana", Password="Short-1-abc") == "PasswordPolicyViolation"
    iam.delete_account_password_policy()
    assert code_of(iam.get_account_password_policy) == "NoSuchEntity"


def test_a_user_changes_its_own_password_where_a_policy_allows_it(iam, member):
    ana = member("ana", {"Effect": "Allow", "Action": "iam:ChangePassword", "Resource": "*"})("iam")
    iam.create_login_profile(UserName="ana", Password=GOOD)
    ana.change_password(OldPassword=GOOD, NewPassword=BETTER)
    assert code_of(ana.change_password, OldPassword=GOOD, NewPassword=BETTER) == "AccessDenied"
    assert code_of(iam.change_password, OldPassword=GOOD, NewPassword=BETTER) == "InvalidUserType"


def test_the_account_lets_every_user_change_its_own_password(iam, member):
    ana = member("ana")("iam")
    eva = member("eva", {"Effect": "Deny", "Action": "iam:ChangePassword", "Resource": "*"})("iam")
    for name in ("ana", "eva"):
        iam.create_login_profile(UserName=name, Password=GOOD)
    assert code_of(ana.change_password, OldPassword=GOOD, NewPassword=BETTER) == "AccessDenied"
    iam.update_account_password_policy(AllowUsersToChangePassword=True)
    ana.change_password(OldPassword=GOOD, NewPassword=BETTER)
    assert ana.get_account_password_policy()["PasswordPolicy"]["AllowUsersToChangePassword"]
    assert (
        code_of(eva.change_password, OldPassword=GOOD, NewPassword=BETTER) == "AccessDenied"
    )  # an explicit deny stays
    assert code_of(ana.create_login_profile, UserName="ana", Password=GOOD) == "AccessDenied"


def test_root_gives_itself_a_password(iam):
    iam.create_login_profile(Password=GOOD)
    assert iam.get_login_profile()["LoginProfile"]["UserName"] == "root"
    assert iam.get_account_summary()["SummaryMap"]["AccountPasswordPresent"] == 1
    iam.delete_login_profile()


def test_a_retry_of_a_password_change_is_answered_like_the_first(iam, server, monkeypatch):  # DESIGN §3
    """botocore repeats with the same invocation id when an answer is lost; the old password is no longer right by then."""
    iam.create_user(UserName="ana")
    allow = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:ChangePassword","Resource":"*"}]}'
    iam.put_user_policy(UserName="ana", PolicyName="change", PolicyDocument=allow)
    iam.create_login_profile(UserName="ana", Password=GOOD)
    key = iam.create_access_key(UserName="ana")["AccessKey"]
    ana = server.client("iam", key, retries={"max_attempts": 3, "mode": "standard"})
    lost, send = [], URLLib3Session.send

    def losing_the_first_answer(self, request):
        answer = send(self, request)
        if not lost:
            lost.append(answer)
            raise ConnectionClosedError(endpoint_url=request.url)
        return answer

    monkeypatch.setattr(URLLib3Session, "send", losing_the_first_answer)
    assert ana.change_password(OldPassword=GOOD, NewPassword=BETTER)["ResponseMetadata"]["RetryAttempts"] == 1
    assert lost[0].status_code == 200


def test_the_aws_cli_gives_and_takes_passwords(server):
    server.run(AWS, "iam", "create-user", "--user-name", "ana")
    made = server.run(AWS, "iam", "create-login-profile", "--user-name", "ana", "--password", GOOD)
    assert '"UserName": "ana"' in made.stdout
    server.run(AWS, "iam", "update-login-profile", "--user-name", "ana", "--password", BETTER)
    assert server.run(AWS, "iam", "delete-login-profile", "--user-name", "ana").returncode == 0


def test_the_credential_report_has_its_22_columns(iam):
    assert code_of(iam.get_credential_report) == "ReportNotPresent"
    iam.create_user(UserName="ana")
    iam.create_login_profile(UserName="ana", Password=GOOD)
    iam.create_access_key(UserName="ana")
    assert iam.generate_credential_report()["State"] == "STARTED"
    assert iam.generate_credential_report()["State"] == "COMPLETE"
    report = iam.get_credential_report()
    assert report["ReportFormat"] == "text/csv"
    head, root, ana = report["Content"].decode().splitlines()
    columns = head.split(",")
    assert len(columns) == 22
    assert columns[:4] == ["user", "arn", "user_creation_time", "password_enabled"]
    row = dict(zip(columns, ana.split(","), strict=True))
    assert (row["user"], row["password_enabled"], row["mfa_active"]) == ("ana", "true", "false")
    assert (row["access_key_1_active"], row["access_key_2_active"]) == ("true", "false")
    assert root.startswith("<root_account>,arn:aws:iam::")
