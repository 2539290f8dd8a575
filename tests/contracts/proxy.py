"""A TCP proxy that understands NATS commands: it can drop single publishes or answers, silently, or cut connections."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from enum import Enum
from urllib.parse import urlsplit

from muniment.ops.jetstream.embedded import EmbeddedServer
from muniment.ops.jetstream.settings import ConnectionSettings


class Verdict(Enum):
    """What happens to one command."""

    PASS = "pass"
    DROP = "drop"
    HOLD = "hold"  # delivered late: just before the next publish of a fact
    CUT = "cut"  # the connection breaks, and the command is not delivered


Judge = Callable[[bytes], Verdict]


def passing(_: bytes) -> Verdict:
    return Verdict.PASS


def once(wanted: Callable[[bytes], bool], verdict: Verdict) -> Judge:
    """The verdict on the first command that is wanted; everything else passes."""
    done = threading.Event()

    def judge(command: bytes) -> Verdict:
        if done.is_set() or not wanted(command):
            return Verdict.PASS
        done.set()
        return verdict

    return judge


def fact(command: bytes) -> bool:
    """A publish of a fact that asks for an answer: a single append, or the commit of a batch."""
    head = command.split(b"\r\n", 1)[0].split(b" ")
    return head[0] in (b"PUB", b"HPUB") and head[1].startswith(b"iam.") and len(head) > (4 if head[0] == b"HPUB" else 3)


def acknowledgement(command: bytes) -> bool:
    """The answer to a publish."""
    return command.startswith((b"MSG", b"HMSG")) and b'{"stream":' in command and b'"seq":' in command


class Proxy:
    """Listens on loopback; `requests` and `answers` judge each command on its way."""

    def __init__(self, server: EmbeddedServer) -> None:
        self.requests: Judge = passing
        self.answers: Judge = passing
        self._upstream = urlsplit(server.url)
        self._server = server
        self._writers: set[asyncio.StreamWriter] = set()
        self._refusing = False
        self._loop = asyncio.new_event_loop()
        self._port = 0
        started = threading.Event()
        self._thread = threading.Thread(target=self._work, args=(started,), daemon=True)
        self._thread.start()
        started.wait()

    def credentials(self, role: str) -> ConnectionSettings:
        direct = self._server.credentials(role)
        return ConnectionSettings(
            (f"nats://127.0.0.1:{self._port}",), direct.credentials, inbox_prefix=direct.inbox_prefix
        )

    def cut(self) -> None:
        """Break every connection now."""
        self._loop.call_soon_threadsafe(self._abort)

    def refuse(self, refusing: bool = True) -> None:
        """Break every connection and, while refusing, every new one."""
        self._refusing = refusing
        self.cut()

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def __enter__(self) -> Proxy:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _abort(self) -> None:
        for writer in list(self._writers):
            writer.transport.abort()

    def _work(self, started: threading.Event) -> None:
        async def listen() -> asyncio.Server:
            server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
            self._port = server.sockets[0].getsockname()[1]
            return server

        asyncio.set_event_loop(self._loop)
        listener = self._loop.run_until_complete(listen())
        started.set()
        self._loop.run_forever()
        listener.close()
        self._abort()
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.run_until_complete(asyncio.sleep(0.01))  # aborted transports close in the loop's next turns
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refusing:
            writer.transport.abort()
            return
        above = await asyncio.open_connection(self._upstream.hostname, self._upstream.port)
        self._writers |= {writer, above[1]}
        try:
            await asyncio.gather(
                self._pump(reader, above[1], lambda command: self.requests(command)),
                self._pump(above[0], writer, lambda command: self.answers(command)),
            )
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            for one in (writer, above[1]):
                self._writers.discard(one)
                one.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, judge: Judge) -> None:
        held = b""
        while True:
            command = await _command(reader)
            verdict = judge(command)
            if verdict is Verdict.HOLD:
                held = command
            if verdict is Verdict.CUT:
                raise ConnectionResetError("cut")
            if verdict is Verdict.PASS:
                if held and fact(command):
                    writer.write(held)
                    held = b""
                writer.write(command)
                with contextlib.suppress(ConnectionResetError):
                    await writer.drain()


async def _command(reader: asyncio.StreamReader) -> bytes:
    """One whole command, payload included."""
    line = await reader.readuntil(b"\r\n")
    if line.startswith((b"PUB ", b"HPUB ", b"MSG ", b"HMSG ")):
        return line + await reader.readexactly(int(line.rsplit(b" ", 1)[1]) + 2)
    return line
