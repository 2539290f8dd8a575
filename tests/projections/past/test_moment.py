"""Moments: "as of a time" is the last sequence whose running maximum of JetStream time is at most it (DESIGN §4)."""

import random
from pathlib import Path

import msgspec
import pytest

from muniment.domain.account.users import UserCreated
from muniment.domain.errors import ValidationError
from muniment.domain.position import Position
from tests.projections.logs import ACCOUNT, Log
from tests.projections.past.house import House

BEGAN = 1_700_000_000_000_000
NOW = BEGAN + 86_400 * 10**6


def clocked(seed: int, entries: int) -> Log:
    """A log whose server's clock also runs backwards now and then."""
    luck, log = random.Random(seed), Log()  # noqa: S311 - not a secret
    time = BEGAN
    for number in range(entries):
        message = log.append(ACCOUNT, UserCreated(f"u{number}", f"AIDA{number}", "/"))
        time += luck.choice([0, 1, 5, 5, 1_000, -800])
        log.messages[-1] = msgspec.structs.replace(message, time_ns=time * 1_000 + 999)
    return log


def brute(log: Log, time: int) -> int:
    """The definition, word by word."""
    maximum, found = 0, 0
    for message in log.messages:
        maximum = max(maximum, message.time_ns // 1_000)
        if maximum <= time:
            found = message.sequence
    return found


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("way", ["fill", "follow"])
def test_a_time_is_the_last_sequence_whose_running_maximum_is_not_later(seed: int, way: str) -> None:
    log = clocked(seed, 900)
    house = House(log, keep=1_000)
    getattr(house, way)()
    times = {message.time_ns // 1_000 + shift for message in log.messages[::7] for shift in (-1, 0, 1)}
    for time in [BEGAN - 1, *sorted(times), BEGAN + 10**8]:
        assert house.past._clock.as_of_time(time) == brute(log, time), time


def test_moments_outlive_the_process(tmp_path: Path) -> None:
    log = clocked(9, 700)
    house = House(log, tmp_path / "past.sqlite", keep=1_000)
    house.fill()
    house.passage.finish()
    house.kept.close()
    again = House(log, tmp_path / "past.sqlite", keep=1_000)
    assert again.passage.position() == 700
    again.fill()
    for time in range(BEGAN, BEGAN + 60_000, 997):
        assert again.past._clock.as_of_time(time) == brute(log, time)


def test_moments_of_another_history_are_forgotten(tmp_path: Path) -> None:
    house = House(clocked(9, 700), tmp_path / "past.sqlite")
    house.fill()
    house.passage.finish()
    house.kept.close()
    other = clocked(10, 600)
    again = House(other, tmp_path / "past.sqlite")
    again.fill()
    for time in range(BEGAN, BEGAN + 60_000, 997):
        assert again.past._clock.as_of_time(time) == brute(other, time)
    assert again.past.state(ACCOUNT, 300) == again.brute(ACCOUNT, 300)


@pytest.mark.parametrize(
    ("as_of", "sequence"),
    [
        (3, 3),
        ("3", 3),
        (" 3 ", 3),
        (0, 0),
        ("2023-11-14T22:13:20.000004Z", 4),
        ("2023-11-14T23:13:20.000004+01:00", 4),
        ("2023-11-14T22:13:20.000004", 4),
        ("2023-11-14", 0),
        ("2023-11-15", 5),
        (Position("e1", 2).token(), 2),
    ],
)
def test_what_names_a_moment(as_of: str | int, sequence: int) -> None:
    house = House()
    for number in range(5):
        house.log.append(ACCOUNT, UserCreated(f"u{number}", f"AIDA{number}", "/"))
    house.follow()
    assert house.past.position(as_of, NOW) == sequence


@pytest.mark.parametrize(
    ("as_of", "why"),
    [
        (6, "beyond the log, which ends at 5"),
        ("7", "beyond the log"),
        ("2999-01-01", "in the future"),
        (Position("other", 2).token(), "of another ledger"),
        ("yesterday", "neither a position nor a time"),
        ("", "neither"),
        ("9" * 40, "neither"),
        ("-1", "neither"),
    ],
)
def test_what_names_none_is_refused_with_the_reason(as_of: str | int, why: str) -> None:
    house = House()
    for number in range(5):
        house.log.append(ACCOUNT, UserCreated(f"u{number}", f"AIDA{number}", "/"))
    house.follow()
    with pytest.raises(ValidationError, match=why):
        house.past.position(as_of, NOW)
