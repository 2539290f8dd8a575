"""`NatsLoop`: one thread, one event loop, one connection; the synchronous side of the house calls into it."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from muniment.ops.jetstream.errors import NotSent
from muniment.ops.jetstream.kept_line import KeptLine
from muniment.ops.jetstream.line import Line
from muniment.ops.jetstream.link import Link
from muniment.ops.jetstream.settings import ConnectionSettings

T = TypeVar("T")

DEADLINE_SECONDS = 5.0  # for calls that name none
GRACE_SECONDS = 1.0  # a coroutine ends by its own deadline; this much later it is cancelled


def new_event_loop() -> asyncio.AbstractEventLoop:
    """uvloop's event loop where it is installed (a third faster), else the standard one."""
    try:
        import uvloop
    except ModuleNotFoundError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


class NatsLoop:
    """Owns a thread with one connection. Starts at once and connects in the background; safe to call from any thread.

    Deadlines are moments of `time.monotonic()`.
    """

    def __init__(self, settings: ConnectionSettings) -> None:
        self.settings = settings
        self.link: Link
        self._loop = new_event_loop()
        self._closed = False
        self._kept: KeptLine | None = None
        self._running: set[concurrent.futures.Future[Any]] = set()
        self._lock = threading.Lock()
        started = threading.Event()
        self._thread = threading.Thread(target=self._work, args=(started,), name="nats", daemon=True)
        self._thread.start()
        started.wait()

    @property
    def thread(self) -> threading.Thread:
        """The thread that everything here runs on."""
        return self._thread

    @property
    def ready(self) -> bool:
        """True while the connection is up."""
        return self.link.up and not self._closed

    @property
    def line(self) -> Line | None:
        """The line that threads may use in place of this loop; None where there is none, or it is down."""
        return self._kept.line if self._kept is not None and self._kept.line.up else None

    def keep_line(self) -> None:
        """Keep a second connection, for threads that wait for answers. There is none over TLS, which takes one thread at a time."""
        if self.settings.tls is None and self._kept is None:
            self._kept = KeptLine(self.link)

    def wait_ready(self, seconds: float) -> None:
        """Wait for the connection. Raises NotSent or Refused with the reason when it does not come up in time."""
        self.run(self.link.wait_up(seconds), time.monotonic() + seconds)

    def run(self, coroutine: Coroutine[Any, Any, T], deadline: float | None = None) -> T:
        """Run a coroutine on the loop and wait for its result.

        Raises what the coroutine raises; NotSent when this loop is closed before it began, CancelledError (of
        concurrent.futures) when it is closed while it runs.
        """
        with self._lock:
            if self._closed:
                coroutine.close()
                raise NotSent("the connection to NATS is closed")
            future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
            self._running.add(future)
        try:
            if deadline is None:
                return future.result()
            return future.result(max(deadline - time.monotonic(), 0) + GRACE_SECONDS)
        except TimeoutError:
            future.cancel()
            raise
        finally:
            self._running.discard(future)

    def call(self, function: Callable[[], object]) -> None:
        """Run a plain function on the loop, soon, without waiting."""
        with contextlib.suppress(RuntimeError):  # the loop is already closed: nothing is left to do
            self._loop.call_soon_threadsafe(function)

    def close(self) -> None:
        """Cancel everything that waits, close the connection, end the thread. May be called twice."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
        if self._kept is not None:
            self._kept.close()
        self._loop.call_soon_threadsafe(self._loop.stop)
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def __enter__(self) -> NatsLoop:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _work(self, started: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)

        async def begin() -> None:
            self.link = Link(self.settings)
            self.link.start()

        self._loop.run_until_complete(begin())
        started.set()
        try:
            self._loop.run_forever()
        finally:
            self._loop.run_until_complete(self._end())
            self._loop.close()

    async def _end(self) -> None:
        await self.link.close()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
