"""Commands on OpenID Connect providers (FEATURES 1h)."""

import re
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from muniment.commands.command import Decision, Given
from muniment.commands.iam import tags as tag_rules
from muniment.commands.iam.contexts import Keys, request_tags, resource_tags, tag_keys
from muniment.commands.iam.entity import IAMCommand
from muniment.commands.iam.tags import Tag
from muniment.domain import arn
from muniment.domain.account.provider import OIDCProvider
from muniment.domain.account.providers import (
    OIDCClientAdded,
    OIDCClientRemoved,
    OIDCProviderCreated,
    OIDCProviderDeleted,
    OIDCThumbprintsReplaced,
    ProviderTagged,
    ProviderUntagged,
)
from muniment.domain.account.state import Account
from muniment.domain.errors import EntityAlreadyExists, InvalidInput, LimitExceeded, NoSuchEntity
from muniment.domain.ledger import Actor, Entry, Fact
from muniment.domain.quotas import CLIENTS_PER_PROVIDER_MAX, PROVIDERS_PER_ACCOUNT_MAX, THUMBPRINTS_PER_PROVIDER_MAX
from muniment.domain.resource import Resource

_HOST: Final = re.compile(r"[a-z0-9.-]+(:[0-9]{1,5})?", re.ASCII)
_PATH: Final = re.compile(r"[A-Za-z0-9._~%/-]*", re.ASCII)
_THUMBPRINT: Final = re.compile(r"[0-9a-f]{40}", re.ASCII)


class CreateOpenIDConnectProvider(IAMCommand, frozen=True, kw_only=True, rename="pascal"):
    """Know an issuer. https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html"""

    url: str
    client_id_list: tuple[str, ...] = msgspec.field(default=(), name="ClientIDList")
    thumbprint_list: tuple[str, ...] = ()
    tags: tuple[Tag, ...] = ()

    def resources(self, state: Account, actor: Actor) -> tuple[Resource, ...]:
        keys = request_tags(tag_rules.as_tags(self.tags))
        return (Resource(provider_arn(state.number, _host_and_path(self.url)), keys),)

    def decide(self, state: Account, given: Given) -> Fact:
        url = checked_url(self.url)
        named = provider_arn(state.number, url)
        if named in state.oidc_providers:
            raise EntityAlreadyExists(f"Provider with url {self.url} already exists.")
        if len(state.oidc_providers) >= PROVIDERS_PER_ACCOUNT_MAX:
            raise LimitExceeded(
                f"Cannot exceed quota for OpenIdConnectProvidersPerAccount: {PROVIDERS_PER_ACCOUNT_MAX}"
            )
        clients = tuple(dict.fromkeys(self.client_id_list))
        _check_clients(len(clients))
        tags = tag_rules.checked(self.tags, fold_case=False)
        return OIDCProviderCreated(named, url, clients, checked_thumbprints(self.thumbprint_list), tags)

    def answer(self, state: Account, entries: tuple[Entry, ...], given: Given) -> dict[str, Any]:
        fact = entries[0].fact
        assert isinstance(fact, OIDCProviderCreated)
        tags = {"Tags": tag_rules.shown(fact.tags)} if fact.tags else {}
        return {"OpenIDConnectProviderArn": fact.provider_arn, **tags}


class OIDCProviderCommand(IAMCommand, frozen=True, kw_only=True, rename="pascal"):
    """A command on one provider."""

    provider_arn: str = msgspec.field(name="OpenIDConnectProviderArn")

    def resources(self, state: Account, actor: Actor) -> tuple[Resource, ...]:
        known = state.oidc_providers.get(self.provider_arn)
        tags = {} if known is None else resource_tags(known.tags)
        return (Resource(self.provider_arn, tags | self.keys()),)

    def keys(self) -> Keys:
        """The action's own condition keys."""
        return {}

    def provider(self, state: Account) -> OIDCProvider:
        """The provider. Raises NoSuchEntity."""
        if (found := state.oidc_providers.get(self.provider_arn)) is None:
            raise NoSuchEntity(f"OpenIDConnect Provider not found for arn {self.provider_arn}")
        return found


class DeleteOpenIDConnectProvider(OIDCProviderCommand, frozen=True, kw_only=True, rename="pascal"):
    """Know an issuer no more. https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteOpenIDConnectProvider.html"""

    def decide(self, state: Account, given: Given) -> Fact:
        return OIDCProviderDeleted(self.provider(state).arn)


