"""What is noted of rotations: the schedule, each rotation's beginning, its steps one by one, and the old credential's end.

A rotation never touches AWSCURRENT before its step `finish`, which is recorded as `SecretVersionPromoted` (versions.py) together
with `SecretRotationFinished` in one batch.
"""

from typing import ClassVar

import msgspec

from muniment.domain.ledger import Entry
from muniment.domain.secret.rotation import Retirement, Rotation, RotationRun
from muniment.domain.secret.state import Secret, SecretFact


class SecretRotationScheduled(SecretFact, frozen=True, gc=False, omit_defaults=True):
    """A secret is rotated by this rotator, at these times. Replaces what was set before."""

    rotator: str
    after_days: int = 0
    schedule: str = ""
    window: str = ""
    overlap_seconds: int = 0
    settings: dict[str, str] = {}
    due: int = 0  # microseconds
    due_id: str = ""

    def evolve(self, state: Secret, entry: Entry) -> None:
        state.rotation = Rotation(
            self.rotator,
            True,
            self.after_days,
            self.schedule,
            self.window,
            self.overlap_seconds,
            self.settings,
            self.due,
            self.due_id,
        )
        state.changed = entry.time


class SecretRotationPostponed(SecretFact, frozen=True, gc=False, omit_defaults=True):
    """The next rotation is due at another time: one was done meanwhile, or its window passed."""

    due: int  # microseconds
    due_id: str

    def evolve(self, state: Secret, entry: Entry) -> None:
        assert state.rotation is not None
        state.rotation = msgspec.structs.replace(state.rotation, due=self.due, due_id=self.due_id)


class SecretRotationCancelled(SecretFact, frozen=True, gc=False, omit_defaults=True):
    """Rotation is switched off, and the one under way, if any, goes no further. Its version may keep AWSPENDING."""

    version_id: str = ""  # of the rotation that was under way

    def evolve(self, state: Secret, entry: Entry) -> None:
        if state.rotation is not None:
            state.rotation = msgspec.structs.replace(state.rotation, enabled=False, due=0, due_id="")
        state.run, state.changed = None, entry.time


class SecretRotationStarted(SecretFact, frozen=True, gc=False, omit_defaults=True):
    """A rotation began; `due_id` names the scheduled one that it is, so that no other node begins it again."""

    version_id: str
    due_id: str = ""
    test_only: bool = False

    def evolve(self, state: Secret, entry: Entry) -> None:
        first = "test" if self.test_only else "create"
        state.run = RotationRun(self.version_id, entry.time, self.due_id, self.test_only, first)


class SecretRotationStepCompleted(SecretFact, frozen=True, gc=False, omit_defaults=True):
    """One step of a rotation is done, and the next one comes."""

    version_id: str
    step: str
    next_step: str

    def evolve(self, state: Secret, entry: Entry) -> None:
        assert state.run is not None
        state.run = msgspec.structs.replace(state.run, step=self.next_step, attempts=0, retry=0, reason="", failed=0)


class SecretRotationStepFailed(SecretFact, frozen=True, gc=False, omit_defaults=True):
    """One step of a rotation failed, and is tried again."""

    version_id: str
    step: str
    reason: str  # never a secret
    attempt: int  # 1, 2, …
    retry: int  # microseconds: not before

    def evolve(self, state: Secret, entry: Entry) -> None:
        assert state.run is not None
        state.run = msgspec.structs.replace(state.run, attempts=self.attempt, retry=self.retry, reason=self.reason)


class SecretRotationFailed(SecretFact, frozen=True, gc=False, omit_defaults=True):
    """A rotation keeps failing. AWSCURRENT is what it was; somebody should look."""

    severity: ClassVar[str] = "high"

    version_id: str
    step: str
    reason: str  # never a secret
    attempts: int

    def evolve(self, state: Secret, entry: Entry) -> None:
        assert state.run is not None
        state.run = msgspec.structs.replace(
            state.run, attempts=self.attempts, reason=self.reason, failed=state.run.failed or entry.time
        )


class SecretRotationFinished(SecretFact, frozen=True, gc=False, omit_defaults=True):
    """A rotation is done, up to the old credential's end at its target."""

    version_id: str
    test_only: bool = False

    def evolve(self, state: Secret, entry: Entry) -> None:
        state.run = None
        if not self.test_only:
            state.put(rotated=entry.time, changed=entry.time)


class SecretRetirementScheduled(SecretFact, frozen=True, gc=False, omit_defaults=True):
    """The credential in this version, which was replaced, is to die at its target at this time."""

    version_id: str
    due: int  # microseconds
    due_id: str = ""

    def evolve(self, state: Secret, entry: Entry) -> None:
        state.retirement = Retirement(self.version_id, self.due, self.due_id)


class SecretRetirementFailed(SecretFact, frozen=True, gc=False, omit_defaults=True):
    """The old credential could not be cut off, which is tried again: an attacker who has it still gets in."""

    severity: ClassVar[str] = "high"

    version_id: str
    reason: str  # never a secret
    attempt: int
    retry: int  # microseconds: not before

    def evolve(self, state: Secret, entry: Entry) -> None:
        assert state.retirement is not None
        state.retirement = msgspec.structs.replace(
            state.retirement, attempts=self.attempt, retry=self.retry, reason=self.reason
        )


class SecretVersionRetired(SecretFact, frozen=True, gc=False, omit_defaults=True):
    """The target refuses the credential in this version since `time`."""

    version_id: str
    time: int  # microseconds
    how: str = ""  # what was done at the target: "password replaced", "access key deleted" …

    def evolve(self, state: Secret, entry: Entry) -> None:
        state.retirement = None
        state.versions = tuple(
            msgspec.structs.replace(version, retired=self.time) if version.id == self.version_id else version
            for version in state.versions
        )
