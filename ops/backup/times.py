"""Original times: restored messages carry the time JetStream first took them in a header.

docs/decisions/0005-restore-begins-a-new-epoch.md says why.
JetStream gives every message the time it is stored at, and nothing lets a client choose it. So a restore writes the old time
into a header, and the stream's metadata say up to which sequence that header counts: a writer cannot backdate an entry, for
metadata need stream administration. Whoever asks for time ("as of", the timeline) reads through this source.
"""

import time
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from muniment.ops.jetstream import api
from muniment.ops.jetstream.api import Stored
from muniment.ops.jetstream.loop import NatsLoop
from muniment.ops.jetstream.source import StreamSource
from muniment.ops.jetstream.wire import header_block, parse_headers
from muniment.projections.source import Bounds, Deliver, Ended, Heard, Stop

HEADER: Final = "Muniment-Time"  # nanoseconds since the Unix epoch
RESTORED: Final = "muniment-restored"  # in a stream's metadata: the last sequence that a restore wrote
ASK_SECONDS: Final = 10.0


def restored_until(loop: NatsLoop, stream: str) -> int:
    """The last sequence whose header tells its time; 0 in a stream that was never restored. Raises NatsError."""
    deadline = time.monotonic() + ASK_SECONDS
    found = loop.run(api.info(loop.link, stream, deadline), deadline)
    text = str(found.config.get("metadata", {}).get(RESTORED, "0"))
    return int(text) if text.isdecimal() else 0


def original(message: Stored) -> Stored:
    """A restored message as it was before: its time from the header, and without that header."""
    headers = parse_headers(message.headers)
    told = headers.pop(HEADER, "")
    if not told.isdecimal():
        return message
    headers.pop("", None)
    block = header_block(headers) if headers else b""
    return msgspec.structs.replace(message, time_ns=int(told), headers=block)


class OriginalTimes:
    """A stream's source, with the original times of what a restore wrote. A projections Source."""

    def __init__(self, source: StreamSource, restored: int) -> None:
        self._source, self._restored = source, restored

    @property
    def stream(self) -> str:
        """Its name."""
        return self._source.stream

    def bounds(self) -> Bounds:
        """What the stream holds now."""
        return self._source.bounds()

    def message(self, sequence: int) -> Stored | None:
        """One message."""
        found = self._source.message(sequence)
        return original(found) if found is not None and sequence <= self._restored else found

    def batches(self, after: int, until: int, *, headers: bool = False) -> Iterator[Sequence[Stored]]:
        """Messages in order. Without `headers` they are asked for only where they tell the time."""
        if after < self._restored:
            for messages in self._source.batches(after, min(until, self._restored), headers=True):
                yield [original(message) for message in messages]
        if until > self._restored:
            yield from self._source.batches(max(after, self._restored), until, headers=headers)

    def follow(self, after: int, deliver: Deliver, ended: Ended) -> Stop:
        """Deliver what comes, after what a restore wrote and the caller has not read yet."""
        for messages in self.batches(after, self._restored):
            deliver(messages)
        return self._source.follow(max(after, self._restored), deliver, ended)

    def heard(self) -> Heard:
        """How far the stream is known to reach."""
        return self._source.heard()

    def close(self) -> None:
        """End every reading and the connection."""
        self._source.close()


def with_original_times(source: StreamSource, loop: NatsLoop) -> StreamSource | OriginalTimes:
    """The source itself where its stream was never restored, else one that knows the original times. Raises NatsError."""
    restored = restored_until(loop, source.stream)
    return OriginalTimes(source, restored) if restored else source
