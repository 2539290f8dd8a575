"""Requests that proved nobody's identity: counted per source and ten seconds into one entry (SECURITY 14)."""

from collections.abc import Mapping
from typing import Final

import structlog

from muniment.api.windows import Windows
from muniment.commands.activity import Activity, Happening
from muniment.commands.drawn import Clock, clock, uuid7
from muniment.commands.keys import Sealer
from muniment.commands.provenance import sealed_actor
from muniment.domain import ids
from muniment.domain.activity.requests import UnauthenticatedRefused
from muniment.domain.caller import Caller
from muniment.domain.errors import ServiceUnavailable
from muniment.domain.ledger import Actor, Cause

SOURCES_MAX: Final = 10_000  # in one window; the rest are counted together
CODES_MAX: Final = 100
NOBODY: Final = Actor(ids.NOBODY, "", "anonymous", "Unknown")

log = structlog.get_logger("muniment.api")


class Strangers:
    """Counts refusals of unauthenticated requests by source and records the counts."""

    def __init__(self, activity: Activity | None, sealer: Sealer, now: Clock = clock) -> None:
        self._activity, self._sealer = activity, sealer
        self._windows = Windows("muniment-strangers", self._record, SOURCES_MAX, CODES_MAX, now)
        if activity is not None:
            self._windows.start()
        self.count = self._windows.count  # (source, code): one more refusal
        self.flush = self._windows.flush
        self.close = self._windows.close

    def _record(self, source: str, codes: Mapping[str, int], first: int, last: int) -> None:
        assert self._activity is not None
        fact = UnauthenticatedRefused(sum(codes.values()), dict(codes), first, last)
        actor = sealed_actor(self._sealer, Caller(NOBODY, address=source), last)
        cause = Cause("muniment:Authenticate", uuid7(last))
        try:
            self._activity.later(Happening(ids.NOBODY, actor, cause, fact))
        except ServiceUnavailable:
            log.warning("unauthenticated refusals could not be recorded", count=fact.count)
