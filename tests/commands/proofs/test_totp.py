"""RFC 6238's own vectors first, then which codes are taken (SECURITY 8, FEATURES 1e)."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.commands.proofs import totp

SECRET = base64.b32encode(b"12345678901234567890").decode()  # RFC 6238, appendix B, SHA-1
SEED = base64.b32encode(bytes(range(20))).decode()
VECTORS = [
    (59, "94287082"),
    (1_111_111_109, "07081804"),
    (1_111_111_111, "14050471"),
    (1_234_567_890, "89005924"),
    (2_000_000_000, "69279037"),
    (20_000_000_000, "65353130"),
]


@pytest.mark.parametrize(("seconds", "code"), VECTORS)
def test_the_codes_of_rfc_6238_appendix_b(seconds, code):
    """The RFC shows eight digits; six are the last six of them (RFC 4226 §5.3)."""
    assert totp.code_of(SECRET, totp.step_at(seconds * 1_000_000)) == code[-6:]


@pytest.mark.parametrize(
    "spelled",
    ["123456", " 123456 ", "123 456", "12 34\t56", "１２３４５６", "１２３ 456", "123\u2003456", "1 2 3 4 5 6"],
)
def test_a_code_is_the_same_however_it_is_spelled(spelled):
    assert totp.canonical(spelled) == "123456"


@pytest.mark.parametrize(
    "other", ["", "12345", "1234567", "12345a", "-12345", "+12345", "12.456", "١٢٣٤٥", "①②③④⑤" * 30]
)
def test_what_is_not_six_digits_is_no_code(other):
    assert totp.canonical(other) == ""


@given(st.text(max_size=80))
def test_a_canonical_code_is_six_ascii_digits_or_nothing(text):
    assert (found := totp.canonical(text)) == "" or (len(found) == 6 and found.isascii() and found.isdigit())


@pytest.mark.parametrize("off", [-1, 0, 1])
def test_a_code_counts_one_step_before_and_after(off):
    assert totp.matching_step(SEED, totp.code_of(SEED, 1_000 + off), 1_000) == 1_000 + off


@pytest.mark.parametrize("off", [-2, 2, 50])
def test_a_code_of_another_time_does_not_count(off):
    assert totp.matching_step(SEED, totp.code_of(SEED, 1_000 + off), 1_000) is None


def test_two_codes_must_be_consecutive_and_in_order():
    codes = [totp.code_of(SEED, step) for step in range(990, 1_010)]
    assert totp.consecutive_steps(SEED, codes[5], codes[6], 1_000, 20) == 996
    assert totp.consecutive_steps(SEED, codes[6], codes[5], 1_000, 20) is None
    assert totp.consecutive_steps(SEED, codes[5], codes[7], 1_000, 20) is None
    assert totp.consecutive_steps(SEED, codes[5], codes[5], 1_000, 20) is None
    assert totp.consecutive_steps(SEED, codes[0], codes[1], 1_000, 5) is None  # too long ago
