"""Keeps a `Line` up beside a link: opened to the same server, looked after while nobody uses it, opened again when it broke."""

from __future__ import annotations

import contextlib
import threading

from muniment.ops.jetstream.errors import NatsError
from muniment.ops.jetstream.line import Line
from muniment.ops.jetstream.link import Link

ATTEND_SECONDS = 1.0
RETRY_SECONDS = 0.1


class KeptLine:
    """A line and the thread that keeps it. While it is down whoever wants to use it goes over the link."""

    def __init__(self, link: Link) -> None:
        self.line = Line(link.settings)
        self._link = link
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="nats-line", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the line and the thread."""
        self._closing.set()
        self.line.close()
        self._thread.join()

    def _run(self) -> None:
        while not self._closing.is_set():
            if self.line.up:
                self.line.attend()
            elif (peer := self._link.peer) is not None:
                with contextlib.suppress(OSError, NatsError):  # the link knows why, and says so to who asks
                    self.line.open(peer)
            self._closing.wait(ATTEND_SECONDS if self.line.up else RETRY_SECONDS)
        self.line.close()  # one that was opened while it was being closed
