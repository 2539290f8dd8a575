"""Reading a request's body within its limits: 1 MiB, 16 KiB of headers, 30 seconds (SECURITY 17)."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from muniment.domain.errors import MalformedQueryString, RequestEntityTooLarge
from muniment.domain.quotas import BODY_BYTES_MAX, HEADER_BYTES_MAX

BODY_SECONDS_MAX: Final = 30.0


async def read_body(
    scope: MutableMapping[str, Any], receive: Callable[[], Awaitable[MutableMapping[str, Any]]]
) -> bytes:
    """The whole body. Raises RequestEntityTooLarge as soon as it is known to be too large, without reading the rest."""
    headers = scope["headers"]
    if sum([len(name) + len(value) for name, value in headers]) > HEADER_BYTES_MAX:
        raise RequestEntityTooLarge(f"The headers are larger than {HEADER_BYTES_MAX} bytes")
    declared = next((value for name, value in headers if name == b"content-length"), b"0")
    if declared.isdigit() and int(declared) > BODY_BYTES_MAX:
        raise RequestEntityTooLarge(f"The body is larger than {BODY_BYTES_MAX} bytes")
    try:
        async with asyncio.timeout(BODY_SECONDS_MAX):
            return await _read(receive)
    except TimeoutError:
        raise MalformedQueryString(f"The body did not arrive within {BODY_SECONDS_MAX:.0f} seconds") from None


async def _read(receive: Callable[[], Awaitable[MutableMapping[str, Any]]]) -> bytes:
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise MalformedQueryString("The client went away before its body was whole")
        part = message.get("body", b"")
        size += len(part)
        if size > BODY_BYTES_MAX:
            raise RequestEntityTooLarge(f"The body is larger than {BODY_BYTES_MAX} bytes")
        parts.append(part)
        if not message.get("more_body"):
            return b"".join(parts)
