"""The NATS client protocol on one socket: frames in, commands out. Knows nothing of JetStream or of reconnecting.

Protocol: https://docs.nats.io/reference/reference-protocols/nats-protocol. All messages of one read from the socket are
handed over in one call, which is what makes replaying millions of them cheap.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import lru_cache
from typing import cast

import msgspec

# subscription id, subject, reply subject, header block, payload
Frame = tuple[bytes, bytes, bytes, bytes, bytes]

CLOSE_SECONDS_MAX = 0.5
LINE_BYTES_MAX = 64 * 1024  # INFO with many cluster URLs is the longest line there is
_M, _H = ord("M"), ord("H")


class Info(msgspec.Struct, frozen=True):
    """The fields of the server's INFO that we use."""

    server_id: str = ""
    server_name: str = ""
    version: str = ""
    max_payload: int = 1 << 20
    nonce: str = ""
    tls_required: bool = False
    tls_available: bool = False
    connect_urls: list[str] = []
    ldm: bool = False


decode_info = msgspec.json.Decoder(Info).decode


class Framing:
    """Takes a connection's bytes as they come and gives whole messages; `control` gets every other line, without its end.

    `overlong` is called for a line that is longer than any there is: nobody who speaks the protocol sends one.
    """

    def __init__(self, control: Callable[[bytes], None], overlong: Callable[[], None]) -> None:
        self._control = control
        self._overlong = overlong
        self._rest = b""

    def take(self, data: bytes) -> list[Frame]:
        """The messages that are whole with `data`."""
        if self._rest:
            data = self._rest + data
        frames: list[Frame] = []
        position = self._parse(data, frames)
        self._rest = data[position:]
        return frames

    def _parse(self, data: bytes, frames: list[Frame]) -> int:
        """Collect the complete messages, act on control lines; return where the incomplete rest begins."""
        position, end = 0, len(data)
        find, append = data.find, frames.append
        while True:
            eol = find(b"\r\n", position)
            if eol < 0:
                if end - position > LINE_BYTES_MAX:
                    self._overlong()
                return position
            kind = data[position]
            if kind in (_H, _M):  # HMSG subject sid [reply] header-length length; MSG has no header-length
                parts = data[position:eol].split(b" ")
                start = eol + 2
                if len(parts) == 6:  # nearly all of a stream's messages
                    _, subject, sid, reply, block, size = parts
                    body, stop = start + int(block), start + int(size)
                else:
                    subject, sid, reply = parts[1], parts[2], b""
                    body, stop = start, start + int(parts[-1])
                    if kind == _H:
                        body = start + int(parts[-2])
                    elif len(parts) == 5:
                        reply = parts[3]
                if stop + 2 > end:
                    return position
                append((sid, subject, reply, data[start:body], data[body:stop]))
                position = stop + 2
            else:
                self._control(data[position:eol])
                position = eol + 2


class Wire(asyncio.Protocol):
    """One connection. `on_frames` gets lists of messages, `on_error` the text of `-ERR`, `on_lost` the end."""

    def __init__(
        self,
        on_frames: Callable[[list[Frame]], None],
        on_error: Callable[[str], None],
        on_lost: Callable[[Exception | None], None],
    ) -> None:
        loop = asyncio.get_running_loop()
        self.info: Info = Info()
        self.first_info: asyncio.Future[None] = loop.create_future()
        self.pongs: list[asyncio.Future[None]] = []
        self.transport: asyncio.Transport | None = None
        self.gone = asyncio.Event()
        self.closed = False
        self._framing = Framing(self._control, self.abort)
        self._on_frames = on_frames
        self._on_error = on_error
        self._on_lost = on_lost

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        self.gone.set()
        for waiting in (self.first_info, *self.pongs):
            if not waiting.done():
                waiting.set_exception(ConnectionError("the server closed the connection"))
                waiting.exception()  # nobody may be waiting any more; that is not worth a warning
        self.pongs.clear()
        self._on_lost(exc)

    def write(self, data: bytes) -> bool:
        """Hand bytes to the socket; False when it is closed and nothing was written."""
        transport = self.transport
        if self.closed or transport is None or transport.is_closing():
            return False
        transport.write(data)
        return True

    def ping(self) -> asyncio.Future[None]:
        """Send PING; the future is done when the server has handled everything written before it."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.pongs.append(future)
        if not self.write(b"PING\r\n"):
            self.pongs.remove(future)
            future.set_exception(ConnectionError("the connection is closed"))
        return future

    def abort(self) -> None:
        """Close at once, without flushing."""
        if self.transport is not None:
            self.transport.abort()

    async def close(self) -> None:
        """Flush and close, and wait until the socket is gone; one that does not go is aborted."""
        if self.transport is None:
            return
        self.transport.close()
        try:
            await asyncio.wait_for(self.gone.wait(), CLOSE_SECONDS_MAX)
        except TimeoutError:
            self.abort()
            await self.gone.wait()

    def data_received(self, data: bytes) -> None:
        if frames := self._framing.take(data):
            self._on_frames(frames)

    def _control(self, line: bytes) -> None:
        if line == b"PING":
            self.write(b"PONG\r\n")
        elif line == b"PONG":
            if self.pongs:
                future = self.pongs.pop(0)
                if not future.done():
                    future.set_result(None)
        elif line.startswith(b"INFO "):
            self.info = decode_info(line[5:])
            if not self.first_info.done():
                self.first_info.set_result(None)
        elif line.startswith(b"-ERR"):
            self._on_error(line[4:].strip().strip(b"'").decode(errors="replace"))


def pub(subject: str, payload: bytes, reply: str = "", headers: bytes = b"") -> bytes:
    """The bytes of PUB, or of HPUB when there is a header block."""
    head = f"{subject} {reply} " if reply else f"{subject} "
    if headers:
        return b"HPUB %b%d %d\r\n%b%b\r\n" % (
            head.encode(),
            len(headers),
            len(headers) + len(payload),
            headers,
            payload,
        )
    return b"PUB %b%d\r\n%b\r\n" % (head.encode(), len(payload), payload)


def header_block(headers: dict[str, str]) -> bytes:
    """Encode headers. Raises ValueError for a name or value that would break out of its line."""
    lines = ["NATS/1.0"]
    for name, value in headers.items():
        if not _is_name(name) or "\r" in value or "\n" in value:
            raise ValueError(
                f"header `{name!r}` cannot be written: a name has no spaces or colons, a value no line ends"
            )
        lines.append(f"{name}: {value}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


@lru_cache(maxsize=256)
def _is_name(name: str) -> bool:
    """Whether a header may have this name; there are few."""
    return bool(name) and name.isascii() and not any(c in name for c in " :\r\n")


def parse_headers(block: bytes) -> dict[str, str]:
    """Decode a header block; a repeated name keeps its last value. The status line goes under the empty name."""
    if not block:
        return {}
    first, *lines = block.decode("utf-8", "replace").split("\r\n")
    headers = {"": first.removeprefix("NATS/1.0").strip()}
    for line in lines:
        name, separator, value = line.partition(":")
        if separator:
            headers[name.strip()] = value.strip()
    return headers
