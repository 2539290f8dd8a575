"""Doing one thing that is due: ask the rotator, and record what became of it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

import structlog

from muniment.commands.drawn import uuid7
from muniment.commands.keys import Sealer
from muniment.commands.secretsmanager.rotating import (
    BeginRotation,
    BeginRotations,
    DueRotation,
    FinishRotation,
    RecordPendingValue,
    RecordRetirement,
    RecordRetirementFailure,
    RecordStep,
    RecordStepFailure,
)
from muniment.commands.task import Context
from muniment.domain import ids
from muniment.domain.caller import Caller
from muniment.domain.ledger import Actor
from muniment.domain.sealing import Unreadable
from muniment.domain.secret.contents import Version
from muniment.domain.secret.rotation import RotationRun
from muniment.domain.secret.rotators import rotator_of
from muniment.domain.secret.state import CURRENT, Secret, value_field
from muniment.ops.rotation.access_key import Executes
from muniment.ops.rotation.agenda import Due
from muniment.ops.rotation.rotator import Job, NotRotated, Rotator

ITSELF: Final = Caller(
    Actor(ids.NOBODY, "arn:muniment:ops:::process/rotation", "process/rotation", "Operator"), operator=True
)
PAUSE: Final = 1_000_000  # microseconds: after the first failure; doubled after each further one
PAUSE_MAX: Final = 3_600_000_000
REASON_CHARACTERS_MAX: Final = 300

log = structlog.get_logger("muniment.rotation")

T = TypeVar("T")


class Steps:
    """Does what is due. Every method may be called again after a kill at any point."""

    def __init__(
        self, ledger: Executes, sealer: Sealer, rotators: Mapping[str, Rotator], clock: Callable[[], int]
    ) -> None:
        self._ledger, self._sealer, self._rotators, self._clock = ledger, sealer, rotators, clock

    def begin(self, secrets: Sequence[Secret]) -> int:
        """Begin the rotations of several secrets that are due; the position that the log has then. Raises Refused."""
        found = [
            DueRotation(secret.id, secret.arn, secret.rotation.due_id)
            for secret in secrets
            if secret.rotation is not None
        ]
        return self._record(BeginRotations(due=tuple(found)))

    def do(self, secret: Secret, due: Due) -> int:
        """Do it; the position that the log has then. Raises Refused where it could not be recorded."""
        if due.kind == "begin":
            assert secret.rotation is not None
            return self._record(BeginRotation(**_of(secret), due_id=secret.rotation.due_id))
        return self._retire(secret) if due.kind == "retire" else self._step(secret)

    def _step(self, secret: Secret) -> int:
        run = secret.run
        assert run is not None
        about = {**_of(secret), "version_id": run.version_id, "step": run.step}
        try:
            made = self._ask(secret, run)
        except NotRotated as failed:
            reason = str(failed)[:REASON_CHARACTERS_MAX]
            retry = self._clock() + pause(run.attempts)
            return self._record(RecordStepFailure(**about, reason=reason, retry=retry))
        if run.step == "create":
            return self._record(RecordPendingValue(**about, value=made))
        return self._record(FinishRotation(**about) if run.step == "finish" else RecordStep(**about))

    def _ask(self, secret: Secret, run: RotationRun) -> str:
        """The rotator's part of a step. Raises NotRotated."""
        rotator, job = self._rotator(secret), self._job(secret, run.version_id)
        current = self._value(secret, secret.staged(CURRENT))
        if run.test_only:
            self._guarded(lambda: rotator.test(job, current))
            return ""
        if run.step == "create":
            if secret.version_of(run.version_id) is not None:
                return ""  # it was made, and is not made again
            return self._guarded(lambda: rotator.create(job, current))
        pending = self._value(secret, secret.version_of(run.version_id))
        if run.step == "set":
            self._guarded(lambda: rotator.set(job, current, pending))
        elif run.step == "test":
            if run.attempts:  # the target may have accepted the credential and not applied it
                self._guarded(lambda: rotator.set(job, current, pending))
            self._guarded(lambda: rotator.test(job, pending))
        else:
            self._guarded(lambda: rotator.finish(job, pending))
        return ""

    def _retire(self, secret: Secret) -> int:
        retirement = secret.retirement
        assert retirement is not None
        about = {**_of(secret), "version_id": retirement.version_id}
        try:
            rotator, job = self._rotator(secret), self._job(secret, retirement.version_id)
            old = self._value(secret, secret.version_of(retirement.version_id))
            current = self._value(secret, secret.staged(CURRENT))
            how = self._guarded(lambda: rotator.retire(job, old, current))
        except NotRotated as failed:
            reason = str(failed)[:REASON_CHARACTERS_MAX]
            retry = self._clock() + pause(retirement.attempts)
            return self._record(RecordRetirementFailure(**about, reason=reason, retry=retry))
        return self._record(RecordRetirement(**about, how=how))

    def _rotator(self, secret: Secret) -> Rotator:
        assert secret.rotation is not None
        found = self._rotators.get(rotator_of(secret.rotation.rotator) or "")
        if found is None:
            raise NotRotated("this release has no such rotator")
        return found

    @staticmethod
    def _job(secret: Secret, token: str) -> Job:
        assert secret.rotation is not None
        return Job(secret.account, secret.arn, secret.name, token, secret.rotation.settings)

    def _value(self, secret: Secret, version: Version | None) -> str:
        """The plain value of a version. Raises NotRotated."""
        if version is None:
            raise NotRotated("a version that the rotation needs is not there any more")
        if version.binary:
            raise NotRotated("the value is binary, and rotators take texts")
        try:
            return self._sealer.unseal(secret.owner, value_field(version.id), version.value).decode()
        except Unreadable:
            raise NotRotated("the secret's value cannot be read") from None

    @staticmethod
    def _guarded(work: Callable[[], T]) -> T:
        """A rotator's fault is a failed step like any other; its text may hold a secret, so its kind is all that is told."""
        try:
            return work()
        except NotRotated:
            raise
        except Exception as fault:
            log.error("rotator failed", error=type(fault).__name__)
            raise NotRotated(f"the rotator failed: {type(fault).__name__}") from None

    def _record(self, command: Any) -> int:
        return self._ledger.execute(command, Context(ITSELF, uuid7(self._clock()))).position


def pause(attempts: int) -> int:
    """How long to wait after so many failures and one more, in microseconds."""
    return min(PAUSE << min(attempts, 20), PAUSE_MAX)


def _of(secret: Secret) -> dict[str, Any]:
    return {"secret": secret.id, "arn": secret.arn}
