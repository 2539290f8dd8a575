"""Signing in by JSON: password, factor, new password, session (issue "Sign-in"; SECURITY 7–9)."""

import json
import time

import pytest

from tests.scenarios.signing_in import BETTER, PASSWORD, Client, Phone, with_password

ALL = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'


@pytest.fixture
def client(server):
    return Client(server)


def test_a_user_signs_in_and_calls_the_native_front(client, iam, server):
    with_password(iam)
    iam.put_user_policy(UserName="ana", PolicyName="all", PolicyDocument=ALL)
    token = client.token()
    who = client.native("GetCallerIdentity", token, "sts")
    assert who["Arn"] == f"arn:aws:iam::{server.account}:user/ana"
    assert client.native("GetUser", token)["User"]["UserName"] == "ana"
    assert client("GetSession", token)["UserName"] == "ana"


@pytest.mark.parametrize("user", ["ana", "ANA", " ana ", "ａｎａ"])
def test_a_name_may_be_spelled_as_people_spell(client, iam, user):
    with_password(iam)
    assert client.token(user)


def test_an_account_is_named_by_number_or_alias(client, iam, server):
    with_password(iam)
    iam.create_account_alias(AccountAlias="acme")
    number = server.account
    for account in (number, f"{number[:4]}-{number[4:8]}-{number[8:]}", "acme", " ACME "):
        assert client.token(account=account)


def test_root_signs_in_by_its_e_mail_address(client, iam, server):
    iam.create_login_profile(Password=PASSWORD)
    for email in ("root@muniment.invalid", " ROOT@Muniment.invalid"):
        token = client("SignIn", Email=email, Password=PASSWORD)["Token"]
        assert client.native("GetCallerIdentity", token, "sts")["Arn"] == f"arn:aws:iam::{server.account}:root"
    assert client.sign_in("root").status == 401  # a user's name, and there is no such user


def test_every_wrong_answer_reads_alike(client, iam, server):
    with_password(iam)
    iam.create_user(UserName="nopassword")
    replies = [
        client.sign_in("ana", "wrong"),
        client.sign_in("ghost", "wrong"),
        client.sign_in("nopassword", "wrong"),
        client.sign_in("ana", PASSWORD, account="210987654321"),
        client("SignIn", Email="nobody@example.com", Password="wrong"),
    ]
    shown = set()
    for reply in replies:
        body = reply.json
        body.pop("instance")
        headers = {name: value for name, value in reply.headers.items() if name not in ("date", "x-request-id")}
        shown.add((reply.status, json.dumps(body, sort_keys=True), json.dumps(headers, sort_keys=True)))
    assert len(shown) == 1
    assert replies[0].status == 401


def test_a_factor_is_asked_for_and_a_code_is_good_once(client, iam):
    with_password(iam)
    phone = Phone(iam, "ana")
    step = client.sign_in()
    assert step["Asks"] == ["code"]
    assert "Token" not in step.json
    code = phone.code()
    done = client("AnswerCode", Ticket=step["Ticket"], Code=code)
    assert client("GetSession", done["Token"])["Factor"] == phone.serial
    assert (
        client("AnswerCode", Ticket=step["Ticket"], Code=phone.code()).code == "SignInExpired"
    )  # the ticket is used up
    again = client.sign_in()
    assert client("AnswerCode", Ticket=again["Ticket"], Code=code).status == 401


def test_a_session_with_a_factor_says_so_to_policies(client, iam):  # POLICY_EVALUATION 2.1
    with_password(iam)
    with_password(iam, "eva")
    needs = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "iam:ListUsers",
                "Resource": "*",
                "Condition": {
                    "Bool": {"aws:MultiFactorAuthPresent": "true"},
                    "NumericLessThan": {"aws:MultiFactorAuthAge": "60"},
                },
            }
        ],
    }
    for name in ("ana", "eva"):
        iam.put_user_policy(UserName=name, PolicyName="mfa", PolicyDocument=json.dumps(needs))
    phone = Phone(iam, "ana")
    with_factor = client("AnswerCode", Ticket=client.sign_in()["Ticket"], Code=phone.code())["Token"]
    assert client.native("ListUsers", with_factor).status == 200
    assert client.native("ListUsers", client.token("eva")).code == "AccessDenied"


