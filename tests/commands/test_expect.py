"""`X-Muniment-Expect`, as it is read; what becomes of it is shown in tests/scenarios/test_what_if.py."""

import pytest

from muniment.commands.expect import LAST_DEFAULT, Expectation, parse
from muniment.domain.errors import ValidationError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, None),
        ("denied=0", Expectation(0, None)),
        ("allowed=12", Expectation(None, 12)),
        (" denied = 1 , allowed=2,last=7, seconds=0.5", Expectation(1, 2, 7, 0.5)),
    ],
)
def test_it_says_how_many_may_change(text, expected):
    assert parse(text) == expected


def test_it_covers_the_last_hundred_thousand_decisions():
    assert parse("denied=0").last == LAST_DEFAULT == 100_000


@pytest.mark.parametrize(
    "text",
    ["", "0", "denied", "denied=", "denied=x", "denied=1.5", "denied=-1", "denied=0,denied=0", "seconds=1", "last=1",
     "denied=0,last=0", "denied=0,last=1000001", "denied=0,seconds=0", "denied=0,seconds=9", "denied=0,more=1", "denied=0;"],
)  # fmt: skip
def test_what_is_not_clear_is_refused(text):
    with pytest.raises(ValidationError, match="X-Muniment-Expect"):
        parse(text)
