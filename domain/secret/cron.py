"""Cron expressions as AWS writes them: six fields, with L, W, # and ?, in UTC.

Source: AWS Secrets Manager User Guide, "Schedule expressions"; Amazon EventBridge Scheduler User Guide, "Cron-based schedules".
"""

import calendar
import re
from datetime import UTC, date, datetime, timedelta
from typing import Final

import msgspec

YEARS_LOOKED_AT: Final = 40  # a 29 February on a given weekday comes back within 28 years, or 40 around 2100
YEAR_MAX: Final = 2199
MONTHS: Final = {name.upper(): number for number, name in enumerate(calendar.month_abbr) if name}
WEEKDAYS: Final = {"SUN": 1, "MON": 2, "TUE": 3, "WED": 4, "THU": 5, "FRI": 6, "SAT": 7}

_EXPRESSION = re.compile(r"cron\(([^()]*)\)")
_NUMBER = re.compile(r"[0-9]{1,4}")


class BadCron(ValueError):
    """The expression is not one of AWS's; the message says which field."""


class Cron(msgspec.Struct, frozen=True):
    """A parsed expression. Exactly one of the two fields of days is `?`, which any day satisfies."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: str  # of the month: `?`, or the field's text in capitals
    months: frozenset[int]
    weekdays: str  # `?`, or the field's text in capitals
    years: frozenset[int]

    def next_after(self, moment: datetime) -> datetime | None:
        """The first time after `moment` (UTC) that matches, to the minute; None where there is none within 40 years."""
        begin = moment.astimezone(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
        for year in range(begin.year, min(begin.year + YEARS_LOOKED_AT, YEAR_MAX) + 1):
            if year not in self.years:
                continue
            for month in sorted(self.months):
                if (year, month) >= (begin.year, begin.month) and (found := self._in_month(year, month, begin)):
                    return found
        return None

    def _in_month(self, year: int, month: int, begin: datetime) -> datetime | None:
        for day in sorted(self.days_in(year, month)):
            if date(year, month, day) < begin.date():
                continue
            for hour in sorted(self.hours):
                for minute in sorted(self.minutes):
                    found = datetime(year, month, day, hour, minute, tzinfo=UTC)
                    if found >= begin:
                        return found
        return None

    def days_in(self, year: int, month: int) -> frozenset[int]:
        """The days of a month that match."""
        if self.weekdays == "?":
            return _days_of_month(self.days, year, month)
        return _days_of_week(self.weekdays, year, month)


def parse(expression: str) -> Cron:
    """The schedule that `cron(minutes hours day-of-month month day-of-week year)` means. Raises BadCron."""
    found = _EXPRESSION.fullmatch(expression)
    fields = found[1].split() if found else []
    if len(fields) != 6:
        raise BadCron("a cron expression has six fields: cron(minutes hours day-of-month month day-of-week year)")
    minutes, hours, days, months, weekdays, years = (field.upper() for field in fields)
    if (days == "?") == (weekdays == "?"):
        raise BadCron("exactly one of day-of-month and day-of-week must be `?`")
    cron = Cron(
        _numbers(minutes, 0, 59, "minutes"),
        _numbers(hours, 0, 23, "hours"),
        days,
        _numbers(months, 1, 12, "month", MONTHS),
        weekdays,
        _numbers(years, 1970, YEAR_MAX, "year"),
    )
    _check_days(cron)
    return cron


def _numbers(text: str, low: int, high: int, field: str, names: dict[str, int] | None = None) -> frozenset[int]:
    """`*`, numbers, ranges `a-b`, steps `a/n`, `*/n`, `/n`, `a-b/n`, and lists of those."""
    found: set[int] = set()
    for part in text.split(","):
        span, slash, every = part.partition("/")
        step = _number(every, 1, max(high - low, 1), field) if slash else 1
        first, dash, last = span.partition("-")
        if span == "*" or (slash and not span):
            begin, end = low, high
        elif dash:
            begin, end = _number(first, low, high, field, names), _number(last, low, high, field, names)
        else:
            begin = _number(span, low, high, field, names)
            end = high if slash else begin
        if begin > end:
            raise BadCron(f"`{part[:20]}` in {field} begins after its end")
        found.update(range(begin, end + 1, step))
    return frozenset(found)


def _number(text: str, low: int, high: int, field: str, names: dict[str, int] | None = None) -> int:
    if names and text in names:
        return names[text]
    if not _NUMBER.fullmatch(text) or not low <= int(text) <= high:
        raise BadCron(f"`{text[:20]}` in {field} is not between {low} and {high}")
    return int(text)


def _check_days(cron: Cron) -> None:
    """Both fields, tried on one month: what is written wrongly is wrong in every month."""
    cron.days_in(2024, 1)


def _days_of_month(text: str, year: int, month: int) -> frozenset[int]:
    """`L` is the last day, `LW` the last weekday (Monday to Friday), `15W` the weekday nearest to the 15th of the same month."""
    last = calendar.monthrange(year, month)[1]
    if text == "L":
        return frozenset({last})
    if text == "LW":
        return frozenset({_nearest_weekday(year, month, last)})
    if text.endswith("W"):
        day = _number(text[:-1], 1, 31, "day-of-month")
        return frozenset({_nearest_weekday(year, month, day)}) if day <= last else frozenset()
    return frozenset(day for day in _numbers(text, 1, 31, "day-of-month") if day <= last)


def _nearest_weekday(year: int, month: int, day: int) -> int:
    """Monday to Friday nearest to `day`, never in another month."""
    last = calendar.monthrange(year, month)[1]
    weekday = date(year, month, day).weekday()  # Monday is 0
    if weekday == 5:
        return day - 1 if day > 1 else day + 2
    if weekday == 6:
        return day + 1 if day < last else day - 2
    return day


def _days_of_week(text: str, year: int, month: int) -> frozenset[int]:
    """`6L` is the last Friday, `L` Saturday, `3#2` the second Tuesday; weeks begin with Sunday, which is 1."""
    last = calendar.monthrange(year, month)[1]
    by_weekday: dict[int, list[int]] = {number: [] for number in range(1, 8)}
    for day in range(1, last + 1):
        by_weekday[date(year, month, day).isoweekday() % 7 + 1].append(day)
    if text == "L":
        return frozenset(by_weekday[7])
    if text.endswith("L"):
        return frozenset({by_weekday[_number(text[:-1], 1, 7, "day-of-week", WEEKDAYS)][-1]})
    weekday, sharp, nth = text.partition("#")
    if sharp:
        days = by_weekday[_number(weekday, 1, 7, "day-of-week", WEEKDAYS)]
        place = _number(nth, 1, 5, "day-of-week")
        return frozenset(days[place - 1 : place])
    return frozenset(day for number in _numbers(text, 1, 7, "day-of-week", WEEKDAYS) for day in by_weekday[number])
