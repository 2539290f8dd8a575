"""The typed values of conditions. POLICY_EVALUATION 2.4."""

import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.domain.policy import values


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5", Decimal(5)),
        ("-0.25", Decimal("-0.25")),
        ("+3", Decimal(3)),
        ("007", Decimal(7)),
        ("", None),
        (".5", None),
        ("5.", None),
        ("1e3", None),
        ("1_000", None),
        ("NaN", None),
        ("Infinity", None),
        (" 5", None),
        ("--5", None),
        ("٣", None),
        ("9" * 65, None),
    ],
)
def test_numbers_are_integers_or_decimals(text: str, expected: Decimal | None) -> None:
    assert values.number(text) == expected


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01T00:00:00Z", "0"),
        ("1970-01-01T00:00Z", "0"),
        ("1970-01-01", "0"),
        ("1970-01", "0"),
        ("1970", "0"),
        ("2026-02-28T12:30:15.250Z", "1772281815.25"),
        ("2026-02-28T12:30:15+01:30", "1772276415"),
        ("2026-02-28T12:30:15-01:30", "1772287215"),
        ("2026-02-28T12:30Z", "1772281800"),
        ("2026-02-28T12:30+01:30", "1772276400"),
        ("1772281815", "1772281815"),
        ("1772281815.5", "1772281815.5"),
        ("-1", "-1"),
        ("19700", "19700"),
        ("197", "197"),
        ("2026-02-29", None),
        ("2026-2-1", None),
        ("2026-13-01", None),
        ("2026-02-28T12:30:15", None),
        ("2026-02T12:30Z", None),
        ("2026-02-28T24:00Z", None),
        ("2026-02-28T12:60Z", None),
        ("2026-02-28T12:30:60Z", None),
        ("2026-02-28T12:30:15.Z", None),
        ("2026-02-28T12:30:15Z+01:00", None),
        ("2026-02-28T", None),
        ("2026-02-28TZ", None),
        ("2026-02-28T12Z", None),
        ("2026-02-28 12:30:15Z", None),
        ("2026-02-28T12:30:15*Z", None),
        ("0000-01-01", None),
        ("tomorrow", None),
        ("2026-02-28T12:30:15." + "0" * 60 + "Z", None),
        ("", None),
    ],
)
def test_dates_are_w3c_dates_or_epoch_numbers(text: str, seconds: str | None) -> None:
    assert values.moment(text) == (None if seconds is None else Decimal(seconds))


@given(
    st.datetimes(
        timezones=st.sampled_from([datetime.UTC, datetime.timezone(datetime.timedelta(hours=-3, minutes=-30))])
    )
)
def test_dates_mean_what_the_standard_library_says(moment: datetime.datetime) -> None:
    since = moment - datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
    expected = Decimal(since.days * 86_400 + since.seconds) + Decimal(since.microseconds) / 1_000_000
    assert values.moment(moment.isoformat(timespec="microseconds")) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("true", True), ("TRUE", True), ("False", False), ("1", None), ("", None), ("yes", None)],
)
def test_booleans_are_true_or_false(text: str, expected: bool | None) -> None:
    assert values.boolean(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("QmluYXJ5", b"Binary"),
        ("", b""),
        ("QQ==", b"A"),
        ("QQ", None),
        ("Q Q==", None),
        ("QQ==QQ==", None),
        ("€", None),
    ],
)
def test_bytes_are_base64(text: str, expected: bytes | None) -> None:
    assert values.octets(text) == expected


@pytest.mark.parametrize(
    ("text", "given", "inside"),
    [
        ("203.0.113.0/24", "203.0.113.77", True),
        ("203.0.113.9/24", "203.0.113.77", True),
        ("203.0.113.5", "203.0.113.5", True),
        ("203.0.113.5", "203.0.113.6", False),
        ("2001:db8::/32", "2001:db8:1::1", True),
        ("2001:DB8::1", "2001:db8:0:0::1", True),
    ],
)
def test_ranges_hold_addresses(text: str, given: str, inside: bool) -> None:
    among, address = values.network(text), values.address(given)
    assert among is not None
    assert address is not None
    assert (address in among) is inside


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1.2.3",
        "1.2.3.4/33",
        "1.2.3.4/",
        "1.2.3.4/255.255.255.0",
        "1.2.3.4/-1",
        "::/129",
        "fe80::1%eth0",
        "0x1.2.3.4",
        "*",
        "1.2.3.4/٣",
    ],
)
def test_what_is_no_range_is_none(text: str) -> None:
    assert values.network(text) is None


@given(st.text(max_size=30))
def test_no_reader_ever_raises(text: str) -> None:
    for reader in (values.number, values.moment, values.boolean, values.octets, values.address, values.network):
        reader(text)


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-01T00:00:00x01:00",  # a zone behind what is no sign
        "2026-01-01T00:00:00+0a:00",
        "2026-01-01T00:00:00+00:0a",
        "2026-01-01T0a:00Z",
        "2026-01-01T00:a0Z",
        "2026-01-01T00:00:5Z",  # one digit of seconds
        "2026-01-01T00:00:005Z",
        "2026-01-01T00:00:+5Z",
        "2026-01-01-01T00:00Z",
        "2026-01-01-01",
    ],
)
def test_what_is_almost_a_date_is_none(text: str) -> None:
    assert values.moment(text) is None


def test_values_may_be_as_long_as_the_limit() -> None:
    longest = "9" * values.VALUE_CHARACTERS_MAX
    assert values.number(longest) == Decimal(longest)
    assert values.moment(longest) == Decimal(longest)
    assert values.number(longest + "9") is None
    assert values.moment(longest + "9") is None


@pytest.mark.parametrize("bits", ["a8", "+8", "0008", "255.0.0.0"])
def test_a_mask_is_written_in_at_most_three_digits(bits: str) -> None:
    assert values.network(f"10.0.0.0/{bits}") is None
