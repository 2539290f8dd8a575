"""A second factor with AssumeRole and GetSessionToken (FEATURES 1d; POLICY_EVALUATION 2.1; SECURITY rule 8, CVE row 2)."""

import time
from concurrent.futures import ThreadPoolExecutor

import pyotp
import pytest

from tests.scenarios.sessions import allow, deny, holding, policy, refused, role, trust

PRESENT = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}


class Device:
    """An authenticator app: shows each code once, and waits for the next where it must."""

    def __init__(self, serial, seed):
        self.serial, self.totp, self.shown = serial, pyotp.TOTP(seed), 0

    def code(self):
        """A code that was not shown before: of the last step, this one or the next, which are all taken."""
        step = max(int(time.time()) // 30 - 1, self.shown + 1)
        while step > int(time.time()) // 30 + 1:
            time.sleep(0.2)
        self.shown = step
        return self.totp.at(step * 30)


@pytest.fixture
def ana(member):
    return member("ana", allow("*"))


@pytest.fixture
def device(iam, ana):
    """A device of ana's. Enabling takes two codes: those of the past, so that some are left for the test."""
    made = iam.create_virtual_mfa_device(VirtualMFADeviceName="phone")["VirtualMFADevice"]
    found = Device(made["SerialNumber"], made["Base32StringSeed"].decode())
    step = int(time.time()) // 30
    codes = [found.totp.at((step - back) * 30) for back in (2, 1)]
    iam.enable_mfa_device(
        UserName="ana", SerialNumber=found.serial, AuthenticationCode1=codes[0], AuthenticationCode2=codes[1]
    )
    found.shown = step - 1
    return found


@pytest.fixture
def strict(server, iam, ana):
    """A role for whom has proven a factor just now."""
    lately = {**PRESENT, "NumericLessThan": {"aws:MultiFactorAuthAge": "60"}}
    return role(iam, "strict", trust(f"arn:aws:iam::{server.account}:user/ana", **lately), allow("iam:ListUsers"))


def test_a_role_that_wants_a_factor_is_assumed_with_a_code_that_counts_once(server, ana, device, strict):
    call = ana("sts").assume_role
    assert refused(call, RoleArn=strict, RoleSessionName="one")[0] == "AccessDenied"
    code = device.code()
    held = call(RoleArn=strict, RoleSessionName="one", SerialNumber=device.serial, TokenCode=code)["Credentials"]
    assert holding(server, held, "iam").list_users()
    found = refused(call, RoleArn=strict, RoleSessionName="two", SerialNumber=device.serial, TokenCode=code)
    assert found == ("AccessDenied", "MultiFactorAuthentication failed with invalid MFA one time pass code.")


def test_a_code_in_parallel_from_many_sockets_is_taken_once(server, ana, device, strict):
    code = device.code()
    clients = [ana("sts") for _ in range(4)]

    def attempt(client):
        params = {"RoleArn": strict, "RoleSessionName": "one", "SerialNumber": device.serial, "TokenCode": code}
        try:
            client.assume_role(**params)
        except client.exceptions.ClientError as error:
            return error.response["Error"]["Code"]
        return "taken"

    with ThreadPoolExecutor(len(clients)) as threads:
        outcomes = list(threads.map(attempt, clients))
    assert outcomes.count("taken") == 1


def test_a_session_token_with_a_factor_opens_iam_and_roles_and_ages(server, ana, device, strict):
    held = ana("sts").get_session_token(SerialNumber=device.serial, TokenCode=device.code())["Credentials"]
    assert holding(server, held, "iam").list_users()
    assert holding(server, held, "sts").assume_role(RoleArn=strict, RoleSessionName="one")


def test_policies_tell_sessions_with_a_factor_from_those_without(server, iam, ana, device):
    """The usual way to demand a factor: deny everything else with BoolIfExists."""
    unless = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}
    iam.put_user_policy(
        UserName="ana", PolicyName="mfa", PolicyDocument=policy(deny("iam:ListRoles", **unless), allow("*"))
    )
    assert refused(ana("iam").list_roles)[0] == "AccessDenied"  # the key is absent, so `IfExists` makes the Deny fire
    held = ana("sts").get_session_token(SerialNumber=device.serial, TokenCode=device.code())["Credentials"]
    assert holding(server, held, "iam").list_roles()


def test_a_role_sessions_later_requests_know_nothing_of_the_factor(server, iam, ana, device):
    user = f"arn:aws:iam::{server.account}:user/ana"
    run = role(iam, "run", trust(user), allow("iam:ListUsers", **PRESENT))
    held = ana("sts").assume_role(
        RoleArn=run, RoleSessionName="one", SerialNumber=device.serial, TokenCode=device.code()
    )["Credentials"]
    assert refused(holding(server, held, "iam").list_users)[0] == "AccessDenied"  # POLICY_EVALUATION 2.1


def test_a_serial_number_and_a_code_go_together_and_must_be_the_callers(iam, member, ana, device, strict):
    call = ana("sts").assume_role
    together = "must provide both MFA serial number and one time pass code"
    for half in ({"SerialNumber": device.serial}, {"TokenCode": "123456"}):
        code, message = refused(call, RoleArn=strict, RoleSessionName="one", **half)
        assert (code, together in message) == ("AccessDenied", True)
    eva = member("eva", allow("*"))
    for serial in (device.serial, device.serial + "2"):
        code, message = refused(eva("sts").get_session_token, SerialNumber=serial, TokenCode=device.code())
        assert (code, "unable to validate MFA code" in message) == ("AccessDenied", True)


def test_the_sixth_guess_is_not_even_looked_at(ana, device):
    call = ana("sts").get_session_token
    codes = [refused(call, SerialNumber=device.serial, TokenCode=f"{number:06}")[0] for number in range(6)]
    assert codes[:5] == ["AccessDenied"] * 5
    assert codes[5] != "AccessDenied"
    assert refused(call, SerialNumber=device.serial, TokenCode=device.code())[0] == codes[5]
