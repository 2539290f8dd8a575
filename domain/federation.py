"""What an identity provider vouches for, once its proof was verified. `ops/federation` verifies (SECURITY rule 10)."""

from typing import Protocol

import msgspec

from muniment.domain.account.provider import OIDCProvider, SAMLProvider
from muniment.domain.account.state import Tags


class WebProof(msgspec.Struct, frozen=True):
    """An ID token that holds."""

    provider: str  # the provider's ARN
    issuer: str  # without its scheme; its condition keys begin with it
    subject: str
    audience: str  # `azp` where the token has it, else `aud`
    methods: tuple[str, ...] = ()  # amr
    tags: Tags = {}
    transitive: tuple[str, ...] = ()
    source_identity: str = ""


class SAMLProof(msgspec.Struct, frozen=True):
    """An assertion that holds."""

    provider: str  # the provider's ARN
    issuer: str
    subject: str
    subject_type: str  # `persistent`, `transient`, or the format's URI
    audience: str
    recipient: str
    roles: tuple[str, ...]  # the ARNs of the roles that the provider offers through itself
    session_name: str
    seconds: int | None = None  # how long the provider wants sessions to last
    ends: int = 0  # microseconds: SessionNotOnOrAfter; 0: it does not say
    tags: Tags = {}
    transitive: tuple[str, ...] = ()
    source_identity: str = ""
    assertion: str = ""  # its id, accepted once
    expires: int = 0  # microseconds


class Federation(Protocol):
    """Verifies what callers bring from identity providers."""

    def issuer(self, token: str) -> str:
        """Who a web identity token says that it is from, not yet verified: it tells whose keys to take, and nothing else.

        Raises InvalidIdentityToken.
        """

    def web_identity(self, token: str, provider: OIDCProvider, now: int) -> WebProof:
        """Raises InvalidIdentityToken, IdentityTokenExpired, IDPRejectedClaim, IDPUnreachable."""

    def saml(self, assertion: str, provider: SAMLProvider, role_arn: str, now: int) -> SAMLProof:
        """The proof, which is spent by this. Raises InvalidIdentityToken, IdentityTokenExpired, IDPRejectedClaim."""
