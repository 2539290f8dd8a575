"""Attempts to prove an identity: counted durably before the proof is looked at, for the principal and for the source.

What is counted first cannot be guessed in parallel, and what is kept in the log outlives a kill (SECURITY 7, 8; CVE rows
1–4). Delays grow exponentially and are bounded, and an attempt that is refused while one runs is not counted: so no stranger
can lock anybody out for good.
"""

import ipaddress
from typing import Final

import msgspec

from muniment.commands.drawn import Clock, clock
from muniment.commands.proofs.cells import ATTEMPTS, Cells, name
from muniment.domain.errors import TooManyRequests

SECOND: Final = 1_000_000
TOO_MANY: Final = "Too many attempts. Wait a moment and try again."


class Limit(msgspec.Struct, frozen=True):
    """How many failures are free, and how long the next attempt must wait after more."""

    free: int
    first_seconds: int  # the delay after the last free one; each further failure doubles it
    seconds_max: int
    forget_seconds: int  # failures are forgotten so long after the last attempt
    together: int = 0  # attempts that may be under way at once without counting as failures


class Count(msgspec.Struct, frozen=True, array_like=True):
    """What a cell holds."""

    failures: int = 0
    last: int = 0  # microseconds
    open: int = 0  # under way; where the limit has `together`


PASSWORD: Final = Limit(free=5, first_seconds=2, seconds_max=60, forget_seconds=900)
CODE: Final = Limit(free=5, first_seconds=300, seconds_max=3_600, forget_seconds=3_600)
SOURCE: Final = Limit(free=5, first_seconds=1, seconds_max=300, forget_seconds=900, together=64)
LIMITS: Final = {"password": PASSWORD, "code": CODE}


class Attempt:
    """One attempt that was counted. It stays a failure unless it is said to be something else."""

    def __init__(self, attempts: "Attempts", kind: str, principal: str, source: str) -> None:
        self._attempts, self._kind, self._principal, self._source = attempts, kind, principal, source
        self._ended = False

    def succeeded(self) -> None:
        """The proof was right. Failures before it are forgotten for a password, and stay for codes (SECURITY 7)."""
        self._end(failed=False, clear=self._kind == "password")

    def failed(self) -> None:
        """The proof was wrong."""
        self._end(failed=True)

    def withdrawn(self) -> None:
        """No proof was looked at after all."""
        self._end(failed=False)

    def _end(self, *, failed: bool, clear: bool = False) -> None:
        if self._ended:
            return
        self._ended = True
        if not failed:
            self._attempts.take_back(self._kind, self._principal, LIMITS[self._kind], clear=clear)
        if self._source:
            self._attempts.close("source", self._source, SOURCE, failed=failed)


class Attempts:
    """The counters."""

    def __init__(self, cells: Cells, now: Clock = clock) -> None:
        self._cells, self._now = cells, now

    def begin(self, kind: str, principal: str, source: str) -> Attempt:
        """Count one attempt of `kind` (`password` or `code`). Raises TooManyRequests, ServiceUnavailable.

        `principal` is canonical: a boundary and a unique id, or for somebody who is not there whatever spelling-free
        name the caller makes of the text; `source` is the address.
        """
        source = source_of(source)
        if source:
            self._count("source", source, SOURCE)
        try:
            self._count(kind, principal, LIMITS[kind])
        except TooManyRequests:
            if source:
                self.close("source", source, SOURCE, failed=True)
            raise
        return Attempt(self, kind, principal, source)

    def take_back(self, kind: str, key: str, limit: Limit, *, clear: bool) -> None:
        """An attempt of a principal was no failure; with `clear` nor were those before."""

        def step(count: Count | None) -> tuple[Count | None, None]:
            if count is None or not count.failures:
                return None, None
            return Count(0 if clear else count.failures - 1, count.last, count.open), None

        self._cells.change(ATTEMPTS, name(kind, key), Count, step, limit.forget_seconds)

    def close(self, kind: str, key: str, limit: Limit, *, failed: bool) -> None:
        """An attempt of a source is no longer under way."""

        def step(count: Count | None) -> tuple[Count | None, None]:
            known = count or Count()
            return Count(known.failures + failed, self._now() if failed else known.last, max(0, known.open - 1)), None

        self._cells.change(ATTEMPTS, name(kind, key), Count, step, limit.forget_seconds)

    def _count(self, kind: str, key: str, limit: Limit) -> None:
        def step(count: Count | None) -> tuple[Count | None, int]:
            now = self._now()
            known = count if count is not None and now - count.last < limit.forget_seconds * SECOND else Count()
            if wait := _wait(known, limit, now):
                return None, wait
            if limit.together:
                return Count(known.failures, known.last or now, known.open + 1), 0
            return Count(known.failures + 1, now), 0

        if wait := self._cells.change(ATTEMPTS, name(kind, key), Count, step, limit.forget_seconds):
            raise TooManyRequests(TOO_MANY, wait)


def source_of(address: str) -> str:
    """What counts as one source: an IPv4 address, or the /64 of an IPv6 address, of which everybody has 2⁶⁴."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed.packed, 64), strict=False))
    return str(parsed)


def _wait(count: Count, limit: Limit, now: int) -> int:
    """How many seconds an attempt must wait; 0 where it may be made."""
    failures = count.failures + max(0, count.open - limit.together)
    if failures < limit.free:
        return 0
    delay = min(limit.seconds_max, limit.first_seconds << min(failures - limit.free, 20)) * SECOND
    return max(0, -(-(count.last + delay - now) // SECOND))
