"""The library's `Subscription` over a stream: what is stored already, then new entries as they come."""

from __future__ import annotations

import asyncio
import queue
from collections.abc import Sequence
from typing import TYPE_CHECKING

from eventsourcing.persistence import ApplicationRecorder, Notification, OperationalError, Subscription

from muniment.ops.jetstream.api import Stored
from muniment.ops.jetstream.errors import NatsError
from muniment.ops.jetstream.reader import StreamReader

if TYPE_CHECKING:
    from muniment.ops.jetstream.recorder import JetStreamRecorder


class JetStreamSubscription(Subscription[ApplicationRecorder]):
    """Iterates over notifications; ends when stopped, or with OperationalError when the log cannot be read on."""

    def __init__(self, recorder: JetStreamRecorder, gt: int | None, topics: Sequence[str]) -> None:
        super().__init__(recorder, gt, topics)
        self._own = recorder
        self._wanted = frozenset(topics)
        self._queue: queue.Queue[list[Notification] | Exception | None] = queue.Queue()
        self._ready: list[Notification] = []
        self._task: asyncio.Task[None] = recorder.loop.run(self._begin(gt or 0))

    def __next__(self) -> Notification:
        while not self._ready:
            if self._has_been_stopped:
                raise StopIteration
            got = self._queue.get()
            if isinstance(got, Exception):
                raise OperationalError(str(got)) from got
            if got is not None:
                self._ready = got[::-1]
        if self._has_been_stopped:
            raise StopIteration
        return self._ready.pop()

    def stop(self) -> None:
        """End the iteration, also one that waits."""
        super().stop()
        self._own.loop.call(self._task.cancel)
        self._queue.put(None)

    async def _begin(self, after: int) -> asyncio.Task[None]:
        reader = StreamReader(
            self._own.loop.link,
            self._own.stream,
            after,
            self._take,
            filter_subjects=(self._own.subjects.everything,),
            headers=True,
        )
        return asyncio.get_running_loop().create_task(self._read(reader))

    async def _read(self, reader: StreamReader) -> None:
        try:
            await reader.run()
        except NatsError as exc:
            self._queue.put(exc)
        finally:
            self._queue.put(None)

    def _take(self, batch: list[Stored]) -> None:
        found = [self._own.notification(stored) for stored in batch]
        wanted = [one for one in found if not self._wanted or one.topic in self._wanted]
        if wanted:
            self._queue.put(wanted)
