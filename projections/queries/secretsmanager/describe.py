"""What is told of secrets besides their values: DescribeSecret, ListSecrets, ListSecretVersionIds."""

from typing import Any, Final

import msgspec

from muniment.domain.resource import Resource
from muniment.domain.secret.contents import Version
from muniment.domain.secret.naming import REGION
from muniment.domain.secret.rotators import failures
from muniment.domain.secret.state import Secret
from muniment.projections.queries.pagination import key_of
from muniment.projections.queries.secretsmanager.filters import Filter, meeting
from muniment.projections.queries.secretsmanager.order import LATEST, rows
from muniment.projections.queries.secretsmanager.query import (
    PAGE_MAX,
    SecretQuery,
    SecretsQuery,
    named,
    ordered,
    paged,
)
from muniment.projections.query import Asked, Views

DAY: Final = 86_400_000_000  # microseconds


class DescribeSecret(SecretQuery, frozen=True, kw_only=True, rename="pascal"):
    """Everything about a secret but its values.
    https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DescribeSecret.html"""

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        secret = self.secret(views, asked)
        stages = {each.id: list(each.stages) for each in secret.versions if each.stages}
        return {**described(secret), "VersionIdsToStages": stages or None}


class ListSecrets(SecretsQuery, frozen=True, kw_only=True, rename="pascal"):
    """The account's secrets, newest first or as asked.
    https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_ListSecrets.html"""

    include_planned_deletion: bool = False
    max_results: int = PAGE_MAX
    next_token: str = ""
    filters: tuple[Filter, ...] = ()
    sort_order: str = "desc"
    sort_by: str = "created-date"

    def resources(self, views: Views, asked: Asked) -> tuple[Resource, ...]:
        return (Resource("*"),)

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        about = (
            self.action(),
            asked.actor.account,
            msgspec.json.encode(self.filters),
            self.include_planned_deletion,
            self.sort_order,
            self.sort_by,
        )
        met = meeting(self.filters, asked.now, marked=self.include_planned_deletion)
        every = rows(views, asked.actor.account, self.sort_by, self.sort_order == "asc")
        return ordered(
            views,
            asked,
            self.next_token,
            self.max_results,
            about,
            lambda after: (row for row in every(after) if met(row[1])),
            listed,
            "SecretList",
        )


class ListSecretVersionIds(SecretQuery, frozen=True, kw_only=True, rename="pascal"):
    """The versions of a secret, newest first; those without a stage only where asked for.
    https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_ListSecretVersionIds.html"""

    max_results: int = PAGE_MAX
    next_token: str = ""
    include_deprecated: bool = False

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        secret = self.secret(views, asked)
        found = (
            (key_of(LATEST - version.created, version.id), version)
            for version in secret.versions
            if version.stages or self.include_deprecated
        )
        about = (self.action(), secret.arn, self.include_deprecated)
        page = paged(
            views,
            asked,
            self.next_token,
            self.max_results,
            about,
            found,
            lambda version: _version(secret, version),
            "Versions",
        )
        return {**page, **named(secret)}


def described(secret: Secret) -> dict[str, Any]:
    """A secret, in DescribeSecret and ListSecrets alike."""
    dates = {
        "LastChangedDate": secret.changed,
        "LastRotatedDate": secret.rotated,
        "LastAccessedDate": secret.accessed // DAY * DAY,
        "DeletedDate": secret.deletion,
        "CreatedDate": secret.created,
    }
    return {
        **named(secret),
        **({"Description": secret.description} if secret.description else {}),
        **({"KmsKeyId": secret.kms_key} if secret.kms_key else {}),
        **rotation_shown(secret),
        **{name: moment for name, moment in dates.items() if moment},
        **({"Tags": [{"Key": key, "Value": value} for key, value in secret.tags.items()]} if secret.tags else {}),
        "PrimaryRegion": REGION,
    }


def listed(secret: Secret) -> dict[str, Any]:
    """A secret as ListSecrets shows it: its versions under another name."""
    stages = {each.id: list(each.stages) for each in secret.versions if each.stages}
    return {**described(secret), **({"SecretVersionsToStages": stages} if stages else {})}


def rotation_shown(secret: Secret) -> dict[str, Any]:
    """RotationEnabled and its kin; nothing where rotation was never set.

    AWS has no member for the reason of a failure, so it stands among the rotator's settings, under a name that none can have.
    """
    if (rotation := secret.rotation) is None:
        return {}
    rules: dict[str, Any] = {}
    if rotation.after_days:
        rules["AutomaticallyAfterDays"] = rotation.after_days
    if rotation.schedule:
        rules["ScheduleExpression"] = rotation.schedule
    if rotation.window:
        rules["Duration"] = rotation.window
    shown: dict[str, Any] = {
        "RotationEnabled": rotation.enabled,
        "RotationLambdaARN": rotation.rotator,
        "RotationRules": rules,
    }
    if told := {**rotation.settings, **failures(secret)}:
        shown["ExternalSecretRotationMetadata"] = [{"Key": key, "Value": value} for key, value in told.items()]
    return {**shown, **({"NextRotationDate": rotation.due} if rotation.enabled and rotation.due else {})}


def _version(secret: Secret, version: Version) -> dict[str, Any]:
    return {
        "VersionId": version.id,
        "VersionStages": list(version.stages) or None,
        "CreatedDate": version.created,
        **({"KmsKeyIds": [secret.kms_key]} if secret.kms_key else {}),
    }