def test_a_password_that_must_be_changed_is_changed_at_sign_in(client, iam):
    with_password(iam, PasswordResetRequired=True)
    step = client.sign_in()
    assert step["Asks"] == ["password"]
    weak = client("ChoosePassword", Ticket=step["Ticket"], Password="short")
    assert weak.code == "PasswordPolicyViolation"
    assert client("ChoosePassword", Ticket=step["Ticket"], Password=PASSWORD).code == "PasswordPolicyViolation"
    done = client("ChoosePassword", Ticket=step["Ticket"], Password=BETTER)
    assert client("GetSession", done["Token"]).status == 200
    assert client.sign_in().status == 401
    assert client.token(password=BETTER)


def test_the_factor_comes_before_the_new_password(client, iam):
    with_password(iam, PasswordResetRequired=True)
    phone = Phone(iam, "ana")
    step = client.sign_in()
    assert step["Asks"] == ["code"]
    assert client("ChoosePassword", Ticket=step["Ticket"], Password=BETTER).code == "SignInExpired"
    step = client("AnswerCode", Ticket=step["Ticket"], Code=phone.code())
    assert step["Asks"] == ["password"]
    assert client("ChoosePassword", Ticket=step["Ticket"], Password=BETTER)["Token"]


def test_sessions_are_listed_ended_and_signed_out_of_everywhere(client, iam):
    with_password(iam)
    first, second, third = (client.token() for _ in range(3))
    listed = client("ListSessions", first)["Sessions"]
    assert [each["Current"] for each in listed] == [True, False, False]
    assert client("EndSession", first, SessionId=listed[1]["SessionId"]).status == 200
    assert client("GetSession", second).code == "SignInRequired"
    assert client("EndSession", third).status == 200  # without an id: this one
    assert client("GetSession", third).code == "SignInRequired"
    fourth = client.token()
    client("EndSessions", first)
    assert {client("GetSession", token).status for token in (first, fourth)} == {401}
    assert client.native("GetUser", fourth).code == "SignInRequired"


def test_nobody_ends_a_session_of_somebody_else(client, iam):
    with_password(iam)
    with_password(iam, "eva")
    ana, eva = client.token(), client.token("eva")
    mine = client("GetSession", ana)["SessionId"]
    client("EndSession", eva, SessionId=mine)
    assert client("GetSession", ana).status == 200


def test_an_administrator_lists_and_revokes_sessions(client, iam, server, wire):
    with_password(iam)
    first, second = client.token(), client.token()
    listed = json.loads(wire.native("ListSignInSessions", {"UserName": "ana"}, service="muniment").text)["Sessions"]
    assert len(listed) == 2
    assert not {"Token", "TokenDigest"} & set(listed[0])
    wire.native("RevokeSignInSession", {"UserName": "ana", "SessionId": listed[0]["SessionId"]}, service="muniment")
    assert [client("GetSession", token).status for token in (first, second)] == [401, 200]
    wire.native("RevokeSignInSessions", {"UserName": "ana"}, service="muniment")
    assert client("GetSession", second).status == 401
    assert client("ListSessions", second).code == "SignInRequired"


@pytest.mark.parametrize("how", ["delete", "password", "profile"])
def test_sessions_end_with_what_they_stand_on(client, iam, how):  # CVE row 23
    with_password(iam)
    token = client.token()
    if how == "password":
        iam.update_login_profile(UserName="ana", Password=BETTER)
    else:
        iam.delete_login_profile(UserName="ana")
    if how == "delete":
        iam.delete_user(UserName="ana")
    assert client("GetSession", token).code == "SignInRequired"
    assert client.native("GetUser", token).code == "SignInRequired"


def test_a_factor_enabled_meanwhile_is_not_stepped_around(client, iam):
    """A sign-in that was begun without a factor does not end in a session after one was enabled."""
    with_password(iam, PasswordResetRequired=True)
    step = client.sign_in()
    assert step["Asks"] == ["password"]
    Phone(iam, "ana")
    assert client("ChoosePassword", Ticket=step["Ticket"], Password=BETTER).code == "SignInExpired"


