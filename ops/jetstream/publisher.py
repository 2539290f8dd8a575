"""Appends without a guard, acknowledged: activity, decision logs, signed heads. All messages of a call, or none."""

from __future__ import annotations

import time
from collections.abc import Sequence

from eventsourcing.persistence import DataError

from muniment.ops.jetstream import api
from muniment.ops.jetstream.batch import BATCH_MESSAGES_MAX, Guarded
from muniment.ops.jetstream.calls import operational
from muniment.ops.jetstream.doubt import Append, Unknown
from muniment.ops.jetstream.errors import NatsError
from muniment.ops.jetstream.link import Link
from muniment.ops.jetstream.loop import DEADLINE_SECONDS, NatsLoop

LOOKED_AT_MAX = 1000  # messages of one subject that are searched for our own after a lost answer


class Publisher:
    """Appends to one stream. More than one message in a call needs a stream that takes atomic batches (IAM_ACTIVITY)."""

    def __init__(self, loop: NatsLoop, stream: str) -> None:
        self.loop = loop
        self.stream = stream
        self._seen = 0  # a sequence of our own; what we publish next lies behind it

    def publish(self, messages: Sequence[tuple[str, bytes]], deadline: float | None = None) -> list[int]:
        """Append (subject, data) pairs in this order, all or none, and wait until they are stored; their sequences.

        `deadline` is a moment of `time.monotonic()`. Raises OperationalError (nothing was stored), Unknown (not known),
        DataError (too many at once, or one too large).
        """
        if not messages:
            return []
        if len(messages) > BATCH_MESSAGES_MAX:
            raise DataError(f"{len(messages)} messages at once: at most {BATCH_MESSAGES_MAX} can be stored together")
        until = deadline if deadline is not None else time.monotonic() + DEADLINE_SECONDS
        plain = [Guarded(subject, data, {}) for subject, data in messages]
        attempt = Unguarded(self.loop.link, self.stream, plain, until, self._seen)
        sequences = operational(self.loop, attempt.sequences(), until, Unknown)
        self._seen = max(self._seen, sequences[-1])
        return sequences


class Unguarded(Append):
    """An append that must not be repeated when in doubt: nothing would stop the copy. It looks for its own bytes only."""

    repeats = False

    def __init__(self, link: Link, stream: str, messages: Sequence[Guarded], deadline: float, seen: int) -> None:
        super().__init__(link, stream, messages, deadline)
        self._looked = seen

    async def _look(self, failure: NatsError) -> int | None:
        first = self._first
        for _ in range(LOOKED_AT_MAX):
            try:
                found = await api.get(
                    self._link, self._stream, self._deadline, seq=self._looked + 1, next_by_subj=first.subject
                )
            except NatsError as exc:
                raise self._give_up(exc) from exc
            if found is None:
                return None
            if found.data == first.data:
                return found.sequence + self._count - 1
            self._looked = found.sequence
        return None
