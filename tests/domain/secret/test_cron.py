"""Cron expressions of six fields, against a second reading of the rules that looks at every single hour."""

import calendar
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muniment.domain.secret.cron import BadCron, parse

DAY_NAMES = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]


def next_of(expression, *moment):
    found = parse(f"cron({expression})").next_after(datetime(*moment, tzinfo=UTC))
    return None if found is None else found.strftime("%Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    ("expression", "moment", "expected"),
    [
        ("0 10 * * ? *", (2026, 11, 23, 9), "2026-11-23 10:00"),
        ("0 10 * * ? *", (2026, 11, 23, 10), "2026-11-24 10:00"),
        ("0 /8 * * ? *", (2026, 11, 23, 9), "2026-11-23 16:00"),
        ("0 18 ? * MON-FRI *", (2026, 11, 27, 19), "2026-11-30 18:00"),
        ("0 8 1 * ? *", (2026, 12, 1, 8), "2027-01-01 08:00"),
        ("0 8 1 /3 ? *", (2026, 11, 23), "2027-01-01 08:00"),
        ("0 8 L * ? *", (2028, 2, 1), "2028-02-29 08:00"),
        ("0 8 LW * ? *", (2026, 5, 1), "2026-05-29 08:00"),
        ("0 8 15W * ? *", (2026, 8, 1), "2026-08-14 08:00"),  # the 15th is a Saturday
        ("0 8 1W * ? *", (2026, 8, 1), "2026-08-03 08:00"),  # never back into July
        ("0 8 31W * ? *", (2026, 5, 1), "2026-05-29 08:00"),  # never on into June
        ("0 8 ? * 3#2 *", (2026, 11, 23), "2026-12-08 08:00"),
        ("0 8 ? * FRI#5 *", (2026, 11, 1), "2027-01-29 08:00"),
        ("0 8 ? * 6L *", (2026, 11, 1), "2026-11-27 08:00"),
        ("0 8 ? * L *", (2026, 11, 23), "2026-11-28 08:00"),
        ("0 8 29 2 ? *", (2096, 3, 1), "2104-02-29 08:00"),
        ("0 8 30 2 ? *", (2026, 1, 1), None),
        ("15 12 ? JAN,jul SUN 2027-2028", (2026, 1, 1), "2027-01-03 12:15"),
        ("0 8 * * ? 2025", (2026, 1, 1), None),
    ],
)
def test_the_next_time_is_the_one_that_aws_documents(expression, moment, expected):
    assert next_of(expression, *moment) == expected


@pytest.mark.parametrize(
    "expression",
    [
        "0 10 * * ?",
        "0 10 * * * *",
        "0 10 ? * ? *",
        "60 10 * * ? *",
        "0 24 * * ? *",
        "0 10 0 * ? *",
        "0 10 32 * ? *",
        "0 10 * 13 ? *",
        "0 10 ? * 8 *",
        "0 10 ? * 3#6 *",
        "0 10 ? * 3#0 *",
        "0 10 ? * 3#1,4#2 *",
        "0 10 5-1 * ? *",
        "0 10 * * ? 1969",
        "0 10 */0 * ? *",
        "0 10 1,,2 * ? *",
        "0 10 W * ? *",
        "0 10 L-1 * ? *",
        "0 10 ٣ * ? *",
        "",
    ],
)
def test_what_is_no_expression_is_refused(expression):
    with pytest.raises(BadCron):
        parse(f"cron({expression})")


def test_days_by_date_and_by_weekday_cannot_both_be_given():
    with pytest.raises(BadCron, match="exactly one"):
        parse("cron(0 10 1 * MON *)")


# -- the second reading ---------------------------------------------------------------------------------------------


def in_list(field, value, low, high, names=()):
    """Whether a value is named by a field of numbers, ranges and steps."""
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, dash, last = span.partition("-")
        number = lambda text: names.index(text) + low if text in names else int(text)  # noqa: E731
        begin = low if span in ("*", "") else number(first)
        end = number(last) if dash else high if step or span in ("*", "") else begin
        if value in range(begin, end + 1)[:: int(step or 1)]:
            return True
    return False


def is_day(days, weekdays, day):
    last = calendar.monthrange(day.year, day.month)[1]
    weekday = day.isoweekday() % 7 + 1
    if weekdays != "?":
        if weekdays == "L":
            return weekday == 7
        name, sharp, nth = weekdays.partition("#")
        plain = name.removesuffix("L")
        wanted = DAY_NAMES.index(plain) + 1 if plain in DAY_NAMES else plain
        if sharp:
            return weekday == int(wanted) and (day.day - 1) // 7 + 1 == int(nth)
        if weekdays.endswith("L"):
            return weekday == int(wanted) and day.day + 7 > last
        return in_list(weekdays, weekday, 1, 7, DAY_NAMES)
    if days == "L":
        return day.day == last
    if days.endswith("W"):
        aim = last if days == "LW" else int(days[:-1])
        if aim > last:
            return False
        near = [date(day.year, day.month, each) for each in range(1, last + 1)]
        near = [each for each in near if each.isoweekday() < 6]
        return min(near, key=lambda each: (abs(each.day - aim), each.day)) == day
    return in_list(days, day.day, 1, 31)


hours = st.one_of(
    st.just("*"), st.integers(0, 23).map(str), st.integers(1, 23).map(lambda n: f"/{n}"), st.just("2-9/3,20")
)
days = st.one_of(
    st.sampled_from(["*", "L", "LW", "1,15,31", "5-12", "28-31", "/10"]),
    st.integers(1, 31).map(str),
    st.integers(1, 31).map(lambda n: f"{n}W"),
)
weekdays = st.one_of(
    st.sampled_from(["L", "MON-FRI", "SUN,SAT", "*", "2/2"]),
    st.integers(1, 7).map(str),
    st.sampled_from(DAY_NAMES),
    st.tuples(st.integers(1, 7), st.integers(1, 5)).map(lambda pair: f"{pair[0]}#{pair[1]}"),
    st.integers(1, 7).map(lambda n: f"{n}L"),
)
months = st.one_of(st.just("*"), st.integers(1, 12).map(str), st.sampled_from(["2", "JAN-MAR", "/4", "2,11"]))


@settings(max_examples=60, deadline=None)
@given(
    hours,
    st.one_of(days.map(lambda d: (d, "?")), weekdays.map(lambda w: ("?", w))),
    months,
    st.datetimes(datetime(2023, 1, 1), datetime(2040, 1, 1)),
)
def test_the_next_time_is_the_first_hour_that_a_plain_search_finds(hour, which, month, moment):
    by_date, by_weekday = which
    found = parse(f"cron(0 {hour} {by_date} {month} {by_weekday} *)").next_after(moment.replace(tzinfo=UTC))
    names = [name.upper() for name in calendar.month_abbr[1:]]
    day, end = moment.date(), moment.date() + timedelta(days=800)
    while day < end:
        if in_list(month, day.month, 1, 12, names) and is_day(by_date, by_weekday, day):
            for at in range(24):
                when = datetime(day.year, day.month, day.day, at, tzinfo=UTC)
                if when > moment.replace(tzinfo=UTC) and in_list(hour, at, 0, 23):
                    assert found == when
                    return
        day += timedelta(days=1)
    assert found is None or found.date() >= end
