"""Where rotators may connect to: the rules for addresses that tenants chose (SECURITY CVE row 30).

Loopback, link-local and private addresses are refused unless the operator lists `host:port`; so is a Unix socket, whose host is
its folder. The connection goes to the very address that was checked.
"""

from muniment.ops.federation.fetch import Fetcher, NotFetched
from muniment.ops.rotation.rotator import NotRotated


class Reach:
    """Checks targets. `allowed` are the pairs `host:port` that may have any address."""

    def __init__(self, fetcher: Fetcher, allowed: tuple[str, ...] = ()) -> None:
        self.fetcher = fetcher
        self._allowed = frozenset(allowed)

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
