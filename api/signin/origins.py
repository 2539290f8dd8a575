"""Which origins our pages are served from: known from the settings, never from a request's Host header (CVE row 20)."""

from typing import Final, Self
from urllib.parse import urlsplit

import msgspec

LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
DEFAULT_PORTS: Final = {"http": 80, "https": 443}


class Origins(msgspec.Struct, frozen=True):
    """The exact origins; on loopback both of its names."""

    allowed: tuple[str, ...]
    loopback: bool = False

    @classmethod
    def of(cls, endpoint: str) -> Self:
        """Those of a server that clients reach at `endpoint`, a URL."""
        url = urlsplit(endpoint or "http://localhost")
        scheme, host = url.scheme or "http", url.hostname or "localhost"
        port = "" if url.port in (None, DEFAULT_PORTS.get(scheme)) else f":{url.port}"
        if host not in LOOPBACK:
            return cls((f"{scheme}://{host}{port}",))
        named = f"[{host}]" if ":" in host else host
        return cls(tuple(dict.fromkeys(f"{scheme}://{name}{port}" for name in (named, "localhost"))), True)
