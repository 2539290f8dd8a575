"""Signature Version 4: who a request claims to be, and the proof of it. Pure functions; the clock is an argument.

Rules: SECURITY 1.6 and CVE row 11. Nothing that changes what a request means may stay outside the signature: the body's
hash is always the real one (UNSIGNED-PAYLOAD and STREAMING-* exist for S3's large objects and are refused here), the
host and every `x-amz-*` header are signed, and paths that a server could read in two ways are refused.
Texts: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html
"""

import hashlib
import re
from datetime import UTC, datetime
from functools import lru_cache
from hmac import compare_digest
from typing import Any
from urllib.parse import unquote

import msgspec

from muniment.api.aws import canonical
from muniment.api.aws.http import HTTPRequest
from muniment.domain.errors import (
    IncompleteSignature,
    InvalidSignature,
    RequestExpired,
    SignatureDoesNotMatch,
)

SKEW_SECONDS = 300
PRESIGNED_SECONDS_MAX = 7 * 24 * 3600
PRESIGNED_SECONDS_DEFAULT = 900  # what STS gives a presigned request that names no X-Amz-Expires

MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details."
)
MISSING_TOKEN = "Request is missing Authentication Token"  # noqa: S105
INVALID_TOKEN = "The security token included in the request is invalid."  # noqa: S105
EXPIRED_TOKEN = "The security token included in the request is expired"  # noqa: S105

_QUERY_PARTS = (
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-SignedHeaders",
    "X-Amz-Signature",
    "X-Amz-Security-Token",
)
QUERY_PARTS = frozenset(name.lower() for name in _QUERY_PARTS)
_UNSIGNED_ALLOWED = frozenset({"x-amz-cf-id"})  # added by a CloudFront in front of us, after signing
_SINGLE_HEADERS = frozenset({"authorization", "host", "date", "content-type", "content-length"})
_TIMESTAMP = re.compile(r"(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z", re.ASCII)
_ACCESS_KEY_ID = re.compile(r"\w{1,128}", re.ASCII)
_SCOPE_PART = re.compile(r"[a-z0-9_-]{1,64}", re.ASCII)
_SIGNATURE = re.compile(r"[0-9a-f]{64}", re.ASCII)
_HEADER_NAME = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]{1,128}", re.ASCII)
_SHA256 = _SIGNATURE


class Claimed(msgspec.Struct, frozen=True, gc=False):
    """What a signed request says of itself, not yet proved. `time` is in microseconds since the epoch, UTC."""

    access_key_id: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str
    time: int
    timestamp: str
    presigned: bool = False
    expires: int | None = None
    token: str | None = None

    @property
    def scope(self) -> str:
        return f"{self.date}/{self.region}/{self.service}/{canonical.TERMINATOR}"

    def __repr__(self) -> str:  # a session token is a secret
        return f"Claimed(access_key_id={self.access_key_id!r}, scope={self.scope!r}, presigned={self.presigned})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:  # what `rich` shows must not be more than `repr` shows
        return [(name, getattr(self, name)) for name in ("access_key_id", "scope", "presigned")]


def parse_authorization(http: HTTPRequest) -> Claimed | None:
    """What the request claims, from its Authorization header or its query string; None where it is not signed.

    Raises IncompleteSignature (400) for a claim that lacks a part, InvalidSignature (400) for one made twice.
    """
    authorization = _only_header(http, "authorization")
    in_query = _query_parts(http.query_string)
    if in_query:
        if authorization is not None:
            raise InvalidSignature("The request is signed both in its Authorization header and in its query string")
        return _from_query(http, in_query)
    if authorization is None or not authorization.startswith(("AWS4", "AWS ")):
        return None
    return _from_header(http, authorization)


def verify(claimed: Claimed, http: HTTPRequest, key: str | bytes, now: int) -> None:
    """Return if the request bears the signature that `key` gives it at time `now`; else raise the refusal.

    `key` is the secret access key, or the signing key derived from it (`canonical.signing_key`, `SigningKeys`); `now`
    is in microseconds since the epoch.
    """
    _check_time(claimed, now)
    _check_signed_headers(claimed, http)
    payload = _payload_sha256(http)
    if http.raw_path not in ("/", "") and canonical.normal_path(http.raw_path) != http.raw_path:
        raise SignatureDoesNotMatch("The path of the request must not hold dot segments or doubled slashes")
    headers = canonical.canonical_headers(http.headers, claimed.signed_headers)
    if headers is None:
        raise SignatureDoesNotMatch(MISMATCH)
    request = canonical.canonical_request(
        http.method,
        canonical.canonical_path(http.raw_path),
        canonical.canonical_query(http.query_string, "X-Amz-Signature" if claimed.presigned else None),
        headers,
        claimed.signed_headers,
        payload,
    )
    if isinstance(key, str):
        key = canonical.signing_key(key, claimed.date, claimed.region, claimed.service)
    if not compare_digest(canonical.signature(key, claimed.timestamp, claimed.scope, request), claimed.signature):
        raise SignatureDoesNotMatch(MISMATCH)


