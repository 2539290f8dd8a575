"""Virtual MFA devices, from the QR code to the last of eight (FEATURES 1e, SECURITY 8)."""

import io
from urllib.parse import parse_qs, urlsplit

import pytest

from muniment.commands.iam import qr
from muniment.commands.iam.mfa import DeactivateMFADevice, EnableMFADevice, ResyncMFADevice
from muniment.commands.iam.mfa_devices import (
    CreateVirtualMFADevice,
    DeleteVirtualMFADevice,
    TagMFADevice,
    UntagMFADevice,
)
from muniment.commands.iam.tags import Tag
from muniment.commands.iam.users import CreateUser, DeleteUser
from muniment.commands.proofs import totp
from muniment.commands.task import Context, Task
from muniment.domain.account.mfa import SecurityKeyRegistered, devices_of
from muniment.domain.caller import Caller
from muniment.domain.errors import (
    DeleteConflict,
    EntityAlreadyExists,
    EntityTemporarilyUnmodifiable,
    InvalidAuthenticationCode,
    LimitExceeded,
    NoSuchEntity,
)
from tests.commands.given import ACCOUNT, ROOT, SESSION, House, after, arn, now, refused, then
from tests.commands.given import ana as ana_of

PHONE = f"arn:aws:iam::{ACCOUNT}:mfa/phone"


@pytest.fixture
def house():
    house = House(after())
    house.do(CreateUser(user_name="ana"))
    house.do(CreateUser(user_name="eva"))
    return house


def make(house, name="phone", **options):
    """A device; its seed."""
    made = house.do(CreateVirtualMFADevice(virtual_mfa_device_name=name, **options))["VirtualMFADevice"]
    return made["SerialNumber"], made["Base32StringSeed"].decode()


def codes(house, seed, off=0):
    """Two consecutive codes, as the device shows them when the next command is given."""
    step = totp.step_at(house.time + 1_000_000) + off
    return {"authentication_code1": totp.code_of(seed, step - 1), "authentication_code2": totp.code_of(seed, step)}


def enable(house, serial, seed, user="ana", actor=ROOT, off=0):
    house.time += 90_000_000
    house.do(EnableMFADevice(user_name=user, serial_number=serial, **codes(house, seed, off)), actor)


def test_a_new_device_shows_its_seed_once_as_text_and_as_a_qr_code(house):
    made = house.do(CreateVirtualMFADevice(virtual_mfa_device_name="phone", tags=(Tag("a", "1"),)))["VirtualMFADevice"]
    assert made["SerialNumber"] == PHONE
    assert len(made["Base32StringSeed"]) == 32  # 160 bits
    assert made["QRCodePNG"].startswith(b"\x89PNG")
    assert made["Tags"] == [{"Key": "a", "Value": "1"}]
    kept = house.account.mfa_devices[PHONE]
    assert (kept.owner, kept.enabled) == ("", 0)
    assert kept.seed.key == f"account.{ACCOUNT}/{ACCOUNT} {PHONE}"
    assert made["Base32StringSeed"] not in kept.seed.box


def test_the_uri_is_one_that_authenticator_apps_read():
    uri = urlsplit(qr.otpauth_uri("ABCDEFGH", "ana@123456789012"))
    assert (uri.scheme, uri.netloc, uri.path) == ("otpauth", "totp", "/Muniment:ana@123456789012")
    assert parse_qs(uri.query) == {"secret": ["ABCDEFGH"], "issuer": ["Muniment"]}


def test_the_picture_is_the_qr_code_of_that_uri():
    import segno

    wanted = io.BytesIO()
    segno.make(qr.otpauth_uri("ABCDEFGH", "ana"), error="m", micro=False).save(wanted, kind="png", scale=5, border=4)
    assert qr.qr_png("ABCDEFGH", "ana") == wanted.getvalue()


def test_a_repeat_shows_the_same_seed(house):  # DESIGN §3
    command = CreateVirtualMFADevice(virtual_mfa_device_name="phone")
    entries, first = house.run(command)
    assert house.again(command, entries) == first


@pytest.mark.parametrize("name", ["phone", "PHONE"])
def test_a_name_is_taken_once(house, name):
    make(house)
    with refused(EntityAlreadyExists):
        make(house, name)


