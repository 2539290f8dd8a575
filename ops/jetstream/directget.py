"""Many messages in one request: JetStream's batch direct get (ADR-31), which any replica may answer.

A replica may lag, so nothing here proves that a message does not exist; callers ask the leader where the log ends.
"""

from __future__ import annotations

import asyncio
import time

import msgspec

from muniment.ops.jetstream.api import REQUEST_SECONDS_MAX, Stored, nanoseconds
from muniment.ops.jetstream.errors import ApiError, Lost, NoResponders, TimedOut
from muniment.ops.jetstream.link import Link
from muniment.ops.jetstream.wire import Frame, parse_headers

BATCH_MAX = 1000
BATCH_BYTES_MAX = 8 << 20
PAUSE_SECONDS_MIN = 0.01
PAUSE_SECONDS_MAX = 0.25


async def batch(link: Link, stream: str, start: int, subject: str, limit: int, deadline: float) -> list[Stored]:
    """Up to `limit` (at most 1000) messages that match `subject`, from sequence `start` on; headers included.

    Retries while there is no leader or connection. Raises what the last try raised.
    """
    pause = PAUSE_SECONDS_MIN
    while True:
        left = deadline - time.monotonic()
        try:
            await link.wait_up(left)
            return await _batch(link, stream, start, subject, limit, min(left, REQUEST_SECONDS_MAX))
        except (NoResponders, Lost):
            if time.monotonic() + pause >= deadline:
                raise
        await asyncio.sleep(pause)
        pause = min(pause * 2, PAUSE_SECONDS_MAX)


async def _batch(link: Link, stream: str, start: int, subject: str, limit: int, seconds: float) -> list[Stored]:
    api = link.api(f"DIRECT.GET.{stream}")
    query = {"seq": start, "next_by_subj": subject, "batch": min(limit, BATCH_MAX), "max_bytes": BATCH_BYTES_MAX}
    answers = _Answers(stream)
    reply = link.inbox()
    sid = link.subscribe(reply, answers.take)
    link.on_down.append(answers.lost)
    try:
        link.publish(api, msgspec.json.encode(query), reply)
        async with asyncio.timeout(seconds):
            return await answers.done
    except TimeoutError:
        raise TimedOut(f"no complete answer on `{api}` in time") from None
    finally:
        link.unsubscribe(sid)
        link.on_down.remove(answers.lost)


class _Answers:
    """Collects the messages of one batch until its end marker."""

    def __init__(self, stream: str) -> None:
        self.done: asyncio.Future[list[Stored]] = asyncio.get_running_loop().create_future()
        self._stream = stream
        self._got: list[Stored] = []

    def take(self, frames: list[Frame]) -> None:
        for _, _, _, block, payload in frames:
            if self.done.done():
                return
            if block.startswith(b"NATS/1.0 "):
                self._status(block)
            else:
                self._got.append(_stored(self._stream, block, payload))

    def _status(self, block: bytes) -> None:
        status = block[9:12]
        if status in (b"204", b"404"):  # end of batch; nothing matches
            self.done.set_result(self._got)
        elif status == b"503":
            self.done.set_exception(NoResponders(f"nobody answers direct gets of stream `{self._stream}`"))
        else:
            text = parse_headers(block)[""]
            self.done.set_exception(ApiError(int(status), text, int(status)))

    def lost(self) -> None:
        if not self.done.done():
            self.done.set_exception(Lost("the connection to NATS broke before the answer was complete"))


def _stored(stream: str, block: bytes, payload: bytes) -> Stored:
    headers = parse_headers(block)
    return Stored(
        stream,
        int(headers["Nats-Sequence"]),
        nanoseconds(headers["Nats-Time-Stamp"]),
        headers["Nats-Subject"],
        payload,
        block,
    )
