"""Fetching from where tenants say: never from private addresses, never by a redirect, always from the address that was checked
(SECURITY CVE row 30)."""

import hashlib

import pytest

from muniment.ops.federation.fetch import BYTES_MAX, Fetcher, NotFetched
from tests.ops.federation.issuer_server import Issuer


@pytest.fixture(scope="module")
def issuer(tmp_path_factory):
    server = Issuer(tmp_path_factory.mktemp("issuer"))
    yield server
    server.close()


def refused(fetcher, url, **how):
    with pytest.raises(NotFetched) as found:
        fetcher.get(url, **how)
    return str(found.value)


def test_an_allowed_place_is_fetched_from(issuer):
    issuer.answers["/x"] = (200, {}, b"yes")
    assert Fetcher([issuer.place], issuer.ca).get(f"{issuer.url}/x") == b"yes"


def test_loopback_is_refused_unless_the_operator_lists_it(issuer):
    before = len(issuer.asked)
    assert "an operator may allow" in refused(Fetcher([], issuer.ca), f"{issuer.url}/x")
    assert "an operator may allow" in refused(Fetcher(["localhost:1"], issuer.ca), f"{issuer.url}/x")
    assert len(issuer.asked) == before


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.9.1",
        "0.0.0.0",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "192.0.0.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "2002:7f00:1::",
        "2002:a00:1::",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "2001:db8::1",
        "not an address",
    ],
)
def test_no_private_address_is_connected_to_whatever_name_it_has(address):
    fetcher = Fetcher(resolve=lambda host, port: [address])
    assert "public address" in refused(fetcher, "https://id.example.com/x")


def test_a_name_with_one_private_address_among_public_ones_is_refused():
    fetcher = Fetcher(resolve=lambda host, port: ["93.184.216.34", "10.0.0.1"])
    assert "public address" in refused(fetcher, "https://id.example.com/x")


def test_the_connection_goes_to_the_address_that_was_checked(issuer):
    """DNS rebinding: the name is resolved once, and would by now say something else."""
    asked = []

    def resolve(host, port):
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["203.0.113.1"]

    issuer.answers["/x"] = (200, {}, b"yes")
    assert Fetcher([issuer.place], issuer.ca, resolve).get(f"{issuer.url}/x") == b"yes"
    assert asked == ["localhost"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(issuer, status):
    issuer.answers["/away"] = (status, {"Location": "/x"}, b"")
    issuer.answers["/x"] = (200, {}, b"yes")
    before = issuer.asked.count("/x")
    assert str(status) in refused(Fetcher([issuer.place], issuer.ca), f"{issuer.url}/away")
    assert issuer.asked.count("/x") == before


@pytest.mark.parametrize(
    "url",
    [
        "http://id.example.com/x",
        "file:///etc/passwd",
        "gopher://id.example.com",
        "https://",
        "https:///x",
        "https://user@id.example.com/x",
        "https://user:secret@id.example.com",
        "https://id.example.com/#x",
        "https://id.example.com:port/x",
        "https://id.example.com:99999/x",
        "",
        "//id.example.com",
    ],
)
def test_only_plain_https_urls_are_fetched(url):
    def resolve(host, port):
        raise AssertionError("nobody was to be asked")

    refused(Fetcher(resolve=resolve), url)


def test_an_unknown_authority_is_refused_unless_the_thumbprint_is_known(issuer):
    fetcher = Fetcher([issuer.place])
    issuer.answers["/x"] = (200, {}, b"yes")
    assert "certificate" in refused(fetcher, f"{issuer.url}/x")
    assert "certificate" in refused(fetcher, f"{issuer.url}/x", thumbprints=["0" * 40])
    shown = hashlib.sha1(issuer.der, usedforsecurity=False).hexdigest()
    assert fetcher.get(f"{issuer.url}/x", thumbprints=["0" * 40, shown]) == b"yes"


def test_a_certificate_of_another_name_is_refused(issuer):
    port = issuer.port
    fetcher = Fetcher([f"other.example:{port}"], issuer.ca, lambda host, port: ["127.0.0.1"])
    assert "certificate" in refused(fetcher, f"https://other.example:{port}/x")


def test_what_is_too_long_is_refused(issuer):
    issuer.answers["/long"] = (200, {}, b"x" * (BYTES_MAX + 1))
    assert "more than" in refused(Fetcher([issuer.place], issuer.ca), f"{issuer.url}/long")


def test_a_server_that_is_away_is_told_without_details():
    fetcher = Fetcher(["localhost:1"])
    assert refused(fetcher, "https://localhost:1/x") == "`localhost` could not be reached"
    assert "no address" in refused(Fetcher(resolve=lambda host, port: []), "https://id.example.com/x")
