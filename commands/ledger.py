"""The Ledger: the only way a fact comes to be. Load, ask the gate, decide, append under the boundary's guard (DESIGN §3)."""

import random
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from eventsourcing.application import Application, Repository
from eventsourcing.persistence import IntegrityError, PersistenceError, Recording
from eventsourcing.utils import Environment, EnvType

from muniment.commands.attempt import Attempt
from muniment.commands.boundaries import UNREADABLE, Boundaries
from muniment.commands.command import Command
from muniment.commands.drawn import Clock, Drawn, clock
from muniment.commands.expect import Foresight
from muniment.commands.gate import Gate
from muniment.commands.keys import Sealer, Signer
from muniment.commands.lane import Lane, Turn
from muniment.commands.mapper import EntryMapper
from muniment.commands.preparing import prepare
from muniment.commands.snapshot import StateSnapshot
from muniment.commands.task import Context, Outcome, Task
from muniment.commands.workshop import Workshop
from muniment.domain.errors import Refused, ServiceUnavailable
from muniment.domain.ledger import DECIDING

TOGETHER_MAX: Final = 64  # commands decided on one running state and appended in one atomic batch
CONFLICT_SECONDS: Final = 0.002
CONFLICT_SECONDS_MAX: Final = 0.1
LANES_MAX: Final = 10_000


