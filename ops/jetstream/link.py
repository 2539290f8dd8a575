"""One connection to NATS that is kept up, and requests over it that end as soon as their fate is known.

Nothing is buffered while the connection is down (a command answered "failed" must not land later), and everything that
waits is woken the moment it breaks.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import secrets
import ssl
import time
from collections.abc import Callable

import msgspec

from muniment.ops.jetstream import errors
from muniment.ops.jetstream.answer import Answer, served
from muniment.ops.jetstream.settings import ConnectionSettings
from muniment.ops.jetstream.wire import Frame, Wire, header_block, pub

CONNECT_SECONDS_MAX = 5.0
RECONNECT_SECONDS_MIN = 0.01
RECONNECT_SECONDS_MAX = 1.0
LOOK_SECONDS = 0.05  # how often one who waits looks whether the server refuses us
PING_SECONDS = 10.0  # a silent peer is given up after two of these
Handler = Callable[[list[Frame]], None]


class Link:
    """A connection as one role. Use it from one event loop only.

    `up` is true while requests can be sent. `on_up` and `on_down` are called on every change.
    """

    def __init__(self, settings: ConnectionSettings) -> None:
        self.settings = settings
        self.on_up: list[Callable[[], None]] = []
        self.on_down: list[Callable[[], None]] = []
        self.last_error: Exception | None = None
        self.connects = 0
        self._wire: Wire | None = None
        self._up = asyncio.Event()
        self._lost = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None
        self._addresses = list(settings.addresses)
        self._handlers: dict[bytes, tuple[str, Handler]] = {}
        self._introduced: set[bytes] = set()  # subscriptions that this connection began with
        self._next_sid = 0
        self._waiting: dict[bytes, tuple[str, asyncio.Future[Frame] | Answer]] = {}
        self._inbox = f"{settings.inbox_prefix}.{secrets.token_hex(8)}"
        self._tokens = 0
        self._closed = False

    @property
    def up(self) -> bool:
        """True while requests can be sent."""
        return self._up.is_set()

    @property
    def peer(self) -> tuple[str, int] | None:
        """Address and port of the server that this is connected to; None while it is down."""
        transport = self._wire.transport if self.up and self._wire is not None else None
        found = transport.get_extra_info("peername") if transport is not None else None
        return (found[0], found[1]) if found else None

    @property
    def payload_bytes_max(self) -> int:
        """The largest message (headers and payload) that the server takes."""
        return self._wire.info.max_payload if self._wire else 1 << 20

    def start(self) -> None:
        """Begin connecting, and keep the connection up until `close`."""
        self.subscribe(f"{self._inbox}.*", self._answered)
        self._keeper = asyncio.get_running_loop().create_task(self._keep())

    async def wait_up(self, seconds: float) -> None:
        """Wait for the connection. Raises NotSent, or Refused as soon as the server does not let us in."""
        give_up = time.monotonic() + seconds
        while not self.up:
            if isinstance(self.last_error, errors.Refused):
                raise self.last_error
            left = give_up - time.monotonic()
            if left <= 0:
                reason = f": {self.last_error}" if self.last_error else ""
                raise errors.NotSent(f"no connection to NATS{reason}")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._up.wait(), min(left, LOOK_SECONDS))

    async def close(self) -> None:
        """Close the connection and fail everything that waits."""
        self._closed = True
        if self._keeper is not None:
            self._keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeper
        if self._wire is not None:
            await self._wire.close()
        self._down()

    # ---------------------------------------------------------------- sending

    def api(self, subject: str) -> str:
        """The full subject of a JetStream API request."""
        return f"{self.settings.api_prefix}.{subject}"

    def inbox(self) -> str:
        """A new subject that only this connection listens to, for a subscription of its own."""
        return f"{self.settings.inbox_prefix}.{secrets.token_hex(8)}"

    def subscribe(self, subject: str, handler: Handler, queue: str = "") -> bytes:
        """Listen to a subject, also after reconnecting; returns the subscription's id. One of a `queue` gets each message."""
        if queue:
            subject = f"{subject} {queue}"  # as the protocol's SUB has it
        self._next_sid += 1
        sid = str(self._next_sid).encode()
        self._handlers[sid] = (subject, handler)
        if self.up and self._wire is not None:
            self._wire.write(b"SUB %b %b\r\n" % (subject.encode(), sid))
        return sid

    def unsubscribe(self, sid: bytes) -> None:
        """Stop listening."""
        if self._handlers.pop(sid, None) and self.up and self._wire is not None:
            self._wire.write(b"UNSUB %b\r\n" % sid)

    def send(self, data: bytes) -> None:
        """Write protocol bytes (made by `wire.pub`). Raises NotSent when nothing could be written."""
        if not self._up.is_set() or self._wire is None or not self._wire.write(data):
            raise errors.NotSent("no connection to NATS")

    def publish(self, subject: str, payload: bytes, reply: str = "", headers: dict[str, str] | None = None) -> None:
        """Publish without waiting for anything. Raises NotSent."""
        self.send(pub(subject, payload, reply, header_block(headers) if headers else b""))

    def expect(self, subject: str) -> tuple[str, asyncio.Future[Frame]]:
        """A reply subject for a request that the caller sends to `subject` itself, and the future of its answer."""
        self._tokens += 1
        token = b"%x" % self._tokens
        future: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
        self._waiting[token] = (subject, future)
        future.add_done_callback(lambda _: self._waiting.pop(token, None))
        return f"{self._inbox}.{token.decode()}", future

    def ask(self, subject: str, write: Callable[[str], bytes], answer: Answer) -> None:
        """Send `write(reply subject)` and let `answer` be told what becomes of it: a request without a coroutine."""
        self._tokens += 1
        token = b"%x" % self._tokens
        answer.forget = lambda: self._waiting.pop(token, None)
        self._waiting[token] = (subject, answer)
        try:
            self.send(write(f"{self._inbox}.{token.decode()}"))
        except errors.NotSent as exc:
            answer.set_exception(exc)

    async def request(
        self, subject: str, payload: bytes, seconds: float, headers: dict[str, str] | None = None
    ) -> Frame:
        """Send a request and wait for its one answer.

        Raises NotSent, PermissionDenied or NoResponders (it took no effect), Lost or TimedOut (not known).
        """
        reply, future = self.expect(subject)
        try:
            self.publish(subject, payload, reply, headers)
        except errors.NotSent:
            future.cancel()
            raise
        return await self.answer(subject, future, seconds)

    async def answer(self, subject: str, future: asyncio.Future[Frame], seconds: float) -> Frame:
        """Wait for an answer announced by `expect`. Raises as `request` does."""
        timer = asyncio.get_running_loop().call_later(max(seconds, 0), _time_out, future, subject)
        try:
            frame = await future
        finally:
            timer.cancel()
        return served(subject, frame)

    async def flush(self, seconds: float = CONNECT_SECONDS_MAX) -> None:
        """Wait until the server has handled everything written so far. Raises Lost or TimedOut."""
        if self._wire is None or not self.up:
            raise errors.NotSent("no connection to NATS")
        try:
            await asyncio.wait_for(self._wire.ping(), seconds)
        except TimeoutError:
            raise errors.TimedOut("the server did not answer PING in time") from None
        except ConnectionError as exc:
            raise errors.Lost(str(exc)) from None

    # ---------------------------------------------------------------- receiving

    def _received(self, frames: list[Frame]) -> None:
        first = frames[0][0]
        if all(frame[0] == first for frame in frames):  # nearly always: one subscription is busy at a time
            self._hand_over(first, frames)
            return
        split: dict[bytes, list[Frame]] = {}
        for frame in frames:
            split.setdefault(frame[0], []).append(frame)
        for sid, own in split.items():
            self._hand_over(sid, own)

    def _hand_over(self, sid: bytes, frames: list[Frame]) -> None:
        entry = self._handlers.get(sid)
        if entry is not None:
            entry[1](frames)

    def _answered(self, frames: list[Frame]) -> None:
        for frame in frames:
            entry = self._waiting.get(frame[1].rpartition(b".")[2])
            if entry is not None and not entry[1].done():
                entry[1].set_result(frame)

    def _complained(self, text: str) -> None:
        """The server sent -ERR: a refused publish is the fault of the requests that wait on that subject."""
        lowered = text.lower()
        if "permissions violation for publish" in lowered:
            for subject, future in list(self._waiting.values()):
                if f'"{subject}"'.lower() in lowered and not future.done():
                    future.set_exception(errors.PermissionDenied(subject))
        elif "authorization" in lowered or "authentication" in lowered:
            self.last_error = errors.Refused(f"NATS: {text}")
        elif "permissions violation" not in lowered:
            self.last_error = errors.NotSent(f"NATS: {text}")

    # ---------------------------------------------------------------- keeping it up

    async def _keep(self) -> None:
        pause = RECONNECT_SECONDS_MIN
        while not self._closed:
            for address in random.sample(self._addresses, len(self._addresses)):
                self._lost.clear()
                try:
                    self._wire = await asyncio.wait_for(self._connect(*address), CONNECT_SECONDS_MAX)
                except errors.Refused as exc:
                    self.last_error = exc
                except (OSError, ConnectionError, TimeoutError, msgspec.DecodeError) as exc:
                    if not isinstance(self.last_error, errors.Refused):
                        self.last_error = errors.NotSent(f"cannot connect to {address[0]}:{address[1]}: {exc}")
                else:
                    pause = RECONNECT_SECONDS_MIN
                    await self._stay(self._wire)
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311  jitter
            pause = min(pause * 2, RECONNECT_SECONDS_MAX)

    async def _stay(self, wire: Wire) -> None:
        """Be connected until the connection breaks."""
        self._learn(wire.info.connect_urls)
        self.last_error = None
        self.connects += 1
        for sid, (subject, _) in self._handlers.items():
            if sid not in self._introduced:  # came while the connection was being made
                wire.write(b"SUB %b %b\r\n" % (subject.encode(), sid))
        self._up.set()
        for listener in self.on_up:
            listener()
        pinger = asyncio.get_running_loop().create_task(self._ping(wire))
        try:
            await self._lost.wait()
        finally:
            pinger.cancel()
            self._down()

    async def _connect(self, host: str, port: int) -> Wire:
        loop = asyncio.get_running_loop()
        wire = Wire(self._received, self._complained, lambda _: self._lost.set())
        await loop.create_connection(lambda: wire, host, port)
        try:
            await wire.first_info
            await self._secure(wire, host)
            self._introduce(wire)
            await wire.ping()
        except BaseException as exc:
            wire.abort()
            await wire.gone.wait()
            if isinstance(exc, ConnectionError) and isinstance(self.last_error, errors.Refused):
                raise self.last_error from None  # the server said why before it closed
            raise
        return wire

    async def _secure(self, wire: Wire, host: str) -> None:
        """Upgrade to TLS when we want it or the server demands it; never go on in clear when TLS was asked for."""
        context = self.settings.tls
        info = wire.info
        if context is None:
            if info.tls_required:
                raise errors.Refused("the server demands TLS: give its certificate authority, or use a `tls://` URL")
            return
        if not (info.tls_required or info.tls_available):
            raise errors.Refused("the server does not offer TLS, and TLS was asked for")
        assert wire.transport is not None
        try:
            secured = await asyncio.get_running_loop().start_tls(wire.transport, wire, context, server_hostname=host)
        except ssl.SSLError as exc:  # any other OSError is a connection that broke, and worth another try
            raise errors.Refused(f"TLS with {host} failed: {exc}") from None
        assert secured is not None
        wire.transport = secured

    def _introduce(self, wire: Wire) -> None:
        wire.write(self.settings.introduction(wire.info.nonce))
        self._introduced = set(self._handlers)
        for sid, (subject, _) in self._handlers.items():
            wire.write(b"SUB %b %b\r\n" % (subject.encode(), sid))

    async def _ping(self, wire: Wire) -> None:
        """Notice a peer that died without closing its socket."""
        while True:
            await asyncio.sleep(PING_SECONDS)
            started = time.monotonic()
            try:
                await asyncio.wait_for(wire.ping(), PING_SECONDS)
            except (TimeoutError, ConnectionError):
                self.last_error = errors.NotSent(f"no answer to PING for {time.monotonic() - started:.0f} s")
                wire.abort()
                return

    def _learn(self, urls: list[str]) -> None:
        """Add the other servers of the cluster, which the one we reached names."""
        for url in urls:
            host, _, port = url.rpartition(":")
            address = (host.strip("[]"), int(port))
            if address not in self._addresses:
                self._addresses.append(address)

    def _down(self) -> None:
        was_up = self._up.is_set()
        self._up.clear()
        for _, future in list(self._waiting.values()):
            if not future.done():
                future.set_exception(errors.Lost("the connection to NATS broke before the answer came"))
                future.exception()
        if was_up:
            for listener in self.on_down:
                listener()


def _time_out(future: asyncio.Future[Frame], subject: str) -> None:
    if not future.done():
        future.set_exception(errors.TimedOut(f"no answer on `{subject}` in time"))
