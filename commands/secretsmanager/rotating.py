"""What the rotation process records, step by step. It is given by the process itself, past no gate (ops/rotation/process.py).

Each command says which rotation it is of, and changes nothing where that rotation is another one by now: so two nodes that do one
step do no harm, and a rotation that was cancelled stays cancelled.
"""

from typing import Final

import msgspec

from muniment.commands.command import At, Command, Decision, Given
from muniment.commands.muniment.operator import check_operator
from muniment.commands.secretsmanager import value as values
from muniment.domain.boundary import as_state
from muniment.domain.ledger import Actor, Fact
from muniment.domain.resource import Resource
from muniment.domain.secret.rotation import STEPS, Rotation, RotationRun
from muniment.domain.secret.rotations import (
    SecretRetirementFailed,
    SecretRetirementScheduled,
    SecretRotationFailed,
    SecretRotationFinished,
    SecretRotationPostponed,
    SecretRotationStarted,
    SecretRotationStepCompleted,
    SecretRotationStepFailed,
    SecretVersionRetired,
)
from muniment.domain.secret.schedule import next_due
from muniment.domain.secret.state import CURRENT, PENDING, Secret
from muniment.domain.secret.versions import SecretVersionPromoted, SecretVersionUnstaged

ATTEMPTS_MAX: Final = 5  # of a step; then the alarm is raised, and it is tried on
SECOND: Final = 1_000_000  # microseconds


class RotationCommand(Command[Secret], frozen=True, kw_only=True, rename="pascal"):
    """A command on the rotation of one secret."""

    service = "muniment"
    boundary = Secret
    operator_only = True

    secret: str  # its boundary
    arn: str

    def target(self, actor: Actor) -> str:
        return self.secret

    def resources(self, state: Secret, actor: Actor) -> tuple[Resource, ...]:
        return (Resource(self.arn),)

    def decide(self, state: Secret, given: Given) -> Decision:
        check_operator(given.actor, self.action())
        return None if state.arn != self.arn or state.rotation is None else self.on(state, state.rotation, given)

    def on(self, secret: Secret, rotation: Rotation, given: Given) -> Decision:
        """What is recorded."""
        raise TypeError(f"{type(self).__name__} records nothing")


class StepCommand(RotationCommand, frozen=True, kw_only=True, rename="pascal"):
    """A command on one step of the rotation under way."""

    version_id: str
    step: str

    def on(self, secret: Secret, rotation: Rotation, given: Given) -> Decision:
        run = secret.run
        if run is None or (run.version_id, run.step) != (self.version_id, self.step) or secret.deletion:
            return None
        return self.of_step(secret, rotation, run, given)

    def of_step(self, secret: Secret, rotation: Rotation, run: RotationRun, given: Given) -> Decision:
        """What is recorded of the step."""
        raise TypeError(f"{type(self).__name__} records nothing")


class BeginRotation(RotationCommand, frozen=True, kw_only=True, rename="pascal"):
    """Begin the rotation that is due, and say when the next one will be. Once for each due id, whoever asks."""

    due_id: str

    def on(self, secret: Secret, rotation: Rotation, given: Given) -> Decision:
        return begun(secret, rotation, self.due_id, given)


class DueRotation(msgspec.Struct, frozen=True):
    """A rotation whose window has opened."""

    secret: str  # its boundary
    arn: str
    due_id: str


class BeginRotations(Command[Secret], frozen=True, kw_only=True, rename="pascal"):
    """The same for several secrets, each under its own guard, in one batch: thousands may be due in one minute."""

    service = "muniment"
    boundary = Secret
    operator_only = True
    secret_parameters = frozenset({"due"})  # each account's record would tell of the others' secrets (SECURITY 16)

    due: tuple[DueRotation, ...]  # of different secrets

    def target(self, actor: Actor) -> str:
        return self.due[0].secret

    def also(self, actor: Actor) -> tuple[str, ...]:
        return tuple(each.secret for each in self.due[1:])

    def resources(self, state: Secret, actor: Actor) -> tuple[Resource, ...]:
        return tuple(Resource(each.arn) for each in self.due)

    def decide(self, state: Secret, given: Given) -> Decision:
        check_operator(given.actor, self.action())
        facts: list[Fact | At] = []
        for each in self.due:
            secret = state if each.secret == state.id else as_state(given.also[each.secret], each.secret, Secret)
            if secret.arn != each.arn or secret.rotation is None:
                continue
            facts += [At(secret.id, fact) for fact in begun(secret, secret.rotation, each.due_id, given)]
        return tuple(facts)


