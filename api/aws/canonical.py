"""The canonical form of a request that Signature Version 4 signs.

Source: "Create a signed AWS API request", https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

import hashlib
import hmac
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from urllib.parse import quote, quote_from_bytes, unquote_to_bytes

ALGORITHM = "AWS4-HMAC-SHA256"
TERMINATOR = "aws4_request"
EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()

_UNRESERVED = "-_.~"
_BLANKS = re.compile(r"[ \t]+")


@lru_cache(256)
def canonical_path(raw_path: str) -> str:
    """The path, dot segments and doubled slashes removed, percent-encoded once more (every service but S3)."""
    if raw_path in ("", "/"):
        return "/"
    return quote(normal_path(raw_path).encode("latin-1"), safe="/" + _UNRESERVED)


@lru_cache(256)
def normal_path(raw_path: str) -> str:
    """RFC 3986 5.2.4, and doubled slashes become one."""
    kept: list[str] = []
    for segment in raw_path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in ("", "."):
            kept.append(segment)
    return "/" + "/".join(kept) + ("/" if kept and raw_path.endswith("/") else "")


def canonical_query(query_string: str, leave_out: str | None = None) -> str:
    """The parameters, each name and value percent-encoded anew, sorted by encoded name, then value."""
    if not query_string:
        return ""
    pairs = []
    for part in query_string.split("&"):
        name, _, value = part.partition("=")
        if part and name != leave_out:
            pairs.append((_encoded(name), _encoded(value)))
    pairs.sort()
    return "&".join([f"{name}={value}" for name, value in pairs])


def canonical_headers(headers: Iterable[tuple[str, str]], signed: Sequence[str]) -> str | None:
    """`name:value` lines of the signed headers in their order, or None where one of them is missing."""
    values: dict[str, str] = {}
    for name, value in headers:
        if name in signed:
            trimmed = value.strip(" \t")
            if "  " in trimmed or "\t" in trimmed:
                trimmed = _BLANKS.sub(" ", trimmed)
            values[name] = f"{values[name]},{trimmed}" if name in values else trimmed
    if len(values) != len(signed):
        return None
    return "".join([f"{name}:{values[name]}\n" for name in signed])


def canonical_request(
    method: str, path: str, query: str, headers: str, signed_headers: Sequence[str], payload_sha256: str
) -> str:
    """The six parts joined, as they are hashed."""
    return f"{method}\n{path}\n{query}\n{headers}\n{';'.join(signed_headers)}\n{payload_sha256}"


def signing_key(secret: str, date: str, region: str, service: str) -> bytes:
    """The key derived from a secret access key for one day, region and service."""
    key = b"AWS4" + secret.encode("utf-8")
    for part in (date, region, service, TERMINATOR):
        key = hmac.digest(key, part.encode("utf-8"), "sha256")
    return key


def signature(key: bytes, timestamp: str, scope: str, request: str) -> str:
    """The signature, in hexadecimal, of a canonical request (its characters are the wire's bytes as Latin-1)."""
    digest = hashlib.sha256(request.encode("latin-1")).hexdigest()
    # not `hmac.digest`: that gives up Python's lock, and gets it back when other threads are done with it
    return hmac.new(key, f"{ALGORITHM}\n{timestamp}\n{scope}\n{digest}".encode("latin-1"), "sha256").hexdigest()


def _encoded(part: str) -> str:
    if part.isascii() and part.replace("-", "a").replace("_", "a").replace(".", "a").replace("~", "a").isalnum():
        return part
    return quote_from_bytes(unquote_to_bytes(part.replace("+", " ").encode("latin-1")), safe=_UNRESERVED)
