"""What-if questions over the decision log: for `muniment:WhatIf`, and for commands that say what they may change."""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from muniment.api.conversion import converted
from muniment.commands.command import COMMANDS
from muniment.commands.expect import Expectation, ExpectationFailed
from muniment.commands.hypothesis import Hypothesis
from muniment.domain.account.state import Account
from muniment.domain.boundary import State
from muniment.domain.errors import InvalidAction, InvalidInput, Refused, ServiceUnavailable, ValidationError
from muniment.domain.logged import Window
from muniment.domain.organization.state import Organization
from muniment.ops.decision_log.reader import DecisionReader
from muniment.ops.decision_log.writer import DecisionLog
from muniment.projections.access.model import Access
from muniment.projections.past.moment import instant
from muniment.projections.past.past import Past
from muniment.projections.queries.what_if import Candidate, WhatIf
from muniment.projections.query import Asked
from muniment.projections.what_if import Difference, OutOfTime, Worlds

ASK_SECONDS_MAX: Final = 25.0  # a request's own limit is 30 s (SECURITY 17)
TURN_SECONDS_MAX: Final = 2.0  # how long one waits while another asks
FLUSH_SECONDS: Final = 1.0
SHOWN_MAX: Final = 50  # differences in the text of a refusal


class WhatIfs:
    """Asks logged requests again, for one caller at a time: it is long work in a process that others use."""

    def __init__(
        self,
        access: Access,
        past: Past,
        state: Callable[[str], State],
        reader: DecisionReader,
        log: DecisionLog | None,
    ) -> None:
        self._access, self._past, self._state, self._reader, self._log = access, past, state, reader, log
        self._turn = threading.Lock()

    def ask(self, question: WhatIf, asked: Asked) -> dict[str, Any]:
        """The answer to `muniment:WhatIf`. Raises what a candidate refuses, ValidationError, ServiceUnavailable."""
        until, since = _moment(question.until), _moment(question.since)
        if until and since >= until:
            raise ValidationError("`Since` must be before `Until`: no decision is in that window")
        access, load = self._as_of(question, asked)
        hypothesis = Hypothesis(load, asked.actor, asked.now, lambda arn: _principal_id(access, arn))
        for number, candidate in enumerate(question.commands):
            self._suppose(hypothesis, candidate, number, asked)
        before = {boundary: load(boundary) for boundary in hypothesis.changed}
        answer = _Answer(question.skip, question.max_items)
        window = Window()
        deadline = time.monotonic() + ASK_SECONDS_MAX
        with _Turn(self._turn):
            self._flush()
            found = self._reader.last(asked.actor.account, question.last, window, since=since, until=until)
            worlds = Worlds(access, before, hypothesis.changed)
            try:
                for difference in worlds.differences(found, deadline):
                    answer.take(difference)
            except OutOfTime:
                raise ServiceUnavailable(
                    f"asking {question.last} decisions again takes longer than {ASK_SECONDS_MAX:.0f} s: ask for fewer with `Last`"
                ) from None
        return answer.shown(window)

    def check(
        self, expectation: Expectation, account: str, before: Mapping[str, State], after: Mapping[str, State]
    ) -> None:
        """Return where no more requests change than expected. Raises ExpectationFailed, ServiceUnavailable."""
        answer, window = _Answer(0, SHOWN_MAX), Window()
        deadline = time.monotonic() + expectation.seconds
        with _Turn(self._turn):
            self._flush()
            worlds = Worlds(self._access, before, after)
            try:
                for difference in worlds.differences(self._reader.last(account, expectation.last, window), deadline):
                    answer.take(difference)
            except OutOfTime:
                raise ExpectationFailed(
                    f"nothing was done: of {expectation.last} logged decisions {window.decisions} were asked again within "
                    f"{expectation.seconds:g} s; expect less, or allow more time"
                ) from None
        if _over(answer.denied, expectation.denied) or _over(answer.allowed, expectation.allowed):
            raise ExpectationFailed(_refusal(answer, expectation, window))

    def _as_of(self, question: WhatIf, asked: Asked) -> tuple[Access, Callable[[str], State]]:
        """Who may do what at the window's end, and the states there."""
        if question.until is None:
            return self._access, self._state
        sequence = self._past.position(question.until, asked.now)
        return self._past.access(sequence), lambda boundary: self._past.state(boundary, sequence)

    def _suppose(self, hypothesis: Hypothesis, candidate: Candidate, number: int, asked: Asked) -> None:
        kind = COMMANDS.get((candidate.service, candidate.action))
        place = f"Commands[{number}] ({candidate.service}:{candidate.action})"
        if kind is None:
            raise InvalidAction(f"{place} is not a command")
        try:
            command = converted(kind, candidate.service, candidate.action, candidate.parameters)
            if command.boundary is Organization:
                raise InvalidInput("it binds other accounts, and what these asked is in their logs")
            if command.target(asked.actor) != f"{Account.kind}.{asked.actor.account}":
                raise InvalidInput(
                    "it is not decided in the caller's own account, and says nothing about its principals"
                )
            hypothesis.suppose(command)
        except Refused as refused:
            refused.message = f"{place}: {refused.message}"
            raise

    def _flush(self) -> None:
        """Let what was decided until now be in the log."""
        if self._log is not None:
            self._log.flush(FLUSH_SECONDS)


