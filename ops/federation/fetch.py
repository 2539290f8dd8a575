"""Fetching from addresses that tenants chose: https only, never to a private address, never anywhere else than asked.

SECURITY CVE row 30: loopback, link-local and private addresses are refused unless the operator lists host:port; redirects are
not followed; the connection goes to the very address that was checked.
"""

import hashlib
import http.client
import ipaddress
import socket
import ssl
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

BYTES_MAX: Final = 262_144
SECONDS_MAX: Final = 5.0
PORT: Final = 443
NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})

Resolve = Callable[[str, int], Sequence[str]]


class NotFetched(Exception):
    """The document could not be had; the message says why, in words that tell nothing about what is behind us."""


def addresses(host: str, port: int) -> Sequence[str]:
    """The addresses of a host."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        raise NotFetched(f"`{host}` has no address") from None
    return [str(each[4][0]) for each in found]


class Fetcher:
    """Fetches small documents. `allowed` are the `host:port` pairs that may have any address."""

    def __init__(self, allowed: Sequence[str] = (), ca: Path | None = None, resolve: Resolve = addresses) -> None:
        self._allowed = frozenset(each.lower() for each in allowed)
        self._context = ssl.create_default_context()
        if ca is not None:
            self._context.load_verify_locations(ca)
        self._resolve = resolve

    def get(self, url: str, thumbprints: Sequence[str] = ()) -> bytes:
        """The body of a successful answer. Raises NotFetched.

        A server whose certificate no known authority signed is believed where the SHA-1 of it is among `thumbprints`.
        """
        host, port, path = _place(url)
        address = self.address(host, port)
        try:
            return self._ask(_Pinned(host, port, address, self._context), "GET", path)
        except ssl.SSLCertVerificationError:
            if not thumbprints:
                raise NotFetched(f"`{host}` shows a certificate that nobody known has signed") from None
            return self._ask(_Pinned(host, port, address, _unverified(), thumbprints), "GET", path)

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> bytes:
        """The body of the successful answer to a POST. Raises NotFetched."""
        host, port, path = _place(url)
        try:
            return self._ask(_Pinned(host, port, self.address(host, port), self._context), "POST", path, body, headers)
        except ssl.SSLCertVerificationError:
            raise NotFetched(f"`{host}` shows a certificate that nobody known has signed") from None

    def address(self, host: str, port: int) -> str:
        """The one address that may be connected to. All of a host's must be fit: which is taken is not the host's to choose.

        Raises NotFetched.
        """
        found = self._resolve(host, port)
        if not found:
            raise NotFetched(f"`{host}` has no address")
        if f"{host}:{port}".lower() not in self._allowed and not all(map(_is_public, found)):
            raise NotFetched(f"`{host}` is not a public address; an operator may allow `{host}:{port}`")
        return found[0]

    @staticmethod
    def _ask(
        connection: "_Pinned",
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> bytes:
        host = connection.host
        try:
            sent = {"Accept": "application/json", "User-Agent": "muniment", **headers}
            connection.request(method, path, body, sent)
            with connection.getresponse() as answer:
                if answer.status != http.client.OK:  # a redirect is no answer either
                    raise NotFetched(f"`{host}` answered {answer.status}")
                found = answer.read(BYTES_MAX + 1)
        except ssl.SSLCertVerificationError:
            raise
        except (OSError, http.client.HTTPException):
            raise NotFetched(f"`{host}` could not be reached") from None
        finally:
            connection.close()
        if len(found) > BYTES_MAX:
            raise NotFetched(f"`{host}` answered more than {BYTES_MAX} bytes")
        return found


def _place(url: str) -> tuple[str, int, str]:
    """Host, port and path of an https URL. Raises NotFetched."""
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname or parts.username is not None or parts.fragment:
        raise NotFetched(f"`{url[:200]}` is not an https URL")
    try:
        port = parts.port or PORT
    except ValueError:
        raise NotFetched(f"`{url[:200]}` is not an https URL") from None
    return parts.hostname, port, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


class _Pinned(http.client.HTTPSConnection):
    """A connection to an address that was checked, under the name that was asked for."""

    def __init__(
        self, host: str, port: int, address: str, context: ssl.SSLContext, thumbprints: Sequence[str] = ()
    ) -> None:
        super().__init__(host, port, timeout=SECONDS_MAX, context=context)
        self._address, self._tls, self._thumbprints = address, context, frozenset(thumbprints)

    def connect(self) -> None:
        """Connect to the address alone, and be sure of the certificate."""
        plain = socket.create_connection((self._address, self.port), SECONDS_MAX)
        try:
            self.sock = self._tls.wrap_socket(plain, server_hostname=self.host)
        except BaseException:
            plain.close()
            raise
        if not self._thumbprints:
            return
        shown = self.sock.getpeercert(binary_form=True) or b""
        if hashlib.sha1(shown, usedforsecurity=False).hexdigest() not in self._thumbprints:
            raise NotFetched(f"`{self.host}` shows a certificate with none of the provider's thumbprints")


def _unverified() -> ssl.SSLContext:
    """For servers that are known by their thumbprint alone, which is checked before anything is sent."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _is_public(address: str) -> bool:
    """Whether an address is one that anybody on the internet could reach."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(parsed, "ipv4_mapped", None)
    if mapped is not None:
        parsed = mapped
    elif isinstance(parsed, ipaddress.IPv6Address) and (parsed.sixtofour or parsed.teredo or parsed in _NAT64):
        return False  # an IPv4 address in disguise
    return parsed.is_global and not parsed.is_multicast and not parsed.is_reserved


_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
