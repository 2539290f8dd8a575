"""`StreamReader`: one stream in order, from a sequence on and then live, over reconnects and failovers, without a gap."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from muniment.ops.jetstream import api
from muniment.ops.jetstream.api import Stored
from muniment.ops.jetstream.errors import EpochChanged, Gap, LogDamaged, NatsError, PermissionDenied
from muniment.ops.jetstream.link import Link
from muniment.ops.jetstream.pull import GENTLE_MESSAGES, HEARTBEAT_SECONDS, PULL_MESSAGES, Pull
from muniment.ops.jetstream.streams import EPOCH

REQUEST_SECONDS = 5.0
PAUSE_SECONDS_MIN = 0.02
PAUSE_SECONDS_MAX = 1.0

Deliver = Callable[[list[Stored]], None]


class StreamReader:
    """Delivers messages of a stream to `deliver`, on the link's event loop, in order and each once.

    `run` returns only by cancellation or with LogDamaged: a gap in an unfiltered stream (unless `expires` and the
    missing part lies before the stream's beginning), or an epoch other than `epoch`. `position` is the last sequence
    delivered, `head` how far the stream is known to reach, `heard` when that was learned (`time.monotonic()`). A `paced`
    reader fetches no further than its window ahead of what `consumed` was told; a `gentle` one's window is small.
    """

    def __init__(
        self,
        link: Link,
        stream: str,
        after: int,
        deliver: Deliver,
        *,
        filter_subjects: tuple[str, ...] = (),
        headers: bool = False,
        expires: bool = False,
        epoch: str = "",
        paced: bool = False,
        gentle: bool = False,
    ) -> None:
        self.stream = stream
        self.position = after
        self.head = after
        self.heard = 0.0
        self.epoch = epoch
        self.reopened = 0
        self._link = link
        self._deliver = deliver
        self._filters = filter_subjects
        self._headers = headers
        self._expires = expires
        self._paced = paced
        self._messages = GENTLE_MESSAGES if gentle else PULL_MESSAGES
        self._pull: Pull | None = None
        self._failure: Exception | None = None

    async def run(self) -> None:
        """Read until cancelled. Raises LogDamaged, PermissionDenied, and whatever `deliver` raised."""
        pause = PAUSE_SECONDS_MIN
        while True:
            before = self.position
            try:
                await self._read()
            except (LogDamaged, PermissionDenied):
                raise
            except NatsError:
                if self._failure is not None:
                    raise self._failure from None
            if self.position > before:
                pause = PAUSE_SECONDS_MIN
            await asyncio.sleep(pause)
            pause = min(pause * 2, PAUSE_SECONDS_MAX)
            self.reopened += 1

    def consumed(self, count: int) -> None:
        """For a paced reader, on its event loop: so many messages are done with."""
        if self._pull is not None:
            self._pull.consumed(count)

    def last_heard(self) -> float:
        """When a message, heartbeat or answer last came (`time.monotonic()`)."""
        pull = self._pull
        return max(self.heard, pull.heard) if pull is not None else self.heard

    async def _read(self) -> None:
        """One consumer's life."""
        await self._link.wait_up(REQUEST_SECONDS)
        await self._look_around()
        pull = Pull(
            self._link,
            self.stream,
            self.position + 1,
            self._take,
            filters=self._filters,
            headers=self._headers,
            messages=self._messages,
        )
        self._pull = pull
        try:
            await pull.open()
            while not pull.ended.done():
                await asyncio.wait((pull.ended,), timeout=HEARTBEAT_SECONDS)
                if pull.silent():
                    return
                self.heard = max(self.heard, pull.heard)
            pull.ended.result()
        except Gap as gap:
            await self._judge(gap)
        finally:
            pull.close()
            self._pull = None

    def _take(self, batch: list[Stored]) -> None:
        pull = self._pull
        assert pull is not None
        if batch[0].sequence != self.position + 1 and not self._filters and not self._expires:
            pull.fail(Gap(self.stream, self.position + 1, batch[0].sequence))
            return
        try:
            self._deliver(batch)
        except Exception as exc:  # not NATS's fault: the reader ends with it
            self._failure = exc
            pull.fail(NatsError("the receiver failed"))
            return
        self.position = batch[-1].sequence
        if self.position + pull.pending > self.head:
            self.head = self.position + pull.pending
        self.heard = pull.heard
        if not self._paced:
            pull.consumed(len(batch))

    async def _look_around(self) -> None:
        """Before reading (again): is it still the same log, and does it still hold what comes next?"""
        found = await api.info(self._link, self.stream, time.monotonic() + REQUEST_SECONDS)
        epoch = str(found.config.get("metadata", {}).get(EPOCH, ""))
        if self.epoch and epoch != self.epoch:
            raise EpochChanged(self.stream, self.epoch, epoch)
        self.epoch = epoch
        first, last = found.state.first_seq, found.state.last_seq
        if last < self.position:
            raise Gap(self.stream, self.position, last)  # the log is shorter than what was read from it
        if first > self.position + 1 and not self._filters and not self._expires:
            raise Gap(self.stream, self.position + 1, first)
        self.head = max(self.head, last)
        self.heard = time.monotonic()

    async def _judge(self, gap: Gap) -> None:
        """A missing sequence is harmless only when the stream's beginning has expired past it."""
        found = await api.info(self._link, self.stream, time.monotonic() + REQUEST_SECONDS)
        if not (self._expires and found.state.first_seq >= gap.found):
            raise gap
