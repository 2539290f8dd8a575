"""New values of a secret: PutSecretValue, UpdateSecret."""

from typing import Any, Final

from muniment.commands.command import Decision, Given
from muniment.commands.secretsmanager import value as values
from muniment.commands.secretsmanager.create import refuse_replicas_and_partners
from muniment.commands.secretsmanager.secret import SecretCommand, meant, named
from muniment.domain.ledger import Entry, Fact
from muniment.domain.secret.errors import InvalidSecretParameter
from muniment.domain.secret.keys import Keys, said
from muniment.domain.secret.secrets import SecretDescriptionChanged, SecretKeyReplaced
from muniment.domain.secret.state import CURRENT, Secret
from muniment.domain.secret.versions import SecretVersionCreated

NO_VALUE: Final = "You must provide either SecretString or SecretBinary."


class PutSecretValue(SecretCommand, frozen=True, kw_only=True, rename="pascal"):
    """Add a version; without stages of its own it becomes the current one.
    https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html"""

    secret_parameters = frozenset({"secret_string", "secret_binary", "rotation_token"})

    client_request_token: str = ""
    secret_string: str | None = None
    secret_binary: bytes | None = None
    version_stages: tuple[str, ...] = ()
    rotation_token: str = ""

    def on(self, secret: Secret, given: Given) -> Decision:
        value = values.value_of(self.secret_string, self.secret_binary)
        if value is None:
            raise InvalidSecretParameter(NO_VALUE)
        if len(set(self.version_stages)) < len(self.version_stages):
            raise InvalidSecretParameter("You can't name a staging label twice.")
        if self.client_request_token and values.is_repeat(secret, self.client_request_token, value, given):
            return None
        stages = self.version_stages or (CURRENT,)
        if not secret.versions and CURRENT not in stages:
            stages = (CURRENT, *stages)
        return values.put(secret, values.version_id(self.client_request_token, given), value, stages, given)

    def answer(self, state: Secret, entries: tuple[Entry, ...], given: Given) -> dict[str, Any]:
        version = made(entries) or self.client_request_token
        secret = meant(self.secret_id, state, given)
        known = secret.version_of(version)
        return {**named(secret), "VersionId": version, "VersionStages": list(known.stages) if known else []}


class UpdateSecret(SecretCommand, frozen=True, kw_only=True, rename="pascal"):
    """Change what is said of a secret, and its current value where one is given.
    https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecret.html"""

    secret_parameters = frozenset({"secret_string", "secret_binary"})

    client_request_token: str = ""
    description: str | None = None
    kms_key_id: str | None = None
    secret_string: str | None = None
    secret_binary: bytes | None = None
    type: str = ""

    def keys(self) -> Keys:
        return said(Description=self.description, KmsKeyId=self.kms_key_id)

    def on(self, secret: Secret, given: Given) -> Decision:
        refuse_replicas_and_partners(False, self.type)
        value = values.value_of(self.secret_string, self.secret_binary)
        facts: list[Fact] = []
        if self.description is not None and self.description != secret.description:
            facts.append(SecretDescriptionChanged(self.description))
        if self.kms_key_id is not None and self.kms_key_id != secret.kms_key:
            facts.append(SecretKeyReplaced(self.kms_key_id))
        token = self.client_request_token
        if value is not None and not (token and values.is_repeat(secret, token, value, given)):
            facts.extend(values.put(secret, values.version_id(token, given), value, (CURRENT,), given))
        return tuple(facts)

    def answer(self, state: Secret, entries: tuple[Entry, ...], given: Given) -> dict[str, Any]:
        version = made(entries)
        return {**named(meant(self.secret_id, state, given)), **({"VersionId": version} if version else {})}


def made(entries: tuple[Entry, ...]) -> str:
    """The id of the version that was made; empty where none was."""
    return next((entry.fact.version_id for entry in entries if isinstance(entry.fact, SecretVersionCreated)), "")
