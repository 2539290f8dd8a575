"""Requests that were throttled: counted per account and ten seconds into one entry of that account's activity (SECURITY 14)."""

from collections.abc import Mapping
from typing import Final

import structlog

from muniment.api.windows import Windows
from muniment.commands.activity import Activity, Happening
from muniment.commands.drawn import Clock, clock, uuid7
from muniment.domain.activity.requests import RequestsThrottled
from muniment.domain.errors import ServiceUnavailable
from muniment.domain.ids import NOBODY
from muniment.domain.ledger import Actor, Cause

ACCOUNTS_MAX: Final = 10_000  # in one window; the rest are counted together
PRINCIPALS_MAX: Final = 100  # in one entry; the rest are counted together

log = structlog.get_logger("muniment.api")


class Throttled:
    """Counts throttled requests by principal and records the counts, one entry an account."""

    def __init__(self, activity: Activity | None, now: Clock = clock) -> None:
        self._activity = activity
        self._windows = Windows("muniment-throttled", self._record, ACCOUNTS_MAX, PRINCIPALS_MAX, now)
        if activity is not None:
            self._windows.start()
        self.flush = self._windows.flush
        self.close = self._windows.close

    def count(self, actor: Actor) -> None:
        """One more request of `actor` was throttled."""
        self._windows.count(actor.account, actor.arn)

    def _record(self, account: str, principals: Mapping[str, int], first: int, last: int) -> None:
        assert self._activity is not None
        fact = RequestsThrottled(sum(principals.values()), dict(principals), first, last)
        cause = Cause("muniment:Throttle", uuid7(last))
        number = account or NOBODY
        try:
            self._activity.later(Happening(number, Actor(number, "", "throttle", "Unknown"), cause, fact))
        except ServiceUnavailable:
            log.warning("throttled requests could not be recorded", count=fact.count)
