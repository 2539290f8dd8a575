"""Identity providers that an account trusts to say who somebody is: OpenID Connect issuers and SAML providers."""

import msgspec


class OIDCProvider(msgspec.Struct, frozen=True):
    """An OpenID Connect issuer, and the audiences that its tokens may be for."""

    arn: str
    url: str  # without its scheme, as AWS shows it: the condition keys begin with it
    created: int  # microseconds
    clients: tuple[str, ...] = ()
    thumbprints: tuple[str, ...] = ()  # SHA-1 of certificates, in lower-case hexadecimal
    tags: dict[str, str] = {}


class SAMLProvider(msgspec.Struct, frozen=True):
    """A SAML identity provider, by its metadata document: the certificates in it are the only ones that count."""

    arn: str
    name: str
    id: str  # never used again; names the provider in the audit where its ARN was recycled
    created: int
    metadata: str
    valid_until: int = 0  # microseconds; 0: the metadata does not say
    tags: dict[str, str] = {}
