"""The cache of derived signing keys: bounded, by generation, kept only for who proved the secret."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from muniment.api.aws.http import HTTPRequest
from muniment.api.aws.signature import Claimed, parse_authorization
from muniment.api.aws.signing_keys import SigningKeys
from muniment.domain.errors import SignatureDoesNotMatch

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
NOW = int(datetime(2015, 8, 30, 12, 36, tzinfo=UTC).timestamp()) * 1_000_000
HTTP = HTTPRequest("GET", "/", "", [("host", "example.amazonaws.com"), ("x-amz-date", "20150830T123600Z"), (
    "authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
    "SignedHeaders=host;x-amz-date, Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31")], b"")  # fmt: skip


@pytest.fixture
def claimed() -> Claimed:
    found = parse_authorization(HTTP)
    assert found is not None
    return found


def test_a_derived_key_is_used_again_and_another_generation_is_not_it(claimed):
    keys, opened = SigningKeys(), []

    def secret(value: str) -> Callable[[], str]:
        return lambda: opened.append(value) or value

    for _ in range(3):
        keys.verify(claimed, HTTP, 1, secret(SECRET), NOW)
    assert opened == [SECRET]
    with pytest.raises(SignatureDoesNotMatch):
        keys.verify(claimed, HTTP, 2, secret("a new secret"), NOW)
    assert opened == [SECRET, "a new secret"]
    assert len(keys) == 1  # what verified nothing is not kept


def test_the_cache_of_derived_keys_is_bounded_and_shows_no_key(claimed):
    keys = SigningKeys(keys_max=4)
    for generation in range(50):
        keys.verify(claimed, HTTP, generation, lambda: SECRET, NOW)
        assert len(keys) <= 4
    assert repr(keys) == f"<SigningKeys {len(keys)} of 4>"
