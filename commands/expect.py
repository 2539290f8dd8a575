"""What a command may be expected to change: at most so many requests newly denied or allowed, asked of the decision log."""

import re
from collections.abc import Callable
from typing import Any, ClassVar, Final, Protocol

import msgspec

from muniment.commands.command import Command, Decision
from muniment.commands.hypothesis import Hypothesis
from muniment.domain.boundary import State
from muniment.domain.errors import InvalidInput, Refused, ValidationError
from muniment.domain.ledger import Actor
from muniment.domain.organization.state import Organization

WHAT_IF: Final = "muniment:WhatIf"  # the permission to learn how logged requests would be answered
LAST_DEFAULT: Final = 100_000
LAST_MAX: Final = 1_000_000
SECONDS_DEFAULT: Final = 5.0
SECONDS_MAX: Final = 8.0  # a command's own deadline is 10 s
_PART: Final = re.compile(r"\s*(denied|allowed|last|seconds)\s*=\s*(\d{1,7}(?:\.\d{1,3})?)\s*")


class ExpectationFailed(Refused):
    """The command would change the answer to more logged requests than its sender expects. Nothing was done."""

    status: ClassVar[int] = 412


class Expectation(msgspec.Struct, frozen=True):
    """At most `denied` requests newly denied and `allowed` newly allowed, of the last `last` decisions about the account's
    principals. None sets no limit. `seconds` is how long finding out may take; then the command is refused too."""

    denied: int | None = None
    allowed: int | None = None
    last: int = LAST_DEFAULT
    seconds: float = SECONDS_DEFAULT


class Foresight(Protocol):
    """Whoever asks logged requests again (`ops/what_if`)."""

    def check(self, expectation: Expectation, account: str, before: dict[str, State], after: dict[str, State]) -> None:
        """Return where the change from the states `before` to those `after` is as expected. Raises ExpectationFailed,
        ServiceUnavailable."""


def parse(text: str | None) -> Expectation | None:
    """What the header `X-Muniment-Expect: denied=0, allowed=3, last=100000, seconds=5` says; None where there is none.

    Raises ValidationError.
    """
    if text is None:
        return None
    found: dict[str, str] = {}
    for part in text.split(","):
        matched = _PART.fullmatch(part)
        if matched is None or matched[1] in found or (matched[1] != "seconds" and "." in matched[2]):
            raise ValidationError("X-Muniment-Expect is written `denied=0, allowed=0, last=100000, seconds=5`")
        found[matched[1]] = matched[2]
    if not found.keys() & {"denied", "allowed"}:
        raise ValidationError("X-Muniment-Expect names `denied`, `allowed` or both: how many requests may change")
    expectation = Expectation(
        denied=int(found["denied"]) if "denied" in found else None,
        allowed=int(found["allowed"]) if "allowed" in found else None,
        last=int(found.get("last", LAST_DEFAULT)),
        seconds=float(found.get("seconds", SECONDS_DEFAULT)),
    )
    if not 1 <= expectation.last <= LAST_MAX or not 0 < expectation.seconds <= SECONDS_MAX:
        raise ValidationError(f"X-Muniment-Expect: `last` is 1 to {LAST_MAX}, `seconds` at most {SECONDS_MAX:.0f}")
    return expectation


def expect(
    foresight: Foresight | None,
    expectation: Expectation,
    command: Command[Any],
    decision: Decision,
    load: Callable[[str], State],
    actor: Actor,
    now: int,
) -> None:
    """Return where what was decided changes no more than expected. Raises ExpectationFailed, InvalidInput, ServiceUnavailable."""
    if command.boundary is Organization:
        raise InvalidInput(
            "nothing can be expected of a change to an organization: it binds other accounts, and what these asked is in their logs"
        )
    if foresight is None:
        raise InvalidInput(
            "nothing can be expected here: this process logs no decisions (`muniment serve --decision-log`)"
        )
    hypothesis = Hypothesis(load, actor, now, lambda arn: None)
    hypothesis.record(command.located(actor, load), decision, command.action())
    before = {boundary: load(boundary) for boundary in hypothesis.changed}
    foresight.check(expectation, actor.account, before, hypothesis.changed)
