"""How long, and how large, the head of a request may be: uvicorn waits for ever, and keeps whatever comes (SECURITY 17)."""

import asyncio
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_SECONDS_MAX: Final = 5.0
HEAD_BYTES_MAX: Final = 65_536  # until it is parsed; what a whole head may have is for the API to say, in its own words

TOO_SLOW: Final = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
TOO_LARGE: Final = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class Gathering:
    """A transport that writes once what one turn of the loop has written: an answer's head and body go out together.

    Every write to a socket costs more than a decision does, and it is made while Python's lock is held.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport, self._loop = transport, loop
        self._waiting: list[bytes] = []

    def write(self, data: bytes) -> None:
        """Write with what else is written in this turn."""
        if not self._waiting:
            self._loop.call_soon(self.flush)
        self._waiting.append(data)

    def flush(self) -> None:
        """Write what waits."""
        data, self._waiting = b"".join(self._waiting), []
        if data:
            self._transport.write(data)

    def close(self) -> None:
        """Write what waits, and close."""
        self.flush()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class PatientProtocol(HttpToolsProtocol):
    """One connection, whose clients must say what they want within five seconds and 64 KiB."""

    _in_head = False
    _head_bytes = 0
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """The first head is awaited from here on: most who hold connections never send anything."""
        super().connection_made(Gathering(transport, self.loop))  # type: ignore[arg-type]  # a transport in all but name
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is awaited any more."""
        self._disarm()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """Another request on this connection."""
        super().on_message_begin()
        if not self._in_head:
            self._await_head()

    def on_headers_complete(self) -> None:
        """The head is whole; the body has a time of its own (api/body.py)."""
        self._disarm()
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        """Count what has come of a head that is not whole."""
        super().data_received(data)
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES_MAX:
                self._end(TOO_LARGE)

    def _await_head(self) -> None:
        self._in_head, self._head_bytes = True, 0
        self._arm()

    def _arm(self) -> None:
        self._timer = self.loop.call_later(HEAD_SECONDS_MAX, self._too_slow)

    def _disarm(self) -> None:
        self._in_head = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_slow(self) -> None:
        if self.cycle is not None and not self.cycle.response_complete:
            self._arm()  # the answer before it is still on its way
        else:
            self._end(TOO_SLOW)

    def _end(self, answer: bytes) -> None:
        self._disarm()
        if not self.transport.is_closing():
            if self.cycle is None or self.cycle.response_complete:
                self.transport.write(answer)
            self.transport.close()
