"""`Durable`: reading on through a pull consumer that was made for us, from any sequence, over one connection.

A foreign reader may not make consumers: whoever may is no longer read-only (SECURITY rule 13). It may set its own one back
(`CONSUMER.RESET`, nats-server 2.14), so a process that starts anew reads again what it needs.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable

import msgspec

from muniment.ops.jetstream import api
from muniment.ops.jetstream.api import Stored
from muniment.ops.jetstream.errors import ApiError, EpochChanged, NatsError, NotSent
from muniment.ops.jetstream.link import Link
from muniment.ops.jetstream.streams import EPOCH
from muniment.ops.jetstream.wire import Frame, parse_headers, pub

PULL_MESSAGES = 2000
PULLS_IN_FLIGHT = 3
PULL_SECONDS = 30
HEARTBEAT_SECONDS = 0.5  # each says how far the stream was looked through, so waiting for a position takes no longer
SILENCE_SECONDS_MAX = 5.0
RESET_SECONDS = 3.0
NANOSECONDS = 1_000_000_000


class TakenOver(NatsError):
    """Another process reads through the same consumer: each would get half of the log."""

    def __init__(self, consumer: str) -> None:
        super().__init__(
            f"another process follows the log through `{consumer}`: give every process a consumer of its own "
            "(`muniment readers add --processes`, and `process=` when opening)"
        )


class _Config(msgspec.Struct, frozen=True):
    metadata: dict[str, str] = {}


class _Reset(msgspec.Struct, frozen=True):
    config: _Config = _Config()
    num_pending: int = 0


_decode_reset = msgspec.json.Decoder(_Reset).decode


class Durable:
    """One reading, from a start sequence on. It ends with an exception in `ended`; its owner begins the next one.

    `take` gets lists of messages and how many more wait behind them; `looked` gets the sequence up to which the stream holds
    nothing more for us.
    """

    def __init__(
        self,
        link: Link,
        stream: str,
        consumer: str,
        start: int,
        take: Callable[[list[Stored], int], None],
        looked: Callable[[int], None],
    ) -> None:
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.heard = time.monotonic()
        self._link, self._stream, self._consumer, self._start = link, stream, consumer, max(start, 1)
        self._take, self._looked = take, looked
        self._inbox = link.inbox()
        self._owed = 0  # messages asked for and not yet delivered
        self._number = 0  # the consumer's own count of what it delivered
        self._sid = b""
        self._ask = b""

    async def open(self, epoch: str) -> int:
        """Set the consumer to the start and begin to pull; how many messages wait. Raises NatsError, EpochChanged."""
        subject = f"CONSUMER.RESET.{self._stream}.{self._consumer}"
        answer = _decode_reset(await api.ask(self._link, subject, {"seq": self._start}, RESET_SECONDS))
        found = answer.config.metadata.get(EPOCH, "")
        if found != epoch:
            raise EpochChanged(self._stream, epoch, found)
        request = {
            "batch": PULL_MESSAGES,
            "expires": PULL_SECONDS * NANOSECONDS,
            "idle_heartbeat": int(HEARTBEAT_SECONDS * NANOSECONDS),
        }
        next_subject = self._link.api(f"CONSUMER.MSG.NEXT.{self._stream}.{self._consumer}")
        self._ask = pub(next_subject, msgspec.json.encode(request), self._inbox)
        self._sid = self._link.subscribe(self._inbox, self._frames)
        self._link.on_down.append(self._lost)
        self.heard = time.monotonic()
        self._refill()
        return answer.num_pending

    def close(self) -> None:
        """Stop pulling; the consumer stays."""
        if self._lost in self._link.on_down:
            self._link.on_down.remove(self._lost)
        if self._sid:
            with contextlib.suppress(NotSent):
                self._link.unsubscribe(self._sid)
            self._sid = b""
        if not self.ended.done():
            self.ended.cancel()

    def silent(self) -> bool:
        """True when neither message nor heartbeat came for too long."""
        return time.monotonic() - self.heard > SILENCE_SECONDS_MAX

    def fail(self, reason: Exception) -> None:
        """End for a reason that the owner found."""
        if not self.ended.done():
            self.ended.set_exception(reason)

    def _lost(self) -> None:
        self.fail(NotSent("the connection to NATS broke"))

    def _refill(self) -> None:
        try:
            while self._owed <= PULL_MESSAGES * (PULLS_IN_FLIGHT - 1):
                self._link.send(self._ask)
                self._owed += PULL_MESSAGES
        except NotSent as lost:
            self.fail(lost)

    def _frames(self, frames: list[Frame]) -> None:
        self.heard = time.monotonic()
        batch: list[Stored] = []
        pending = 0
        for _, subject, reply, block, payload in frames:
            if self.ended.done():
                return
            if not reply.startswith(b"$JS.ACK."):
                if batch:  # what a status says is about what came before it
                    self._hand_over(batch, pending)
                    batch = []
                self._status(block)
                continue
            # $JS.ACK.<stream>.<consumer>.<delivered>.<stream sequence>.<consumer sequence>.<time>.<pending>, or with
            # domain and account hash before the stream and a random token at the end.
            tokens = reply.split(b".")
            if len(tokens) > 9:
                tokens = tokens[2:]
            self._number += 1
            if int(tokens[6]) != self._number:
                self.fail(TakenOver(self._consumer))
                return
            pending = int(tokens[8])
            batch.append(Stored(self._stream, int(tokens[5]), int(tokens[7]), subject.decode(), payload))
        if batch:
            self._hand_over(batch, pending)

    def _hand_over(self, batch: list[Stored], pending: int) -> None:
        self._owed -= len(batch)
        self._take(batch, pending)
        self._refill()

    def _status(self, block: bytes) -> None:
        status, headers = block[9:12], parse_headers(block)
        if status == b"100":
            if int(headers.get("Nats-Last-Consumer", -1)) != self._number:
                self.fail(TakenOver(self._consumer))
            else:
                self._looked(int(headers.get("Nats-Last-Stream", 0)))
        elif status == b"408" or (status == b"409" and "Nats-Pending-Messages" in headers):
            self._owed -= int(headers.get("Nats-Pending-Messages", PULL_MESSAGES))
            self._refill()
        elif status != b"404":
            self.fail(ApiError(int(status or b"0"), headers[""], int(status or b"0")))
