"""CancelRotateSecret: rotation is switched off, and whatever is under way goes no further."""

from typing import Any

from muniment.commands.command import Decision, Given
from muniment.commands.secretsmanager.secret import SecretCommand
from muniment.domain.ledger import Entry
from muniment.domain.secret.rotations import SecretRotationCancelled
from muniment.domain.secret.state import Secret


class CancelRotateSecret(SecretCommand, frozen=True, kw_only=True, rename="pascal"):
    """Rotate no more; the version that a rotation had begun keeps its stages.
    https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CancelRotateSecret.html"""

    def on(self, secret: Secret, given: Given) -> Decision:
        enabled = secret.rotation is not None and secret.rotation.enabled
        if not enabled and secret.run is None:
            return None
        return SecretRotationCancelled(secret.run.version_id if secret.run is not None else "")

    def answer(self, state: Secret, entries: tuple[Entry, ...], given: Given) -> dict[str, Any]:
        cancelled = [entry.fact.version_id for entry in entries if isinstance(entry.fact, SecretRotationCancelled)]
        version = {"VersionId": cancelled[0]} if cancelled and cancelled[0] else {}
        return {**super().answer(state, entries, given), **version}
