"""One try of the commands at the head of a lane: each is decided on the running state of those before it."""

from typing import TYPE_CHECKING

from muniment.commands.command import At, Decision
from muniment.commands.drawn import Drawn, uuid7
from muniment.commands.expect import WHAT_IF, expect
from muniment.commands.guarding import guard
from muniment.commands.lane import Turn
from muniment.commands.mapper import EntryMapper, Prepared
from muniment.commands.provenance import cause, sealed_actor
from muniment.commands.task import Outcome, Task
from muniment.domain import arn
from muniment.domain.boundary import State
from muniment.domain.errors import IdempotencyMismatch, Refused
from muniment.domain.ledger import Actor, Entry, Fact
from muniment.domain.remembered import Done
from muniment.domain.resource import Resource

if TYPE_CHECKING:
    from muniment.commands.ledger import Ledger


class Attempt:
    """Decisions that stand or fall together, because they are appended in one guarded batch."""

    def __init__(self, ledger: "Ledger", boundary: str, fresh: bool) -> None:
        self._ledger = ledger
        self._boundary = boundary
        self._fresh = fresh
        self._before: dict[str, State] = {}
        self._drafts: dict[str, State] = {}
        self._results: dict[int, Outcome | Refused] = {}
        self.prepared: list[Prepared] = []
        self.positions: dict[str, int] = {}
        self._load(boundary)

    def decide(self, turn: Turn[Task, Outcome]) -> None:
        """Decide one command; its entries join the batch."""
        task = turn.work
        try:
            self._results[id(turn)] = self._decide(task)
        except Refused as refused:
            self._results[id(turn)] = refused

    def settle(self, turns: list[Turn[Task, Outcome]], seen: int) -> None:
        """Tell every turn what became of it, now that the batch is appended or nothing had to be."""
        for turn in turns:
            result = self._results[id(turn)]
            if isinstance(result, Refused):
                turn.fail(result)
                continue
            last = max((self.positions.get(entry.id, 0) for entry in result.entries), default=0)
            turn.succeed(Outcome(last or seen, result.entries, result.result, result.repeated))

    def steps(self) -> list[tuple[State, State]]:
        """The states before and after, of every boundary that was written."""
        return [(self._before[boundary], after) for boundary, after in self._drafts.items()]

    def _decide(self, task: Task) -> Outcome:
        ledger, command, actor = self._ledger, task.command, task.context.caller.actor
        also = {boundary: self._load(boundary) for boundary in command.also(actor)}
        state = self._load(self._boundary)
        now = ledger.now()
        given = ledger.draw(now, actor, ledger.sealer, also, ledger.resolve)
        given.prepared = task.prepared
        if not task.context.caller.operator:
            position = max(task.context.position, ledger.seen_by["access"])
            ledger.gate.check(task.context.caller, command.action(), command.resources(state, actor), position)
            if task.context.expect is not None:  # the refusal tells what others asked for
                ledger.gate.check(task.context.caller, WHAT_IF, (Resource(arn.root(actor.account)),), position)
        if task.key and (done := state.remembered.find(task.key, now)) is not None:
            return self._repeat(task, done, state, given)
        decision = command.decide(state, given)
        if not task.context.caller.operator:
            guard(command, self._boundary, decision, task.context.caller, self._load, ledger.boundaries.get, now)
        if task.context.expect is not None:
            expect(ledger.foresight, task.context.expect, command, decision, self._load, actor, now)
        entries = self._record(task, decision, given)
        return Outcome(0, entries, command.answer(self._load(self._boundary), entries, given))

    def _repeat(self, task: Task, done: Done, state: State, given: Drawn) -> Outcome:
        if done.body != task.body:
            raise IdempotencyMismatch("this idempotency key was used before with other parameters; use a new key")
        entries = self._recorded(state, done)
        for boundary in task.command.elsewhere(entries):
            other = self._load(boundary)
            if (there := other.remembered.find(task.key, given.now)) is not None:
                entries += self._recorded(other, there)
        return Outcome(0, entries, task.command.answer(state, entries, given), repeated=True)

    def _recorded(self, state: State, done: Done) -> tuple[Entry, ...]:
        """The entries of the first time: from this very batch, or from the log."""
        pending = (each.entry for each in self.prepared if each.originator_id == state.id)
        entries = tuple(entry for entry in pending if done.first <= entry.version <= done.last)
        if entries:
            return entries
        return tuple(self._ledger.events.get(state.id, gt=done.first - 1, lte=done.last))  # type: ignore[arg-type]

    def _record(self, task: Task, decision: Decision, given: Drawn) -> tuple[Entry, ...]:
        """The decided facts as signed entries in the batch: all of them, or none where one is refused for its size."""
        facts = () if decision is None else decision if isinstance(decision, tuple) else (decision,)
        if not facts:
            return ()
        actor = sealed_actor(self._ledger.sealer, task.context.caller, given.now)
        if len(facts) == 1:
            return (self._add(facts[0], task, actor, given.now),)
        kept, drafts = len(self.prepared), {boundary: draft.draft() for boundary, draft in self._drafts.items()}
        try:
            return tuple(self._add(item, task, actor, given.now) for item in facts)
        except Refused:
            del self.prepared[kept:]
            self._drafts = drafts
            raise

    def _add(self, item: Fact | At, task: Task, actor: Actor, now: int) -> Entry:
        boundary, fact = (item.boundary, item.fact) if isinstance(item, At) else (self._boundary, item)
        draft = self._draft(boundary)
        entry = Entry(uuid7(now), boundary, draft.version + 1, now, actor, cause(task, fact), draft.head, fact)
        mapper = self._ledger.mapper
        assert isinstance(mapper, EntryMapper)
        self.prepared.append(mapper.prepare(entry))
        draft.apply(entry)
        return entry

    def _load(self, boundary: str) -> State:
        if (draft := self._drafts.get(boundary)) is not None:
            return draft
        if (known := self._before.get(boundary)) is None:
            known = self._before[boundary] = self._ledger.boundaries.get(boundary, fresh=self._fresh)
        return known

    def _draft(self, boundary: str) -> State:
        if (draft := self._drafts.get(boundary)) is None:
            draft = self._drafts[boundary] = self._load(boundary).draft()
        return draft