class Ledger(Application[str]):
    """Executes commands. One lane per boundary keeps their order; conflicts come only from other processes."""

    is_snapshotting_enabled = True
    snapshot_class = StateSnapshot

    def __init__(
        self,
        env: Mapping[str, str],
        *,
        signer: Signer,
        sealer: Sealer,
        gate: Gate,
        now: Clock = clock,
        resolve: Callable[[str], str | None] = lambda arn: None,
    ) -> None:
        self._signer, self.sealer, self.gate, self.now, self.resolve = signer, sealer, gate, now, resolve
        self.draw: Callable[..., Drawn] = Drawn
        self.workshop: Workshop | None = None  # the composition puts it in
        self.foresight: Foresight | None = None  # the composition puts it in
        self.seen = 0  # the highest sequence this process has written
        self.seen_by = dict.fromkeys(DECIDING, 0)  # of these, the highest that can change such a read model
        self.on_appended: Callable[[int], None] = lambda sequence: None
        self._lanes: dict[str, Lane[Task, Outcome]] = {}
        self._lanes_guard = threading.Lock()
        super().__init__(dict(env))

    # -- what the library asks for -------------------------------------------------------------------------------

    def construct_env(self, name: str, env: EnvType | None = None) -> Environment:
        """Only what the composition passes: the library would let stray environment variables replace our parts."""
        if not env or not env.get("PERSISTENCE_MODULE"):
            raise ValueError(
                "PERSISTENCE_MODULE is not set: without it the library would silently keep facts in memory"
            )
        return Environment(name, {"IS_SNAPSHOTTING_ENABLED": "y", **env})

    def construct_mapper(self) -> EntryMapper:
        """Entries, signed."""
        return EntryMapper(self._signer)

    def construct_repository(self) -> Repository[str]:
        """Whole states; LEDGER §3 says why the library's cache does not do."""
        return Boundaries(self.events, self.snapshots)

    def save(self, *objs: Any, **kwargs: Any) -> list[Recording[str]]:
        """Entries, straight to the event store: the library would ask of each whether it is not an aggregate after all."""
        return self.events.put(objs, **kwargs)

    @property
    def boundaries(self) -> Boundaries:
        """The states this process knows."""
        assert isinstance(self._repository, Boundaries)
        return self._repository

    # -- commands ------------------------------------------------------------------------------------------------

    def execute(self, command: Command[Any], context: Context) -> Outcome:
        """Do `command`: what was recorded, where, and the answer.

        Raises Refused (the command is not done), ServiceUnavailable (it may or may not be: the same idempotency key
        decides later).
        """
        task = Task(command, context)
        if command.prepares:
            prepare(self, task)
        return self._lane(self._located(command, context)).submit(Turn(task))

    def _located(self, command: Command[Any], context: Context) -> str:
        """The boundary whose lane the command takes."""
        try:
            return command.located(context.caller.actor, self.boundaries.get)
        except PersistenceError as error:
            raise ServiceUnavailable("the log cannot be read; nothing was done") from error

    def _lane(self, boundary: str) -> Lane[Task, Outcome]:
        if (lane := self._lanes.get(boundary)) is None:
            with self._lanes_guard:
                if len(self._lanes) >= LANES_MAX:
                    self._lanes = {name: lane for name, lane in self._lanes.items() if not lane.idle()}
                lane = self._lanes.setdefault(boundary, Lane(lambda turns: self._work(boundary, turns), TOGETHER_MAX))
        return lane

    def _work(self, boundary: str, turns: list[Turn[Task, Outcome]]) -> None:
        """Decide and append until it stands or time is up. A refusal or no-op counts only on a state that was proven current."""
        fresh, conflicts = False, 0
        while turns := self._in_time(turns):
            try:
                attempt = self._attempt(boundary, turns, fresh)
                if attempt.prepared:
                    self._append(attempt, turns)
                elif not fresh:
                    fresh = True
                    continue
            except IntegrityError:
                fresh, conflicts = True, conflicts + 1
                self._step_aside(conflicts)
                continue
            except PersistenceError as error:
                self.boundaries.drop(boundary)
                raise ServiceUnavailable(
                    "the log did not confirm the command in time; send the same request again to learn its outcome"
                ) from error
            except UNREADABLE as error:
                raise ServiceUnavailable(f"the log of `{boundary}` cannot be read on: {error}") from error
            attempt.settle(turns, self.seen)
            return

    @staticmethod
    def _step_aside(conflicts: int) -> None:
        """Wait a random while that grows with the conflicts: another process writes the same boundary, or is elected to."""
        time.sleep(random.uniform(0, min(CONFLICT_SECONDS_MAX, CONFLICT_SECONDS * conflicts)))  # noqa: S311 - not a secret

    def _attempt(self, boundary: str, turns: list[Turn[Task, Outcome]], fresh: bool) -> Attempt:
        attempt = Attempt(self, boundary, fresh)
        for turn in turns:
            attempt.decide(turn)
        return attempt

    def _append(self, attempt: Attempt, turns: list[Turn[Task, Outcome]]) -> None:
        deadline = min(turn.work.context.deadline for turn in turns)
        recordings = self.save(*attempt.prepared, deadline=deadline)
        for prepared, recording in zip(attempt.prepared, recordings, strict=True):
            attempt.positions[prepared.entry.id] = recording.notification.id
        last = recordings[-1].notification.id
        self._saw(attempt, last)
        for before, after in attempt.steps():
            self.boundaries.keep(after)
            if self.boundaries.snapshot_due(before, after):
                self._snapshot(after)
        self.on_appended(last)

    def _saw(self, attempt: Attempt, last: int) -> None:
        for prepared in attempt.prepared:
            for model in prepared.entry.fact.changes:
                self.seen_by[model] = max(self.seen_by[model], attempt.positions[prepared.entry.id])
        self.seen = max(self.seen, last)

    def _snapshot(self, state: Any) -> None:
        """Put a snapshot beside the command's way: it is a cache, so its failure is nobody's."""
        assert self.snapshots is not None
        threading.Thread(
            target=lambda: self._try_snapshot(StateSnapshot.take(state)), name="muniment-snapshot", daemon=True
        ).start()

    def _try_snapshot(self, snapshot: StateSnapshot) -> None:
        assert self.snapshots is not None
        try:
            self.snapshots.put([snapshot])
        except PersistenceError:
            return  # another process was first, or the disk is full: the entries are still there

    @staticmethod
    def _in_time(turns: list[Turn[Task, Outcome]]) -> list[Turn[Task, Outcome]]:
        """The turns still worth doing; the others are told to come again. Nothing of theirs was sent."""
        now = time.monotonic()
        for turn in turns:
            if not turn.settled and now > turn.work.context.deadline:
                turn.fail(ServiceUnavailable("the account is busy and the request's time is up; nothing was done"))
        return [turn for turn in turns if not turn.settled]


__all__ = ["Context", "Ledger", "Outcome", "Refused"]