class _Turn:
    """One at a time; who waits too long is told to come again."""

    def __init__(self, lock: threading.Lock) -> None:
        self._lock = lock

    def __enter__(self) -> None:
        if not self._lock.acquire(timeout=TURN_SECONDS_MAX):
            raise ServiceUnavailable("logged decisions are being asked again for somebody else; try again in a moment")

    def __exit__(self, *_: object) -> None:
        self._lock.release()


class _Answer:
    """Differences as they are found: all counted, some shown."""

    def __init__(self, skip: int, items_max: int) -> None:
        self.denied = self.allowed = 0
        self.shown_items: list[dict[str, Any]] = []
        self._skip, self._items_max = skip, items_max

    def take(self, difference: Difference) -> None:
        number = self.denied + self.allowed
        if difference.before:
            self.denied += 1
        else:
            self.allowed += 1
        if number >= self._skip and len(self.shown_items) < self._items_max:
            self.shown_items.append(_item(difference))

    def shown(self, window: Window) -> dict[str, Any]:
        low, high = window.rates
        return {
            "NewlyDenied": self.denied,
            "NewlyAllowed": self.allowed,
            "Differences": self.shown_items,
            "IsTruncated": self._skip + len(self.shown_items) < self.denied + self.allowed,
            "Window": {
                "Decisions": window.decisions,
                "Began": window.began,
                "Ended": window.ended,
                "SharesLogged": [low, high],
                "Dropped": window.dropped,
                "MessagesMissing": window.missing,
                "MessagesUnbelievable": window.unbelievable,
                "Unreadable": window.unreadable,
            },
        }


def _item(difference: Difference) -> dict[str, Any]:
    found, before, after = difference.found, difference.before, difference.after
    return {
        "Time": found.row.time,
        "Principal": found.asker.principal.name,
        "Action": found.row.action,
        "Resource": found.row.resource,
        "Source": found.row.source,
        "Logged": found.row.effect,
        "Before": {"Effect": before.effect.value, "Layer": before.layer.value},
        "After": {"Effect": after.effect.value, "Layer": after.layer.value},
    }


def _refusal(answer: _Answer, expectation: Expectation, window: Window) -> str:
    """Why nothing was done, with the requests that would change."""
    low, high = window.rates
    share = f"{low:.4g}" if low == high else f"{low:.4g} to {high:.4g}"
    lines = [
        f"{item['Principal']} {item['Action']} {item['Resource']}: {item['Before']['Effect']} becomes {item['After']['Effect']}"
        for item in answer.shown_items
    ]
    more = answer.denied + answer.allowed - len(lines)
    said = ", ".join(
        f"at most {limit} newly {what}"
        for limit, what in ((expectation.denied, "denied"), (expectation.allowed, "allowed"))
        if limit is not None
    )
    unreadable = f", {window.unreadable} of them could not be asked again" if window.unreadable else ""
    return (
        f"nothing was done: of the last {window.decisions} logged decisions (share logged: {share}{unreadable}) "
        f"{answer.denied} would be newly denied and {answer.allowed} newly allowed, expected were {said}. "
        + "; ".join(lines)
        + (f"; and {more} more" if more > 0 else "")
    )


def _over(count: int, limit: int | None) -> bool:
    return limit is not None and count > limit


def _moment(text: str | None) -> int:
    """A time as microseconds; 0 where none is given. Raises ValidationError."""
    if text is None:
        return 0
    if (found := instant(text)) is None:
        raise ValidationError(f"`{text[:64]}` is not a time: write it as 2026-11-23T22:00:00Z")
    return found


def _principal_id(access: Access, arn: str) -> str | None:
    principal = access.principal(arn)
    return None if principal is None else principal.unique_id or principal.issuer_id or None
