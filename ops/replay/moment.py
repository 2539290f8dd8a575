"""Moments: how a person names a place in the log, and what that means (DESIGN §4)."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

_AGO: Final = re.compile(r"(\d{1,9})\s*(second|sec|s|minute|min|m|hour|h|day|d|week|w)s?\s+ago", re.IGNORECASE)
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_POSITION_DIGITS_MAX: Final = 15


class BadMoment(ValueError):
    """A moment that cannot be understood, or that the log does not reach."""


class Moment(msgspec.Struct, frozen=True):
    """After the entry at `sequence`; or as of `time` (microseconds, UTC): after the last entry whose running maximum of
    JetStream's time is not later. Neither means the end of the log."""

    sequence: int | None = None
    time: int | None = None

    def lies_before(self, sequence: int, time: int) -> bool:
        """Whether the entry `sequence`, with the running maximum `time`, is behind this moment already."""
        if self.sequence is not None:
            return sequence > self.sequence
        return self.time is not None and time > self.time


NOW: Final = Moment()


def parse_moment(text: str, now: datetime) -> Moment:
    """A position (`42`), a time (ISO 8601, UTC unless it says otherwise), `5 minutes ago`, or `now`. Raises BadMoment."""
    word = text.strip()
    if word.lower() == "now":
        return NOW
    if word.isascii() and word.isdecimal() and len(word) <= _POSITION_DIGITS_MAX:
        return Moment(sequence=int(word))
    if (ago := _AGO.fullmatch(word)) is not None:
        try:
            return at_time(now - timedelta(**{_UNITS[ago[2][0].lower()]: int(ago[1])}))
        except OverflowError:
            raise BadMoment(f"`{text}` lies before the calendar begins") from None
    try:
        found = datetime.fromisoformat(word)
    except ValueError:
        raise BadMoment(
            f"`{text}` is not a moment: give a position such as 42, a time such as 2026-03-01T12:00:00Z, "
            'or one such as "5 minutes ago"'
        ) from None
    return at_time(found if found.tzinfo is not None else found.replace(tzinfo=UTC))


def at_time(when: datetime) -> Moment:
    """As of a time, which must carry its zone."""
    since = when - datetime(1970, 1, 1, tzinfo=UTC)
    return Moment(time=(since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds)


_LAST: Final = 253_402_300_799_999_999  # what a datetime can say


def iso(time: int) -> str:
    """Microseconds as people write them: 2026-03-01T12:00:00.123456Z."""
    if time > _LAST:
        return "after the year 9999"
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
