"""The process that rotates secrets: it knows what is due when, does it, and is told of every change (DESIGN §6; decision 0033).

One thread keeps the time; a few others work. What is due is in the states of the log, so a process that starts does at once what
was missed meanwhile, and goes on with what a killed one had begun.
"""

import heapq
import random
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Protocol

import structlog

from muniment.domain.boundary import State
from muniment.domain.errors import Refused
from muniment.domain.secret.state import Secret
from muniment.ops.rotation.agenda import Due, due
from muniment.ops.rotation.steps import Steps

WORKERS: Final = 8
SECOND: Final = 1_000_000  # microseconds
AGAIN: Final = 2 * SECOND  # after another node had the claim, or the log could not be written
SLEEP_SECONDS_MAX: Final = 5.0  # the wall clock may be set
MOMENT: Final = SECOND // 10
TOGETHER_MAX: Final = 64  # rotations that begin in one batch

log = structlog.get_logger("muniment.rotation")


class Claiming(Protocol):
    """Which node works on a secret; `ops/rotation/claims.py`."""

    def take(self, boundary: str) -> bool:
        """Whether this node has it now."""

    def give_back(self, boundary: str) -> None:
        """Let it go."""


class Rotations:
    """`start` when the read models are loaded; `heard` whenever a secret changed; `close` waits for steps under way."""

    def __init__(
        self,
        steps: Steps,
        state: Callable[[str], State],
        boundaries: Callable[[], Iterable[str]],
        wait: Callable[[int], None],
        claims: Claiming,
        clock: Callable[[], int] = lambda: time.time_ns() // 1_000,
        workers: int = WORKERS,
    ) -> None:
        self._steps, self._state, self._boundaries, self._wait = steps, state, boundaries, wait
        self._claims, self._clock = claims, clock
        self._agenda: list[tuple[int, float, str]] = []  # at, tie, boundary; the earliest first
        self._planned: dict[str, int] = {}  # boundary → when it is looked at next
        self._busy: set[str] = set()
        self._tie = random.Random().random  # noqa: S311 - several nodes then begin with different ones
        self._changed = threading.Condition()
        self._closing = self._started = False
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="rotation")
        self._thread = threading.Thread(target=self._run, name="rotation", daemon=True)

    def start(self) -> None:
        """Look at every secret, and begin."""
        self._started = True
        for boundary in self._boundaries():
            self.heard(boundary)
        self._thread.start()

    def close(self) -> None:
        """Begin nothing more; wait for what is under way."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def heard(self, boundary: str) -> None:
        """A secret's state is another one now."""
        if not self._started:
            return
        with self._changed:
            if boundary in self._busy:
                return  # it is planned anew when that is done
        self._plan(boundary)

    def _plan(self, boundary: str, earliest: int = 0) -> None:
        found = self._due(boundary)
        with self._changed:
            if found is None:
                self._planned.pop(boundary, None)
                return
            at = max(found[1].at, earliest)
            if self._planned.get(boundary) != at:
                self._planned[boundary] = at
                heapq.heappush(self._agenda, (at, self._tie(), boundary))
                self._changed.notify_all()

    def _due(self, boundary: str) -> tuple[Secret, Due] | None:
        secret = self._state(boundary)
        assert isinstance(secret, Secret)
        found = due(secret)
        return None if found is None else (secret, found)

    # -- the thread that keeps the time -----------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            with self._changed:
                while not (due := self._taken()):
                    if self._closing:
                        return
                    left = (self._agenda[0][0] - self._clock()) / SECOND if self._agenda else SLEEP_SECONDS_MAX
                    self._changed.wait(max(0, min(left, SLEEP_SECONDS_MAX)))
            beginning: list[str] = []
            for boundary in due:
                if (found := self._due(boundary)) is not None and found[1].kind == "begin":
                    beginning.append(boundary)
                else:
                    self._pool.submit(self._work, boundary)
            if beginning:
                self._pool.submit(self._begin, beginning)

    def _taken(self) -> list[str]:
        """What is due now, the longest due first, at most as many as begin together; they are busy from now on."""
        due: list[str] = []
        while not self._closing and len(due) < TOGETHER_MAX and self._agenda and self._agenda[0][0] <= self._clock():
            at, _, boundary = heapq.heappop(self._agenda)
            if self._planned.get(boundary) != at or boundary in self._busy:
                continue  # it was planned anew meanwhile
            del self._planned[boundary]
            self._busy.add(boundary)
            due.append(boundary)
        return due

    # -- the threads that work --------------------------------------------------------------------------------------

    def _begin(self, boundaries: list[str]) -> None:
        """Begin what is due, all of it before the first step of any: the log lets one node alone begin each."""
        try:
            found = [self._due(boundary) for boundary in boundaries]
            secrets = [each[0] for each in found if each is not None and each[1].kind == "begin"]
            if not self._closing and secrets:
                self._wait(self._steps.begin(secrets))
        except Exception as fault:  # one of them spoils it for all: each on its own then
            told = fault.code if isinstance(fault, Refused) else type(fault).__name__
            log.warning("rotations begin one by one", error=told)
            for boundary in boundaries:
                self._work(boundary)
            return
        for boundary in boundaries:
            after = self._due(boundary)
            lagging = (
                after is not None and after[1].kind == "begin"
            )  # another node was first, which is heard in a moment
            self._done(boundary, self._clock() + MOMENT if lagging else 0)

    def _work(self, boundary: str) -> None:
        earliest = 0
        try:
            if not self._turn(boundary):
                earliest = self._clock() + AGAIN
        except Refused as refused:
            log.warning("rotation interrupted", boundary=boundary, error=refused.code)
            earliest = self._clock() + AGAIN
        except Exception as fault:  # ours: the others go on, and this one is tried again
            log.error("rotation failed", boundary=boundary, error=type(fault).__name__)
            earliest = self._clock() + AGAIN
        finally:
            self._done(boundary, earliest)

    def _done(self, boundary: str, earliest: int = 0) -> None:
        with self._changed:
            self._busy.discard(boundary)
        self._plan(boundary, earliest)

    def _turn(self, boundary: str) -> bool:
        """Do what is due now, one thing after the other. False where another node is at it."""
        if not self._claims.take(boundary):
            return False
        try:
            while not self._closing and (found := self._due(boundary)) is not None:
                secret, next_one = found
                if next_one.at > self._clock():
                    return True
                if not self._claims.take(boundary):  # hold it for as long as this one takes
                    return False
                self._wait(self._steps.do(secret, next_one))
                if next_one.kind == "begin":
                    return True  # its steps come when all that is due has begun
            return True
        finally:
            self._claims.give_back(boundary)
