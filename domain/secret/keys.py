"""The condition keys that a request on a secret brings. Source: Service Authorization Reference, AWS Secrets Manager."""

from typing import Final

from muniment.domain.resource import Resource
from muniment.domain.secret.naming import REGION, would_be_arn
from muniment.domain.secret.state import Secret

Keys = dict[str, tuple[str, ...]]
PREFIX: Final = "secretsmanager"


def resource(secret: Secret | None, secret_id: str, account: str, further: Keys | None = None) -> Resource:
    """What the gate is asked about: the secret that a caller from `account` calls `secret_id`, and what is known of it."""
    arn = would_be_arn(secret_id, account) if secret is None else secret.arn
    keys: Keys = {f"{PREFIX}:SecretId": (arn,), f"{PREFIX}:SecretPrimaryRegion": (REGION,)}
    if secret is not None:
        keys |= secret_tags(secret.tags)
        if secret.rotation is not None:
            keys[f"{PREFIX}:resource/AllowRotationLambdaArn"] = (secret.rotation.rotator,)
    return Resource(arn, keys | (further or {}))


def secret_tags(tags: dict[str, str]) -> Keys:
    """The tags that a secret has."""
    return {f"{prefix}:ResourceTag/{key}": (value,) for key, value in tags.items() for prefix in ("aws", PREFIX)}


def said(**values: str | int | bool | None) -> Keys:
    """Keys of the service from parameters: `said(VersionStage="AWSCURRENT")`; None is absent."""
    return {f"{PREFIX}:{name}": (_text(value),) for name, value in values.items() if value is not None}


def _text(value: str | int | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
