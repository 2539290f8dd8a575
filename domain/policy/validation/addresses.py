"""Checks on IP ranges: private ones, which the source of a request never is, and those with bits that do not count."""

import ipaddress

from muniment.domain.policy.validation.report import Report
from muniment.domain.policy.validation.spots import Spot
from muniment.domain.policy.validation.stated import Tested

SOURCE = "aws:sourceip"


def check_addresses(report: Report, test: Tested) -> None:
    """Report on the ranges of an IpAddress or NotIpAddress test."""
    read = [(spot, _network(spot)) for spot in test.key.items()]
    ranges = [(spot, network) for spot, network in read if network is not None]
    for spot, network in ranges:
        address = (spot.text or "").partition("/")[0]
        if ipaddress.ip_address(address) != network.network_address:
            report.add("IMPROVE_IP_RANGE", spot, address=spot.text, better=str(network))
    if test.name.lower() != SOURCE or not ranges:
        return
    private = [spot for spot, network in ranges if _is_private(network)]
    negated = "_NOT" if test.operator.negated else ""
    if len(private) == len(test.key.items()):
        report.add(f"PRIVATE{negated}_IP_ADDRESS", *private)
    elif private:
        report.add(f"PRIVATE{negated}_IP_ADDRESS_SUBSET", *private)


def _network(spot: Spot) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(spot.text or "", strict=False)
    except ValueError:
        return None


def _is_private(network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> bool:
    """RFC 1918 and RFC 4193; loopback and documentation ranges are somebody's tests."""
    private = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
    ranges = (ipaddress.ip_network(text) for text in private)
    return any(
        network.version == each.version and network.network_address in each and network.broadcast_address in each
        for each in ranges
    )
