"""Identity providers of an account: their facts, and what each changes.

Source: IAM User Guide, "Identity providers and federation".
"""

from typing import Any, ClassVar

import msgspec

from muniment.domain.account.provider import OIDCProvider, SAMLProvider
from muniment.domain.account.state import Account, AccountFact, Tags
from muniment.domain.account.tags import merged, without
from muniment.domain.ledger import Entry

SESSIONS_END: frozenset[str] = frozenset({"access", "credentials"})  # what came from a provider ends with it


class OIDCProviderCreated(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """The account knows an OpenID Connect issuer."""

    changes: ClassVar[frozenset[str]] = frozenset()

    provider_arn: str
    url: str  # without its scheme
    client_ids: tuple[str, ...] = ()
    thumbprints: tuple[str, ...] = ()
    tags: Tags = {}

    def evolve(self, state: Account, entry: Entry) -> None:
        state.oidc_providers[self.provider_arn] = OIDCProvider(
            self.provider_arn, self.url, entry.time, self.client_ids, self.thumbprints, self.tags
        )


class OIDCProviderDeleted(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """The account knows an issuer no more; sessions that came from it have ended."""

    changes: ClassVar[frozenset[str]] = SESSIONS_END

    provider_arn: str

    def evolve(self, state: Account, entry: Entry) -> None:
        del state.oidc_providers[self.provider_arn]


class OIDCClientAdded(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """An issuer's tokens may be for this audience too."""

    changes: ClassVar[frozenset[str]] = frozenset()

    provider_arn: str
    client_id: str

    def evolve(self, state: Account, entry: Entry) -> None:
        known = state.oidc_providers[self.provider_arn].clients
        change(state.oidc_providers, self.provider_arn, clients=(*known, self.client_id))


class OIDCClientRemoved(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """An issuer's tokens may no longer be for this audience."""

    changes: ClassVar[frozenset[str]] = frozenset()

    provider_arn: str
    client_id: str

    def evolve(self, state: Account, entry: Entry) -> None:
        known = state.oidc_providers[self.provider_arn].clients
        change(
            state.oidc_providers,
            self.provider_arn,
            clients=tuple(client for client in known if client != self.client_id),
        )


class OIDCThumbprintsReplaced(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """An issuer's server shows other certificates than before."""

    changes: ClassVar[frozenset[str]] = frozenset()

    provider_arn: str
    thumbprints: tuple[str, ...]

    def evolve(self, state: Account, entry: Entry) -> None:
        change(state.oidc_providers, self.provider_arn, thumbprints=self.thumbprints)


class SAMLProviderCreated(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """The account knows a SAML identity provider."""

    changes: ClassVar[frozenset[str]] = frozenset()

    provider_arn: str
    provider_name: str
    provider_id: str
    metadata: str
    valid_until: int = 0  # microseconds
    tags: Tags = {}

    def evolve(self, state: Account, entry: Entry) -> None:
        state.saml_providers[self.provider_arn] = SAMLProvider(
            self.provider_arn,
            self.provider_name,
            self.provider_id,
            entry.time,
            self.metadata,
            self.valid_until,
            self.tags,
        )


class SAMLMetadataReplaced(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A SAML identity provider has other certificates or addresses."""

    changes: ClassVar[frozenset[str]] = frozenset()

    provider_arn: str
    metadata: str
    valid_until: int = 0

    def evolve(self, state: Account, entry: Entry) -> None:
        change(state.saml_providers, self.provider_arn, metadata=self.metadata, valid_until=self.valid_until)


class SAMLProviderDeleted(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """The account knows a SAML identity provider no more; sessions that came from it have ended."""

    changes: ClassVar[frozenset[str]] = SESSIONS_END

    provider_arn: str

    def evolve(self, state: Account, entry: Entry) -> None:
        del state.saml_providers[self.provider_arn]


class ProviderTagged(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A provider has these tags, besides those it had."""

    changes: ClassVar[frozenset[str]] = frozenset()

    provider_arn: str
    tags: Tags

    def evolve(self, state: Account, entry: Entry) -> None:
        table = table_of(state, self.provider_arn)
        change(table, self.provider_arn, tags=merged(table[self.provider_arn].tags, self.tags, fold_case=False))


class ProviderUntagged(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A provider no longer has these tags."""

    changes: ClassVar[frozenset[str]] = frozenset()

    provider_arn: str
    tag_keys: tuple[str, ...]

    def evolve(self, state: Account, entry: Entry) -> None:
        table = table_of(state, self.provider_arn)
        change(table, self.provider_arn, tags=without(table[self.provider_arn].tags, self.tag_keys, fold_case=False))


def table_of(state: Account, provider_arn: str) -> dict[str, Any]:
    """The table that a provider is in, by the kind its ARN names."""
    return state.saml_providers if ":saml-provider/" in provider_arn else state.oidc_providers


def change(table: dict[str, Any], provider_arn: str, **changes: Any) -> None:
    """Replace a provider by one that differs in `changes`."""
    table[provider_arn] = msgspec.structs.replace(table[provider_arn], **changes)
