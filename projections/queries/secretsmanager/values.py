"""GetSecretValue and BatchGetSecretValue: the only answers that hold a secret's value. Each is on record before it leaves."""

import base64
from typing import Any, Final

import msgspec

from muniment.domain.activity.secrets import SecretRead
from muniment.domain.errors import AccessDenied, Refused
from muniment.domain.resource import Resource
from muniment.domain.sealing import Unreadable
from muniment.domain.secret import keys
from muniment.domain.secret.contents import Version
from muniment.domain.secret.errors import (
    DecryptionFailed,
    InvalidSecretParameter,
    InvalidSecretRequest,
    SecretNotFound,
)
from muniment.domain.secret.state import CURRENT, Secret, value_field
from muniment.projections.queries.secretsmanager.filters import Filter, meeting
from muniment.projections.queries.secretsmanager.holding import settled
from muniment.projections.queries.secretsmanager.order import NAME, rows
from muniment.projections.queries.secretsmanager.query import (
    NOT_FOUND,
    SecretQuery,
    SecretsQuery,
    find,
    named,
    ordered,
)
from muniment.projections.query import Asked, Disclosed, Views

MARKED: Final = "You can't perform this operation on the secret because it was marked for deletion."
CANNOT_DECRYPT: Final = "Secrets Manager can't decrypt the protected secret text using the provided KMS key."
MISMATCH: Final = "You provided a VersionStage that is not associated to the provided VersionId."
BATCH_MAX: Final = 20


class GetSecretValue(SecretQuery, frozen=True, kw_only=True, rename="pascal"):
    """A version's value, the current one's where none is named.
    https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html"""

    version_id: str = ""
    version_stage: str = ""

    def keys(self) -> keys.Keys:
        stage = self.version_stage or ("" if self.version_id else CURRENT)
        return keys.said(VersionId=self.version_id or None, VersionStage=stage or None)

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        current = not self.version_id and self.version_stage in ("", CURRENT)
        secret = settled(lambda: self.secret(views, asked)) if current else self.secret(views, asked)
        return opened(views, asked, secret, chosen(secret, self.version_id, self.version_stage))


class BatchGetSecretValue(SecretsQuery, frozen=True, kw_only=True, rename="pascal"):
    """The current values of up to twenty secrets, named or found; what cannot be had is told beside them.
    https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_BatchGetSecretValue.html"""

    secret_id_list: tuple[str, ...] = ()
    filters: tuple[Filter, ...] = ()
    max_results: int = BATCH_MAX
    next_token: str = ""

    def resources(self, views: Views, asked: Asked) -> tuple[Resource, ...]:
        return (Resource("*"),)

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        if bool(self.secret_id_list) == bool(self.filters):
            raise InvalidSecretParameter("You must include Filters or SecretIdList, but not both.")
        if self.secret_id_list:
            return self._collected(views, asked, self.secret_id_list)
        asked.allowed("secretsmanager:ListSecrets", (Resource("*"),))
        about = (self.action(), asked.actor.account, msgspec.json.encode(self.filters))
        met, every = meeting(self.filters, asked.now), rows(views, asked.actor.account, NAME, ascending=True)
        page = ordered(
            views,
            asked,
            self.next_token,
            self.max_results,
            about,
            lambda after: ((key, secret.arn) for key, secret in every(after) if met(secret)),
            str,
            "Found",
        )
        found = tuple(page.pop("Found"))
        return {**self._collected(views, asked, found), **page}

    @staticmethod
    def _collected(views: Views, asked: Asked, secret_ids: tuple[str, ...]) -> dict[str, Any]:
        values, errors = [], []
        for secret_id in dict.fromkeys(secret_ids):
            try:
                values.append(_one(views, asked, secret_id))
            except Refused as refused:
                code = "AccessDeniedException" if isinstance(refused, AccessDenied) else refused.code
                errors.append({"SecretId": secret_id, "ErrorCode": code, "Message": refused.message})
        return {"SecretValues": values, "Errors": errors}


def _one(views: Views, asked: Asked, secret_id: str) -> dict[str, Any]:
    secret = find(views, asked, secret_id)
    resource = keys.resource(secret, secret_id, asked.actor.account, keys.said(VersionStage=CURRENT))
    asked.allowed(GetSecretValue.action(), (resource,))
    if secret is None:
        raise SecretNotFound(NOT_FOUND)
    return opened(views, asked, secret, chosen(secret, "", ""))


def chosen(secret: Secret, version_id: str, stage: str) -> Version:
    """The version that is asked for. Raises SecretNotFound, InvalidSecretRequest."""
    if secret.deletion:
        raise InvalidSecretRequest(MARKED)
    if version_id:
        if (found := secret.version_of(version_id)) is None:
            raise _no_value(f"VersionId: {version_id}")
        if stage and stage not in found.stages:
            raise InvalidSecretRequest(MISMATCH)
        return found
    if (found := secret.staged(stage or CURRENT)) is None:
        raise _no_value(f"staging label: {stage or CURRENT}")
    return found


def opened(views: Views, asked: Asked, secret: Secret, version: Version) -> dict[str, Any]:
    """The value in its envelope, noted as disclosed. Raises DecryptionFailed."""
    try:
        plain = views.unsealer.unseal(secret.owner, value_field(version.id), version.value)
    except Unreadable:
        raise DecryptionFailed(CANNOT_DECRYPT) from None
    read = SecretRead(secret.arn, version.id, version.stages, resources=(secret.arn,))
    asked.disclosed.append(Disclosed(secret.account, read, secret.id))
    shown = {
        **named(secret),
        "VersionId": version.id,
        "VersionStages": list(version.stages),
        "CreatedDate": version.created,
    }
    if version.binary:
        return {**shown, "SecretBinary": base64.b64decode(plain)}
    return {**shown, "SecretString": plain.decode()}


def _no_value(of: str) -> SecretNotFound:
    return SecretNotFound(f"Secrets Manager can't find the specified secret value for {of}")
