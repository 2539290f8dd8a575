"""Commands on SAML identity providers (FEATURES 1h). Encrypted assertions are not taken, so private keys are refused."""

from typing import Any

import msgspec

from muniment.commands.command import Decision, Given
from muniment.commands.iam import tags as tag_rules
from muniment.commands.iam.contexts import Keys, request_tags, resource_tags, tag_keys
from muniment.commands.iam.entity import IAMCommand
from muniment.commands.iam.tags import Tag
from muniment.domain import arn
from muniment.domain.account.provider import SAMLProvider
from muniment.domain.account.providers import (
    ProviderTagged,
    ProviderUntagged,
    SAMLMetadataReplaced,
    SAMLProviderCreated,
    SAMLProviderDeleted,
)
from muniment.domain.account.state import Account
from muniment.domain.errors import EntityAlreadyExists, InvalidInput, LimitExceeded, NoSuchEntity
from muniment.domain.ledger import Actor, Entry, Fact
from muniment.domain.quotas import PROVIDERS_PER_ACCOUNT_MAX
from muniment.domain.resource import Resource
from muniment.domain.saml_metadata import BadMetadata, Metadata, read

ASP: str = "ASP"  # how the unique id of a SAML provider begins here


class CreateSAMLProvider(IAMCommand, frozen=True, kw_only=True, rename="pascal"):
    """Know a SAML identity provider. https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateSAMLProvider.html"""

    secret_parameters = frozenset({"add_private_key"})

    metadata_document: str = msgspec.field(name="SAMLMetadataDocument")
    name: str
    tags: tuple[Tag, ...] = ()
    assertion_encryption_mode: str = ""
    add_private_key: str = ""

    def resources(self, state: Account, actor: Actor) -> tuple[Resource, ...]:
        keys = request_tags(tag_rules.as_tags(self.tags))
        return (Resource(provider_arn(state.number, self.name), keys),)

    def decide(self, state: Account, given: Given) -> Fact:
        refuse_encryption(self.assertion_encryption_mode, self.add_private_key)
        named = provider_arn(state.number, self.name)
        if named in state.saml_providers:
            raise EntityAlreadyExists(f"SAMLProvider {named} already exists.")
        if len(state.saml_providers) >= PROVIDERS_PER_ACCOUNT_MAX:
            raise LimitExceeded(f"Cannot exceed quota for SAMLProvidersPerAccount: {PROVIDERS_PER_ACCOUNT_MAX}")
        metadata = checked_metadata(self.metadata_document, given.now)
        tags = tag_rules.checked(self.tags, fold_case=False)
        unique_id = given.unique_id(ASP)
        return SAMLProviderCreated(named, self.name, unique_id, self.metadata_document, metadata.valid_until, tags)

    def answer(self, state: Account, entries: tuple[Entry, ...], given: Given) -> dict[str, Any]:
        fact = entries[0].fact
        assert isinstance(fact, SAMLProviderCreated)
        tags = {"Tags": tag_rules.shown(fact.tags)} if fact.tags else {}
        return {"SAMLProviderArn": fact.provider_arn, **tags}


class SAMLProviderCommand(IAMCommand, frozen=True, kw_only=True, rename="pascal"):
    """A command on one provider."""

    provider_arn: str = msgspec.field(name="SAMLProviderArn")

    def resources(self, state: Account, actor: Actor) -> tuple[Resource, ...]:
        known = state.saml_providers.get(self.provider_arn)
        tags = {} if known is None else resource_tags(known.tags)
        return (Resource(self.provider_arn, tags | self.keys()),)

    def keys(self) -> Keys:
        """The action's own condition keys."""
        return {}

    def provider(self, state: Account) -> SAMLProvider:
        """The provider. Raises NoSuchEntity."""
        if (found := state.saml_providers.get(self.provider_arn)) is None:
            raise NoSuchEntity(f"Manifest not found for arn {self.provider_arn}")
        return found


class UpdateSAMLProvider(SAMLProviderCommand, frozen=True, kw_only=True, rename="pascal"):
    """Replace the metadata. https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateSAMLProvider.html"""

    secret_parameters = frozenset({"add_private_key"})

    metadata_document: str = msgspec.field(default="", name="SAMLMetadataDocument")
    assertion_encryption_mode: str = ""
    add_private_key: str = ""
    remove_private_key: str = ""

    def decide(self, state: Account, given: Given) -> Decision:
        provider = self.provider(state)
        refuse_encryption(self.assertion_encryption_mode, self.add_private_key or self.remove_private_key)
        if not self.metadata_document or self.metadata_document == provider.metadata:
            return None
        metadata = checked_metadata(self.metadata_document, given.now)
        return SAMLMetadataReplaced(provider.arn, self.metadata_document, metadata.valid_until)

    def answer(self, state: Account, entries: tuple[Entry, ...], given: Given) -> dict[str, Any]:
        return {"SAMLProviderArn": self.provider_arn}


class DeleteSAMLProvider(SAMLProviderCommand, frozen=True, kw_only=True, rename="pascal"):
    """Know a provider no more. https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteSAMLProvider.html"""

    def decide(self, state: Account, given: Given) -> Fact:
        return SAMLProviderDeleted(self.provider(state).arn)


class TagSAMLProvider(SAMLProviderCommand, frozen=True, kw_only=True, rename="pascal"):
    """Add tags. https://docs.aws.amazon.com/IAM/latest/APIReference/API_TagSAMLProvider.html"""

    tags: tuple[Tag, ...]

    def keys(self) -> Keys:
        return request_tags(tag_rules.as_tags(self.tags))

    def decide(self, state: Account, given: Given) -> Decision:
        provider = self.provider(state)
        tags = tag_rules.added(provider.tags, self.tags, fold_case=False)
        return ProviderTagged(provider.arn, tags) if tags else None


class UntagSAMLProvider(SAMLProviderCommand, frozen=True, kw_only=True, rename="pascal"):
    """Take tags away. https://docs.aws.amazon.com/IAM/latest/APIReference/API_UntagSAMLProvider.html"""

    tag_keys: tuple[str, ...]

    def keys(self) -> Keys:
        return tag_keys(self.tag_keys)

    def decide(self, state: Account, given: Given) -> Decision:
        provider = self.provider(state)
        keys = tag_rules.removed(provider.tags, self.tag_keys, fold_case=False)
        return ProviderUntagged(provider.arn, keys) if keys else None


def provider_arn(account: str, name: str) -> str:
    """The ARN of the provider with this name."""
    return f"arn:{arn.PARTITION}:iam::{account}:saml-provider/{name}"


def checked_metadata(document: str, now: int) -> Metadata:
    """What a metadata document says. Raises InvalidInput, also for one that is past its end."""
    try:
        metadata = read(document)
    except BadMetadata as error:
        raise InvalidInput(f"Could not parse metadata: {error}") from None
    if metadata.valid_until and metadata.valid_until <= now:
        raise InvalidInput("Could not parse metadata: its validUntil has passed")
    return metadata


def refuse_encryption(mode: str, key: str) -> None:
    """Raises InvalidInput: assertions are taken in clear, over TLS, and signed."""
    if mode or key:
        raise InvalidInput("Encrypted assertions are not accepted: leave out AssertionEncryptionMode and private keys.")
