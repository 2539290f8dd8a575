"""When a secret is rotated: every so many days, at a rate, or by cron; and the window that it must fall into (FEATURES 1f).

Source: AWS Secrets Manager User Guide, "Schedule expressions"; API reference, RotationRulesType. All times are UTC.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from muniment.domain.secret.cron import BadCron, Cron, parse
from muniment.domain.secret.rotation import Rotation

HOUR: Final = 3_600_000_000  # microseconds
DAY: Final = 24 * HOUR
HOURS_BETWEEN_MIN: Final = 4
RATE_DAYS_MAX: Final = 999
DAYS_MAX: Final = 1_000
WINDOWS_COMPARED: Final = 64

_RATE = re.compile(r"rate\(([1-9][0-9]{0,4}) (hours?|days?)\)")
_WINDOW = re.compile(r"([1-9][0-9]?)h")


class BadSchedule(ValueError):
    """Not a schedule that rotation takes; the message is for the caller."""


def check(after_days: int, schedule: str, window: str) -> None:
    """Raises BadSchedule for what is no schedule, or a window that would reach into the next one."""
    if bool(after_days) == bool(schedule):
        raise BadSchedule("Specify either AutomaticallyAfterDays or ScheduleExpression in RotationRules, not both.")
    if after_days and not 1 <= after_days <= DAYS_MAX:
        raise BadSchedule(f"AutomaticallyAfterDays must be between 1 and {DAYS_MAX}.")
    if schedule.startswith("cron("):
        _check_cron(schedule)
    elif schedule:
        _rate(schedule)
    if window:
        _check_window(after_days, schedule, window)


def next_due(rotation: Rotation, after: int) -> int:
    """When the next window opens, counted from a rotation (or its schedule's setting) at `after`; microseconds, 0 for never.

    Days are counted to midnight, hours to the full hour, which is when AWS opens the window.
    """
    return _next(rotation.after_days, rotation.schedule, after)


def window_ends(rotation: Rotation) -> int:
    """When the window that opens at `due` closes: after the duration, or an hour (rate in hours, cron in hours), or the day."""
    if rotation.window:
        return rotation.due + _hours(rotation.window) * HOUR
    in_hours = rotation.schedule.startswith("rate(") and "hour" in rotation.schedule
    in_hours = in_hours or (rotation.schedule.startswith("cron(") and len(parse(rotation.schedule).hours) > 1)
    return rotation.due + HOUR if in_hours else rotation.due - rotation.due % DAY + DAY


def _next(after_days: int, schedule: str, after: int) -> int:
    if after_days:
        return after - after % DAY + after_days * DAY
    if schedule.startswith("cron("):
        found = parse(schedule).next_after(_moment(after))
        return 0 if found is None else int(found.timestamp()) * 1_000_000
    step = _rate(schedule)
    return after - after % (DAY if step % DAY == 0 else HOUR) + step


def _rate(schedule: str) -> int:
    """Microseconds between two rotations. Raises BadSchedule."""
    found = _RATE.fullmatch(schedule)
    if found is None:
        raise BadSchedule("The ScheduleExpression must be rate(value unit) with hours or days, or cron(fields).")
    count, in_hours = int(found[1]), found[2].startswith("hour")
    if (count == 1) != (not found[2].endswith("s")):
        raise BadSchedule("In a rate expression, 1 goes with hour or day and every other value with hours or days.")
    if in_hours and count < HOURS_BETWEEN_MIN:
        raise BadSchedule(f"A secret cannot be rotated more often than every {HOURS_BETWEEN_MIN} hours.")
    if count * (1 if in_hours else 24) > RATE_DAYS_MAX * 24:
        raise BadSchedule(f"A rate must not be longer than {RATE_DAYS_MAX} days.")
    return count * (HOUR if in_hours else DAY)


def _check_cron(schedule: str) -> Cron:
    try:
        cron = parse(schedule)
    except BadCron as bad:
        raise BadSchedule(f"The ScheduleExpression is not valid: {bad}.") from None
    if cron.minutes != {0}:
        raise BadSchedule("In a cron expression for rotation, Minutes must be 0: windows open on the hour.")
    if schedule.removesuffix(")").split()[-1] != "*":
        raise BadSchedule("In a cron expression for rotation, Year must be *.")
    hours = sorted(cron.hours)
    gaps = [after - before for before, after in zip(hours, [*hours[1:], hours[0] + 24], strict=True)]
    if min(gaps) < HOURS_BETWEEN_MIN:
        raise BadSchedule(f"A secret cannot be rotated more often than every {HOURS_BETWEEN_MIN} hours.")
    return cron


def _check_window(after_days: int, schedule: str, window: str) -> None:
    """Raises BadSchedule where some window would still be open when the next one opens."""
    length = _hours(window) * HOUR
    opens = _next(after_days, schedule, 0)
    for _ in range(WINDOWS_COMPARED if schedule.startswith("cron(") else 1):
        following = _next(after_days, schedule, opens)
        if not following:
            return
        if opens + length > following:
            raise BadSchedule("The rotation window (Duration) must not extend into the next rotation window.")
        opens = following


def _hours(window: str) -> int:
    found = _WINDOW.fullmatch(window)
    if found is None:
        raise BadSchedule("The Duration must be a number of hours, such as 3h.")
    return int(found[1])


def _moment(time: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time)
