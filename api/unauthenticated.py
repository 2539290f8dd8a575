"""Requests that proved nobody's identity: counted per source and ten seconds into one entry (SECURITY 14).

An attacker must not buy an fsync per request, so these are never recorded one by one.
"""

import threading
from typing import Final

import structlog

from muniment.commands.activity import Activity, Happening
from muniment.commands.drawn import Clock, clock, uuid7
from muniment.commands.keys import Sealer
from muniment.commands.provenance import sealed_actor
from muniment.domain import ids
from muniment.domain.activity.requests import UnauthenticatedRefused
from muniment.domain.caller import Caller
from muniment.domain.errors import ServiceUnavailable
from muniment.domain.ledger import Actor, Cause

WINDOW_SECONDS: Final = 10.0
SOURCES_MAX: Final = 10_000  # in one window; the rest are counted together
REST: Final = ""
NOBODY: Final = Actor(ids.NOBODY, "", "anonymous", "Unknown")

log = structlog.get_logger("muniment.api")


class Strangers:
    """Counts refusals of unauthenticated requests and records the counts every ten seconds."""

    def __init__(self, activity: Activity | None, sealer: Sealer, now: Clock = clock) -> None:
        self._activity, self._sealer, self._now = activity, sealer, now
        self._guard = threading.Lock()
        self._counts: dict[str, dict[str, int]] = {}
        self._began = now()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="muniment-strangers", daemon=True)
        if activity is not None:
            self._thread.start()

    def count(self, source: str, code: str) -> None:
        """One more refusal of `source`."""
        with self._guard:
            if source not in self._counts and len(self._counts) >= SOURCES_MAX:
                source = REST
            codes = self._counts.setdefault(source, {})
            codes[code] = codes.get(code, 0) + 1

    def flush(self) -> None:
        """Record what was counted since the last time, one entry a source."""
        with self._guard:
            counts, self._counts = self._counts, {}
            began, self._began = self._began, self._now()
        for source, codes in counts.items():
            self._record(source, codes, began)

    def close(self) -> None:
        """Record the last window and stop."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(WINDOW_SECONDS)

    def _record(self, source: str, codes: dict[str, int], began: int) -> None:
        assert self._activity is not None
        now = self._now()
        fact = UnauthenticatedRefused(sum(codes.values()), codes, began, now)
        actor = sealed_actor(self._sealer, Caller(NOBODY, address=source), now)
        cause = Cause("muniment:Authenticate", uuid7(now))
        try:
            self._activity.later(Happening(ids.NOBODY, actor, cause, fact))
        except ServiceUnavailable:
            log.warning("unauthenticated refusals could not be recorded", count=fact.count)

    def _run(self) -> None:
        while not self._stop.wait(WINDOW_SECONDS):
            self.flush()
        self.flush()
