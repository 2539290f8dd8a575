"""The two kinds of proof from outside in one place, as the API asks for them (domain/federation.py)."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol

from muniment.commands.proofs.cells import Cells
from muniment.commands.proofs.spent import SpentProofs
from muniment.domain.account.provider import OIDCProvider, SAMLProvider
from muniment.domain.federation import SAMLProof, WebProof
from muniment.ops.federation.fetch import Fetcher
from muniment.ops.federation.issuers import Issuers
from muniment.ops.federation.saml import SAMLAssertions
from muniment.ops.federation.web_identity import WebIdentities
from muniment.ops.jetstream.kv import KeyValue
from muniment.ops.jetstream.loop import NatsLoop
from muniment.ops.settings import Settings

STREAM: Final = "IAM_PROOFS"
PREFIX: Final = "iam."


class Spent(Protocol):
    """Remembers what was used, over all nodes."""

    def spend(self, *proof: str, now: int, ttl_seconds: int = 0) -> bool:
        """Whether this is the first time."""


def federation(settings: Settings, loop: NatsLoop, endpoint: str) -> "Providers":
    """Wires it: proofs are spent in IAM_PROOFS, and assertions are for the URL that clients use."""
    audience = settings.saml_audience or f"{endpoint or settings.public_url}/saml"
    spent = SpentProofs(Cells(KeyValue(loop, STREAM, PREFIX)))
    return Providers(spent, audience, settings.federation_allow, settings.federation_ca)


class Providers:
    """Implements `domain.federation.Federation`."""

    def __init__(self, spent: Spent, audience: str, allowed: Sequence[str] = (), ca: Path | None = None) -> None:
        self._web = WebIdentities(Issuers(Fetcher(allowed, ca)))
        self._saml = SAMLAssertions(audience, lambda provider, assertion, ttl: _spend(spent, provider, assertion, ttl))

    def issuer(self, token: str) -> str:
        """Who a token says that it is from."""
        return self._web.issuer(token)

    def web_identity(self, token: str, provider: OIDCProvider, now: int) -> WebProof:
        """What an issuer vouches for."""
        return self._web.verify(token, provider, now)

    def saml(self, assertion: str, provider: SAMLProvider, role_arn: str, now: int) -> SAMLProof:
        """What a SAML provider vouches for; spent by this."""
        return self._saml.verify(assertion, provider, role_arn, now)


def _spend(spent: Spent, provider: str, assertion: str, ttl: int) -> bool:
    return spent.spend("saml", provider, assertion, now=time.time_ns() // 1_000, ttl_seconds=ttl)
