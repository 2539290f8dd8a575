"""What happened without changing state: refusals, confirmations and reads, appended to IAM_ACTIVITY (DESIGN §2, SECURITY 14).

The entries of one process are one chain. They are published in order, several at once when several wait, and acknowledged
before `record` returns. When an append's outcome cannot be learned, the chain is given up and a new one begins.
"""

from collections.abc import Callable, Sequence
from typing import Final, Protocol

from muniment.commands.drawn import Clock, clock, uuid7
from muniment.commands.keys import Signer
from muniment.commands.lane import Lane, Turn
from muniment.domain import stored
from muniment.domain.errors import ServiceUnavailable
from muniment.domain.ledger import Actor, Cause, Entry, Fact

TOGETHER_MAX: Final = 256


class Publisher(Protocol):
    """Appends without a guard; `ops/jetstream` implements it."""

    def publish(self, messages: Sequence[tuple[str, bytes]], deadline: float) -> list[int]:
        """Append `(subject, stored message)` pairs in this order and wait for every acknowledgement; their sequences."""


class Happening:
    """One activity to be recorded."""

    def __init__(self, account: str, actor: Actor, cause: Cause, fact: Fact, deadline: float) -> None:
        self.account, self.actor, self.cause, self.fact, self.deadline = account, actor, cause, fact, deadline


class Activity:
    """The writer of this process's activity chain."""

    def __init__(self, publisher: Publisher, signer: Signer, now: Clock = clock) -> None:
        self._publisher = publisher
        self._signer = signer
        self._now = now
        self._lane: Lane[Happening, int] = Lane(self._append, TOGETHER_MAX)
        self._begin()
        self.on_recorded: Callable[[Entry], None] = lambda entry: None

    def record(self, happening: Happening) -> int:
        """Append it and wait until it is durable; its sequence. Raises ServiceUnavailable."""
        return self._lane.submit(Turn(happening))

    def _begin(self) -> None:
        self._writer, self._version, self._head = uuid7(self._now()), 0, b""

    def _append(self, turns: list[Turn[Happening, int]]) -> None:
        entries, messages = [], []
        for turn in turns:
            entry, message = self._signed(turn.work)
            entries.append(entry)
            messages.append((f"iam.{entry.boundary}.{type(entry.fact).__name__}", message))
        try:
            sequences = self._publisher.publish(messages, min(turn.work.deadline for turn in turns))
        except Exception as error:
            self._begin()
            raise ServiceUnavailable(
                "the activity could not be recorded; the same request may be sent again"
            ) from error
        for turn, entry, sequence in zip(turns, entries, sequences, strict=True):
            turn.succeed(sequence)
            self.on_recorded(entry)

    def _signed(self, work: Happening) -> tuple[Entry, bytes]:
        self._version += 1
        now = self._now()
        entry = Entry(
            uuid7(now),
            f"activity.{work.account}",
            self._version,
            now,
            work.actor,
            work.cause,
            self._head,
            work.fact,
            self._writer,
        )
        body = stored.encode_body(entry)
        message = stored.encode_envelope(body, *self._signer.sign(stored.SIGNING_CONTEXT + body))
        self._head = stored.digest(message)
        return entry, message
