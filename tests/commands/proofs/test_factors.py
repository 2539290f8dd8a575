"""A code of a device is accepted once, across nodes and however it is spelled (SECURITY 8, CVE row 2)."""

import threading

import pytest

from muniment.commands.proofs import totp
from muniment.commands.proofs.factors import NO_DEVICE, NOT_CONSECUTIVE, WRONG_CODE
from muniment.domain.account.mfa import MFADeviceEnabled, SecurityKeyRegistered, VirtualMFADeviceCreated
from muniment.domain.account.users import UserCreated
from muniment.domain.errors import AccessDenied, InvalidAuthenticationCode, Refused, TooManyRequests
from muniment.domain.ledger import Sealed
from tests.commands.given import ACCOUNT, after, refused, then
from tests.commands.proofs.test_totp import SEED

PHONE = f"arn:aws:iam::{ACCOUNT}:mfa/phone"
KEY = f"arn:aws:iam::{ACCOUNT}:u2f/user/ana/key"
OWNER = f"account.{ACCOUNT}/AIDAANA"


def sealed(owner=OWNER, serial=PHONE):
    return Sealed(f"{owner} {serial}", SEED.encode()[::-1])


@pytest.fixture
def account():
    return after(
        UserCreated("Ana", "AIDAANA"),
        UserCreated("Eva", "AIDAEVA"),
        VirtualMFADeviceCreated(PHONE, sealed(f"account.{ACCOUNT}/{ACCOUNT}")),
        MFADeviceEnabled("Ana", PHONE, "AIDAANA", sealed()),
        SecurityKeyRegistered("Ana", KEY, "AIDAANA", b"credential", b"public"),
    )


def code(bench, off=0):
    return totp.code_of(SEED, totp.step_at(bench.now) + off)


def check(bench, account, text, node=None, who="AIDAANA", serial=PHONE):
    (node or bench.factors()).check(account, who, serial, text, source="10.0.0.1")


def test_a_right_code_is_accepted(bench, account):
    check(bench, account, code(bench))


def test_a_code_is_accepted_once_however_it_is_spelled(bench, account):
    right = code(bench)
    wide = right.translate({ord("0") + digit: 0xFF10 + digit for digit in range(10)})
    check(bench, account, wide)
    for again in (right, f" {right[:3]} {right[3:]} ", wide):
        with refused(AccessDenied, WRONG_CODE):
            check(bench, account, again)


def test_of_many_at_once_on_two_nodes_one_is_accepted(bench, account):
    right, nodes = code(bench), [bench.factors(), bench.factors()]
    outcomes = []

    def one(number):
        try:
            check(bench, account, right if number % 3 else f" {right} ", nodes[number % 2])
            outcomes.append("accepted")
        except Refused as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("accepted") == 1
    assert set(outcomes) <= {"accepted", "AccessDenied", "TooManyRequestsException"}


def test_a_code_before_an_accepted_one_is_spent_with_it(bench, account):
    check(bench, account, code(bench, +1))
    with refused(AccessDenied, WRONG_CODE):
        check(bench, account, code(bench))


def test_the_next_code_is_accepted_half_a_minute_later(bench, account):
    check(bench, account, code(bench))
    bench.sleep(30)
    check(bench, account, code(bench))


def test_the_sixth_guess_is_not_looked_at(bench, account):
    for guess in range(5):
        with refused(AccessDenied, WRONG_CODE):
            check(bench, account, f"{guess:06d}")
    with pytest.raises(TooManyRequests):
        check(bench, account, code(bench))
    bench.sleep(300)
    check(bench, account, code(bench))


@pytest.mark.parametrize(
    ("who", "serial"), [("AIDAEVA", PHONE), ("AIDAANA", "arn:missing"), (ACCOUNT, PHONE), ("AIDAANA", KEY)]
)
def test_a_device_of_somebody_else_is_as_good_as_missing_and_counts(bench, account, who, serial):
    for _ in range(5):
        with refused(AccessDenied, NO_DEVICE):
            check(bench, account, code(bench), who=who, serial=serial)
    with pytest.raises(TooManyRequests):
        check(bench, account, code(bench), who=who, serial=serial)


@pytest.mark.parametrize("text", ["", "12345", "abcdef", "1234567", "１２３４５" * 1_000])
def test_what_is_no_code_is_wrong(bench, account, text):
    with refused(AccessDenied, WRONG_CODE):
        check(bench, account, text)


def test_a_device_whose_clock_is_off_is_read_by_its_own_time(bench, account):
    account = then(account, MFADeviceEnabled("Ana", PHONE, "AIDAANA", sealed(), 10))
    check(bench, account, code(bench, +10))
    with refused(AccessDenied, WRONG_CODE):
        check(bench, account, code(bench))


@pytest.mark.parametrize(("drift", "off"), [(-2, 0), (-2, -3), (3, 0), (3, 4)])
def test_whoever_typed_slowly_at_first_may_type_quickly_later(bench, account, drift, off):
    account = then(account, MFADeviceEnabled("Ana", PHONE, "AIDAANA", sealed(), drift))
    check(bench, account, code(bench, off))


def two(bench, account, first, second, window=20):
    device = account.mfa_devices[PHONE]
    return bench.factors().check_two(account, "AIDAANA", device, (first, second), window=window, source="")


def test_two_consecutive_codes_tell_how_far_the_clock_is_off(bench, account):
    assert two(bench, account, code(bench, 9), code(bench, 10)) == 10
    bench.sleep(600)
    assert two(bench, account, code(bench, -1), code(bench)) == 0
    bench.sleep(600)
    assert two(bench, account, code(bench), code(bench, 1)) == 0  # within the window: no drift


def test_enrolment_codes_are_spent_too(bench, account):  # the issue: "enrolment codes included"
    first, second = code(bench, -1), code(bench)
    two(bench, account, first, second)
    for again in (first, second):
        with refused(AccessDenied, WRONG_CODE):
            check(bench, account, again)
    with refused(InvalidAuthenticationCode, NOT_CONSECUTIVE):
        two(bench, account, first, second)


def test_a_used_code_does_not_enrol(bench, account):
    check(bench, account, code(bench))
    with refused(InvalidAuthenticationCode, NOT_CONSECUTIVE):
        two(bench, account, code(bench), code(bench, 1))


def test_codes_of_enrolment_are_guesses_like_any_other(bench, account):  # CVE row 4
    for _ in range(5):
        with refused(InvalidAuthenticationCode, NOT_CONSECUTIVE):
            two(bench, account, "000000", "000001")
    with pytest.raises(TooManyRequests):
        two(bench, account, code(bench), code(bench, 1))
    with pytest.raises(TooManyRequests):  # one counter for every way
        check(bench, account, code(bench))
