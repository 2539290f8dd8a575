"""RotateSecret: how and when a secret is rotated, and a rotation now."""

from typing import Any, Final

import msgspec

from muniment.commands.command import Decision, Given
from muniment.commands.secretsmanager.secret import SecretCommand, meant, named
from muniment.commands.secretsmanager.value import version_id
from muniment.domain.ledger import Actor, Entry, Fact
from muniment.domain.resource import Resource
from muniment.domain.secret import keys
from muniment.domain.secret.errors import InvalidSecretParameter, InvalidSecretRequest
from muniment.domain.secret.keys import Keys, said
from muniment.domain.secret.rotation import Rotation
from muniment.domain.secret.rotations import SecretRotationScheduled, SecretRotationStarted
from muniment.domain.secret.rotators import ADMIN, PREFIX, ROTATORS, TOLD, rotator_of
from muniment.domain.secret.schedule import BadSchedule, check, next_due
from muniment.domain.secret.state import CURRENT, PENDING, Secret

OVERLAP: Final = "overlapSeconds"  # the setting that says how long the old credential lives on
OVERLAP_SECONDS: Final = 300
OVERLAP_SECONDS_MAX: Final = 30 * 86_400
SETTINGS_MAX: Final = 20
IN_PROGRESS: Final = "A previous rotation isn't complete. That rotation will be reattempted."
NO_ROTATOR: Final = "No Lambda rotation function ARN is associated with this secret."


class RotationRules(msgspec.Struct, frozen=True, rename="pascal"):
    """When to rotate."""

    automatically_after_days: int = 0
    duration: str = ""
    schedule_expression: str = ""


class Setting(msgspec.Struct, frozen=True, rename="pascal"):
    """One of the rotator's own settings. They are shown and recorded, so none of them is secret."""

    key: str
    value: str


class RotateSecret(SecretCommand, frozen=True, kw_only=True, rename="pascal"):
    """Set the rotation of a secret, and rotate it: at once, or only test and wait for the next window.
    https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html"""

    client_request_token: str = ""
    rotation_lambda_arn: str = msgspec.field(default="", name="RotationLambdaARN")
    rotation_rules: RotationRules | None = None
    external_secret_rotation_metadata: tuple[Setting, ...] = ()
    external_secret_rotation_role_arn: str = ""
    rotate_immediately: bool = True

    def keys(self) -> Keys:
        return said(
            RotationLambdaARN=self.rotation_lambda_arn or None,
            RotateImmediately=self.rotate_immediately,
            ModifyRotationRules=self.rotation_rules is not None,
        )

    def resources(self, state: Secret, actor: Actor) -> tuple[Resource, ...]:
        """Who lets an administrator's secret be used must be allowed to rotate that one too."""
        admin = _settings(self.external_secret_rotation_metadata).get(ADMIN, "")
        further = (keys.resource(None, admin, actor.account, self.keys()),) if admin else ()
        return (*super().resources(state, actor), *further)

    def on(self, secret: Secret, given: Given) -> Decision:
        token = self.client_request_token
        if token and _is_repeat(secret, token):
            return None
        rotation = self._rotation(secret)
        if secret.staged(CURRENT) is None:
            raise InvalidSecretRequest("You can't rotate a secret that has no value.")
        pending = secret.staged(PENDING)
        if secret.run is not None or (pending is not None and CURRENT not in pending.stages):
            raise InvalidSecretRequest(IN_PROGRESS)
        due = next_due(rotation, given.now) if rotation.after_days or rotation.schedule else 0
        facts: list[Fact] = [
            SecretRotationScheduled(
                rotation.rotator,
                rotation.after_days,
                rotation.schedule,
                rotation.window,
                rotation.overlap_seconds,
                rotation.settings,
                due,
                given.random(8).hex() if due else "",
            )
        ]
        test_only = not self.rotate_immediately
        facts.append(SecretRotationStarted(version_id(token, given), test_only=test_only))
        return tuple(facts)

    def answer(self, state: Secret, entries: tuple[Entry, ...], given: Given) -> dict[str, Any]:
        started = next((e.fact.version_id for e in entries if isinstance(e.fact, SecretRotationStarted)), "")
        shown = {"VersionId": started or self.client_request_token}
        return {**named(meant(self.secret_id, state, given)), **shown}

    def _rotation(self, secret: Secret) -> Rotation:
        """What was set before, and what the request says anew. Raises InvalidSecretParameter, InvalidSecretRequest."""
        known = secret.rotation or Rotation("")
        rotator = self.rotation_lambda_arn or known.rotator
        if not rotator:
            raise InvalidSecretRequest(NO_ROTATOR)
        if rotator_of(rotator) is None:
            names = ", ".join(f"{PREFIX}{name}" for name in sorted(ROTATORS))
            raise InvalidSecretParameter(f"The rotation function isn't known here. These are: {names}.")
        found = msgspec.structs.replace(known, rotator=rotator)
        if self.external_secret_rotation_metadata:
            settings = _settings(self.external_secret_rotation_metadata)
            found = msgspec.structs.replace(found, settings=settings, overlap_seconds=_overlap(settings))
        elif secret.rotation is None:
            found = msgspec.structs.replace(found, overlap_seconds=OVERLAP_SECONDS)
        if (rules := self.rotation_rules) is None:
            return found
        try:
            check(rules.automatically_after_days, rules.schedule_expression, rules.duration)
        except BadSchedule as bad:
            raise InvalidSecretParameter(str(bad)) from None
        return msgspec.structs.replace(
            found,
            after_days=rules.automatically_after_days,
            schedule=rules.schedule_expression,
            window=rules.duration,
        )


def _is_repeat(secret: Secret, token: str) -> bool:
    """Whether this rotation is under way, or done. Raises InvalidSecretParameter for the token of another version."""
    if secret.run is not None and secret.run.version_id == token:
        return True
    known = secret.version_of(token)
    if known is not None and CURRENT not in known.stages:
        raise InvalidSecretParameter("The ClientRequestToken is that of a version that the secret has already.")
    return known is not None


def _settings(items: tuple[Setting, ...]) -> dict[str, str]:
    """The settings. What DescribeSecret told of a failure among them is let go: whoever sends back what was shown means no harm."""
    items = tuple(item for item in items if not item.key.startswith(TOLD))
    if len(items) > SETTINGS_MAX:
        raise InvalidSecretParameter(f"ExternalSecretRotationMetadata can have at most {SETTINGS_MAX} items.")
    return {item.key: item.value for item in items}


def _overlap(settings: dict[str, str]) -> int:
    text = settings.get(OVERLAP, str(OVERLAP_SECONDS))
    if not (text.isascii() and text.isdigit()) or int(text) > OVERLAP_SECONDS_MAX:
        raise InvalidSecretParameter(f"The setting {OVERLAP} must be between 0 and {OVERLAP_SECONDS_MAX} seconds.")
    return int(text)
