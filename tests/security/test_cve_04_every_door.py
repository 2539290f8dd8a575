"""CVE row 4: a door without the limiter (ZITADEL 2025-64102, Keycloak 2026-9798): every way of checking a proof is listed from the
code, and each answers 429 in the end."""

import itertools
import re
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

import muniment.ops.actions  # noqa: F401 fills the registries
from muniment.api.signin.account_pages import AccountPages
from muniment.api.signin.json import SignInJSON
from muniment.api.signin.pages import SignInPages
from muniment.commands.command import COMMANDS
from tests.scenarios.signing_in import Phone, with_password
from tests.security.browserless import Pages
from tests.security.sign_in import Crowd, behind_proxy, crowd

__all__ = ["behind_proxy", "crowd"]

# Which doors check a proof. Each has an attack below; what is not here must be among the others.
CHECKING = {
    "json SignIn", "json AnswerCode", "json AnswerRecoveryCode", "json AnswerSecurityKey", "json Reauthenticate",
    "page POST /signin", "page POST /signin/factor", "page POST /signin/confirm",
    "iam ChangePassword", "iam EnableMFADevice", "iam ResyncMFADevice",
    "sts GetSessionToken", "sts AssumeRole",
}  # fmt: skip
# Doors that check no password, code or key of anybody: sessions, new passwords after a proof, new credentials, challenges.
OTHERS = {
    "json BeginSecurityKey", "json ChoosePassword", "json GetSession", "json ListSessions", "json EndSession",
    "json EndSessions", "json BeginReauthentication", "json BeginSecurityKeyRegistration", "json RegisterSecurityKey",
    "page GET /signin", "page GET /signin/factor", "page GET /signin/password", "page POST /signin/password",
    "page GET /signin/account", "page POST /signin/out", "page POST /signin/out-everywhere", "page POST /signin/revoke",
    "page GET /signin/confirm", "page GET /signin/security-keys", "page POST /signin/security-keys",
    "page POST /signin/recovery-codes",
    "iam CreateLoginProfile", "iam UpdateLoginProfile", "muniment IssueRecoveryCodes",
}  # fmt: skip
ROOT = Path(__file__).parents[2]
TRUST = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"ACCOUNT"},"Action":"sts:AssumeRole"}]}'
)


class Anything:
    """Stands for services that are not asked."""

    def __getattr__(self, name):
        return self

    def __call__(self, *args, **options):
        return self


def doors():
    """Every way in, from the code."""
    calls = SignInJSON(Anything(), "us-east-1")
    pages = SignInPages(Anything(), Anything(), AccountPages(Anything(), "us-east-1").routes())
    found = {f"json {name}" for name in (*calls.open, *calls.signed)}
    found |= {f"page {method} {path}" for method, path in pages.routes}
    found |= {f"{service} {action}" for (service, action), kind in COMMANDS.items() if kind.prepares}
    return found | {"sts GetSessionToken", "sts AssumeRole"}


def test_every_door_is_listed():
    assert doors() == CHECKING | OTHERS
    assert not CHECKING & OTHERS


def test_nothing_else_verifies_passwords_or_codes():
    """Who calls the verifying functions, by reading the code: a new caller must be looked at here."""
    calls = re.compile(r"passwords\.verify\(|factors\.check|finish_assertion\(|recovery\.number_of\(")
    found = {
        str(path.relative_to(ROOT))
        for folder in ("commands", "api", "projections", "ops")
        for path in (ROOT / folder).rglob("*.py")
        if calls.search(path.read_text())
    }
    assert found == {
        "api/issuing.py",
        "commands/iam/login_profile.py",
        "commands/iam/mfa.py",
        "commands/iam/password_choice.py",  # new passwords against earlier ones, by whoever may set them
        "commands/proofs/security_keys.py",
        "commands/signin/flow.py",
        "commands/signin/password_check.py",
        "commands/signin/stepup.py",
    }


@pytest.fixture
def attacks(crowd):
    """Door → a wrong try at it; its HTTP status."""
    iam, client = crowd.client("iam"), Crowd(crowd)
    for name in ("ana", "eva", "ida", "uma"):
        with_password(iam, name)
    allow = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
    iam.put_user_policy(UserName="ana", PolicyName="all", PolicyDocument=allow)
    phones = {name: Phone(iam, name, name) for name in ("ana", "eva")}
    key = iam.create_access_key(UserName="ana")["AccessKey"]
    trust = TRUST.replace("ACCOUNT", crowd.account)
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    spare = iam.create_virtual_mfa_device(VirtualMFADeviceName="spare")["VirtualMFADevice"]["SerialNumber"]
    ticket = lambda user="eva": client.sign_in(user)["Ticket"]  # noqa: E731
    token = client.token("ida")
    pages, guesses = Pages(crowd), itertools.count()
    signed = Pages(crowd).signed_in("uma")
    wrong = {"SerialNumber": phones["ana"].serial, "TokenCode": "000000"}
    two = {"AuthenticationCode1": "000000", "AuthenticationCode2": "000000"}

    def aws(service, action, **parameters):
        try:
            getattr(crowd.client(service, key), action)(**parameters)
        except ClientError as error:
            return error.response["ResponseMetadata"]["HTTPStatusCode"]
        raise AssertionError("let in")

    def recovery():
        return client("AnswerRecoveryCode", Ticket=ticket(), Code=f"{next(guesses):016d}".replace("0", "A")).status

    change = {"OldPassword": "Wrong-Password-1", "NewPassword": "Other-Password-1"}
    return {
        "json SignIn": lambda: client.sign_in("uma", "wrong").status,
        "json AnswerCode": lambda: client("AnswerCode", Ticket=ticket(), Code="000000").status,
        "json AnswerRecoveryCode": recovery,
        "json AnswerSecurityKey": lambda: (
            client("AnswerSecurityKey", Ticket=ticket(), Challenge="0" * 64, Response="{}").status
        ),
        "json Reauthenticate": lambda: client("Reauthenticate", token, Password="wrong").status,
        "page POST /signin": lambda: pages.sign_in("ida", "wrong").status,
        "page POST /signin/factor": lambda: pages.factor("eva", "000000").status,
        "page POST /signin/confirm": lambda: signed.confirm("wrong").status,
        "iam ChangePassword": lambda: aws("iam", "change_password", **change),
        "iam EnableMFADevice": lambda: aws("iam", "enable_mfa_device", UserName="ana", SerialNumber=spare, **two),
        "iam ResyncMFADevice": lambda: aws(
            "iam", "resync_mfa_device", UserName="ana", SerialNumber=phones["ana"].serial, **two
        ),
        "sts GetSessionToken": lambda: aws("sts", "get_session_token", **wrong),
        "sts AssumeRole": lambda: aws("sts", "assume_role", RoleArn=role, RoleSessionName="s1", **wrong),
    }


@pytest.mark.parametrize("door", sorted(CHECKING))
def test_a_door_answers_429_after_five_wrong_proofs(attacks, door):
    statuses = [attacks[door]() for _ in range(7)]
    assert set(statuses[:5]) <= {400, 401, 403}
    assert 429 in statuses[5:]


def test_every_attack_is_there(attacks):
    assert set(attacks) == CHECKING
