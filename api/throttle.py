"""Throttling: a token bucket per principal and per account, generous by default (SECURITY 16, 17)."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from muniment.domain.errors import Throttling
from muniment.domain.ledger import Actor

PRINCIPAL_REQUESTS_PER_SECOND: Final = 2_000.0
ACCOUNT_REQUESTS_PER_SECOND: Final = 5_000.0
BURST_SECONDS: Final = 2.0
BUCKETS_MAX: Final = 100_000


class Throttle:
    """Answers AWS's `Throttling` to whoever asks faster than its share. One process counts for itself."""

    def __init__(
        self,
        principal_rate: float = PRINCIPAL_REQUESTS_PER_SECOND,
        account_rate: float = ACCOUNT_REQUESTS_PER_SECOND,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rates = (principal_rate, account_rate)
        self._monotonic = monotonic
        self._guard = threading.Lock()
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # key → (tokens left, when)

    def check(self, actor: Actor) -> None:
        """Take one token of the principal's and one of the account's. Raises Throttling where one has none left."""
        now = self._monotonic()
        keys = (f"{actor.account}/{actor.id}", actor.account)
        with self._guard:
            levels = [self._level(key, rate, now) for key, rate in zip(keys, self._rates, strict=True)]
            if min(levels) < 1:
                raise Throttling("Rate exceeded")
            for key, level in zip(keys, levels, strict=True):
                self._buckets[key] = (level - 1, now)
                self._buckets.move_to_end(key)
            while len(self._buckets) > BUCKETS_MAX:
                self._buckets.popitem(last=False)

    def _level(self, key: str, rate: float, now: float) -> float:
        full = rate * BURST_SECONDS
        if (bucket := self._buckets.get(key)) is None:
            return full
        tokens, when = bucket
        return min(full, tokens + (now - when) * rate)
