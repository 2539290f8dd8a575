"""A lane: one first-come-first-served queue, whose head works for those waiting behind it.

Optimistic retries alone collapse under contention, and `threading.Lock` is unfair (LEDGER §3). Whoever finds the lane free
takes the turns that wait, up to a limit, does them together, and hands the lane to the next in line.
"""

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

W = TypeVar("W")
R = TypeVar("R")


class Turn(Generic[W, R]):
    """One piece of work in line: settled with a result or an error, or called to the head of the lane."""

    def __init__(self, work: W) -> None:
        self.work = work
        self.settled = False
        self._result: R | None = None
        self._error: Exception | None = None
        self._called = threading.Lock()  # closed until somebody calls: an event is made of three times as much
        self._called.acquire()

    def succeed(self, result: R) -> None:
        """Settle with a result."""
        self._result, self.settled = result, True

    def fail(self, error: Exception) -> None:
        """Settle with an error."""
        self._error, self.settled = error, True

    @property
    def failed(self) -> bool:
        """Whether it was settled with an error."""
        return self._error is not None

    def wait(self) -> None:
        """Sleep until settled or called to the head."""
        self._called.acquire()

    def call(self) -> None:
        """Wake the thread that waits for this turn; called twice before it woke, it wakes once."""
        with contextlib.suppress(RuntimeError):
            self._called.release()

    def outcome(self) -> R:
        """The result, or the error raised."""
        if self._error is not None:
            raise self._error
        assert self.settled, "the lane's worker left a turn unsettled"
        return self._result  # type: ignore[return-value]


class Lane(Generic[W, R]):
    """The queue of one boundary."""

    def __init__(self, work: Callable[[list[Turn[W, R]]], None], together_max: int) -> None:
        self._work = work
        self._together_max = together_max
        self._guard = threading.Lock()
        self._waiting: deque[Turn[W, R]] = deque()
        self._busy = False

    def submit(self, turn: Turn[W, R]) -> R:
        """Stand in line and come back with the outcome."""
        with self._guard:
            self._waiting.append(turn)
            leads, self._busy = not self._busy, True
        if not leads:
            turn.wait()
            if turn.settled:
                return turn.outcome()
        self._lead()
        return turn.outcome()

    def submit_all(self, turns: Sequence[Turn[W, R]]) -> None:
        """Stand in line with several turns at once and come back when all are settled. Raises the first error."""
        with self._guard:
            self._waiting.extend(turns)
            leads, self._busy = not self._busy, True
        for number, turn in enumerate(turns):
            if number or not leads:
                turn.wait()
            if not turn.settled:
                self._lead()
        for turn in turns:
            turn.outcome()

    def idle(self) -> bool:
        """Whether nobody works or waits here."""
        return not self._busy

    def _lead(self) -> None:
        with self._guard:
            turns = self._take()
        try:
            self._work(turns)
        except Exception as error:
            for turn in turns:
                if not turn.settled:
                    turn.fail(error)
        finally:
            with self._guard:
                heir = self._waiting[0] if self._waiting else None
                self._busy = heir is not None
            for turn in turns:
                turn.call()
            if heir is not None:
                heir.call()

    def _take(self) -> list[Turn[W, R]]:
        return [self._waiting.popleft() for _ in range(min(len(self._waiting), self._together_max))]
