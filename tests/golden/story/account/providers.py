"""Identity providers: an OpenID Connect issuer and a SAML provider."""

from typing import Final

from muniment.domain.account.providers import (
    OIDCClientAdded,
    OIDCClientRemoved,
    OIDCProviderCreated,
    OIDCProviderDeleted,
    OIDCThumbprintsReplaced,
    ProviderTagged,
    ProviderUntagged,
    SAMLMetadataReplaced,
    SAMLProviderCreated,
    SAMLProviderDeleted,
)
from muniment.domain.ledger import Fact
from tests.golden.story.values import ACCOUNT, START

OIDC: Final = f"arn:aws:iam::{ACCOUNT}:oidc-provider/id.example.com"
SAML: Final = f"arn:aws:iam::{ACCOUNT}:saml-provider/corporate"

BEGINS: Final[tuple[Fact, ...]] = (
    OIDCProviderCreated(OIDC, "id.example.com", ("app",), ("a" * 40,), {"team": "blue"}),
    SAMLProviderCreated(SAML, "corporate", "ASPAAAAAAAAAAAAAAAAA", "<EntityDescriptor/>", START, {"team": "blue"}),
)
CHANGES: Final[tuple[Fact, ...]] = (
    OIDCClientAdded(OIDC, "other"),
    OIDCClientRemoved(OIDC, "app"),
    OIDCThumbprintsReplaced(OIDC, ("b" * 40,)),
    ProviderTagged(OIDC, {"tier": "1"}),
    ProviderUntagged(SAML, ("team",)),
    SAMLMetadataReplaced(SAML, "<EntityDescriptor entityID='other'/>", START + 1),
)
ENDS: Final[tuple[Fact, ...]] = (SAMLProviderDeleted(SAML), OIDCProviderDeleted(OIDC))
