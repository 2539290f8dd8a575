"""`Line`: a connection that the threads which wait for an answer write to and read from themselves, without an event loop.

A thread that gives its bytes to a loop, and is woken by it with the answer, gets Python's lock twice more than it has to, and
others hold it (docs/decisions/0034-whoever-waits-reads-the-socket.md). Whoever waits first reads for all who wait. Nothing is
mended here: after any fault the line is down, and who waited is told that the answer is lost.
"""

from __future__ import annotations

import contextlib
import itertools
import secrets
import socket
import struct
import threading
import time
from collections.abc import Callable

import msgspec

from muniment.ops.jetstream import errors
from muniment.ops.jetstream.answer import served
from muniment.ops.jetstream.settings import ConnectionSettings
from muniment.ops.jetstream.wire import Frame, Framing, Info, decode_info

CONNECT_SECONDS_MAX = 5.0
SEND_SECONDS_MAX = 2.0  # a server that takes no bytes for so long is given up
LOOK_SECONDS = 0.1  # how often the one who reads looks at the clock
READ_BYTES = 1 << 13  # answers are short; a buffer of many pages is mapped anew for each read
_SID = b"1"


class Line:
    """One connection to one server, in clear. `up` is true while requests can be sent; any thread may ask."""

    def __init__(self, settings: ConnectionSettings) -> None:
        self.up = False
        self.info = Info()
        self._settings = settings
        self._socket: socket.socket | None = None
        self._framing = Framing(self._control, self._overlong)
        self._inbox = ""
        self._tokens = itertools.count(1)
        self._waiting: dict[bytes, _Waiter] = {}
        self._writing, self._reading = threading.Lock(), threading.Lock()
        self._greeted = False

    def open(self, address: tuple[str, int]) -> None:
        """Connect and be let in. Raises OSError, Refused, or Lost where the server went away meanwhile."""
        with self._reading, self._writing:  # in this order: who reads may have to answer a PING
            self._shut()
            found = socket.create_connection(address, CONNECT_SECONDS_MAX)
            self._socket, self._framing, self._greeted = found, Framing(self._control, self._overlong), False
            self._inbox = f"{self._settings.inbox_prefix}.{secrets.token_hex(8)}"
            try:
                self._greet(found)
            except BaseException:
                self._shut()
                raise
            self.up = True

    def ask(self, subject: str, write: Callable[[str], bytes], seconds: float) -> Frame:
        """Send `write(reply subject)`, a request to `subject`, and wait for its one answer.

        Raises NotSent, PermissionDenied or NoResponders (it took no effect), Lost or TimedOut (not known).
        """
        token = b"%x" % next(self._tokens)
        waiter = self._waiting[token] = _Waiter(subject)
        try:
            self._send(write(f"{self._inbox}.{token.decode()}"))
            return served(subject, self._awaited(waiter, time.monotonic() + seconds))
        finally:
            del self._waiting[token]

    def attend(self) -> None:
        """Take what came unasked, such as the server's PING: to be called now and then, for nobody reads who does not wait."""
        if self.up and self._reading.acquire(blocking=False):
            try:
                self._read(socket.MSG_DONTWAIT)
            finally:
                self._reading.release()
                self._call_next()

    def close(self) -> None:
        """End the connection; who waits is told Lost."""
        self._break("the connection to NATS was closed")
        with self._reading, self._writing:
            self._shut()

    # ---------------------------------------------------------------- sending

    def _send(self, data: bytes) -> None:
        with self._writing:
            found = self._socket
            if not self.up or found is None:
                raise errors.NotSent("no connection to NATS")
            try:
                found.sendall(data)
            except OSError as exc:  # a part of it may have gone out
                self._break(f"the connection to NATS broke: {exc}")
                raise errors.Lost(f"the connection to NATS broke: {exc}") from None

    # ---------------------------------------------------------------- receiving

    def _awaited(self, waiter: _Waiter, until: float) -> Frame:
        """The waiter's answer: read from the socket by this thread, or by another that waits, too, and reads for both."""
        while waiter.frame is None:
            if waiter.error is not None:
                raise waiter.error
            left = until - time.monotonic()
            if left <= 0:
                raise errors.TimedOut(f"no answer on `{waiter.subject}` in time")
            if self._reading.acquire(blocking=False):
                try:
                    while not waiter.told and time.monotonic() < until:
                        self._read()
                finally:
                    self._reading.release()
                    self._call_next()
            else:
                waiter.called.acquire(timeout=left)
        return waiter.frame

    def _call_next(self) -> None:
        """Have one of those who wait read in this thread's place."""
        for waiter in list(self._waiting.values()):
            if not waiter.told:
                waiter.call()
                return

    def _read(self, flags: int = 0) -> None:
        """Take what has come, or comes within `LOOK_SECONDS`. Only for who holds `_reading`."""
        found = self._socket
        if not self.up or found is None:
            return self._break("there is no connection to NATS")
        try:
            data = found.recv(READ_BYTES, flags)
        except (BlockingIOError, InterruptedError):
            return None
        except OSError as exc:
            return self._break(f"the connection to NATS broke: {exc}")
        if not data:
            return self._break("the NATS server closed the connection")
        try:
            self._take(data)
        except (ValueError, IndexError, msgspec.MsgspecError) as exc:
            self._break(f"what came is not the protocol of NATS: {type(exc).__name__}")
        return None

    def _take(self, data: bytes) -> None:
        for frame in self._framing.take(data):
            waiter = self._waiting.get(frame[1].rpartition(b".")[2])
            if waiter is not None:  # else it came too late, and nobody waits for it any more
                waiter.tell(frame)

    def _control(self, line: bytes) -> None:
        if line == b"PING":
            self._pong()
        elif line == b"PONG":
            self._greeted = True
        elif line.startswith(b"INFO "):
            self.info = decode_info(line[5:])
        elif line.startswith(b"-ERR"):
            self._complained(line[4:].strip().strip(b"'").decode(errors="replace"))

    def _pong(self) -> None:
        if not self.up:  # while we are let in, by the one who holds both locks
            assert self._socket is not None
            self._socket.sendall(b"PONG\r\n")
            return
        with contextlib.suppress(errors.NatsError):  # then the line is down, and who waits knows
            self._send(b"PONG\r\n")

    def _complained(self, text: str) -> None:
        """The server sent -ERR: a refused publish is the fault of who waits on that subject, all else ends the line."""
        lowered = text.lower()
        if not self.up:
            raise errors.Refused(f"NATS: {text}")
        if "permissions violation for publish" not in lowered:
            self._break(f"NATS: {text}")
            return
        for waiter in list(self._waiting.values()):
            if f'"{waiter.subject}"'.lower() in lowered:
                waiter.fail(errors.PermissionDenied(waiter.subject))

    # ---------------------------------------------------------------- beginning and end

    def _greet(self, found: socket.socket) -> None:
        """Answer the server's INFO, listen to our inbox, and wait until the server has taken it."""
        found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.info = Info()
        while not self.info.server_id:
            self._hear(found)
        if self.info.tls_required:
            raise errors.Refused("the server demands TLS, which this connection does not speak")
        found.sendall(self._settings.introduction(self.info.nonce))
        found.sendall(b"SUB %b.* %b\r\nPING\r\n" % (self._inbox.encode(), _SID))
        while not self._greeted:
            self._hear(found)
        found.settimeout(
            None
        )  # from here on the kernel keeps the time: a timeout of Python's is the same for all threads
        found.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _timeval(LOOK_SECONDS))
        found.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _timeval(SEND_SECONDS_MAX))

    def _hear(self, found: socket.socket) -> None:
        data = found.recv(READ_BYTES)
        if not data:
            raise errors.Lost("the NATS server closed the connection")
        self._take(data)

    def _overlong(self) -> None:
        self._break("the NATS server sent a line without an end")

    def _break(self, reason: str) -> None:
        """The line is down. The socket is closed by who opens the next one: another thread may still read from it."""
        self.up = False
        found = self._socket
        if found is not None:
            with contextlib.suppress(OSError):
                found.shutdown(socket.SHUT_RDWR)
        for waiter in list(self._waiting.values()):
            waiter.fail(errors.Lost(reason))

    def _shut(self) -> None:
        found, self._socket, self.up = self._socket, None, False
        if found is not None:
            found.close()


class _Waiter:
    """One who waits for an answer. `called` is opened when it came, or when it is this one's turn to read."""

    __slots__ = ("called", "error", "frame", "subject")

    def __init__(self, subject: str) -> None:
        self.subject = subject
        self.frame: Frame | None = None
        self.error: errors.NatsError | None = None
        self.called = threading.Lock()
        self.called.acquire()

    @property
    def told(self) -> bool:
        """Whether the answer came, or will not come."""
        return self.frame is not None or self.error is not None

    def tell(self, frame: Frame) -> None:
        """It came."""
        self.frame = frame
        self.call()

    def fail(self, error: errors.NatsError) -> None:
        """It will not come, unless it has."""
        if self.frame is None:
            self.error = error
        self.call()

    def call(self) -> None:
        """Wake the one who waits; a second call before it woke is one with the first."""
        with contextlib.suppress(RuntimeError):
            self.called.release()


def _timeval(seconds: float) -> bytes:
    """What SO_RCVTIMEO takes (socket(7))."""
    return struct.pack("ll", int(seconds), int(seconds % 1 * 1_000_000))
