"""Forwarded headers count only from a configured proxy (SECURITY CVE row 20)."""

import pytest

from muniment.api.aws.http import HTTPRequest
from muniment.api.peer import Peer, Proxies


def request(**headers):
    return HTTPRequest("GET", "/", "", [(name.replace("_", "-"), value) for name, value in headers.items()], b"")


FORGED = request(x_forwarded_for="10.0.0.1", x_forwarded_proto="https", forwarded="for=10.0.0.1;proto=https")


def test_a_strangers_forwarded_headers_change_nothing():
    assert Proxies().peer(FORGED, ("203.0.113.9", 4711), "http") == Peer("203.0.113.9", secure=False)
    assert Proxies(["192.0.2.0/24"]).peer(FORGED, ("203.0.113.9", 4711), "http") == Peer("203.0.113.9", secure=False)


def test_a_trusted_proxy_tells_the_client_and_its_scheme():
    http = request(x_forwarded_for="198.51.100.7", x_forwarded_proto="https")
    assert Proxies(["192.0.2.1"]).peer(http, ("192.0.2.1", 1), "http") == Peer("198.51.100.7", secure=True)


def test_what_the_client_wrote_left_of_the_proxys_own_word_does_not_count():
    http = request(x_forwarded_for="127.0.0.1, 198.51.100.7, 192.0.2.5")
    assert Proxies(["192.0.2.0/24"]).peer(http, ("192.0.2.1", 1), "http").address == "198.51.100.7"


@pytest.mark.parametrize("forwarded", ["", "  ", "unknown", "_hidden", "198.51.100.7:443", "' or 1=1"])
def test_a_forwarded_address_that_is_none_falls_back_to_the_proxy(forwarded):
    http = request(x_forwarded_for=forwarded)
    assert Proxies(["192.0.2.1"]).peer(http, ("192.0.2.1", 1), "http").address == "192.0.2.1"


def test_the_scheme_of_the_connection_itself_counts_without_a_proxy():
    assert Proxies().peer(request(), ("203.0.113.9", 1), "https").secure
    assert not Proxies(["192.0.2.1"]).peer(request(), ("192.0.2.1", 1), "https").secure
