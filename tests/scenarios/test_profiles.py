"""Credentials as boto3 and the aws CLI find them by themselves: profiles, chains of profiles, credential_process, and the example
that tells the cross-account story."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import boto3
import pytest

from tests.muniment_server import AWS
from tests.scenarios.sessions import allow, role, trust

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def ana(iam):
    iam.create_user(UserName="ana")
    from tests.scenarios.sessions import policy

    iam.put_user_policy(UserName="ana", PolicyName="p", PolicyDocument=policy(allow("sts:*")))
    return iam.create_access_key(UserName="ana")["AccessKey"]


@pytest.fixture
def roles(server, iam, ana):
    """Two roles: the first trusts ana with an external id, the second the first."""
    handshake = {"StringEquals": {"sts:ExternalId": "handshake"}}
    first = role(iam, "first", trust(f"arn:aws:iam::{server.account}:user/ana", **handshake), allow("sts:*"))
    second = role(iam, "second", trust(first), allow("iam:ListUsers"))
    return first, second


@pytest.fixture
def configured(server, tmp_path, monkeypatch, ana, roles):
    """A user's ~/.aws: keys, a role with an external id, a role over that role, and a process."""
    process = tmp_path / "process"
    answer = {"Version": 1, "AccessKeyId": ana["AccessKeyId"], "SecretAccessKey": ana["SecretAccessKey"]}
    process.write_text(f"#!{sys.executable}\nprint({json.dumps(json.dumps(answer))})\n")
    process.chmod(process.stat().st_mode | stat.S_IXUSR)
    config = tmp_path / "config"
    config.write_text(
        f"[profile ana]\nregion = us-east-1\nendpoint_url = {server.endpoint}\n"
        f"[profile first]\nrole_arn = {roles[0]}\nexternal_id = handshake\nsource_profile = ana\nrole_session_name = one\n"
        f"region = us-east-1\nendpoint_url = {server.endpoint}\nduration_seconds = 900\n"
        f"[profile second]\nrole_arn = {roles[1]}\nsource_profile = first\nrole_session_name = two\n"
        f"region = us-east-1\nendpoint_url = {server.endpoint}\n"
        f"[profile process]\ncredential_process = {process}\nregion = us-east-1\nendpoint_url = {server.endpoint}\n"
        f"[profile over-process]\nrole_arn = {roles[0]}\nexternal_id = handshake\nsource_profile = process\n"
        f"region = us-east-1\nendpoint_url = {server.endpoint}\nrole_session_name = three\n"
    )
    keys = tmp_path / "credentials"
    keys.write_text(
        f"[ana]\naws_access_key_id = {ana['AccessKeyId']}\naws_secret_access_key = {ana['SecretAccessKey']}\n"
    )
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(keys))
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.endpoint)  # for the AssumeRole that botocore makes by itself
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


EXPECTED = {
    "ana": ":user/ana",
    "first": ":assumed-role/first/one",
    "second": ":assumed-role/second/two",
    "process": ":user/ana",
    "over-process": ":assumed-role/first/three",
}


@pytest.mark.parametrize("profile", EXPECTED)
def test_boto3_finds_its_way_through_profiles(configured, profile):
    session = boto3.Session(profile_name=profile)
    assert session.client("sts").get_caller_identity()["Arn"].endswith(EXPECTED[profile])


@pytest.mark.parametrize("profile", EXPECTED)
def test_the_aws_cli_finds_its_way_through_profiles(configured, profile):
    words = [AWS, "sts", "get-caller-identity", "--profile", profile, "--query", "Arn", "--output", "text"]
    shown = subprocess.run(words, env={**os.environ, "AWS_PAGER": ""}, capture_output=True, text=True, check=False)
    assert shown.stdout.strip().endswith(EXPECTED[profile]), shown.stderr


def test_the_aws_cli_asks_for_the_code_of_a_profile_with_mfa_serial(server, iam, configured, ana):
    """`mfa_serial`: the CLI asks on its terminal, here a pipe, and sends SerialNumber and TokenCode."""
    import pty
    import time

    import pyotp

    made = iam.create_virtual_mfa_device(VirtualMFADeviceName="phone")["VirtualMFADevice"]
    totp = pyotp.TOTP(made["Base32StringSeed"].decode())
    step = int(time.time()) // 30
    codes = [totp.at((step - back) * 30) for back in (2, 1)]
    iam.enable_mfa_device(
        UserName="ana",
        SerialNumber=made["SerialNumber"],
        AuthenticationCode1=codes[0],
        AuthenticationCode2=codes[1],
    )
    present = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    strict = role(iam, "strict", trust(f"arn:aws:iam::{server.account}:user/ana", **present))
    with (configured / "config").open("a") as config:
        config.write(
            f"[profile strict]\nrole_arn = {strict}\nmfa_serial = {made['SerialNumber']}\nsource_profile = ana\n"
            f"role_session_name = four\nregion = us-east-1\nendpoint_url = {server.endpoint}\n"
        )
    words = [AWS, "sts", "get-caller-identity", "--profile", "strict", "--query", "Arn", "--output", "text"]
    shown = bytearray()
    child, terminal = pty.fork()
    if child == 0:
        os.execve(words[0], [str(word) for word in words], {**os.environ, "AWS_PAGER": ""})
    typed = False
    while True:
        try:
            data = os.read(terminal, 4_096)
        except OSError:
            break
        if not data:
            break
        shown += data
        if b"MFA code" in shown and not typed:
            typed = True
            os.write(terminal, totp.at(int(time.time())).encode() + b"\n")
    os.close(terminal)
    _, status = os.waitpid(child, 0)
    assert (status, b":assumed-role/strict/four" in shown) == (0, True), shown


def test_the_cross_account_example_tells_its_story(server, tmp_path):
    ready = tmp_path / "ready.json"
    ready.write_text(json.dumps({**server.ready, "root": server.root}))
    told = subprocess.run(
        [sys.executable, EXAMPLES / "cross_account.py", ready], capture_output=True, text=True, check=False, timeout=120
    )
    assert told.returncode == 0, told.stderr
    assert "without a factor: AccessDenied" in told.stdout
    assert ":assumed-role/partner/ana-in-a" in told.stdout
    assert "A's secret, read by B's user" in told.stdout
    assert "after A ended the session: InvalidClientTokenId" in told.stdout
    assert "joined by " in told.stdout
