"""Issuers and identity providers for tests: keys made once, tokens and assertions made to order."""

import time

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from muniment.domain.account.provider import OIDCProvider
from muniment.ops.federation.web_identity import WebIdentities

ARN = "arn:aws:iam::123456789012:oidc-provider/id.example.com"
NOW = int(time.time())


@pytest.fixture(scope="session")
def rsa():
    return RSAKey.generate_key(2_048, {"kid": "rsa", "use": "sig"})


@pytest.fixture(scope="session")
def ec():
    return ECKey.generate_key("P-256", {"kid": "ec", "use": "sig"})


@pytest.fixture
def provider():
    return OIDCProvider(ARN, "id.example.com", 0, ("app",))


class Published:
    """What an issuer publishes, in place of one that is asked over HTTPS."""

    def __init__(self, *keys):
        self.keys = {key["kid"]: key for key in keys}

    def key(self, provider, key_id):
        from muniment.domain.session_errors import InvalidIdentityToken

        if key_id not in self.keys:
            raise InvalidIdentityToken("signed with a key that its issuer does not publish")
        return self.keys[key_id]


@pytest.fixture
def published(rsa, ec):
    return Published(rsa.as_dict(private=False), ec.as_dict(private=False))


@pytest.fixture
def verify(published, provider):
    """Verifies a token now, or at another second."""
    return lambda token, now=NOW, who=provider: WebIdentities(published).verify(token, who, now * 1_000_000)


def claims(**changes):
    """The claims of an honest token, changed; a change to None takes the claim away."""
    found = {"iss": "https://id.example.com", "aud": "app", "sub": "ana", "iat": NOW - 10, "exp": NOW + 600, **changes}
    return {name: value for name, value in found.items() if value is not None}


def token(key, algorithm="RS256", header=None, **changes):
    return jwt.encode({"alg": algorithm, "kid": key.kid, **(header or {})}, claims(**changes), key, [algorithm])
