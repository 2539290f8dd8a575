"""Virtual MFA devices by boto3 and the aws CLI (FEATURES 1e)."""

import base64
import subprocess
import time

import pyotp
import pytest
from botocore.exceptions import ClientError

from tests.muniment_server import AWS


def code_of(call, **parameters):
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return caught.value.response["Error"]["Code"]


def two_codes(seed, off=0):
    """Two consecutive codes of now, as an app shows them one after the other."""
    otp, step = pyotp.HOTP(seed), int(time.time()) // 30 + off
    return {"AuthenticationCode1": otp.at(step - 1), "AuthenticationCode2": otp.at(step)}


def make(iam, name="phone"):
    made = iam.create_virtual_mfa_device(VirtualMFADeviceName=name)["VirtualMFADevice"]
    return made["SerialNumber"], made["Base32StringSeed"].decode()


def test_a_device_is_made_enabled_listed_and_taken_away(iam, server):
    iam.create_user(UserName="ana")
    made = iam.create_virtual_mfa_device(VirtualMFADeviceName="phone", Tags=[{"Key": "a", "Value": "1"}])
    device = made["VirtualMFADevice"]
    serial, seed = device["SerialNumber"], device["Base32StringSeed"].decode()
    assert serial == f"arn:aws:iam::{server.account}:mfa/phone"
    assert len(base64.b32decode(seed)) == 20
    assert device["QRCodePNG"].startswith(b"\x89PNG")
    (unassigned,) = iam.list_virtual_mfa_devices(AssignmentStatus="Unassigned")["VirtualMFADevices"]
    assert unassigned["SerialNumber"] == serial
    assert "Base32StringSeed" not in unassigned
    iam.enable_mfa_device(UserName="ana", SerialNumber=serial, **two_codes(seed))
    (listed,) = iam.list_mfa_devices(UserName="ana")["MFADevices"]
    assert (listed["UserName"], listed["SerialNumber"]) == ("ana", serial)
    (assigned,) = iam.list_virtual_mfa_devices(AssignmentStatus="Assigned")["VirtualMFADevices"]
    assert (assigned["User"]["UserName"], assigned["EnableDate"]) == ("ana", listed["EnableDate"])
    got = iam.get_mfa_device(SerialNumber=serial, UserName="ana")
    assert (got["UserName"], got["EnableDate"]) == ("ana", listed["EnableDate"])
    assert iam.list_mfa_device_tags(SerialNumber=serial)["Tags"] == [{"Key": "a", "Value": "1"}]
    iam.tag_mfa_device(SerialNumber=serial, Tags=[{"Key": "b", "Value": "2"}])
    iam.untag_mfa_device(SerialNumber=serial, TagKeys=["a"])
    assert iam.list_mfa_device_tags(SerialNumber=serial)["Tags"] == [{"Key": "b", "Value": "2"}]
    assert code_of(iam.delete_user, UserName="ana") == "DeleteConflict"
    assert code_of(iam.delete_virtual_mfa_device, SerialNumber=serial) == "DeleteConflict"
    iam.deactivate_mfa_device(UserName="ana", SerialNumber=serial)
    iam.delete_virtual_mfa_device(SerialNumber=serial)
    assert iam.list_virtual_mfa_devices()["VirtualMFADevices"] == []
    iam.delete_user(UserName="ana")


def test_wrong_and_used_codes_enable_nothing(iam):
    iam.create_user(UserName="ana")
    iam.create_user(UserName="eva")
    serial, seed = make(iam)
    wrong = {"AuthenticationCode1": "000000", "AuthenticationCode2": "000000"}
    assert code_of(iam.enable_mfa_device, UserName="ana", SerialNumber=serial, **wrong) == "InvalidAuthenticationCode"
    used = two_codes(seed)
    iam.enable_mfa_device(UserName="ana", SerialNumber=serial, **used)
    iam.deactivate_mfa_device(UserName="ana", SerialNumber=serial)
    assert code_of(iam.enable_mfa_device, UserName="eva", SerialNumber=serial, **used) == "InvalidAuthenticationCode"


