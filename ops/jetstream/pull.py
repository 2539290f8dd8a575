"""An ephemeral pull consumer with several pulls in flight: the fast way through a stream, and its live tail.

Six pulls of 5000 keep the server busy while we work; every message carries its sequence, time and the number still
pending in its reply subject, so nothing else needs to be asked. Acknowledgements are off: our own checkpoints count.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections.abc import Callable

import msgspec

from muniment.ops.jetstream import api
from muniment.ops.jetstream.api import Stored
from muniment.ops.jetstream.errors import ApiError, Gap, NatsError, NotSent
from muniment.ops.jetstream.link import Link
from muniment.ops.jetstream.wire import Frame, parse_headers, pub

PULL_MESSAGES = 5000
PULLS_IN_FLIGHT = 6
GENTLE_MESSAGES = 200  # at once where others are served meanwhile: a server that sends many keeps them waiting
PULL_SECONDS = 30
HEARTBEAT_SECONDS = 2.0
SILENCE_SECONDS_MAX = 5.0  # neither message nor heartbeat for so long: the consumer is gone
INACTIVE_SECONDS = 60  # the server drops a consumer that nobody pulls from
CREATE_SECONDS = 3.0
NANOSECONDS = 1_000_000_000
_ACK = b"$JS.ACK."
_ACK_DOTS_MAX = 11  # in the form that ends with a random token


class Created(msgspec.Struct, frozen=True):
    """The part of the answer to CONSUMER.CREATE that we use."""

    name: str
    num_pending: int = 0


_decode_created = msgspec.json.Decoder(Created).decode


class Pull:
    """One consumer from a start sequence on. It ends with an exception in `ended`; its owner makes the next one.

    `messages` are asked for at once. `take` gets lists of messages, checked to be without a gap. `last` is the sequence of the
    last message handed over, `head` the last sequence known to be in the stream (with a filter: an estimate from what is
    pending).
    """

    def __init__(
        self,
        link: Link,
        stream: str,
        start: int,
        take: Callable[[list[Stored]], None],
        *,
        filters: tuple[str, ...] = (),
        headers: bool = False,
        messages: int = PULL_MESSAGES,
    ) -> None:
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.last = start - 1
        self.pending = 0
        self.heard = time.monotonic()
        self._link = link
        self._stream = stream
        self._start = start
        self._take = take
        self._filters = filters
        self._headers = headers
        self._messages = messages
        self._name = f"mun-{secrets.token_hex(8)}"
        self._inbox = link.inbox()
        self._outstanding = 0  # asked for and not yet consumed: what the window bounds
        self._owed = 0  # asked for and not yet delivered
        self._consumer_sequence = 0
        self._sid = b""
        self._first = True
        self._ask = b""
        self._tokens_after = -1  # tokens behind the pending count in a reply subject: not known before the first

    async def open(self) -> None:
        """Make the consumer and begin to pull. Raises NatsError."""
        config = {
            "name": self._name,
            "deliver_policy": "by_start_sequence",
            "opt_start_seq": max(self._start, 1),
            "ack_policy": "none",
            "replay_policy": "instant",
            "mem_storage": True,
            "num_replicas": 1,
            "inactive_threshold": INACTIVE_SECONDS * NANOSECONDS,
            "max_waiting": 16,
        }
        if self._filters:
            config["filter_subjects"] = list(self._filters)
        body = {"stream_name": self._stream, "config": config, "action": "create"}
        answer = await api.ask(self._link, f"CONSUMER.CREATE.{self._stream}.{self._name}", body, CREATE_SECONDS)
        self.pending = _decode_created(answer).num_pending
        self.heard = time.monotonic()
        request = {
            "batch": self._messages,
            "expires": PULL_SECONDS * NANOSECONDS,
            "idle_heartbeat": int(HEARTBEAT_SECONDS * NANOSECONDS),
        }
        subject = self._link.api(f"CONSUMER.MSG.NEXT.{self._stream}.{self._name}")
        self._ask = pub(subject, msgspec.json.encode(request), self._inbox)
        self._sid = self._link.subscribe(self._inbox, self._frames)
        self._link.on_down.append(self._lost)
        self.refill()

    def close(self) -> None:
        """Stop pulling and drop the consumer."""
        if self._lost in self._link.on_down:
            self._link.on_down.remove(self._lost)
        if self._sid:
            self._link.unsubscribe(self._sid)
            self._sid = b""
            with contextlib.suppress(NotSent):  # then the server drops it after INACTIVE_SECONDS
                self._link.publish(self._link.api(f"CONSUMER.DELETE.{self._stream}.{self._name}"), b"")
        if not self.ended.done():
            self.ended.cancel()

    def consumed(self, count: int) -> None:
        """Note that so many of the messages handed over are done with: only then are others asked for."""
        self._outstanding -= count
        self.refill()

    def refill(self) -> None:
        """Ask for more once one pull of what was asked for is done with."""
        try:
            while self._outstanding <= self._messages * (PULLS_IN_FLIGHT - 1):
                if self._owed <= 0:
                    self.heard = time.monotonic()  # until now the server owed us nothing, not even heartbeats
                self._link.send(self._ask)
                self._outstanding += self._messages
                self._owed += self._messages
        except NotSent as exc:
            self._end(exc)

    def silent(self) -> bool:
        """True when the server owes us a message or heartbeat for too long."""
        return self._owed > 0 and time.monotonic() - self.heard > SILENCE_SECONDS_MAX

    def fail(self, reason: NatsError) -> None:
        """End for a reason that the owner found."""
        self._end(reason)

    def _lost(self) -> None:
        self._end(NotSent("the connection to NATS broke"))

    def _end(self, reason: NatsError) -> None:
        if not self.ended.done():
            self.ended.set_exception(reason)

    def _frames(self, frames: list[Frame]) -> None:
        self.heard = time.monotonic()
        batch: list[Stored] = []
        append, stream, keep = batch.append, self._stream, self._headers
        last, number = self.last, self._consumer_sequence
        contiguous = not self._filters
        ahead = b""
        after = self._tokens_after
        for _, subject, reply, block, payload in frames:
            # $JS.ACK.<stream>.<consumer>.<delivered>.<stream sequence>.<consumer sequence>.<time>.<pending>, or with
            # domain and account hash before the stream and a random token at the end.
            if not reply.startswith(_ACK):
                self._status(block)
                continue
            if after < 0:
                after = self._tokens_after = 1 if reply.count(b".") == _ACK_DOTS_MAX else 0
            tokens = reply.rsplit(b".", 4 + after)
            sequence, number = int(tokens[1]), number + 1
            # What follows in an unfiltered stream cannot have lost anything on the way: its own number need not be read.
            if (sequence != last + 1 or not contiguous) and (
                int(tokens[2]) != number or (contiguous and not self._may_begin_at(sequence))
            ):
                self._end(Gap(stream, last + 1, sequence))
                break
            self._first = False
            last, ahead = sequence, tokens[4]
            append(Stored(stream, sequence, int(tokens[3]), subject.decode(), payload, block if keep else b""))
        if batch:
            self.last, self._consumer_sequence = last, number
            self._owed -= len(batch)
            self.pending = int(ahead)
            self._take(batch)

    def _may_begin_at(self, sequence: int) -> bool:
        """The first message may lie after the start: the stream's beginning has expired. The owner judges that."""
        return self._first and sequence > self.last

    def _status(self, block: bytes) -> None:
        status = block[9:12]
        if status == b"100":  # idle heartbeat
            return
        headers = parse_headers(block)
        if status == b"408" or (status == b"409" and "Nats-Pending-Messages" in headers):
            unserved = int(headers.get("Nats-Pending-Messages", self._messages))
            self._owed -= unserved
            self.consumed(unserved)
        elif status not in (b"404",):
            self._end(ApiError(int(status or b"0"), headers[""], int(status or b"0")))
