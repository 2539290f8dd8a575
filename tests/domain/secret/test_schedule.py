"""Rotation schedules: what is taken, when the next window opens, when it closes (FEATURES 1f)."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.domain.secret.rotation import Rotation
from muniment.domain.secret.schedule import DAY, HOUR, BadSchedule, check, next_due, window_ends


def at(*moment):
    return int(datetime(*moment, tzinfo=UTC).timestamp()) * 1_000_000


def due(after, days=0, schedule=""):
    return next_due(Rotation("r", after_days=days, schedule=schedule), after)


def test_days_are_counted_to_midnight():
    assert due(at(2026, 11, 23, 17, 30), days=30) == at(2026, 12, 23)
    assert due(at(2026, 11, 23, 17, 30), schedule="rate(1 day)") == at(2026, 11, 24)
    assert due(at(2026, 11, 23, 17, 30), schedule="rate(10 days)") == at(2026, 12, 3)


def test_hours_are_counted_to_the_full_hour():
    assert due(at(2026, 11, 23, 17, 30), schedule="rate(4 hours)") == at(2026, 11, 23, 21)


def test_cron_opens_at_its_next_time():
    assert due(at(2026, 11, 23, 17, 30), schedule="cron(0 16 1,15 * ? *)") == at(2026, 12, 1, 16)
    assert due(at(2026, 11, 23), schedule="cron(0 16 31 2 ? *)") == 0


@pytest.mark.parametrize(
    ("days", "schedule", "window"),
    [
        (1, "", ""),
        (1_000, "", "24h"),
        (0, "rate(4 hours)", "4h"),
        (0, "rate(999 days)", "99h"),
        (0, "cron(0 /4 * * ? *)", "4h"),
        (0, "cron(0 16 ? * SUN#1 *)", ""),
    ],
)
def test_these_are_schedules(days, schedule, window):
    check(days, schedule, window)


@pytest.mark.parametrize(
    ("days", "schedule", "window"),
    [
        (0, "", ""),
        (1, "rate(1 day)", ""),
        (1_001, "", ""),
        (0, "rate(3 hours)", ""),
        (0, "rate(1 days)", ""),
        (0, "rate(2 day)", ""),
        (0, "rate(0 days)", ""),
        (0, "rate(1000 days)", ""),
        (0, "rate(5 minutes)", ""),
        (0, "every day", ""),
        (0, "cron(30 16 * * ? *)", ""),
        (0, "cron(0 16 * * ? 2027)", ""),
        (0, "cron(0 /3 * * ? *)", ""),
        (0, "cron(0 1,23 * * ? *)", ""),
        (0, "cron(0 16 * *)", ""),
        (1, "", "0h"),
        (1, "", "3"),
        (1, "", "3d"),
        (1, "", "25h"),
        (0, "rate(4 hours)", "5h"),
        (0, "cron(0 2,12 * * ? *)", "11h"),
    ],
)
def test_these_are_none(days, schedule, window):
    with pytest.raises(BadSchedule):
        check(days, schedule, window)


def test_a_window_lasts_an_hour_a_day_or_as_long_as_was_said():
    hourly = Rotation("r", schedule="rate(4 hours)", due=at(2026, 11, 23, 16))
    daily = Rotation("r", after_days=3, due=at(2026, 11, 23))
    said = Rotation("r", after_days=3, window="3h", due=at(2026, 11, 23))
    once_a_day = Rotation("r", schedule="cron(0 16 * * ? *)", due=at(2026, 11, 23, 16))
    assert window_ends(hourly) - hourly.due == HOUR
    assert window_ends(daily) - daily.due == DAY
    assert window_ends(said) - said.due == 3 * HOUR
    assert window_ends(once_a_day) == at(2026, 11, 24)


@given(
    st.integers(0, 2**52),
    st.one_of(
        st.integers(1, 1_000).map(lambda n: (n, "")),
        st.integers(4, 900).map(lambda n: (0, f"rate({n} hours)")),
        st.sampled_from([(0, "cron(0 /8 * * ? *)"), (0, "cron(0 3 L * ? *)"), (0, "cron(0 3 ? * 2#1 *)")]),
    ),
)
def test_the_next_window_is_always_later_and_on_the_hour(after, rule):
    when = due(after, *rule)
    assert when > after
    assert when % HOUR == 0