def test_two_consecutive_codes_enable_a_device_and_its_seed_moves_under_its_users_key(house):
    serial, seed = make(house)
    enable(house, serial, seed)
    user = house.account.user("ana")
    (device,) = devices_of(house.account, user.id)
    assert (device.serial, device.enabled, device.drift) == (PHONE, house.time, 0)
    assert device.seed.key == f"account.{ACCOUNT}/{user.id} {PHONE}"
    assert device.seed.box[::-1].decode() == seed


def test_codes_are_no_parameters_that_are_recorded():
    command = EnableMFADevice(
        user_name="ana", serial_number=PHONE, authentication_code1="111111", authentication_code2="222222"
    )
    assert not {"111111", "222222"} & set(Task(command, Context(Caller(ROOT), "request")).public.values())


def test_a_device_whose_clock_is_off_tells_so(house):
    serial, seed = make(house)
    enable(house, serial, seed, off=8)
    assert house.account.mfa_devices[serial].drift == 8


@pytest.mark.parametrize("wrong", [("000000", "000000"), ("12345", "123456")])
def test_wrong_codes_enable_nothing(house, wrong):
    serial, _ = make(house)
    with refused(InvalidAuthenticationCode, "Authentication code for device is not valid."):
        house.do(
            EnableMFADevice(
                user_name="ana", serial_number=serial, authentication_code1=wrong[0], authentication_code2=wrong[1]
            )
        )
    assert not house.account.mfa_devices[serial].enabled


def test_enrolment_codes_enable_once(house):
    serial, seed = make(house)
    used = codes(house, seed)
    house.do(EnableMFADevice(user_name="ana", serial_number=serial, **used))
    house.do(DeactivateMFADevice(user_name="ana", serial_number=serial))
    with refused(InvalidAuthenticationCode):
        house.do(EnableMFADevice(user_name="eva", serial_number=serial, **used))


def test_a_device_has_one_user(house):
    serial, seed = make(house)
    enable(house, serial, seed)
    with refused(EntityAlreadyExists, "MFA Device is already in use."):
        enable(house, serial, seed, "eva")


def test_of_two_who_enable_one_device_at_once_one_does(house):
    serial, seed = make(house)
    command = EnableMFADevice(user_name="ana", serial_number=serial, **codes(house, seed))
    given = now()
    given.prepared = house.prepare(command)
    house.do(EnableMFADevice(user_name="eva", serial_number=serial, **codes(house, seed, 2)))
    with refused(EntityAlreadyExists):
        command.decide(house.account, given)


def test_what_was_proven_for_another_seed_does_not_count(house):
    serial, seed = make(house)
    command = EnableMFADevice(user_name="ana", serial_number=serial, **codes(house, seed))
    given = now()
    given.prepared = house.prepare(command)
    house.do(DeleteVirtualMFADevice(serial_number=serial))
    make(house)
    with refused(EntityTemporarilyUnmodifiable):
        command.decide(house.account, given)


def test_a_ninth_device_is_refused_and_kinds_are_counted_together(house):
    user = house.account.user("ana")
    keys = [
        SecurityKeyRegistered("ana", f"arn:aws:iam::{ACCOUNT}:u2f/user/ana/{n}", user.id, bytes([n]), b"k")
        for n in range(4)
    ]
    house.states[f"account.{ACCOUNT}"] = then(house.account, *keys)
    for number in range(4):
        serial, seed = make(house, f"phone{number}")
        enable(house, serial, seed)
    assert len(devices_of(house.account, user.id)) == 8
    serial, seed = make(house, "ninth")
    with refused(LimitExceeded, "Cannot exceed quota for MFADevicesPerUser: 8"):
        enable(house, serial, seed)


@pytest.mark.parametrize("name", ["root", "ROOT"])
def test_root_enables_its_own(house, name):
    serial, seed = make(house)
    enable(house, serial, seed, name)
    (device,) = devices_of(house.account, ACCOUNT)
    assert device.seed.key == f"account.{ACCOUNT}/{ACCOUNT} {PHONE}"
    house.do(DeactivateMFADevice(serial_number=serial))
    assert devices_of(house.account, ACCOUNT) == ()


def test_a_user_who_is_called_root_is_a_user(house):
    house.do(CreateUser(user_name="root"))
    serial, seed = make(house)
    enable(house, serial, seed, "root")
    assert devices_of(house.account, house.account.user("root").id)


