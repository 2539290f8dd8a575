"""Moments: microseconds since the Unix epoch inside, ISO 8601 or epoch seconds on the wire."""

import re
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_ISO = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d{2}):?(\d{2}))", re.ASCII
)
_NUMBER = re.compile(r"-?\d{1,12}(?:\.\d{1,9})?", re.ASCII)
_EARLIEST, _LATEST = -62_135_596_800_000_000, 253_402_300_799_999_999  # years 1 to 9999


def iso8601(microseconds: int) -> str:
    """`2026-01-02T03:04:05Z`: whole seconds, rounded down, as AWS's XML answers have them."""
    return (_EPOCH + timedelta(microseconds=microseconds)).strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")


def iso8601_exact(microseconds: int) -> str:
    """ISO 8601 with a fraction where there is one."""
    moment = _EPOCH + timedelta(microseconds=microseconds)
    return moment.replace(tzinfo=None).isoformat() + "Z"


def epoch_seconds(microseconds: int) -> int | float:
    """Seconds since the epoch, a whole number where it is one."""
    seconds, rest = divmod(microseconds, 1_000_000)
    return seconds if not rest else microseconds / 1_000_000


def from_iso8601(text: str) -> int | None:
    """Microseconds of an ISO 8601 moment with a zone, or None."""
    if (found := _ISO.fullmatch(text)) is None:
        return None
    year, month, day, hour, minute, second, fraction, sign, zone_hours, zone_minutes = found.groups()
    try:
        moment = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second), tzinfo=UTC)
    except ValueError:
        return None
    value = (moment - _EPOCH) // _MICROSECOND + (int(fraction[:6].ljust(6, "0")) if fraction else 0)
    if sign:
        offset = (int(zone_hours) * 60 + int(zone_minutes)) * 60_000_000
        value = value - offset if sign == "+" else value + offset
    return _in_range(value)


def from_text(text: str) -> int | None:
    """Microseconds of ISO 8601 or of epoch seconds written as a number, or None."""
    if _NUMBER.fullmatch(text):
        whole, _, fraction = text.partition(".")
        value = int(whole) * 1_000_000
        rest = int(fraction[:6].ljust(6, "0")) if fraction else 0
        return _in_range(value - rest if text.startswith("-") else value + rest)
    return from_iso8601(text)


def from_number(seconds: int | float) -> int | None:
    """Microseconds of epoch seconds, or None where that is no moment of the years 1 to 9999."""
    if not -1e12 < seconds < 1e12:
        return None
    return _in_range(seconds * 1_000_000 if isinstance(seconds, int) else round(seconds * 1_000_000))


def _in_range(microseconds: int) -> int | None:
    return microseconds if _EARLIEST <= microseconds <= _LATEST else None
