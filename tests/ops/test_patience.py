"""Answers on the wire: what is written in one turn of the loop leaves in one piece, and nothing is lost at the end."""

import asyncio
from typing import cast

from muniment.ops.patience import Gathering


class Written:
    """A transport that keeps what it is given."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.closed = False

    def write(self, data: bytes) -> None:
        assert not self.closed, "written after its end"
        self.pieces.append(data)

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed


def test_a_head_and_its_body_leave_together() -> None:
    async def answer() -> list[bytes]:
        below = Written()
        gathering = Gathering(cast("asyncio.Transport", below), asyncio.get_running_loop())
        gathering.write(b"HTTP/1.1 200 OK\r\n\r\n")
        gathering.write(b"body")
        assert below.pieces == []
        await asyncio.sleep(0)
        gathering.write(b"the next answer")
        await asyncio.sleep(0)
        return below.pieces

    assert asyncio.run(answer()) == [b"HTTP/1.1 200 OK\r\n\r\nbody", b"the next answer"]


def test_what_was_written_before_the_end_is_sent_before_it() -> None:
    async def answer() -> Written:
        below = Written()
        gathering = Gathering(cast("asyncio.Transport", below), asyncio.get_running_loop())
        gathering.write(b"the last answer")
        gathering.close()
        await asyncio.sleep(0)
        assert gathering.is_closing()
        return below

    below = asyncio.run(answer())
    assert below.pieces == [b"the last answer"]
    assert below.closed