def test_the_sixth_guess_is_not_looked_at(iam):  # SECURITY 8: five tries in five minutes
    iam.create_user(UserName="ana")
    serial, seed = make(iam)
    wrong = {"AuthenticationCode1": "000000", "AuthenticationCode2": "000000"}
    for _ in range(5):
        assert (
            code_of(iam.enable_mfa_device, UserName="ana", SerialNumber=serial, **wrong) == "InvalidAuthenticationCode"
        )
    with pytest.raises(ClientError) as caught:
        iam.enable_mfa_device(UserName="ana", SerialNumber=serial, **two_codes(seed))
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 429
    assert int(caught.value.response["ResponseMetadata"]["HTTPHeaders"]["retry-after"]) >= 1


def test_root_has_a_factor_of_its_own(iam, server):
    serial, seed = make(iam)
    iam.enable_mfa_device(UserName="root", SerialNumber=serial, **two_codes(seed))
    (listed,) = iam.list_mfa_devices()["MFADevices"]
    assert listed["SerialNumber"] == serial
    assert iam.get_account_summary()["SummaryMap"]["AccountMFAEnabled"] == 1
    iam.resync_mfa_device(UserName="root", SerialNumber=serial, **two_codes(seed, 2))
    iam.deactivate_mfa_device(UserName="root", SerialNumber=serial)
    assert iam.get_account_summary()["SummaryMap"]["AccountMFAEnabled"] == 0


def test_the_aws_cli_writes_seed_and_qr_code_to_files(server, tmp_path):
    server.run(AWS, "iam", "create-user", "--user-name", "ana")
    for kind, name in (("Base32StringSeed", "seed"), ("QRCodePNG", "code.png")):
        server.run(
            AWS, "iam", "create-virtual-mfa-device", "--virtual-mfa-device-name", kind,
            "--outfile", str(tmp_path / name), "--bootstrap-method", kind,
        )  # fmt: skip
    assert len(base64.b32decode((tmp_path / "seed").read_bytes())) == 20
    assert (tmp_path / "code.png").read_bytes().startswith(b"\x89PNG")
    seed = (tmp_path / "seed").read_text()
    codes = two_codes(seed)
    server.run(
        AWS, "iam", "enable-mfa-device", "--user-name", "ana",
        "--serial-number", f"arn:aws:iam::{server.account}:mfa/Base32StringSeed",
        "--authentication-code1", codes["AuthenticationCode1"], "--authentication-code2", codes["AuthenticationCode2"],
    )  # fmt: skip
    assert "Base32StringSeed" in server.run(AWS, "iam", "list-mfa-devices", "--user-name", "ana").stdout


def test_an_app_that_reads_the_qr_code_shows_the_codes_that_enable_the_device(iam, tmp_path):
    """The picture is read by zbar, as apps read it off a screen; what it says is understood by pyotp."""
    iam.create_user(UserName="ana")
    made = iam.create_virtual_mfa_device(VirtualMFADeviceName="phone")["VirtualMFADevice"]
    picture = tmp_path / "code.png"
    picture.write_bytes(made["QRCodePNG"])
    read = subprocess.run(["zbarimg", "--raw", "-q", str(picture)], capture_output=True, text=True, check=True)
    app = pyotp.parse_uri(read.stdout.strip())
    assert isinstance(app, pyotp.TOTP)
    assert app.issuer == "Muniment"
    assert app.name.startswith("phone@")
    now = int(time.time())
    codes = {"AuthenticationCode1": app.at(now - 30), "AuthenticationCode2": app.at(now)}
    iam.enable_mfa_device(UserName="ana", SerialNumber=made["SerialNumber"], **codes)
    (device,) = iam.list_mfa_devices(UserName="ana")["MFADevices"]
    assert device["SerialNumber"] == made["SerialNumber"]
