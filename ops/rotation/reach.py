"""Where rotators may connect to, and whose certificates they believe (SECURITY CVE row 30: the addresses are chosen by tenants).

Loopback, link-local and private addresses are refused unless the operator lists `host:port`; so is a Unix socket, whose host is
its folder. The connection goes to the very address that was checked.
"""

import ssl
from pathlib import Path

from muniment.ops.federation.fetch import Fetcher, NotFetched
from muniment.ops.rotation.rotator import NotRotated


class Reach:
    """Checks targets. `allowed` are the pairs `host:port` that may have any address, `ca` is believed beside the system's."""

    def __init__(self, fetcher: Fetcher, allowed: tuple[str, ...] = (), ca: Path | None = None) -> None:
        self.fetcher = fetcher
        self.ca = ca
        self._allowed = frozenset(allowed)
        self._context = ssl.create_default_context()
        if ca is not None:
            self._context.load_verify_locations(ca)

    @property
    def tls(self) -> ssl.SSLContext:
        """How to talk TLS to a target: its certificate must be good for the name that the secret says."""
        return self._context

    def address(self, host: str, port: int) -> str:
        """The address to connect to, or the folder of an allowed Unix socket. Raises NotRotated."""
        if host.startswith("/"):
            if f"{host}:{port}" not in self._allowed:
                raise NotRotated(f"`{host}` is a Unix socket; an operator may allow `{host}:{port}`")
            return host
        try:
            return self.fetcher.address(host, port)
        except NotFetched as refused:
            raise NotRotated(str(refused)) from None
