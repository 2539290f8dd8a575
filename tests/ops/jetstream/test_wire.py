"""The protocol parser gives the same messages however the bytes are cut, and headers cannot break out of their line."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.ops.jetstream.wire import Frame, Wire, header_block, parse_headers, pub

TOKENS = st.text("abcXYZ019_-", min_size=1, max_size=8)
PAYLOADS = st.one_of(st.binary(max_size=60), st.just(b"PING\r\n"), st.just(b"MSG a 1 3\r\nabc\r\n"))


class Transport(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.aborted = False

    def write(self, data: Any) -> None:
        self.written += data

    def is_closing(self) -> bool:
        return self.aborted

    def abort(self) -> None:
        self.aborted = True


@st.composite
def messages(draw: st.DrawFn) -> tuple[Frame, bytes]:
    """A frame and its bytes on the wire."""
    sid = str(draw(st.integers(1, 999)))
    subject = ".".join(draw(st.lists(TOKENS, min_size=1, max_size=3)))
    reply = draw(st.one_of(st.just(""), TOKENS))
    payload = draw(PAYLOADS)
    head = f"{subject} {sid} {reply} " if reply else f"{subject} {sid} "
    if draw(st.booleans()):
        block = header_block(draw(st.dictionaries(TOKENS, TOKENS, max_size=3)))
        wire = f"HMSG {head}{len(block)} {len(block) + len(payload)}\r\n".encode() + block + payload + b"\r\n"
    else:
        block = b""
        wire = f"MSG {head}{len(payload)}\r\n".encode() + payload + b"\r\n"
    return (sid.encode(), subject.encode(), reply.encode(), block, payload), wire


def parse(chunks: list[bytes]) -> tuple[list[Frame], Transport, list[str]]:
    async def run() -> tuple[list[Frame], Transport, list[str]]:
        frames: list[Frame] = []
        errors: list[str] = []
        wire = Wire(frames.extend, errors.append, lambda _: None)
        transport = Transport()
        wire.connection_made(transport)
        for chunk in chunks:
            wire.data_received(chunk)
        return frames, transport, errors

    return asyncio.run(run())


@given(st.lists(messages(), max_size=6), st.lists(st.integers(0, 600), max_size=8), st.booleans())
def test_messages_are_the_same_however_the_bytes_are_cut(
    sent: list[tuple[Frame, bytes]], cuts: list[int], ping: bool
) -> None:
    data = b"".join(wire + (b"PING\r\n" if ping else b"") for _, wire in sent)
    places = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
    frames, transport, errors = parse([data[a:b] for a, b in itertools.pairwise(places)])
    assert frames == [frame for frame, _ in sent]
    assert transport.written == (b"PONG\r\n" * len(sent) if ping else b"")
    assert errors == []


def test_what_we_publish_is_what_a_server_would_deliver() -> None:
    block = header_block({"Mun-Version": "7"})
    assert pub("a.b", b"xy") == b"PUB a.b 2\r\nxy\r\n"
    assert pub("a.b", b"xy", "r") == b"PUB a.b r 2\r\nxy\r\n"
    assert pub("a.b", b"xy", "r", block) == b"HPUB a.b r %d %d\r\n%bxy\r\n" % (len(block), len(block) + 2, block)


@given(st.dictionaries(TOKENS, st.text(st.characters(exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp"])), max_size=4))
def test_headers_come_back(headers: dict[str, str]) -> None:
    assert parse_headers(header_block(headers)) == {"": "", **headers}


@pytest.mark.parametrize(
    ("name", "value"), [("a b", "x"), ("a:", "x"), ("", "x"), ("a\r\nb", "x"), ("a", "x\r\nb: y"), ("a", "\n")]
)
def test_a_header_that_would_break_out_of_its_line_is_refused(name: str, value: str) -> None:
    with pytest.raises(ValueError, match="cannot be written"):
        header_block({name: value})


def test_a_line_without_end_closes_the_connection() -> None:
    _, transport, _ = parse([b"x" * 40_000, b"x" * 40_000])
    assert transport.aborted


def test_errors_of_the_server_are_handed_over_without_quotes() -> None:
    _, _, errors = parse([b"-ERR 'Authorization Violation'\r\n"])
    assert errors == ["Authorization Violation"]
