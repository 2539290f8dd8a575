"""What happened without changing state: refusals, confirmations and reads, appended to IAM_ACTIVITY (DESIGN §2, SECURITY 14).

The entries of one process are one chain. They are published in order, several at once when several wait, and acknowledged
before `record` returns. When an append's outcome cannot be learned, the chain is given up and a new one begins.
"""

import queue
import threading
import time
from collections.abc import Sequence
from typing import Final, Protocol

from muniment.commands.drawn import Clock, clock, uuid7
from muniment.commands.keys import Signer
from muniment.commands.lane import Lane, Turn
from muniment.domain import stored
from muniment.domain.errors import RequestEntityTooLarge, ServiceUnavailable
from muniment.domain.ledger import Actor, Cause, Entry, Fact
from muniment.domain.quotas import ENTRY_BYTES_MAX

TOGETHER_MAX: Final = 256
DEADLINE_SECONDS: Final = 10.0
LATER_MAX: Final = 20_000  # happenings that wait to be appended
LATER_SECONDS: Final = 0.05  # how long the first of them waits for company


class Publisher(Protocol):
    """Appends without a guard; `ops/jetstream` implements it."""

    def publish(self, messages: Sequence[tuple[str, bytes]], deadline: float) -> list[int]:
        """Append `(subject, stored message)` pairs in this order and wait for every acknowledgement; their sequences."""


class Happening:
    """One activity to be recorded."""

    def __init__(self, account: str, actor: Actor, cause: Cause, fact: Fact) -> None:
        self.account, self.actor, self.cause, self.fact = account, actor, cause, fact
        self.deadline = time.monotonic() + DEADLINE_SECONDS


class Activity:
    """The writer of this process's activity chain."""

    def __init__(self, publisher: Publisher, signer: Signer, now: Clock = clock) -> None:
        self._publisher = publisher
        self._signer = signer
        self._now = now
        self._lane: Lane[Happening, int] = Lane(self._append, TOGETHER_MAX)
        self._begin()
        self._later: queue.Queue[Happening | None] = queue.Queue(LATER_MAX)
        self.dropped = 0  # happenings of `later` that did not fit or could not be appended; a metric shows it
        self._thread = threading.Thread(target=self._drain, name="muniment-activity", daemon=True)
        self._thread.start()

    def record(self, happening: Happening) -> int:
        """Append it and wait until it is durable; its sequence. Raises ServiceUnavailable."""
        return self._lane.submit(Turn(happening))

    def record_all(self, happenings: Sequence[Happening]) -> None:
        """Append them together and wait until all are durable. Raises ServiceUnavailable."""
        turns: list[Turn[Happening, int]] = [Turn(happening) for happening in happenings]
        self._lane.submit_all(turns)

    def later(self, happening: Happening) -> None:
        """Append it soon, with others, without waiting. What does not fit is counted in `dropped`, never silent."""
        try:
            self._later.put_nowait(happening)
        except queue.Full:
            self.dropped += 1

    def close(self) -> None:
        """Append what `later` still holds, and stop."""
        self._later.put(None)
        self._thread.join(DEADLINE_SECONDS)

    def _drain(self) -> None:
        while (first := self._later.get()) is not None:
            time.sleep(LATER_SECONDS)
            happenings, ended = [first], False
            while len(happenings) < TOGETHER_MAX and not ended and not self._later.empty():
                following = self._later.get()
                ended = following is None
                if following is not None:
                    happenings.append(following)
            self._together(happenings)
            if ended:
                return

    def _together(self, happenings: list[Happening]) -> None:
        now = time.monotonic()
        for happening in happenings:
            happening.deadline = now + DEADLINE_SECONDS
        turns: list[Turn[Happening, int]] = [Turn(happening) for happening in happenings]
        try:
            self._lane.submit_all(turns)
        except Exception:  # each turn has its own; the thread must go on
            self.dropped += sum(turn.failed for turn in turns)

    def _begin(self) -> None:
        self._writer, self._version, self._head = uuid7(self._now()), 0, b""

    def _append(self, turns: list[Turn[Happening, int]]) -> None:
        messages, fitting = [], []
        for turn in turns:
            try:
                messages.append(self._signed(turn.work))
                fitting.append(turn)
            except Exception as error:  # too large, or nothing that can be encoded
                turn.fail(error)  # alone: those it stands in line with are none the worse for it
        turns = fitting
        if not turns:
            return
        try:
            sequences = self._publisher.publish(messages, min(turn.work.deadline for turn in turns))
        except Exception as error:
            self._begin()
            raise ServiceUnavailable(
                "the activity could not be recorded; the same request may be sent again"
            ) from error
        for turn, sequence in zip(turns, sequences, strict=True):
            turn.succeed(sequence)

    def _signed(self, work: Happening) -> tuple[str, bytes]:
        now = self._now()
        entry = Entry(
            uuid7(now),
            f"activity.{work.account}",
            self._version + 1,
            now,
            work.actor,
            work.cause,
            self._head,
            work.fact,
            self._writer,
        )
        body = stored.encode_body(entry)
        message = stored.encode_envelope(body, *self._signer.sign(stored.SIGNING_CONTEXT + body))
        if len(message) > ENTRY_BYTES_MAX:
            raise RequestEntityTooLarge(f"the activity's entry would have {len(message)} bytes")
        self._version, self._head = entry.version, stored.digest(message)
        return f"iam.{entry.boundary}.{type(entry.fact).__name__}", message