class AddClientIDToOpenIDConnectProvider(OIDCProviderCommand, frozen=True, kw_only=True, rename="pascal"):
    """Accept tokens for another audience; nothing where they are accepted already.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_AddClientIDToOpenIDConnectProvider.html
    """

    client_id: str = msgspec.field(name="ClientID")

    def decide(self, state: Account, given: Given) -> Decision:
        provider = self.provider(state)
        if self.client_id in provider.clients:
            return None
        _check_clients(len(provider.clients) + 1)
        return OIDCClientAdded(provider.arn, self.client_id)


class RemoveClientIDFromOpenIDConnectProvider(OIDCProviderCommand, frozen=True, kw_only=True, rename="pascal"):
    """Refuse tokens for an audience; nothing where they are refused already.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_RemoveClientIDFromOpenIDConnectProvider.html
    """

    client_id: str = msgspec.field(name="ClientID")

    def decide(self, state: Account, given: Given) -> Decision:
        provider = self.provider(state)
        return OIDCClientRemoved(provider.arn, self.client_id) if self.client_id in provider.clients else None


class UpdateOpenIDConnectProviderThumbprint(OIDCProviderCommand, frozen=True, kw_only=True, rename="pascal"):
    """Replace the thumbprints of an issuer's certificates.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateOpenIDConnectProviderThumbprint.html
    """

    thumbprint_list: tuple[str, ...]

    def decide(self, state: Account, given: Given) -> Decision:
        provider, thumbprints = self.provider(state), checked_thumbprints(self.thumbprint_list)
        return OIDCThumbprintsReplaced(provider.arn, thumbprints) if thumbprints != provider.thumbprints else None


class TagOpenIDConnectProvider(OIDCProviderCommand, frozen=True, kw_only=True, rename="pascal"):
    """Add tags. https://docs.aws.amazon.com/IAM/latest/APIReference/API_TagOpenIDConnectProvider.html"""

    tags: tuple[Tag, ...]

    def keys(self) -> Keys:
        return request_tags(tag_rules.as_tags(self.tags))

    def decide(self, state: Account, given: Given) -> Decision:
        provider = self.provider(state)
        tags = tag_rules.added(provider.tags, self.tags, fold_case=False)
        return ProviderTagged(provider.arn, tags) if tags else None


class UntagOpenIDConnectProvider(OIDCProviderCommand, frozen=True, kw_only=True, rename="pascal"):
    """Take tags away. https://docs.aws.amazon.com/IAM/latest/APIReference/API_UntagOpenIDConnectProvider.html"""

    tag_keys: tuple[str, ...]

    def keys(self) -> Keys:
        return tag_keys(self.tag_keys)

    def decide(self, state: Account, given: Given) -> Decision:
        provider = self.provider(state)
        keys = tag_rules.removed(provider.tags, self.tag_keys, fold_case=False)
        return ProviderUntagged(provider.arn, keys) if keys else None


def provider_arn(account: str, url: str) -> str:
    """The ARN of the issuer with this URL, which comes without its scheme."""
    return f"arn:{arn.PARTITION}:iam::{account}:oidc-provider/{url}"


def checked_url(url: str) -> str:
    """The issuer's URL without its scheme, as AWS keeps it. Raises InvalidInput for what is no issuer's URL."""
    parts = urlsplit(url)
    host, path = parts.netloc.lower(), parts.path
    plain = parts.scheme == "https" and not parts.query and not parts.fragment
    if not plain or not _HOST.fullmatch(host) or not _PATH.fullmatch(path):
        raise InvalidInput("Invalid Open ID Connect Provider URL")
    if "." not in host and ":" not in host:  # its condition keys, such as `saml:sub`, would be somebody else's
        raise InvalidInput("Invalid Open ID Connect Provider URL")
    return host + path.rstrip("/")


def checked_thumbprints(thumbprints: tuple[str, ...]) -> tuple[str, ...]:
    """SHA-1 in lower-case hexadecimal. Raises InvalidInput, LimitExceeded."""
    found = tuple(dict.fromkeys(each.lower() for each in thumbprints))
    if any(not _THUMBPRINT.fullmatch(each) for each in found):
        raise InvalidInput("Thumbprint must be 40 hexadecimal characters")
    if len(found) > THUMBPRINTS_PER_PROVIDER_MAX:
        raise LimitExceeded(f"Thumbprint list must contain fewer than {THUMBPRINTS_PER_PROVIDER_MAX} entries.")
    return found


def _host_and_path(url: str) -> str:
    return url.removeprefix("https://").rstrip("/")


def _check_clients(count: int) -> None:
    if count > CLIENTS_PER_PROVIDER_MAX:
        raise LimitExceeded(f"Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: {CLIENTS_PER_PROVIDER_MAX}")
