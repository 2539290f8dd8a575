"""Answers to requests: what a server's frame says, and waiting for one on a thread that is not the event loop's."""

from __future__ import annotations

import threading
from collections.abc import Callable

from muniment.ops.jetstream import errors
from muniment.ops.jetstream.wire import Frame

NO_RESPONDERS = b"NATS/1.0 503"


def served(subject: str, frame: Frame) -> Frame:
    """The frame of an answer. Raises NoResponders where it says that nobody was there to answer."""
    if frame[3].startswith(NO_RESPONDERS) and not frame[4]:
        raise errors.NoResponders(f"nobody answers on `{subject}`")
    return frame


class Answer:
    """The answer to a request, for a thread that is not the loop's. It is told like a future, once."""

    def __init__(self, subject: str) -> None:
        self.forget: Callable[[], object] = lambda: None  # on the loop: nobody waits any more
        self._subject = subject
        self._frame: Frame | None = None
        self._error: Exception | None = None
        self._told = threading.Lock()
        self._told.acquire()

    def done(self) -> bool:
        """Whether it is told."""
        return self._frame is not None or self._error is not None

    def set_result(self, frame: Frame) -> None:
        """It came."""
        self._frame = frame
        self._tell()

    def set_exception(self, error: Exception) -> None:
        """It will not come."""
        self._error = error
        self._tell()

    def exception(self) -> Exception | None:
        """Why it does not come."""
        return self._error

    def wait(self, seconds: float) -> Frame:
        """The answer. Raises as `Link.request` does."""
        if not self._told.acquire(timeout=max(seconds, 0.0)):
            raise errors.TimedOut(f"no answer on `{self._subject}` in time")
        if self._error is not None:
            raise self._error
        assert self._frame is not None
        return served(self._subject, self._frame)

    def _tell(self) -> None:
        self.forget()
        self._told.release()