def check_scope(claimed: Claimed, services: frozenset[str], regions: frozenset[str] | None = None) -> None:
    """Refuse a signature made for a service this endpoint is not, or for a region outside `regions` (None: any)."""
    if claimed.service not in services:
        raise SignatureDoesNotMatch("Credential should be scoped to correct service.")
    if regions is not None and claimed.region not in regions:
        raise SignatureDoesNotMatch(f"Credential should be scoped to a valid region, not '{claimed.region}'.")


def _only_header(http: HTTPRequest, name: str) -> str | None:
    values = [value for key, value in http.headers if key == name]
    if len(values) > 1:
        raise InvalidSignature(f"The request has more than one {name} header")
    return values[0] if values else None


def _query_parts(query_string: str) -> dict[str, str]:
    """The signature's own parameters in the query string, each at most once and in AWS's spelling."""
    found: dict[str, str] = {}
    for part in query_string.split("&"):
        raw_name, _, raw_value = part.partition("=")
        name = unquote(raw_name) if "%" in raw_name else raw_name
        if name.lower() not in QUERY_PARTS:
            continue
        if name in found:
            raise InvalidSignature(f"The query string has more than one {name} parameter")
        if name not in _QUERY_PARTS or name != raw_name:
            raise InvalidSignature("The parameters of a presigned request must be spelled as AWS spells them")
        found[name] = unquote(raw_value.replace("+", " "))  # as `canonical_query` reads it
    return found


def _from_header(http: HTTPRequest, authorization: str) -> Claimed:
    algorithm, _, rest = authorization.partition(" ")
    if algorithm != canonical.ALGORITHM:
        raise IncompleteSignature(f"Unsupported AWS 'algorithm': use '{canonical.ALGORITHM}'.")
    parts: dict[str, str] = {}
    for part in rest.split(","):
        name, equals, value = part.strip().partition("=")
        if not equals or name in parts:
            raise IncompleteSignature("Authorization header is not of the form name=value, name=value, each name once.")
        parts[name] = value
    missing = [name for name in ("Credential", "Signature", "SignedHeaders") if not parts.get(name)]
    timestamp = _only_header(http, "x-amz-date")
    if missing or timestamp is None:
        lacks = [f"Authorization header requires '{name}' parameter." for name in missing]
        if timestamp is None:  # the `Date` header alone is not signed by any current SDK and is too loose to parse
            lacks.append("Authorization header requires existence of a 'X-Amz-Date' header.")
        raise IncompleteSignature(" ".join(lacks))
    token = _only_header(http, "x-amz-security-token")
    return _claimed(parts["Credential"], parts["SignedHeaders"], parts["Signature"], timestamp, token)


def _from_query(http: HTTPRequest, parts: dict[str, str]) -> Claimed:
    if parts.get("X-Amz-Algorithm") != canonical.ALGORITHM:
        raise IncompleteSignature(f"AWS query-string parameters must include 'X-Amz-Algorithm={canonical.ALGORITHM}'.")
    missing = [
        name
        for name in ("X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Date")
        if not parts.get(name)
    ]
    if missing:
        raise IncompleteSignature(" ".join(f"AWS query-string parameters must include '{name}'." for name in missing))
    if http.header("x-amz-security-token") is not None:
        raise InvalidSignature("The session token of a presigned request belongs in its query string")
    expires_text = parts.get("X-Amz-Expires", str(PRESIGNED_SECONDS_DEFAULT))
    expires = int(expires_text) if expires_text.isascii() and expires_text.isdigit() and len(expires_text) < 8 else 0
    if not 1 <= expires <= PRESIGNED_SECONDS_MAX:
        raise IncompleteSignature(f"X-Amz-Expires must be a number of seconds from 1 to {PRESIGNED_SECONDS_MAX}.")
    token = parts.get("X-Amz-Security-Token")
    return _claimed(
        parts["X-Amz-Credential"],
        parts["X-Amz-SignedHeaders"],
        parts["X-Amz-Signature"],
        parts["X-Amz-Date"],
        token,
        expires,
    )


