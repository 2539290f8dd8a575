"""JetStream's request/response API over a `Link`: leader gets, stream information, and its errors as exceptions."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Any

import msgspec

from muniment.ops.jetstream.errors import ApiError, Lost, NoResponders
from muniment.ops.jetstream.link import Link

NO_MESSAGE = 10037
STREAM_NOT_FOUND = 10059
JETSTREAM_UNAVAILABLE = 10008  # no leader in the cluster now
REQUEST_SECONDS_MAX = 5.0
# A question that another account imports vanishes while the stream is not there yet; nobody says so. So: ask again.
READ_SECONDS_MAX = 1.0
PAUSE_SECONDS_MIN = 0.01
PAUSE_SECONDS_MAX = 0.25


class Stored(msgspec.Struct, frozen=True, gc=False):
    """A stored message. `headers` is the raw header block, empty when it was not asked for."""

    stream: str
    sequence: int
    time_ns: int
    subject: str
    data: bytes
    headers: bytes = b""


class _Error(msgspec.Struct, frozen=True):
    code: int = 0
    err_code: int = 0
    description: str = ""


class _Message(msgspec.Struct, frozen=True):
    subject: str
    seq: int
    time: str
    data: bytes = b""
    hdrs: bytes = b""


class _Got(msgspec.Struct, frozen=True):
    message: _Message | None = None
    error: _Error | None = None


class StreamState(msgspec.Struct, frozen=True):
    """Where a stream begins and ends."""

    messages: int
    bytes: int
    first_seq: int
    last_seq: int
    num_deleted: int = 0


class _Cluster(msgspec.Struct, frozen=True):
    leader: str = ""


class StreamInfo(msgspec.Struct, frozen=True):
    """What the server says about a stream; `config` as it came."""

    config: dict[str, Any]
    state: StreamState
    created: str = ""
    cluster: _Cluster | None = None


class _Any(msgspec.Struct, frozen=True):
    error: _Error | None = None


_decode_got = msgspec.json.Decoder(_Got).decode
_decode_any = msgspec.json.Decoder(_Any).decode
_decode_info = msgspec.json.Decoder(StreamInfo).decode


def check(payload: bytes) -> None:
    """Raise ApiError when a JetStream answer says so."""
    error = _decode_any(payload).error
    if error is not None:
        raise ApiError(error.err_code, error.description, error.code)


async def ask(link: Link, subject: str, body: object, seconds: float) -> bytes:
    """One API request; the raw answer. Raises ApiError and what `Link.request` raises."""
    frame = await link.request(link.api(subject), b"" if body is None else msgspec.json.encode(body), seconds)
    check(frame[4])
    return frame[4]


async def patiently(
    link: Link, subject: str, body: object, deadline: float, try_seconds: float = REQUEST_SECONDS_MAX
) -> bytes:
    """A *reading* API request, repeated while there is no connection, no leader or no answer, until the deadline.

    Raises what the last try raised; ApiError is passed on at once, except "temporarily unavailable".
    """
    pause = PAUSE_SECONDS_MIN
    while True:
        left = deadline - time.monotonic()
        try:
            await link.wait_up(left)
            return await ask(link, subject, body, min(left, try_seconds))
        except (NoResponders, Lost) as exc:
            failure: Exception = exc
        except ApiError as exc:
            if exc.code != JETSTREAM_UNAVAILABLE:
                raise
            failure = exc
        if time.monotonic() + pause >= deadline:
            raise failure
        await asyncio.sleep(pause)
        pause = min(pause * 2, PAUSE_SECONDS_MAX)


async def get(link: Link, stream: str, deadline: float, **query: object) -> Stored | None:
    """One message from the stream's *leader*, None when there is none: never stale.

    `query` is JetStream's: `seq=`, `seq=` with `next_by_subj=`, or `last_by_subj=`.
    """
    try:
        payload = await patiently(link, f"STREAM.MSG.GET.{stream}", query, deadline, READ_SECONDS_MAX)
    except ApiError as exc:
        if exc.code == NO_MESSAGE:
            return None
        raise
    message = _decode_got(payload).message
    if message is None:
        return None
    return Stored(stream, message.seq, nanoseconds(message.time), message.subject, message.data, message.hdrs)


async def info(link: Link, stream: str, deadline: float) -> StreamInfo:
    """Configuration and state of a stream. Raises ApiError (10059) when it does not exist."""
    return _decode_info(await patiently(link, f"STREAM.INFO.{stream}", None, deadline, READ_SECONDS_MAX))


def nanoseconds(text: str) -> int:
    """RFC 3339 in UTC, with up to nine decimals, as nanoseconds since the Unix epoch."""
    whole, _, fraction = text.removesuffix("Z").partition(".")
    seconds = int(datetime.fromisoformat(whole).replace(tzinfo=UTC).timestamp())
    return seconds * 1_000_000_000 + int(fraction.ljust(9, "0") or 0)
