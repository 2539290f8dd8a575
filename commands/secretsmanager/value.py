"""Values at the door: what may be one, how a version is sealed, whether there is it already, and what is purged for it."""

import base64
import uuid
from typing import Any, Final

import msgspec

from muniment.commands.command import Given
from muniment.domain.ledger import Fact
from muniment.domain.quotas import (
    SECRET_BYTES_MAX,
    SECRET_VALUE_BYTES_MAX,
    SECRET_VERSION_KEPT_SECONDS,
    SECRET_VERSIONS_KEPT,
    SECRET_VERSIONS_MAX,
    STAGES_PER_SECRET_MAX,
)
from muniment.domain.sealing import Unreadable
from muniment.domain.secret.contents import Version
from muniment.domain.secret.errors import (
    DecryptionFailed,
    InvalidSecretParameter,
    SecretExists,
    SecretLimitExceeded,
)
from muniment.domain.secret.state import CURRENT, Secret, value_field
from muniment.domain.secret.versions import SecretVersionCreated, SecretVersionPromoted, SecretVersionsPurged

BOTH: Final = "You can't specify both a binary secret value and a string secret value in the same secret."
CANNOT_DECRYPT: Final = "Secrets Manager can't decrypt the protected secret text using the provided KMS key."


class Value(msgspec.Struct, frozen=True):
    """A value as it is sealed."""

    plain: str  # base64 of a binary one
    binary: bool = False

    def __repr__(self) -> str:
        return "Value(***)"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("value", "***")]


def value_of(text: str | None, data: bytes | None) -> Value | None:
    """The value that the parameters give; None where they give none. Raises InvalidSecretParameter."""
    if text is not None and data is not None:
        raise InvalidSecretParameter(BOTH)
    if data is not None:
        return Value(base64.b64encode(data).decode(), binary=True)
    if text is None:
        return None
    if len(text.encode()) > SECRET_VALUE_BYTES_MAX:
        raise InvalidSecretParameter(f"The secret value can't be larger than {SECRET_VALUE_BYTES_MAX} bytes.")
    return Value(text)


def version_id(token: str, given: Given) -> str:
    """The new version's id: the ClientRequestToken, or a UUID where there is none."""
    return token or str(uuid.UUID(bytes=given.random(16), version=4))


def is_repeat(secret: Secret, version: str, value: Value, given: Given) -> bool:
    """Whether the secret has this version with this value already. Raises SecretExists where it has it with another one."""
    known = secret.version_of(version)
    if known is None:
        return False
    if known.binary == value.binary and opened(secret, known, given) == value.plain:
        return True
    raise SecretExists(
        f"You can't use ClientRequestToken {version} because that value is already in use for a version of secret "
        f"{secret.arn}."
    )


def opened(secret: Secret, version: Version, given: Given) -> str:
    """A version's plain value. Raises DecryptionFailed."""
    try:
        return given.unseal(secret.owner, value_field(version.id), version.value)
    except Unreadable:
        raise DecryptionFailed(CANNOT_DECRYPT) from None


def put(secret: Secret, version: str, value: Value, stages: tuple[str, ...], given: Given) -> tuple[Fact, ...]:
    """The facts of a new version with these stages. Raises SecretLimitExceeded, DecryptionFailed where the key is damaged."""
    check_stages(secret, stages)
    purged = _to_be_purged(secret, given.now)
    kept = [each for each in secret.versions if each.id not in purged]
    held = sum(each.size for each in kept) + len(value.plain)
    if len(kept) >= SECRET_VERSIONS_MAX or held > SECRET_BYTES_MAX:
        raise SecretLimitExceeded("The secret has reached the quota on versions: try again when old ones were purged.")
    try:
        sealed = given.seal(secret.owner, value_field(version), value.plain)
    except Unreadable:
        raise DecryptionFailed(CANNOT_DECRYPT) from None
    others = tuple(stage for stage in stages if stage != CURRENT)
    facts: list[Fact] = [SecretVersionCreated(version, sealed, value.binary, others)]
    if CURRENT in stages:
        facts.append(SecretVersionPromoted(version))
    if purged:
        facts.append(SecretVersionsPurged(purged))
    return tuple(facts)


def check_stages(secret: Secret, stages: tuple[str, ...]) -> None:
    """Raises SecretLimitExceeded where the secret would have too many stages."""
    have = {stage for version in secret.versions for stage in version.stages}
    if len(have | set(stages)) > STAGES_PER_SECRET_MAX:
        raise SecretLimitExceeded(
            f"The secret has reached the quota of {STAGES_PER_SECRET_MAX} staging labels over all its versions."
        )


def _to_be_purged(secret: Secret, now: int) -> tuple[str, ...]:
    """The oldest versions without a stage, of those older than a day, that are too many once there is one more."""
    surplus = len(secret.versions) + 1 - SECRET_VERSIONS_KEPT
    if surplus <= 0:
        return ()
    oldest = now - SECRET_VERSION_KEPT_SECONDS * 1_000_000
    free = [each.id for each in secret.versions if not each.stages and each.created < oldest]
    return tuple(free[:surplus])
