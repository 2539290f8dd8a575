"""A guarded append from a thread that waits for it: one write and one answer in nearly every case, without a coroutine.

What else may come (no answer, a broken connection, a conflict, no leader) is for `doubt.py` to settle.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial

from eventsourcing.persistence import DataError, OperationalError

from muniment.ops.jetstream import doubt
from muniment.ops.jetstream.answer import Answer
from muniment.ops.jetstream.batch import Guarded, Sending, acknowledged
from muniment.ops.jetstream.calls import operational
from muniment.ops.jetstream.doubt import Append, Unknown
from muniment.ops.jetstream.errors import Lost, NatsError
from muniment.ops.jetstream.loop import NatsLoop
from muniment.ops.jetstream.wire import Frame


def append_and_wait(loop: NatsLoop, stream: str, messages: Sequence[Guarded], deadline: float) -> list[int]:
    """Store all messages or none, each boundary under its guard; their sequences. `doubt.append` says what it raises."""
    sending = Sending(messages)
    try:
        sending.check_size(loop.link.payload_bytes_max)
    except ValueError as exc:
        raise DataError(str(exc)) from None
    try:
        last = acknowledged(_answered(loop, sending, min(deadline - time.monotonic(), doubt.ANSWER_SECONDS_MAX)))
    except NatsError as failed:
        return _settled(loop, Append(loop.link, stream, messages, deadline, failed), deadline, failed)
    return list(range(last - len(messages) + 1, last + 1))


def _answered(loop: NatsLoop, sending: Sending, seconds: float) -> Frame:
    """Send everything once: over the line, from this thread, else over the loop. Raises as `Link.request` does."""
    subject = sending.messages[-1].subject
    if (line := loop.line) is not None:
        return line.ask(subject, sending.encoded, seconds)
    answer = Answer(subject)
    loop.call(partial(sending.begin, loop.link, answer))
    try:
        return answer.wait(seconds)
    except NatsError:
        loop.call(answer.forget)
        raise


def _settled(loop: NatsLoop, begun: Append, deadline: float, failed: NatsError) -> list[int]:
    try:
        return operational(loop, begun.sequences(), deadline, Unknown)
    except Unknown:
        raise
    except OperationalError as exc:
        if isinstance(failed, Lost):  # the loop ended before it could look: the first copy may have arrived
            raise Unknown(f"the outcome of an append could not be learned: {exc}") from exc
        raise
