"""CVE row 5: the second factor left out by an alias or another flow (Vault 2025-6013, OpenBao 2025-55001, ZITADEL 2025-64103)."""

import pytest

from tests.scenarios.signing_in import BETTER, PASSWORD, Client, Phone, with_password
from tests.security.browserless import Pages
from tests.security.sign_in import Crowd, behind_proxy, crowd

__all__ = ["behind_proxy", "crowd"]

SESSION = "__Host-muniment-session"


@pytest.fixture
def client(crowd):
    return Crowd(crowd)


def aliases(crowd, iam):
    """Every way of naming one user."""
    user_id = iam.get_user(UserName="ana")["User"]["UserId"]
    iam.create_account_alias(AccountAlias="acme")
    accounts = [crowd.account, "acme", "ACME", f" {crowd.account} "]
    return [
        (account, name) for account in accounts for name in ("ana", "ANA", " ana", "ａｎａ", user_id, user_id.lower())
    ]


def test_no_route_and_no_name_gives_a_session_without_the_factor(crowd, client):
    iam = crowd.client("iam")
    with_password(iam)
    Phone(iam, "ana")
    for account, name in aliases(crowd, iam):
        step = client.sign_in(name, account=account)
        assert "Token" not in step.json, (account, name)
        assert step["Asks"] == ["code"]
        pages = Pages(crowd)
        pages.get("/signin")
        fields = {"account": account, "user_name": name, "password": PASSWORD, "return_to": "/signin/account"}
        assert pages.post("/signin", fields).header("location") == "/signin/factor"
        assert SESSION not in pages.jar
        assert pages.get("/signin/account").header("location") == "/signin"


def test_root_with_a_factor_needs_it_however_its_address_is_written(crowd, client):
    iam = crowd.client("iam")
    iam.create_login_profile(Password=PASSWORD)
    Phone(iam, "root")
    for email in ("root@muniment.invalid", "ROOT@muniment.invalid", " root@Muniment.Invalid "):
        assert client("SignIn", Email=email, Password=PASSWORD)["Asks"] == ["code"]


def test_a_renamed_user_keeps_its_factor(crowd, client):
    iam = crowd.client("iam")
    with_password(iam)
    Phone(iam, "ana")
    iam.update_user(UserName="ana", NewUserName="anna")
    assert client.sign_in("anna")["Asks"] == ["code"]


def test_a_ticket_is_neither_a_session_nor_a_bearer_token(crowd, client):
    iam = crowd.client("iam")
    with_password(iam)
    Phone(iam, "ana")
    ticket = client.sign_in()["Ticket"]
    assert client("GetSession", ticket).code == "SignInRequired"
    assert client.native("GetUser", ticket).code == "SignInRequired"
    pages = Pages(crowd)
    pages.jar[SESSION] = ticket
    assert pages.get("/signin/account").status == 303


@pytest.mark.parametrize("action", ["ChoosePassword", "AnswerRecoveryCode", "AnswerSecurityKey"])
def test_no_other_step_goes_around_the_factor(crowd, client, action):
    iam = crowd.client("iam")
    with_password(iam, PasswordResetRequired=True)
    Phone(iam, "ana")
    ticket = client.sign_in()["Ticket"]
    given = {
        "ChoosePassword": {"Password": BETTER},
        "AnswerRecoveryCode": {"Code": "AAAA-AAAA-AAAA-AAAA"},
        "AnswerSecurityKey": {"Challenge": "0" * 64, "Response": "{}"},
    }[action]
    reply = client(action, Ticket=ticket, **given)
    assert reply.status == 401
    assert "Token" not in reply.json


def test_changing_the_password_takes_no_factor_away(crowd, client):
    iam = crowd.client("iam")
    with_password(iam)
    Phone(iam, "ana")
    iam.update_login_profile(UserName="ana", Password=BETTER)
    assert client.sign_in(password=BETTER)["Asks"] == ["code"]


@pytest.mark.parametrize("bend", ["prefix", "suffix", "case", "pad", "account", "flip"])
def test_a_token_that_is_not_exactly_one_is_none(crowd, bend):  # CVE row 19
    iam, client = crowd.client("iam"), Client(crowd, "203.0.113.99")
    with_password(iam)
    token = client.token()
    bent = {
        "prefix": [token[:length] for length in range(len(token))],
        "suffix": [token[start:] for start in range(1, len(token))] + [token + "A", token + token],
        "case": [token.swapcase(), token.lower(), token.upper()],
        "pad": [token + pad for pad in ("=", "==", ".", "%00", "\u00a0", "/")],
        "account": [token.replace(crowd.account, "000000000000"), token.replace(crowd.account, "999999999999")],
        "flip": [
            token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]
            for at in range(len(token) - 43, len(token))
        ],
    }[bend]
    for other in bent:
        if other and other != token:
            reply = client("GetSession", other.encode("utf-8").decode("latin-1"))
            assert reply.code == "SignInRequired", other
    assert client("GetSession", token).status == 200
