"""`StreamSource`: one stream as the feed and the offline tools see it (`projections/source.py`), callable from any thread."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import CancelledError
from functools import partial
from typing import Any, TypeVar

from muniment.ops.jetstream import api
from muniment.ops.jetstream.api import Stored
from muniment.ops.jetstream.errors import LogDamaged, NatsError
from muniment.ops.jetstream.loop import NatsLoop
from muniment.ops.jetstream.reader import StreamReader
from muniment.ops.jetstream.settings import ConnectionSettings
from muniment.ops.jetstream.streams import EPOCH
from muniment.projections.source import Bounds, Heard, SourceLost

REQUEST_SECONDS = 5.0
STALL_SECONDS_MAX = 30.0

T = TypeVar("T")


class StreamSource:
    """One stream over a connection of its own: reading must not share a thread with the writer's acknowledgements.

    `expires` says that the stream loses its beginning by age (IAM_ACTIVITY), `gentle` that others are to be served by the same
    NATS server while much is read.
    """

    def __init__(
        self, settings: ConnectionSettings, stream: str, *, expires: bool = False, gentle: bool = False
    ) -> None:
        self._settings = settings
        self._stream = stream
        self._expires = expires
        self._gentle = gentle
        self._loop = NatsLoop(settings)
        self._reader: StreamReader | None = None

    @property
    def stream(self) -> str:
        """The stream's name."""
        return self._stream

    def bounds(self) -> Bounds:
        """Epoch, first and last sequence now. Raises SourceLost."""
        found = self._ask(api.info(self._loop.link, self._stream, time.monotonic() + REQUEST_SECONDS))
        epoch = str(found.config.get("metadata", {}).get(EPOCH, ""))
        return Bounds(epoch, found.state.first_seq, found.state.last_seq)

    def message(self, sequence: int) -> Stored | None:
        """One message, from the leader; None where the stream does not hold it. Raises SourceLost."""
        if sequence < 1:
            return None
        return self._ask(api.get(self._loop.link, self._stream, time.monotonic() + REQUEST_SECONDS, seq=sequence))

    def batches(self, after: int, until: int, *, headers: bool = False) -> Iterator[Sequence[Stored]]:
        """Everything after `after` up to and with `until`, in order. Raises SourceLost, LogDamaged."""
        if until <= after:
            return
        waiting: queue.Queue[Sequence[Stored] | Exception] = queue.Queue()
        reader, stop = self._start(after, waiting.put, waiting.put, headers=headers, paced=True)
        try:
            while True:
                batch = self._next(waiting, reader)
                if batch[-1].sequence >= until:
                    kept = [stored for stored in batch if stored.sequence <= until]
                    if kept:
                        yield kept
                    return
                yield batch
                self._loop.call(partial(reader.consumed, len(batch)))
        finally:
            stop()

    def follow(
        self, after: int, deliver: Callable[[Sequence[Stored]], None], ended: Callable[[str], None]
    ) -> Callable[[], None]:
        """Deliver every message after `after` as it arrives, on this source's thread; returns the function that ends it.

        `ended` is called with the reason where following cannot go on because the log is damaged.
        """
        self._reader, stop = self._start(after, deliver, lambda reason: ended(str(reason)))
        return stop

    def heard(self) -> Heard:
        """How far the stream is known to reach, and when that was learned; looks only at what following has heard."""
        reader = self._reader
        return Heard(reader.head, reader.last_heard()) if reader is not None else Heard(0, 0.0)

    def close(self) -> None:
        """End every reading and the connection."""
        self._loop.close()

    def _start(
        self,
        after: int,
        deliver: Callable[[Sequence[Stored]], None],
        failed: Callable[[Exception], None],
        *,
        headers: bool = False,
        paced: bool = False,
    ) -> tuple[StreamReader, Callable[[], None]]:
        """Start a reader on the loop; the returned function ends it and waits until nothing is delivered any more."""

        async def begin() -> tuple[StreamReader, asyncio.Task[None]]:
            reader = StreamReader(
                self._loop.link,
                self._stream,
                after,
                deliver,
                headers=headers,
                expires=self._expires,
                paced=paced,
                gentle=self._gentle,
            )
            return reader, asyncio.get_running_loop().create_task(read(reader))

        async def read(reader: StreamReader) -> None:
            try:
                await reader.run()
            except Exception as exc:
                failed(exc)

        async def end() -> None:
            task.cancel()
            await asyncio.wait((task,))

        def stop() -> None:
            if threading.current_thread() is self._loop.thread:
                task.cancel()  # called by `deliver` itself: it is not waited for
                return
            with contextlib.suppress(NatsError, CancelledError):
                self._loop.run(end())

        reader, task = self._loop.run(begin())
        return reader, stop

    def _next(self, waiting: queue.Queue[Sequence[Stored] | Exception], reader: StreamReader) -> Sequence[Stored]:
        try:
            got = waiting.get(timeout=STALL_SECONDS_MAX)
        except queue.Empty:
            raise SourceLost(f"stream `{self._stream}` delivers nothing after {reader.position}") from None
        if isinstance(got, LogDamaged):
            raise got
        if isinstance(got, Exception):
            raise SourceLost(str(got)) from got
        return got

    def _ask(self, coroutine: Coroutine[Any, Any, T]) -> T:
        try:
            return self._loop.run(coroutine, time.monotonic() + REQUEST_SECONDS)
        except (NatsError, TimeoutError, CancelledError) as exc:
            raise SourceLost(f"stream `{self._stream}` cannot be read now: {exc}") from exc