def test_a_user_is_no_root_by_naming_it(house):
    serial, seed = make(house)
    ana = ana_of(house.account.user("ana").id)
    with refused(NoSuchEntity, "The user with name root cannot be found."):
        enable(house, serial, seed, "root", ana)


def test_a_device_is_resynchronized(house):
    serial, seed = make(house)
    enable(house, serial, seed)
    house.time += 600_000_000
    house.do(ResyncMFADevice(user_name="ana", serial_number=serial, **codes(house, seed, 100)))
    assert house.account.mfa_devices[serial].drift == 100


def test_a_device_of_somebody_else_is_neither_resynchronized_nor_deactivated(house):
    serial, seed = make(house)
    enable(house, serial, seed)
    house.time += 600_000_000
    for command in (
        ResyncMFADevice(user_name="eva", serial_number=serial, **codes(house, seed)),
        DeactivateMFADevice(user_name="eva", serial_number=serial),
    ):
        with refused(NoSuchEntity):
            house.do(command)


def test_a_deactivated_device_stays_unassigned_and_is_deleted(house):
    serial, seed = make(house)
    enable(house, serial, seed)
    with refused(DeleteConflict):
        house.do(DeleteVirtualMFADevice(serial_number=serial))
    house.do(DeactivateMFADevice(user_name="ana", serial_number=serial))
    kept = house.account.mfa_devices[serial]
    assert (kept.owner, kept.enabled, kept.seed.key) == ("", 0, f"account.{ACCOUNT}/{ACCOUNT} {PHONE}")
    house.do(DeleteVirtualMFADevice(serial_number=serial))
    assert house.account.mfa_devices == {}


def test_a_security_key_that_is_deactivated_is_gone(house):
    key = f"arn:aws:iam::{ACCOUNT}:u2f/user/ana/key"
    user = house.account.user("ana")
    house.states[f"account.{ACCOUNT}"] = then(house.account, SecurityKeyRegistered("ana", key, user.id, b"c", b"p"))
    with refused(NoSuchEntity):
        house.do(DeleteVirtualMFADevice(serial_number=key))
    house.do(DeactivateMFADevice(user_name="ana", serial_number=key))
    assert house.account.mfa_devices == {}


def test_a_user_with_a_device_is_not_deleted(house):
    serial, seed = make(house)
    enable(house, serial, seed)
    with refused(DeleteConflict, "Cannot delete entity, must delete MFA device first."):
        house.do(DeleteUser(user_name="ana"))


def test_devices_have_tags(house):
    serial, _ = make(house)
    house.do(TagMFADevice(serial_number=serial, tags=(Tag("a", "1"), Tag("A", "2"))))
    assert house.account.mfa_devices[serial].tags == {"a": "1", "A": "2"}  # case counts here
    assert house.run(TagMFADevice(serial_number=serial, tags=(Tag("a", "1"),)))[0] == ()
    house.do(UntagMFADevice(serial_number=serial, tag_keys=("A", "b")))
    assert house.account.mfa_devices[serial].tags == {"a": "1"}
    with refused(NoSuchEntity):
        house.do(TagMFADevice(serial_number="arn:none", tags=(Tag("a", "1"),)))


def test_the_gate_is_asked_about_the_device_or_the_user(house):
    make(house, tags=(Tag("team", "blue"),))
    create = CreateVirtualMFADevice(virtual_mfa_device_name="new", path="/a/", tags=(Tag("team", "red"),))
    (resource,) = create.resources(house.account, ROOT)
    assert resource.arn == f"arn:aws:iam::{ACCOUNT}:mfa/a/new"
    assert resource.context["aws:RequestTag/team"] == ("red",)
    (resource,) = DeleteVirtualMFADevice(serial_number=PHONE).resources(house.account, ROOT)
    assert (resource.arn, resource.context["aws:ResourceTag/team"]) == (PHONE, ("blue",))
    (resource,) = DeactivateMFADevice(user_name="ana", serial_number=PHONE).resources(house.account, SESSION)
    assert resource.arn == arn("user", "ana")
    (resource,) = DeactivateMFADevice(user_name="ghost", serial_number=PHONE).resources(house.account, ROOT)
    assert resource.arn == arn("user", "ghost")
    (resource,) = DeactivateMFADevice(serial_number=PHONE).resources(house.account, ROOT)
    assert resource.arn == f"arn:aws:iam::{ACCOUNT}:root"
