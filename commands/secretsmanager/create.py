"""CreateSecret. The vault decides, because it knows the names; the secret's own boundary gets its facts in the same batch."""

from typing import Any, Final

import msgspec

from muniment.commands.command import At, Decision, Given
from muniment.commands.iam.contexts import request_tags
from muniment.commands.secretsmanager import value as values
from muniment.commands.secretsmanager.secret import SecretsCommand, named, of
from muniment.commands.secretsmanager.tags import Tag, as_tags, checked
from muniment.domain.errors import ValidationError
from muniment.domain.ledger import Actor, Entry
from muniment.domain.quotas import SECRETS_PER_ACCOUNT_MAX
from muniment.domain.resource import Resource
from muniment.domain.secret import keys
from muniment.domain.secret.errors import (
    InvalidSecretParameter,
    InvalidSecretRequest,
    SecretExists,
    SecretLimitExceeded,
)
from muniment.domain.secret.keys import said
from muniment.domain.secret.naming import NAME, secret_arn, suffix
from muniment.domain.secret.secrets import SecretCreated
from muniment.domain.secret.state import CURRENT, Secret, boundary_of
from muniment.domain.secret.versions import SecretVersionCreated
from muniment.domain.vault.state import SecretRegistered, Vault

BAD_NAME: Final = (
    "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!"
)
MARKED: Final = "You can't create this secret because a secret with this name is already scheduled for deletion."
UNIQUE_ID: Final = "SECR"


class CreateSecret(SecretsCommand[Vault], frozen=True, kw_only=True, rename="pascal"):
    """Make a secret, with its first version where a value is given.
    https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html"""

    boundary = Vault
    secret_parameters = frozenset({"secret_string", "secret_binary"})

    name: str
    client_request_token: str = ""
    description: str = ""
    kms_key_id: str = ""
    secret_string: str | None = None
    secret_binary: bytes | None = None
    tags: tuple[Tag, ...] = ()
    add_replica_regions: tuple[dict[str, Any], ...] = ()
    force_overwrite_replica_secret: bool = False
    type: str = ""
    cross_account_primary_arn: str = msgspec.field(name="CrossAccountPrimaryARN", default="")

    def also(self, actor: Actor) -> tuple[str, ...]:
        return (boundary_of(actor.account, self.name),)

    def resources(self, state: Vault, actor: Actor) -> tuple[Resource, ...]:
        further = said(
            Name=self.name, Description=self.description or None, KmsKeyId=self.kms_key_id or None
        ) | request_tags(as_tags(self.tags))
        return (keys.resource(None, self.name, actor.account, further),)

    def decide(self, state: Vault, given: Given) -> Decision:
        if not NAME.fullmatch(self.name):
            raise ValidationError(BAD_NAME)
        refuse_replicas_and_partners(bool(self.add_replica_regions or self.cross_account_primary_arn), self.type)
        value = values.value_of(self.secret_string, self.secret_binary)
        tags = checked(self.tags)
        boundary = boundary_of(given.actor.account, self.name)
        if self._is_repeat(of(given, boundary), value, given):
            return None
        if len(state.names) >= SECRETS_PER_ACCOUNT_MAX:
            raise SecretLimitExceeded(f"An account can have at most {SECRETS_PER_ACCOUNT_MAX} secrets.")
        arn = secret_arn(state.number, self.name, suffix(given.random(12)))
        created = SecretCreated(
            state.number, self.name, given.unique_id(UNIQUE_ID), arn, self.description, self.kms_key_id, tags
        )
        facts: tuple[Any, ...] = (created,)
        if value is not None:
            version = values.version_id(self.client_request_token, given)
            facts += values.put(_beginning(boundary, created), version, value, (CURRENT,), given)
        return (SecretRegistered(self.name, boundary, arn), *(At(boundary, fact) for fact in facts))

    def _is_repeat(self, secret: Secret, value: values.Value | None, given: Given) -> bool:
        """Whether this very secret was created before. Raises SecretExists, InvalidSecretRequest."""
        if not secret.arn:
            return False
        if secret.deletion:
            raise InvalidSecretRequest(MARKED)
        if value is not None and secret.version_of(self.client_request_token) is not None:
            return values.is_repeat(secret, self.client_request_token, value, given)
        raise SecretExists(f"The operation failed because the secret {self.name} already exists.")

    def elsewhere(self, entries: tuple[Entry, ...]) -> tuple[str, ...]:
        return tuple(entry.fact.boundary for entry in entries if isinstance(entry.fact, SecretRegistered))

    def answer(self, state: Vault, entries: tuple[Entry, ...], given: Given) -> dict[str, Any]:
        if not entries:
            secret = of(given, boundary_of(given.actor.account, self.name))
            return {**named(secret), "VersionId": self.client_request_token}
        arn = next(entry.fact.arn for entry in entries if isinstance(entry.fact, SecretRegistered))
        made = [entry.fact.version_id for entry in entries if isinstance(entry.fact, SecretVersionCreated)]
        return {"ARN": arn, "Name": self.name, **({"VersionId": made[0]} if made else {})}


def refuse_replicas_and_partners(replicated: bool, kind: str) -> None:
    """Raises InvalidSecretParameter: there is one region here, and secrets that partners rotate are not known."""
    if replicated:
        raise InvalidSecretParameter(
            "Secrets are not replicated here: leave AddReplicaRegions and CrossAccountPrimaryARN away."
        )
    if kind:
        raise InvalidSecretParameter("Secrets managed by partners are not known here: leave Type away.")


def _beginning(boundary: str, created: SecretCreated) -> Secret:
    """The secret as its first fact makes it: what its first version is sealed for."""
    secret = Secret(id=boundary)
    secret.unique_id, secret.arn = created.unique_id, created.arn
    return secret
