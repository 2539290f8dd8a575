"""`BoundaryLog`: stream IAM read boundary by boundary, for questions about the past (`projections/past/log.py`)."""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import CancelledError
from typing import Any, TypeVar

from muniment.ops.jetstream import api, directget
from muniment.ops.jetstream.api import Stored
from muniment.ops.jetstream.errors import NatsError
from muniment.ops.jetstream.loop import NatsLoop
from muniment.ops.jetstream.settings import ConnectionSettings
from muniment.projections.source import SourceLost

REQUEST_SECONDS = 5.0
EVERYTHING = "iam.>"

T = TypeVar("T")


class BoundaryLog:
    """Over a connection of its own, made when it is first asked: reading must not hold up the writer's acknowledgements.

    `restored` gives a restored message its original time (ops/backup/times.py).
    """

    def __init__(self, settings: ConnectionSettings, stream: str, original: Callable[[Stored], Stored]) -> None:
        self._loop = NatsLoop(settings)
        self._stream = stream
        self._original = original

    def entries(self, boundary: str, after: int, limit: int) -> Sequence[Stored]:
        """Up to `limit` messages of one boundary after sequence `after`, in order. Raises SourceLost."""
        return self._batch(f"iam.{boundary}.>", after, limit)

    def stretch(self, after: int, limit: int) -> Sequence[Stored]:
        """Up to `limit` messages after sequence `after`, in order. Raises SourceLost."""
        return self._batch(EVERYTHING, after, limit)

    def last(self) -> int:
        """The stream's last sequence now. Raises SourceLost."""
        return self._ask(api.info(self._loop.link, self._stream, time.monotonic() + REQUEST_SECONDS)).state.last_seq

    def close(self) -> None:
        """End the connection."""
        self._loop.close()

    def _batch(self, subject: str, after: int, limit: int) -> Sequence[Stored]:
        deadline = time.monotonic() + REQUEST_SECONDS
        found = self._ask(directget.batch(self._loop.link, self._stream, after + 1, subject, limit, deadline))
        return [self._original(message) for message in found]

    def _ask(self, coroutine: Coroutine[Any, Any, T]) -> T:
        try:
            return self._loop.run(coroutine, time.monotonic() + REQUEST_SECONDS)
        except (NatsError, TimeoutError, CancelledError) as exc:
            raise SourceLost(f"stream `{self._stream}` cannot be read now: {exc}") from exc
