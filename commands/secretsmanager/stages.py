"""UpdateSecretVersionStage: a stage moves from one version to another. There is always exactly one current version."""

from typing import Final

from muniment.commands.command import Decision, Given
from muniment.commands.secretsmanager.secret import SecretCommand
from muniment.commands.secretsmanager.value import check_stages
from muniment.domain.secret.errors import InvalidSecretParameter, SecretNotFound
from muniment.domain.secret.keys import Keys, said
from muniment.domain.secret.state import CURRENT, Secret
from muniment.domain.secret.versions import SecretVersionPromoted, SecretVersionStaged, SecretVersionUnstaged

ONLY_MOVED: Final = (
    "You can only move staging label AWSCURRENT to a different secret version. It can't be completely removed."
)


class UpdateSecretVersionStage(SecretCommand, frozen=True, kw_only=True, rename="pascal"):
    """Move, add or remove a stage.
    https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecretVersionStage.html"""

    version_stage: str
    remove_from_version_id: str = ""
    move_to_version_id: str = ""

    def keys(self) -> Keys:
        return said(VersionStage=self.version_stage)

    def on(self, secret: Secret, given: Given) -> Decision:
        stage, to = self.version_stage, self.move_to_version_id
        for version_id in (to, self.remove_from_version_id):
            if version_id and secret.version_of(version_id) is None:
                raise SecretNotFound(
                    f"Secrets Manager can't find the specified secret version with VersionId: {version_id}"
                )
        holder = secret.staged(stage)
        self._check_left(holder.id if holder is not None else "")
        if holder is not None and holder.id == to:
            return None
        if not to:
            if stage == CURRENT:
                raise InvalidSecretParameter(ONLY_MOVED)
            return SecretVersionUnstaged(self.remove_from_version_id, stage) if holder is not None else None
        check_stages(secret, (stage,))
        return SecretVersionPromoted(to) if stage == CURRENT else SecretVersionStaged(to, stage)

    def _check_left(self, holder: str) -> None:
        """Raises InvalidSecretParameter where the stage is taken from a version that the request does not name."""
        stage, left = self.version_stage, self.remove_from_version_id
        if not left and not self.move_to_version_id:
            raise InvalidSecretParameter("You must specify MoveToVersionId, RemoveFromVersionId, or both.")
        if left and left != holder:
            raise InvalidSecretParameter(f"Staging label {stage} is not attached to version {left}.")
        if holder and not left and holder != self.move_to_version_id:
            raise InvalidSecretParameter(
                f"The parameter RemoveFromVersionId can't be empty. Staging label {stage} is currently attached to "
                f"version {holder}, so you must explicitly reference that version in RemoveFromVersionId."
            )
