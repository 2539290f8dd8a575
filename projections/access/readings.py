"""Values of requests read quickly in the form that nearly all of them have; anything else is left to the plain reader
(domain/policy/values.py), and what this one reads, that one reads alike.
"""

import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Final

from muniment.domain.policy import values

_EPOCH_DAY: Final = datetime.date(1970, 1, 1).toordinal()
_INSTANT_CHARACTERS: Final = 20  # 2026-05-01T00:00:00Z
MOMENTS_MAX: Final = 1_024  # texts that are remembered: all requests of one second tell the same time
_OCTETS: Final = {str(number): number for number in range(256)}


def moment(text: str) -> Decimal | int | None:
    """Seconds since the Unix epoch, of anything that `values.moment` reads."""
    return _instant(text) if len(text) == _INSTANT_CHARACTERS else values.moment(text)


@lru_cache(MOMENTS_MAX)
def _instant(text: str) -> Decimal | int | None:
    """The moment of a text as long as most have it."""
    if text[4::3] == "--T::Z" and text.isascii():
        year, month, day = text[:4], text[5:7], text[8:10]
        hour, minute, second = text[11:13], text[14:16], text[17:19]
        if (year + month + day + hour + minute + second).isdigit() and hour < "24" and minute < "60" and second < "60":
            try:
                days = datetime.date(int(year), int(month), int(day)).toordinal() - _EPOCH_DAY
            except ValueError:
                return None
            return days * 86_400 + int(hour) * 3_600 + int(minute) * 60 + int(second)
    return values.moment(text)


def address(text: str) -> tuple[int, int] | None:
    """The version and the number of an IP address that `values.address` reads."""
    try:
        a, b, c, d = text.split(".")
        return 4, _OCTETS[a] << 24 | _OCTETS[b] << 16 | _OCTETS[c] << 8 | _OCTETS[d]
    except (KeyError, ValueError):
        pass  # perhaps an IPv6 address
    found = values.address(text)
    return None if found is None else (found.version, int(found))