def begun(secret: Secret, rotation: Rotation, due_id: str, given: Given) -> tuple[Fact, ...]:
    """The facts of a beginning; none where it is not due, or was begun before."""
    if not rotation.enabled or rotation.due_id != due_id or rotation.due > given.now:
        return ()
    due = next_due(rotation, given.now)
    postponed = SecretRotationPostponed(due, given.random(8).hex() if due else "")
    if secret.run is not None or secret.deletion or secret.staged(CURRENT) is None:
        return (postponed,)  # this one is skipped
    return (SecretRotationStarted(values.version_id("", given), due_id), postponed)


class RecordPendingValue(StepCommand, frozen=True, kw_only=True, rename="pascal"):
    """The new value was made: it is the pending version from now on, whatever happens."""

    secret_parameters = frozenset({"value"})

    value: str

    def of_step(self, secret: Secret, rotation: Rotation, run: RotationRun, given: Given) -> Decision:
        completed = SecretRotationStepCompleted(run.version_id, "create", "set")
        if secret.version_of(run.version_id) is not None:
            return completed
        made = values.value_of(self.value, None)
        assert made is not None
        return (*values.put(secret, run.version_id, made, (PENDING,), given), completed)


class RecordStep(StepCommand, frozen=True, kw_only=True, rename="pascal"):
    """A step is done, and the next one comes; after a test alone, none."""

    def of_step(self, secret: Secret, rotation: Rotation, run: RotationRun, given: Given) -> Decision:
        if run.test_only:
            return SecretRotationFinished(run.version_id, True)
        following = STEPS[STEPS.index(run.step) + 1]
        return SecretRotationStepCompleted(run.version_id, run.step, following)


class FinishRotation(StepCommand, frozen=True, kw_only=True, rename="pascal"):
    """Readers get the new value from now on; the old credential dies after the overlap."""

    def of_step(self, secret: Secret, rotation: Rotation, run: RotationRun, given: Given) -> Decision:
        made, before = secret.version_of(run.version_id), secret.staged(CURRENT)
        if made is None:
            return None
        facts: list[Fact] = []
        if CURRENT not in made.stages:
            facts.append(SecretVersionPromoted(run.version_id))
            if before is not None:
                due = given.now + rotation.overlap_seconds * SECOND
                facts.append(SecretRetirementScheduled(before.id, due, given.random(8).hex()))
        if PENDING in made.stages:
            facts.append(SecretVersionUnstaged(run.version_id, PENDING))
        return (*facts, SecretRotationFinished(run.version_id))


class RecordStepFailure(StepCommand, frozen=True, kw_only=True, rename="pascal"):
    """A step failed, and will be tried again; when it has failed often, somebody should know."""

    reason: str
    retry: int  # microseconds: not before

    def of_step(self, secret: Secret, rotation: Rotation, run: RotationRun, given: Given) -> Decision:
        attempt = run.attempts + 1
        failed = SecretRotationStepFailed(run.version_id, run.step, self.reason, attempt, self.retry)
        if attempt < ATTEMPTS_MAX or run.failed:
            return failed
        return (failed, SecretRotationFailed(run.version_id, run.step, self.reason, attempt))


class RecordRetirement(RotationCommand, frozen=True, kw_only=True, rename="pascal"):
    """The target takes the old credential no more."""

    version_id: str
    how: str

    def on(self, secret: Secret, rotation: Rotation, given: Given) -> Decision:
        if secret.retirement is None or secret.retirement.version_id != self.version_id:
            return None
        return SecretVersionRetired(self.version_id, given.now, self.how)


class RecordRetirementFailure(RotationCommand, frozen=True, kw_only=True, rename="pascal"):
    """The old credential could not be ended, and will be tried again."""

    version_id: str
    reason: str
    retry: int  # microseconds: not before

    def on(self, secret: Secret, rotation: Rotation, given: Given) -> Decision:
        retirement = secret.retirement
        if retirement is None or retirement.version_id != self.version_id:
            return None
        return SecretRetirementFailed(self.version_id, self.reason, retirement.attempts + 1, self.retry)
