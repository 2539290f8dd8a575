"""An HTTP request and answer as plain values: what the AWS front reads and what it gives back, with no framework."""

from collections.abc import Iterable
from typing import Any

import msgspec


class HTTPRequest(msgspec.Struct, frozen=True, gc=False):
    """One request as it came over the wire.

    `raw_path` and `query_string` are the bytes of the request line read as Latin-1, still percent-encoded and without
    the question mark; header names are lower-case, header values are the wire's bytes read as Latin-1; `body` is whole.
    """

    method: str
    raw_path: str
    query_string: str
    headers: list[tuple[str, str]]
    body: bytes

    @classmethod
    def from_asgi(cls, scope: dict[str, Any], body: bytes) -> "HTTPRequest":
        """The request of an ASGI connection scope (ASGI HTTP specification 2.x, `raw_path` present)."""
        headers: Iterable[tuple[bytes, bytes]] = scope["headers"]
        return cls(
            scope["method"],
            scope["raw_path"].decode("latin-1"),
            scope["query_string"].decode("latin-1"),
            [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in headers],
            body,
        )

    def header(self, name: str) -> str | None:
        """The first header of that lower-case name, or None."""
        for key, value in self.headers:
            if key == name:
                return value
        return None


class HTTPAnswer(msgspec.Struct, frozen=True, gc=False):
    """One answer: status, headers as they go out, body bytes."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