def test_sensitive_actions_need_a_proof_of_the_last_five_minutes(client, iam, monkeypatch):
    with_password(iam)
    iam.put_user_policy(UserName="ana", PolicyName="all", PolicyDocument=ALL)
    token = client.token()
    assert client("GetSession", token)["Recent"] is True
    made = client.native("CreateAccessKey", token)
    assert made["AccessKey"]["UserName"] == "ana"
    fresh = client("Reauthenticate", token, Password=PASSWORD)
    assert fresh["Token"] != token
    assert fresh["SessionId"] == client("GetSession", fresh["Token"])["SessionId"]
    assert client("GetSession", token).code == "SignInRequired"  # a new id at every step up
    assert client("Reauthenticate", fresh["Token"], Password="wrong").status == 401


def test_proving_again_asks_for_the_factor_too(client, iam):
    with_password(iam)
    phone = Phone(iam, "ana")
    token = client("AnswerCode", Ticket=client.sign_in()["Ticket"], Code=phone.code())["Token"]
    assert client("BeginReauthentication", token)["Asks"] == ["password", "code"]
    assert client("Reauthenticate", token, Password=PASSWORD).status == 401
    assert client("Reauthenticate", token, Password=PASSWORD, Code=phone.code())["Token"]


def test_recovery_codes_stand_in_for_a_factor_once(client, iam, server):
    with_password(iam)
    iam.put_user_policy(UserName="ana", PolicyName="all", PolicyDocument=ALL)
    plain = client.token()
    assert client.native("IssueRecoveryCodes", plain, "muniment").code == "AccessDenied"  # opened without a factor
    phone = Phone(iam, "ana")
    token = client("AnswerCode", Ticket=client.sign_in()["Ticket"], Code=phone.code())["Token"]
    codes = client.native("IssueRecoveryCodes", token, "muniment")["RecoveryCodes"]
    assert len(set(codes)) == 10
    step = client.sign_in()
    assert step["Asks"] == ["code", "recovery"]
    spelled = codes[0].lower().replace("-", " ")
    assert client("AnswerRecoveryCode", Ticket=step["Ticket"], Code=spelled)["Token"]
    step = client.sign_in()
    assert client("AnswerRecoveryCode", Ticket=step["Ticket"], Code=codes[0]).status == 401
    assert client("AnswerRecoveryCode", Ticket=step["Ticket"], Code=codes[1])["Token"]


def test_what_was_tried_is_in_the_timeline(client, iam, server):
    with_password(iam)
    client.sign_in("ana", "wrong")
    phone = Phone(iam, "ana")
    step = client.sign_in()
    client("AnswerCode", Ticket=step["Ticket"], Code="000000")
    client("AnswerCode", Ticket=step["Ticket"], Code=phone.code())
    trail = server.client("cloudtrail")
    give_up = time.monotonic() + 15
    while True:
        events = trail.lookup_events(LookupAttributes=[{"AttributeKey": "Username", "AttributeValue": "ana"}])["Events"]
        found = [json.loads(each["CloudTrailEvent"]) for each in events]
        sign_ins = [each for each in found if each["eventSource"].startswith("signin")]
        if len([each for each in sign_ins if each["eventName"] == "ConsoleLogin"]) >= 3 or time.monotonic() > give_up:
            break
        time.sleep(0.1)
    text = json.dumps(sign_ins)
    logins = [each for each in sign_ins if each["eventName"] == "ConsoleLogin"]
    shown = {(each["responseElements"]["ConsoleLogin"], each["additionalEventData"]["MFAUsed"]) for each in logins}
    assert shown == {("Success", "Yes"), ("Failure", "Yes"), ("Failure", "No")}
    assert {each["eventType"] for each in logins} == {"AwsConsoleSignIn"}
    assert phone.serial in text
    assert "wrong-password" in text
    assert "wrong-code" in text
    assert PASSWORD not in text
    assert "000000" not in text
    assert {each["sourceIPAddress"] for each in sign_ins} == {"127.0.0.1"}


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"Account":1}', b'{"Nonsense":""}', b'{"Password":"x"}', b"null"])
def test_what_cannot_be_read_is_400(client, body):
    reply = client.post("/v1/signin/SignIn", body)
    assert reply.status == 400
    assert reply.code in ("SerializationException", "ValidationError")


def test_a_form_from_elsewhere_cannot_be_json(client):
    """Browsers send text/plain without asking; JSON needs its content type, and that needs a preflight."""
    reply = client.post("/v1/signin/SignIn", "{}", headers={"content-type": "text/plain"})
    assert reply.code == "SerializationException"


def test_unknown_actions_are_named_as_such(client):
    assert client("Nonsense").code == "InvalidAction"
