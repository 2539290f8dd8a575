"""Answers requests on `muniment.access.<account>.<unique id>.<operation>`, shared by every process that listens (a queue group).

The subject says who asks, and only the server's configuration can say it: programs live in NATS accounts of their own, which import
these subjects for one account number and one unique id (permissions.py, docs/decisions/0019). Errors are told as NATS services tell
them, in the headers `Nats-Service-Error-Code` and `Nats-Service-Error`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import structlog

from muniment.ops.jetstream.errors import NatsError
from muniment.ops.jetstream.loop import NatsLoop
from muniment.ops.jetstream.permissions import ACCESS_PREFIX, ANSWERS_TO
from muniment.ops.jetstream.wire import Frame

QUEUE = "muniment-access"
THREADS_MAX = 8
WAITING_MAX = 1_000  # questions that wait; more are told to come again
OK = 200
BUSY = (503, b'"too many questions are waiting; ask again"')

Answer = Callable[[str, str, str, bytes], tuple[int, bytes]]  # account, unique id, operation, body → status, body
log = structlog.get_logger("muniment.nats")


class Answering:
    """Listens until it is closed."""

    def __init__(self, loop: NatsLoop, answer: Answer) -> None:
        self._loop, self._answer = loop, answer
        self._threads = ThreadPoolExecutor(THREADS_MAX, "muniment-answers")
        self._waiting = 0
        self._guard = threading.Lock()
        self._sid = loop.run(self._listen())

    def close(self) -> None:
        """Take no more questions, and answer those that wait."""
        self._loop.call(lambda: self._loop.link.unsubscribe(self._sid))
        self._threads.shutdown(wait=True)

    async def _listen(self) -> bytes:
        return self._loop.link.subscribe(f"{ACCESS_PREFIX}.>", self._take, queue=QUEUE)

    def _take(self, frames: list[Frame]) -> None:
        """On the connection's thread: hand questions over."""
        for _, subject, reply, _, payload in frames:
            if not reply.decode("latin-1").startswith(ANSWERS_TO):
                continue  # nobody waits for an answer, or it would go where this process must not write
            with self._guard:
                full = self._waiting >= WAITING_MAX
                self._waiting += not full
            if full:
                self._send(reply, *BUSY)
            else:
                try:
                    self._threads.submit(self._serve, subject, reply, payload)
                except RuntimeError:  # closing: another process has the questions from now on
                    return

    def _serve(self, subject: bytes, reply: bytes, payload: bytes) -> None:
        try:
            parts = subject.decode("latin-1").removeprefix(f"{ACCESS_PREFIX}.").split(".")
            status, body = (
                self._answer(parts[0], parts[1], parts[2], payload) if len(parts) == 3 else (400, b'"subject"')
            )
        except Exception as error:  # the threads must outlive a fault, and the asker must hear a no
            log.error("a question could not be answered", error=type(error).__name__)
            status, body = 500, b'"an internal error"'
        with self._guard:
            self._waiting -= 1
        self._loop.call(lambda: self._send(reply, status, body))

    def _send(self, reply: bytes, status: int, body: bytes) -> None:
        headers = {}
        if status != OK:
            headers = {"Nats-Service-Error-Code": str(status), "Nats-Service-Error": REASONS.get(status, "refused")}
        try:
            self._loop.link.publish(reply.decode("latin-1"), body, headers=headers)
        except NatsError as error:  # the connection broke: the asker's time-out tells it
            log.warning("an answer could not be sent", error=type(error).__name__)


REASONS = {400: "bad request", 403: "forbidden", 429: "too many requests", 500: "internal error", 503: "unavailable"}
