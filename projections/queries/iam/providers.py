"""Get* and List* of identity providers: OpenID Connect and SAML."""

from typing import Any

import msgspec

from muniment.domain import arn
from muniment.domain.account.provider import OIDCProvider, SAMLProvider
from muniment.domain.account.state import Account, Tags
from muniment.domain.errors import NoSuchEntity
from muniment.domain.resource import Resource
from muniment.projections.queries.iam import tags as tag_lists
from muniment.projections.queries.iam.query import IAMListQuery, IAMQuery
from muniment.projections.query import Asked, Views


def _oidc(account: Account, provider_arn: str) -> OIDCProvider:
    if (found := account.oidc_providers.get(provider_arn)) is None:
        raise NoSuchEntity(f"OpenIDConnect Provider not found for arn {provider_arn}")
    return found


def _saml(account: Account, provider_arn: str) -> SAMLProvider:
    if (found := account.saml_providers.get(provider_arn)) is None:
        raise NoSuchEntity(f"Manifest not found for arn {provider_arn}")
    return found


def _resource(provider_arn: str, tags: Tags | None) -> tuple[Resource, ...]:
    context = {
        f"{prefix}:ResourceTag/{key}": (value,) for key, value in (tags or {}).items() for prefix in ("aws", "iam")
    }
    return (Resource(provider_arn, context),)


class GetOpenIDConnectProvider(IAMQuery, frozen=True, kw_only=True, rename="pascal"):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetOpenIDConnectProvider.html"""

    provider_arn: str = msgspec.field(name="OpenIDConnectProviderArn")

    def resources(self, views: Views, asked: Asked) -> tuple[Resource, ...]:
        found = self.account(views, asked).oidc_providers.get(self.provider_arn)
        return _resource(self.provider_arn, found.tags if found is not None else None)

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        provider = _oidc(self.account(views, asked), self.provider_arn)
        return {
            "Url": provider.url,
            "ClientIDList": list(provider.clients),
            "ThumbprintList": list(provider.thumbprints),
            "CreateDate": provider.created,
            "Tags": tag_lists.shown(provider.tags),
        }


class ListOpenIDConnectProviders(IAMQuery, frozen=True, kw_only=True, rename="pascal"):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListOpenIDConnectProviders.html"""

    def resources(self, views: Views, asked: Asked) -> tuple[Resource, ...]:
        return (Resource(f"arn:{arn.PARTITION}:iam::{asked.actor.account}:oidc-provider/*"),)

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        providers = sorted(self.account(views, asked).oidc_providers)
        return {"OpenIDConnectProviderList": [{"Arn": each} for each in providers]}


class ListOpenIDConnectProviderTags(IAMListQuery, frozen=True, kw_only=True, rename="pascal"):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListOpenIDConnectProviderTags.html"""

    provider_arn: str = msgspec.field(name="OpenIDConnectProviderArn")

    def resources(self, views: Views, asked: Asked) -> tuple[Resource, ...]:
        found = self.account(views, asked).oidc_providers.get(self.provider_arn)
        return _resource(self.provider_arn, found.tags if found is not None else None)

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        provider = _oidc(self.account(views, asked), self.provider_arn)
        return self.paged(views, asked, "Tags", tag_lists.rows(provider.tags), tag_lists.one)


class GetSAMLProvider(IAMQuery, frozen=True, kw_only=True, rename="pascal"):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetSAMLProvider.html"""

    provider_arn: str = msgspec.field(name="SAMLProviderArn")

    def resources(self, views: Views, asked: Asked) -> tuple[Resource, ...]:
        found = self.account(views, asked).saml_providers.get(self.provider_arn)
        return _resource(self.provider_arn, found.tags if found is not None else None)

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        provider = _saml(self.account(views, asked), self.provider_arn)
        return {
            "SAMLProviderUUID": provider.id,
            "SAMLMetadataDocument": provider.metadata,
            "CreateDate": provider.created,
            **({"ValidUntil": provider.valid_until} if provider.valid_until else {}),
            "Tags": tag_lists.shown(provider.tags),
        }


class ListSAMLProviders(IAMQuery, frozen=True, kw_only=True, rename="pascal"):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListSAMLProviders.html"""

    def resources(self, views: Views, asked: Asked) -> tuple[Resource, ...]:
        return (Resource(f"arn:{arn.PARTITION}:iam::{asked.actor.account}:saml-provider/*"),)

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        providers = sorted(self.account(views, asked).saml_providers.values(), key=lambda each: each.arn)
        return {"SAMLProviderList": [_listed(each) for each in providers]}


class ListSAMLProviderTags(IAMListQuery, frozen=True, kw_only=True, rename="pascal"):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListSAMLProviderTags.html"""

    provider_arn: str = msgspec.field(name="SAMLProviderArn")

    def resources(self, views: Views, asked: Asked) -> tuple[Resource, ...]:
        found = self.account(views, asked).saml_providers.get(self.provider_arn)
        return _resource(self.provider_arn, found.tags if found is not None else None)

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        provider = _saml(self.account(views, asked), self.provider_arn)
        return self.paged(views, asked, "Tags", tag_lists.rows(provider.tags), tag_lists.one)


def _listed(provider: SAMLProvider) -> dict[str, Any]:
    until = {"ValidUntil": provider.valid_until} if provider.valid_until else {}
    return {"Arn": provider.arn, "CreateDate": provider.created, **until}
