"""Values of requests read quickly in the form that nearly all of them have; anything else is left to the plain reader
(domain/policy/values.py), and what this one reads, that one reads alike.
"""

import datetime
from decimal import Decimal
from typing import Final

from muniment.domain.policy import values

_EPOCH_DAY: Final = datetime.date(1970, 1, 1).toordinal()
_INSTANT_CHARACTERS: Final = 20  # 2026-05-01T00:00:00Z
_OCTETS: Final = {str(number): number for number in range(256)}


def moment(text: str) -> Decimal | int | None:
    """Seconds since the Unix epoch, of anything that `values.moment` reads."""
    if len(text) == _INSTANT_CHARACTERS and text[4::3] == "--T::Z" and text.isascii():
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
    octets = text.split(".")
    if len(octets) == 4:
        try:
            a, b, c, d = (_OCTETS[octet] for octet in octets)
        except KeyError:
            pass  # perhaps the end of an IPv6 address
        else:
            return 4, a << 24 | b << 16 | c << 8 | d
    found = values.address(text)
    return None if found is None else (found.version, int(found))
