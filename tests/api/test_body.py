"""Bodies are read within their limits, and no further (SECURITY 17)."""

import asyncio

import pytest

from muniment.api.body import read_body
from muniment.domain.errors import MalformedQueryString, RequestEntityTooLarge
from muniment.domain.quotas import BODY_BYTES_MAX, HEADER_BYTES_MAX


def read(parts, headers=()):
    """Read a body that comes in `parts`; the body, and how many parts were asked for."""
    asked = []

    async def receive():
        asked.append(1)
        part = parts[len(asked) - 1]
        if part is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": part, "more_body": len(asked) < len(parts)}

    return asyncio.run(read_body({"headers": list(headers)}, receive)), len(asked)


def test_a_body_in_parts_is_put_together():
    assert read([b"Action=", b"ListUsers", b""]) == (b"Action=ListUsers", 3)


def test_the_largest_body_is_taken_and_one_byte_more_is_not():
    assert len(read([b"x" * BODY_BYTES_MAX])[0]) == BODY_BYTES_MAX
    with pytest.raises(RequestEntityTooLarge):
        read([b"x" * BODY_BYTES_MAX, b"x"])


def test_a_declared_length_is_refused_before_anything_is_read():
    with pytest.raises(RequestEntityTooLarge):
        read([], [(b"content-length", str(BODY_BYTES_MAX + 1).encode())])


def test_a_flood_is_left_unread():
    parts = [b"x" * 65_536] * 1_000
    with pytest.raises(RequestEntityTooLarge):
        read(parts)


def test_headers_have_a_limit_of_their_own():
    with pytest.raises(RequestEntityTooLarge, match="headers"):
        read([b""], [(b"x", b"y" * HEADER_BYTES_MAX)])


def test_a_client_that_goes_away_is_refused():
    with pytest.raises(MalformedQueryString):
        read([b"Action=", None])
