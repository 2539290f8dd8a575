"""DeleteSecret and RestoreSecret, and the end of a secret whose window is over. The vault is told in the same batch."""

from typing import Any, Final

from muniment.commands.command import At, Command, Decision, Given
from muniment.commands.muniment.operator import check_operator
from muniment.commands.secretsmanager.secret import SecretCommand, of_vault
from muniment.domain.ledger import Actor, Entry
from muniment.domain.quotas import RECOVERY_DAYS_MAX, RECOVERY_DAYS_MIN
from muniment.domain.resource import Resource
from muniment.domain.secret.errors import InvalidSecretParameter, InvalidSecretRequest
from muniment.domain.secret.keys import Keys, said
from muniment.domain.secret.secrets import SecretDeleted, SecretDeletionScheduled, SecretKeyErased, SecretRestored
from muniment.domain.secret.state import Secret
from muniment.domain.vault.state import SecretRemovalCancelled, SecretRemovalScheduled, SecretUnregistered

DAY: Final = 86_400_000_000  # microseconds
BOTH: Final = "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays."
WINDOW: Final = (
    f"The RecoveryWindowInDays value must be between {RECOVERY_DAYS_MIN} and {RECOVERY_DAYS_MAX} days (inclusive)."
)
MARKED: Final = "You tried to perform the operation on a secret that's currently marked deleted."


class DeleteSecret(SecretCommand, frozen=True, kw_only=True, rename="pascal"):
    """Mark a secret for deletion, or delete it at once.
    https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DeleteSecret.html"""

    marked_too = True

    recovery_window_in_days: int | None = None
    force_delete_without_recovery: bool = False

    def keys(self) -> Keys:
        return said(
            RecoveryWindowInDays=self.recovery_window_in_days,
            ForceDeleteWithoutRecovery=self.force_delete_without_recovery or None,
        )

    def on(self, secret: Secret, given: Given) -> Decision:
        days = self.recovery_window_in_days
        if self.force_delete_without_recovery:
            if days is not None:
                raise InvalidSecretParameter(BOTH)
            return ended(secret, forced=True)
        if days is not None and not RECOVERY_DAYS_MIN <= days <= RECOVERY_DAYS_MAX:
            raise InvalidSecretParameter(WINDOW)
        if secret.deletion:
            raise InvalidSecretRequest(MARKED)
        days = RECOVERY_DAYS_MAX if days is None else days
        deletion = given.now + days * DAY
        scheduled = At(of_vault(secret), SecretRemovalScheduled(secret.name, deletion))
        return (SecretDeletionScheduled(deletion, days), scheduled)

    def answer(self, state: Secret, entries: tuple[Entry, ...], given: Given) -> dict[str, Any]:
        for entry in entries:
            if isinstance(entry.fact, SecretDeletionScheduled):
                return {**super().answer(state, entries, given), "DeletionDate": entry.fact.deletion}
            if isinstance(entry.fact, SecretDeleted):
                return {"ARN": entry.fact.arn, "Name": entry.fact.secret_name, "DeletionDate": entry.time}
        return super().answer(state, entries, given)


class RestoreSecret(SecretCommand, frozen=True, kw_only=True, rename="pascal"):
    """Take the mark away again. https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RestoreSecret.html"""

    marked_too = True

    def on(self, secret: Secret, given: Given) -> Decision:
        if not secret.deletion:
            return None
        return (SecretRestored(), At(of_vault(secret), SecretRemovalCancelled(secret.name)))


class SweptCommand(Command[Secret], frozen=True, kw_only=True, rename="pascal"):
    """A command that the program itself gives for the secrets that have a name."""

    operator_only = True

    service = "muniment"
    boundary = Secret

    secret: str  # its boundary
    unique_id: str

    def target(self, actor: Actor) -> str:
        return self.secret

    def resources(self, state: Secret, actor: Actor) -> tuple[Resource, ...]:
        return (Resource("*"),)


class EndSecret(SweptCommand, frozen=True, kw_only=True, rename="pascal"):
    """Delete a secret whose recovery window is over; nothing where it was restored or is gone."""

    def decide(self, state: Secret, given: Given) -> Decision:
        check_operator(given.actor, self.action())
        if state.unique_id != self.unique_id or not state.deletion or state.deletion > given.now:
            return None
        return ended(state)


class NoteKeyErased(SweptCommand, frozen=True, kw_only=True, rename="pascal"):
    """Record that the data key of a deleted secret is overwritten; nothing where that was recorded."""

    def decide(self, state: Secret, given: Given) -> Decision:
        check_operator(given.actor, self.action())
        return SecretKeyErased(self.unique_id) if self.unique_id in state.erasing else None


def ended(secret: Secret, forced: bool = False) -> Decision:
    """The facts of a secret's end."""
    gone = SecretDeleted(secret.unique_id, secret.name, secret.arn, forced)
    return (gone, At(of_vault(secret), SecretUnregistered(secret.name)))
