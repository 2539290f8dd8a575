"""Throttling: a token bucket per principal and per account, generous by default, and at most half of the API's workers for
one account (SECURITY 16, 17)."""

import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable
from typing import Final

from muniment.domain.errors import Throttling
from muniment.domain.ledger import Actor

PRINCIPAL_REQUESTS_PER_SECOND: Final = 2_000.0
ACCOUNT_REQUESTS_PER_SECOND: Final = 5_000.0
BURST_SECONDS: Final = 2.0
PRINCIPAL_DECISIONS_PER_SECOND: Final = 20_000.0  # requests for decisions; each may ask for many
ACCOUNT_DECISIONS_PER_SECOND: Final = 50_000.0
BUCKETS_MAX: Final = 100_000
WORKERS: Final = 128  # threads that answer requests
ACCOUNT_WORKERS_MAX: Final = WORKERS // 2


class Seat:
    """One of an account's share of the workers; left at the end of the block."""

    def __init__(self, leave: Callable[[str], None], account: str) -> None:
        self._leave, self._account = leave, account

    def __enter__(self) -> None:
        """It was taken by `Throttle.admit`."""

    def __exit__(self, *_: object) -> None:
        self._leave(self._account)


class Throttle:
    """Answers AWS's `Throttling` to whoever asks faster than its share. One process counts for itself."""

    def __init__(
        self,
        principal_rate: float = PRINCIPAL_REQUESTS_PER_SECOND,
        account_rate: float = ACCOUNT_REQUESTS_PER_SECOND,
        monotonic: Callable[[], float] = time.monotonic,
        account_workers: int = ACCOUNT_WORKERS_MAX,
    ) -> None:
        self._rates = (principal_rate, account_rate)
        self._monotonic = monotonic
        self._account_workers = account_workers
        self._seated: Counter[str] = Counter()  # account → requests at work
        self._guard = threading.Lock()
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # key → (tokens left, when)

    def admit(self, actor: Actor) -> Seat:
        """A worker for one request of `actor`, to be left with `with`. Raises Throttling where its account has its share at
        work already, or has asked too fast.

        Whoever waits for a slow answer holds a worker, so the rate alone does not keep one account from taking them all.
        """
        account = actor.account
        with self._guard:
            if self._seated[account] >= self._account_workers:
                raise Throttling("Rate exceeded")
            self._seated[account] += 1
        seat = Seat(self._leave, account)
        try:
            self.check(actor)
        except Throttling:
            self._leave(account)
            raise
        return seat

    def _leave(self, account: str) -> None:
        with self._guard:
            self._seated[account] -= 1
            if not self._seated[account]:
                del self._seated[account]

    def check(self, actor: Actor) -> None:
        """Take one token of the principal's and one of the account's. Raises Throttling where one has none left."""
        now, buckets = self._monotonic(), self._buckets
        principal, account = f"{actor.account}/{actor.id}", actor.account
        of_principal, of_account = self._rates
        with self._guard:
            own = self._level(principal, of_principal, now)
            shared = self._level(account, of_account, now)
            if own < 1 or shared < 1:
                raise Throttling("Rate exceeded")
            buckets[principal] = (own - 1, now)
            buckets.move_to_end(principal)
            buckets[account] = (shared - 1, now)
            buckets.move_to_end(account)
            while len(buckets) > BUCKETS_MAX:
                buckets.popitem(last=False)

    def _level(self, key: str, rate: float, now: float) -> float:
        full = rate * BURST_SECONDS
        if (bucket := self._buckets.get(key)) is None:
            return full
        tokens, when = bucket
        return min(full, tokens + (now - when) * rate)


def for_decisions() -> Throttle:
    """The throttle of evaluations."""
    return Throttle(PRINCIPAL_DECISIONS_PER_SECOND, ACCOUNT_DECISIONS_PER_SECOND)
