"""A guarded append whose outcome is always learned, or honestly called unknown.

When the acknowledgement does not come, the bytes at the stream's leader decide:
1. ours stand where they were to go: success;  2. somebody else's stand there: ours can never land, a conflict;
3. nothing stands there: that is no failure yet (ours may still be on the way), so the same bytes go out again under the
same guard, until 1, 2, an acknowledgement, or the deadline.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence

from eventsourcing.persistence import DataError, IntegrityError, OperationalError

from muniment.ops.jetstream import api
from muniment.ops.jetstream.batch import Guarded, Sending
from muniment.ops.jetstream.errors import (
    ApiError,
    Lost,
    NatsError,
    NoResponders,
    NotSent,
    PermissionDenied,
    Refused,
    TimedOut,
)
from muniment.ops.jetstream.link import Link

WRONG_LAST_SEQUENCE = 10071
WRONG_LAST_SEQUENCE_IN_FLIGHT = 10164
CONFLICTS = frozenset((WRONG_LAST_SEQUENCE, WRONG_LAST_SEQUENCE_IN_FLIGHT))
BATCH_INCOMPLETE = 10176
MESSAGE_TOO_LARGE = 10054
# Nothing was stored and it may go better in a moment: no leader, an abandoned batch, too many batches under way.
PASSING = frozenset((api.JETSTREAM_UNAVAILABLE, 10009, BATCH_INCOMPLETE, 10210, 10211))
ANSWER_SECONDS_MAX = 2.0  # after this long without an answer we go and look
PAUSE_SECONDS_MIN = 0.01
PAUSE_SECONDS_MAX = 0.25


class Unknown(OperationalError):
    """The outcome of an append could not be learned before the deadline: it may have been stored, or may yet be."""


async def append(link: Link, stream: str, messages: Sequence[Guarded], deadline: float) -> list[int]:
    """Store all messages or none, each boundary under its guard; their sequences.

    The first message must carry a guard. Raises IntegrityError (a guard was stale: nothing stored), OperationalError
    (nothing stored or sent), Unknown, DataError (a message too large).
    """
    return await Append(link, stream, messages, deadline).sequences()


class Append:
    """One append on its way. `doubtful` is true once a copy may have reached the server without an answer.

    `repeats` says that a copy does no harm, because the guard lets only one of them in. `failed` is what became of a first
    copy that was sent already.
    """

    repeats = True

    def __init__(
        self,
        link: Link,
        stream: str,
        messages: Sequence[Guarded],
        deadline: float,
        failed: NatsError | None = None,
    ) -> None:
        self.doubtful = isinstance(failed, Lost)
        self._failed = failed
        self._link = link
        self._stream = stream
        self._first = messages[0]
        self._count = len(messages)
        self._sending = Sending(messages)
        self._deadline = deadline
        self._pause = PAUSE_SECONDS_MIN

    async def sequences(self) -> list[int]:
        """Try until the fate is known; the sequences of all messages."""
        try:
            last = await self._try()
        except asyncio.CancelledError:
            if self.doubtful:
                raise Unknown("closed while an append was under way: it may have been stored") from None
            raise
        return list(range(last - self._count + 1, last + 1))

    async def _try(self) -> int:
        while True:
            doubted = self.doubtful
            try:
                await self._link.wait_up(self._left())
                self._sending.check_size(self._link.payload_bytes_max)
                if self.repeats or not doubted:
                    return await self._send()
                failure: NatsError = TimedOut("no answer, and what was sent is not there yet")
            except ValueError as exc:
                raise DataError(str(exc)) from None
            except (PermissionDenied, Refused) as exc:
                raise self._give_up(exc) from exc
            except (NotSent, NoResponders) as exc:
                failure = exc
            except Lost as exc:
                failure, self.doubtful = exc, True
            except ApiError as exc:
                failure = exc
                if exc.code in CONFLICTS:
                    if not doubted:
                        raise IntegrityError(f"`{self._first.guard}` moved on: {exc.description}") from None
                elif exc.code not in PASSING:
                    raise self._refused(exc) from exc
            if self.doubtful and (found := await self._look(failure)) is not None:
                return found
            await self._wait(failure)

    async def _send(self) -> int:
        """Publish; while the answer is out, a copy is under way that a cancellation leaves in doubt."""
        doubted, self.doubtful = self.doubtful, True
        failed, self._failed = self._failed, None
        try:
            if failed is not None:
                raise failed
            last = await self._sending.publish(self._link, min(self._left(), ANSWER_SECONDS_MAX))
        except (NotSent, NoResponders, ApiError):
            self.doubtful = doubted
            raise
        return last

    async def _look(self, failure: NatsError) -> int | None:
        """Ask the leader what stands where ours was to go: our last sequence, None when nothing is there.

        Raises IntegrityError when it is somebody else's, or when another boundary of the batch moved on.
        """
        try:
            found = await api.get(
                self._link,
                self._stream,
                self._deadline,
                seq=self._first.expected + 1,
                next_by_subj=self._first.guard,
            )
        except (NatsError, ApiError) as exc:
            raise self._give_up(exc) from exc
        if found is not None:
            if found.subject == self._first.subject and found.data == self._first.data:
                return found.sequence + self._count - 1
            raise IntegrityError(f"`{self._first.guard}` moved on: sequence {found.sequence} is another's")
        # Not so for "in flight" (10164): that may be our own first copy.
        if isinstance(failure, ApiError) and failure.code == WRONG_LAST_SEQUENCE and self._count > 1:
            raise IntegrityError("another boundary of the batch moved on: nothing was stored")
        return None

    async def _wait(self, failure: NatsError) -> None:
        if self._left() <= self._pause:
            raise self._give_up(failure) from failure
        await asyncio.sleep(self._pause * random.uniform(0.5, 1.0))  # noqa: S311  jitter
        self._pause = min(self._pause * 2, PAUSE_SECONDS_MAX)

    def _left(self) -> float:
        return self._deadline - time.monotonic()

    def _give_up(self, reason: Exception) -> OperationalError:
        if self.doubtful:
            return Unknown(f"the outcome of an append could not be learned in time: {reason}")
        return OperationalError(f"nothing was stored: {reason}")

    def _refused(self, exc: ApiError) -> Exception:
        if exc.code == MESSAGE_TOO_LARGE:
            return DataError(f"nothing was stored: {exc.description}")
        return self._give_up(exc)
