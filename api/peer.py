"""Where a request came from. Forwarded headers count only when a configured proxy sent them (SECURITY CVE row 20)."""

import ipaddress
from collections.abc import Mapping, Sequence

import msgspec

from muniment.api.aws.http import HTTPRequest

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Peer(msgspec.Struct, frozen=True):
    """The client as far as it can be known."""

    address: str
    secure: bool  # it came over TLS


class Proxies:
    """The proxies whose forwarded headers are believed: addresses or CIDR blocks."""

    def __init__(self, blocks: Sequence[str] = ()) -> None:
        self._networks: list[_Network] = [ipaddress.ip_network(block, strict=False) for block in blocks]

    def __contains__(self, address: str) -> bool:
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._networks)

    def peer(self, http: HTTPRequest, client: Sequence[str | int] | None, scheme: str) -> Peer:
        """The client behind a trusted proxy, else the other end of the connection.

        Of `X-Forwarded-For` the right-most address that is not itself a trusted proxy counts: everything left of it
        the client may have written.
        """
        address = str(client[0]) if client else ""
        if not self._networks or address not in self:
            return Peer(address, scheme == "https")
        headers: Mapping[str, str] = dict(http.headers)
        hops = [hop.strip() for hop in headers.get("x-forwarded-for", "").split(",") if hop.strip()]
        forwarded = next((hop for hop in reversed(hops) if hop not in self), hops[0] if hops else address)
        return Peer(_plain(forwarded) or address, headers.get("x-forwarded-proto", "").strip().lower() == "https")


def _plain(address: str) -> str:
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return ""