def _claimed(
    credential: str, signed_headers: str, signature: str, timestamp: str, token: str | None, expires: int | None = None
) -> Claimed:
    access_key_id, date, region, service = _scope_of(credential)
    time = _moment(timestamp)
    if date != timestamp[:8]:
        raise SignatureDoesNotMatch(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
            f"'{date[:16]}' != '{timestamp[:8]}', from '{timestamp}'."
        )
    names = _names_of(signed_headers)
    if not _SIGNATURE.fullmatch(signature):
        raise SignatureDoesNotMatch(MISMATCH)
    return Claimed(
        access_key_id, date, region, service, names, signature, time, timestamp, expires is not None, expires, token
    )


# Remembered, because a client says the same in every request. What is refused is not remembered, so each is short.
@lru_cache(4_096)
def _scope_of(credential: str) -> tuple[str, str, str, str]:
    elements = credential.split("/")
    if len(elements) != 5:
        raise IncompleteSignature(
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term."
        )
    access_key_id, date, region, service, terminator = elements
    if terminator != canonical.TERMINATOR:
        raise SignatureDoesNotMatch("Credential should be scoped with a valid terminator: 'aws4_request'.")
    if not (
        _ACCESS_KEY_ID.fullmatch(access_key_id) and _SCOPE_PART.fullmatch(region) and _SCOPE_PART.fullmatch(service)
    ):
        raise IncompleteSignature("Credential must be an access key id, a date, a region and a service.")
    return access_key_id, date, region, service


@lru_cache(256)
def _names_of(signed_headers: str) -> tuple[str, ...]:
    names = tuple(signed_headers.split(";"))
    if list(names) != sorted(set(names)) or not all(_HEADER_NAME.fullmatch(name) for name in names):
        raise IncompleteSignature("SignedHeaders must be lower-case header names in order, each once, joined by ';'.")
    if "host" not in names:
        raise IncompleteSignature("'Host' must be a 'SignedHeader' in the AWS Authorization.")
    return names


@lru_cache(1_024)
def _moment(timestamp: str) -> int:
    found = _TIMESTAMP.fullmatch(timestamp)
    try:
        if found is None:
            raise ValueError
        year, month, day, hour, minute, second = map(int, found.groups())
        return int(datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp()) * 1_000_000
    except ValueError:
        raise IncompleteSignature("Date must be in ISO-8601 'basic format', YYYYMMDD'T'HHMMSS'Z'.") from None


def _check_time(claimed: Claimed, now: int) -> None:
    if claimed.time > now + SKEW_SECONDS * 1_000_000:
        limit = _basic_format(now + SKEW_SECONDS * 1_000_000)
        raise SignatureDoesNotMatch(
            f"Signature not yet current: {claimed.timestamp} is still later than {limit} "
            f"({_basic_format(now)} + {SKEW_SECONDS // 60} min.)"
        )
    if claimed.expires is not None:
        if claimed.time + claimed.expires * 1_000_000 < now:
            raise RequestExpired(f"Request has expired: it was valid for {claimed.expires} s from {claimed.timestamp}.")
    elif claimed.time < now - SKEW_SECONDS * 1_000_000:
        limit = _basic_format(now - SKEW_SECONDS * 1_000_000)
        raise SignatureDoesNotMatch(
            f"Signature expired: {claimed.timestamp} is now earlier than {limit} "
            f"({_basic_format(now)} - {SKEW_SECONDS // 60} min.)"
        )


def _check_signed_headers(claimed: Claimed, http: HTTPRequest) -> None:
    seen: set[str] = set()
    for name, _value in http.headers:
        is_amz = name.startswith("x-amz-") and name not in _UNSIGNED_ALLOWED
        if is_amz and name not in claimed.signed_headers:
            raise SignatureDoesNotMatch(f"The header '{name}' must be a 'SignedHeader' in the AWS Authorization.")
        if name in seen and (is_amz or name in _SINGLE_HEADERS or name in claimed.signed_headers):
            raise InvalidSignature(f"The request has more than one {name} header")
        seen.add(name)


def _payload_sha256(http: HTTPRequest) -> str:
    actual = hashlib.sha256(http.body).hexdigest() if http.body else canonical.EMPTY_SHA256
    declared = http.header("x-amz-content-sha256")
    if declared is None or compare_digest(declared.encode("latin-1"), actual.encode("ascii")):
        return actual
    if not _SHA256.fullmatch(declared):
        raise SignatureDoesNotMatch(
            "x-amz-content-sha256 must be the SHA-256 of the body: unsigned and streaming payloads are not accepted."
        )
    raise SignatureDoesNotMatch("The provided 'x-amz-content-sha256' header does not match what was computed.")


def _basic_format(microseconds: int) -> str:
    return datetime.fromtimestamp(microseconds // 1_000_000, UTC).strftime("%Y%m%dT%H%M%SZ")
