"""Putting guarded messages on the wire: one publish, or one atomic batch over several boundaries.

JetStream's atomic batch (ADR-50): headers `Nats-Batch-Id` and `-Sequence`, `Nats-Batch-Commit: 1` on the last. All or
nothing. The first message of each boundary carries that boundary's guard; a stale one stores nothing at all.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from muniment.ops.jetstream.answer import Answer
from muniment.ops.jetstream.errors import ApiError, NotSent
from muniment.ops.jetstream.link import Link
from muniment.ops.jetstream.wire import Frame, header_block, pub

BATCH_MESSAGES_MAX = 1000  # the server's limit (error 10199 above it)
GUARD = "Nats-Expected-Last-Subject-Sequence"
GUARD_SUBJECT = "Nats-Expected-Last-Subject-Sequence-Subject"


@dataclass(frozen=True, slots=True)
class Guarded:
    """A message to store, and what must be true for it.

    `guard` is the filter whose newest message must have sequence `expected` (0: there must be none); an empty `guard`
    means that an earlier message of the same batch guards this one.
    """

    subject: str
    data: bytes
    headers: dict[str, str]
    guard: str = ""
    expected: int = 0


class _Error(msgspec.Struct, frozen=True):
    code: int = 0
    err_code: int = 0
    description: str = ""


class _Ack(msgspec.Struct, frozen=True):
    seq: int = 0
    stream: str = ""
    error: _Error | None = None


_decode_ack = msgspec.json.Decoder(_Ack).decode


class Sending:
    """Messages made ready once; `publish` may be called again with the same bytes when the outcome is in doubt."""

    def __init__(self, messages: Sequence[Guarded]) -> None:
        self.messages = messages
        self._blocks = [_headers(message) for message in messages]

    def check_size(self, payload_bytes_max: int) -> None:
        """Raise ValueError when the server would close the connection over a message."""
        for message, block in zip(self.messages, self._blocks, strict=True):
            size = len(message.data) + len(block) + 120  # the batch headers come on top
            if size > payload_bytes_max:
                raise ValueError(f"a message of {size} bytes is over the server's limit of {payload_bytes_max}")

    async def publish(self, link: Link, seconds: float) -> int:
        """Store everything; the last message's sequence (the others precede it without a gap).

        Raises NotSent or NoResponders or ApiError (nothing stored), Lost or TimedOut (not known).
        """
        last = self.messages[-1]
        reply, future = link.expect(last.subject)
        try:
            link.send(self.encoded(reply))
        except NotSent:
            future.cancel()
            raise
        return acknowledged(await link.answer(last.subject, future, seconds))

    def begin(self, link: Link, answer: Answer) -> None:
        """Send everything, once; `answer` is told what `acknowledged` reads. On the link's event loop."""
        link.ask(self.messages[-1].subject, self.encoded, answer)

    def encoded(self, reply: str) -> bytes:
        """Everything as it goes over the wire, once; `acknowledged` reads what comes to `reply`."""
        if len(self.messages) == 1:
            only = self.messages[0]
            return pub(only.subject, only.data, reply, self._blocks[0])
        batch = secrets.token_hex(16)
        last = len(self.messages)
        parts = []
        for number, (message, block) in enumerate(zip(self.messages, self._blocks, strict=True), 1):
            commit = "Nats-Batch-Commit: 1\r\n" if number == last else ""
            own = f"Nats-Batch-Id: {batch}\r\nNats-Batch-Sequence: {number}\r\n{commit}\r\n".encode()
            parts.append(pub(message.subject, message.data, reply if number == last else "", block[:-2] + own))
        return b"".join(parts)


def acknowledged(frame: Frame) -> int:
    """The sequence in a publish acknowledgement. Raises ApiError."""
    ack = _decode_ack(frame[4])
    if ack.error is not None:
        raise ApiError(ack.error.err_code, ack.error.description, ack.error.code)
    return ack.seq


def _headers(message: Guarded) -> bytes:
    if not message.guard:
        return header_block(message.headers)
    guard = {GUARD: str(message.expected)}
    if message.guard != message.subject:
        guard[GUARD_SUBJECT] = message.guard
    return header_block({**message.headers, **guard})
