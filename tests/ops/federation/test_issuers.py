"""Keys of issuers: pinned to what discovery says, kept, and fetched seldom (SECURITY rule 10)."""

import threading

import msgspec
import pytest
from joserfc.jwk import RSAKey

from muniment.domain.account.provider import OIDCProvider
from muniment.domain.session_errors import IDPUnreachable, InvalidIdentityToken
from muniment.ops.federation.fetch import Fetcher
from muniment.ops.federation.issuers import AGAIN_SECONDS, FRESH_SECONDS, STALE_SECONDS_MAX, Issuers
from tests.ops.federation.issuer_server import Issuer


@pytest.fixture
def issuer(tmp_path):
    server = Issuer(tmp_path)
    yield server
    server.close()


class Clock:
    now = 1_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def issuers(issuer, clock):
    return Issuers(Fetcher([issuer.place], issuer.ca), clock)


@pytest.fixture
def provider(issuer):
    return OIDCProvider("arn", issuer.place, 0, ("app",))


def fetched(issuer):
    return issuer.asked.count("/keys")


def test_a_key_is_found_by_its_id(issuers, provider, issuer):
    assert issuers.key(provider, "one")["n"] == issuer.keys[0].as_dict(private=False)["n"]
    with pytest.raises(InvalidIdentityToken):
        issuers.key(provider, "two")


def test_keys_are_kept_for_an_hour(issuers, provider, issuer, clock):
    for _ in range(5):
        issuers.key(provider, "one")
    assert fetched(issuer) == 1
    clock.now += FRESH_SECONDS
    issuers.key(provider, "one")
    assert fetched(issuer) == 2


def test_unknown_key_ids_make_us_fetch_once_in_a_while_at_most(issuers, provider, issuer, clock):
    """Otherwise a stranger would decide how often we ask somebody else's server."""
    issuers.key(provider, "one")
    for number in range(50):
        with pytest.raises(InvalidIdentityToken):
            issuers.key(provider, f"made up {number}")
    assert fetched(issuer) == 1
    clock.now += AGAIN_SECONDS
    for number in range(50):
        with pytest.raises(InvalidIdentityToken):
            issuers.key(provider, f"made up {number}")
    assert fetched(issuer) == 2


def test_a_new_key_is_found_after_a_rotation(issuers, provider, issuer, clock):
    issuers.key(provider, "one")
    issuer.keys.append(RSAKey.generate_key(2_048, {"kid": "two"}))
    issuer.publish()
    clock.now += AGAIN_SECONDS
    assert issuers.key(provider, "two")


def test_many_at_once_fetch_once(issuers, provider, issuer):
    threads = [threading.Thread(target=issuers.key, args=(provider, "one")) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert fetched(issuer) == 1


def test_an_issuer_that_is_away_is_not_asked_again_at_once(issuers, provider, issuer, clock):
    issuer.answers.clear()
    for _ in range(5):
        with pytest.raises(IDPUnreachable):
            issuers.key(provider, "one")
    assert len(issuer.asked) == 1
    issuer.publish()
    clock.now += AGAIN_SECONDS
    assert issuers.key(provider, "one")


def test_known_keys_count_for_a_day_while_their_issuer_is_away(issuers, provider, issuer, clock):
    issuers.key(provider, "one")
    issuer.answers.clear()
    clock.now += FRESH_SECONDS
    assert issuers.key(provider, "one")
    clock.now += STALE_SECONDS_MAX
    with pytest.raises(IDPUnreachable):
        issuers.key(provider, "one")


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": "https://other.example.com"},
        {"issuer": None},
        {"jwks_uri": None},
        {"jwks_uri": "http://localhost/keys"},
        {"jwks_uri": "https://10.0.0.1/keys"},
        {"jwks_uri": "file:///etc/passwd"},
    ],
)
def test_a_discovery_document_that_names_others_is_refused(issuers, provider, issuer, changes):
    issuer.publish(**changes)
    with pytest.raises(IDPUnreachable):
        issuers.key(provider, "one")


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"keys": 7}', b"[" * 100_000, b'{"keys": [7, null, "x"]}'])
def test_a_key_set_that_cannot_be_read_has_no_keys(issuers, provider, issuer, body):
    issuer.answers["/keys"] = (200, {}, body)
    with pytest.raises((IDPUnreachable, InvalidIdentityToken)):
        issuers.key(provider, "one")


def test_two_keys_of_one_id_are_none(issuers, provider, issuer):
    issuer.keys.append(RSAKey.generate_key(2_048, {"kid": "one"}))
    issuer.publish()
    with pytest.raises(InvalidIdentityToken):
        issuers.key(provider, "one")


def test_other_thumbprints_are_another_question(issuers, provider, issuer):
    issuers.key(provider, "one")
    issuers.key(msgspec.structs.replace(provider, thumbprints=("0" * 40,)), "one")
    assert fetched(issuer) == 2
