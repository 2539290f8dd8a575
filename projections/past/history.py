"""Intervals of allow and deny: from when to when a request would have been allowed, and which entries began and ended that."""

from collections.abc import Callable
from typing import Final

import msgspec

from muniment.domain.policy.decision import Effect, Layer
from muniment.domain.policy.request import AccessRequest
from muniment.projections.access.model import Access
from muniment.projections.past.past import Past
from muniment.projections.past.walk import Walk
from muniment.projections.readmodel import Recorded

ENTRIES_MAX: Final = 20_000  # looked at for one page

Ask = Callable[[Access], AccessRequest | None]  # the request as of a moment; None while there is no such principal


class Answer(msgspec.Struct, frozen=True):
    """The answer at one moment."""

    allowed: bool
    effect: Effect = Effect.IMPLICIT_DENY
    layer: Layer | None = None  # None: there was no such principal
    reason: str = ""


class Interval(msgspec.Struct, frozen=True):
    """A stretch of the log with one answer. `answer` is the one it began with, or the first for which there was such a
    principal; `began` is the sequence, 0 for the beginning."""

    answer: Answer
    began: int
    began_by: Recorded | None  # None: at the beginning of what was asked about
    ended_by: Recorded | None  # None: it lasts


class Stretch(msgspec.Struct, frozen=True):
    """Some intervals in order; where `more`, the last one was not yet followed to its end, and `scanned` tells how far it was."""

    intervals: list[Interval]
    more: bool
    scanned: int


def intervals(past: Past, ask: Ask, began: int, start: int, until: int, most: int) -> Stretch:
    """The intervals from the one that began at `began` on, up to `until`; what lies before `start` was seen already.

    At most `most` whole ones, and as many as some thousand entries tell. Raises PastUnreadable.
    """
    walk = Walk(past, start, until)
    found: list[Interval] = []
    answer, by = _answer(walk.access, ask), past.entry(began) if began else None
    for looked, recorded in enumerate(walk.steps(), 1):
        now = _answer(walk.access, ask)
        if now.allowed is not answer.allowed:
            found.append(Interval(answer, began, by, recorded))
            answer, by, began = now, recorded, recorded.sequence
        elif answer.layer is None:
            answer = now  # why somebody may not is more than that there was nobody before
        if looked >= ENTRIES_MAX or len(found) == most:
            return Stretch([*found, Interval(answer, began, by, None)], True, recorded.sequence)
    return Stretch([*found, Interval(answer, began, by, None)], False, until)


def _answer(access: Access, ask: Ask) -> Answer:
    request = ask(access)
    if request is None:
        return Answer(False, reason="there is no such principal")
    decided = access.decide(request)
    return Answer(bool(decided), decided.effect, decided.layer, decided.reason)
