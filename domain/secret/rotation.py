"""How a secret is rotated: what was set, the rotation under way, and the old credential that is still to be cut off."""

from typing import Final

import msgspec

STEPS: Final = ("create", "set", "test", "finish", "retire")


class Rotation(msgspec.Struct, frozen=True, gc=False):
    """The rotation that was set for a secret."""

    rotator: str  # the RotationLambdaARN: which of our rotators
    enabled: bool = True  # CancelRotateSecret makes it false; what was set stays readable
    after_days: int = 0  # AutomaticallyAfterDays; 0 where `schedule` says when
    schedule: str = ""  # rate(…) or cron(…)
    window: str = ""  # Duration: "3h"; empty where none was given
    overlap_seconds: int = 0  # how long the old credential lives on after finish, where the target can have two
    settings: dict[str, str] = {}  # the rotator's own, none of them secret: ExternalSecretRotationMetadata
    due: int = 0  # microseconds: when the next rotation begins; 0 where none will by itself
    due_id: str = ""  # names that one rotation, so that it begins once, on whatever node


class RotationRun(msgspec.Struct, frozen=True, gc=False):
    """One rotation. It is over when the secret has none, and failed when `failed` says since when."""

    version_id: str  # the version it makes: the ClientRequestToken
    begun: int  # microseconds
    due_id: str = ""  # which scheduled rotation this is; empty where RotateSecret was called
    test_only: bool = False  # RotateImmediately=false: only the test step
    step: str = "create"  # the step to be done next
    attempts: int = 0  # of that step, that failed
    retry: int = 0  # microseconds: not before
    reason: str = ""  # why the last attempt failed; never a secret
    failed: int = 0  # microseconds: since when it is given up


class Retirement(msgspec.Struct, frozen=True, gc=False):
    """A credential that was replaced and is to be made dead at its target."""

    version_id: str  # the version that holds it
    due: int  # microseconds
    due_id: str = ""
    attempts: int = 0
    retry: int = 0  # microseconds: not before
    reason: str = ""
