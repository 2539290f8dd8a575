"""The typed values that condition operators compare: numbers, dates, booleans, bytes, addresses. Each reader answers None for a
text that is no such value, and never raises. POLICY_EVALUATION 2.4.
"""

import binascii
import datetime
import ipaddress
from decimal import Decimal
from typing import Final, TypeAlias

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

VALUE_CHARACTERS_MAX: Final = 64  # of a number, date or address; longer ones are none
_EPOCH_DAY: Final = datetime.date(1970, 1, 1).toordinal()


def number(text: str) -> Decimal | None:
    """An integer or a decimal: `5`, `-0.25`. No exponents, no separators."""
    unsigned = text[1:] if text[:1] in ("-", "+") else text
    whole, dot, fraction = unsigned.partition(".")
    if len(text) > VALUE_CHARACTERS_MAX or not _digits(whole) or (dot and not _digits(fraction)):
        return None
    return Decimal(text)


def moment(text: str) -> Decimal | None:
    """Seconds since the Unix epoch, of a W3C ISO 8601 date (W3C NOTE-datetime) or of an epoch number.

    Four digits alone are a year; any other number counts seconds.
    """
    if len(text) > VALUE_CHARACTERS_MAX:
        return None
    if not (_digits(text) and len(text) == 4) and (seconds := number(text)) is not None:
        return seconds
    date, t, clock = text.partition("T")
    day = _day(date, complete=bool(t))
    if day is None:
        return None
    if not t:
        return Decimal(day * 86_400)
    seconds = _clock(clock)
    return None if seconds is None else day * 86_400 + seconds


def _day(text: str, *, complete: bool) -> int | None:
    """Days since the epoch of `YYYY`, `YYYY-MM` (unless a complete date is needed) or `YYYY-MM-DD`."""
    parts = text.split("-")
    if len(parts) > 3 or (complete and len(parts) != 3) or [len(part) for part in parts] != [4, 2, 2][: len(parts)]:
        return None
    if not all(_digits(part) for part in parts):
        return None
    year, month, day = ([int(part) for part in parts] + [1, 1])[:3]
    try:
        return datetime.date(year, month, day).toordinal() - _EPOCH_DAY
    except ValueError:
        return None


def _clock(text: str) -> Decimal | None:
    """Seconds since midnight UTC of `hh:mm`, `hh:mm:ss` or `hh:mm:ss.s…` followed by `Z`, `+hh:mm` or `-hh:mm`."""
    if text.endswith("Z"):
        local, offset = text[:-1], 0
    else:
        local, sign, zone = text[:-6], text[-6:-5], text[-5:]
        minutes = _hours_minutes(zone)
        if sign not in ("+", "-") or minutes is None:
            return None
        offset = minutes * 60 if sign == "+" else -minutes * 60
    minutes = _hours_minutes(local[:5])
    if minutes is None:
        return None
    if len(local) == 5:
        return Decimal(minutes * 60 - offset)
    whole, dot, fraction = local[6:].partition(".")
    if local[5] != ":" or len(whole) != 2 or not _digits(whole) or int(whole) > 59 or (dot and not _digits(fraction)):
        return None
    return minutes * 60 - offset + Decimal(local[6:])


def _hours_minutes(text: str) -> int | None:
    """Minutes of `hh:mm`."""
    if len(text) != 5 or text[2] != ":" or not _digits(text[:2]) or not _digits(text[3:]):
        return None
    hours, minutes = int(text[:2]), int(text[3:])
    return hours * 60 + minutes if hours < 24 and minutes < 60 else None


def boolean(text: str) -> bool | None:
    """`true` or `false` in any case."""
    return {"true": True, "false": False}.get(text.lower())


def octets(text: str) -> bytes | None:
    """The bytes that a base64 text stands for (RFC 4648 §4, with padding)."""
    try:
        return binascii.a2b_base64(text.encode("ascii"), strict_mode=True)
    except (ValueError, binascii.Error):
        return None


def address(text: str) -> Address | None:
    """An IPv4 or IPv6 address."""
    if len(text) > VALUE_CHARACTERS_MAX or "%" in text:
        return None
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def network(text: str) -> Network | None:
    """A range in CIDR form; a bare address is a range of one."""
    base, slash, bits = text.partition("/")
    if address(base) is None or (slash and (not _digits(bits) or len(bits) > 3)):
        return None
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit()
