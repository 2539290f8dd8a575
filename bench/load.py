"""A small load generator: kept-alive connections, requests prepared as bytes, every answer's status checked."""

import asyncio
import time
from urllib.parse import urlsplit


class Answers:
    """Latencies in seconds, and the bodies of what was not 200."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.bad: list[bytes] = []
        self.elapsed = 0.0

    def percentile(self, share: float) -> float:
        """A percentile in milliseconds."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1_000

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.seconds) / self.elapsed


async def send(endpoint: str, lanes: list[list[bytes]]) -> Answers:
    """Each lane is one connection that sends its requests one after another."""
    address = urlsplit(endpoint)
    answers = Answers()

    async def lane(requests: list[bytes]) -> None:
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        for request in requests:
            began = time.perf_counter()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
            body = await reader.readexactly(length)
            answers.seconds.append(time.perf_counter() - began)
            if not head.startswith(b"HTTP/1.1 200"):
                answers.bad.append(body)
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*map(lane, lanes))
    answers.elapsed = time.perf_counter() - began
    return answers


def once(endpoint: str, request: bytes) -> bytes:
    """Send one request; the body of its answer."""

    async def ask() -> bytes:
        address = urlsplit(endpoint)
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
        body = await reader.readexactly(length)
        writer.close()
        return body

    return asyncio.run(ask())


def run(endpoint: str, lanes: list[list[bytes]]) -> Answers:
    """`send`, from synchronous code."""
    try:
        import uvloop
    except ModuleNotFoundError:
        return asyncio.run(send(endpoint, lanes))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(send(endpoint, lanes))
