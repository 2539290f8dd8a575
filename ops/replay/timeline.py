"""The audit timeline from the log alone: the rows that the timeline read model holds, made anew for one principal or resource."""

from collections.abc import Callable, Sequence

import msgspec

from muniment.domain.boundary import State, Stateless
from muniment.ops.replay.moment import NOW, Moment
from muniment.ops.replay.replay import ReplayFailed
from muniment.projections.readmodel import IAM_ACTIVITY, Concern, Recorded
from muniment.projections.source import Source
from muniment.projections.timeline.past import Change, Past
from muniment.projections.timeline.resources import touched
from muniment.projections.timeline.row import Row, row_id, shown_row, stored
from muniment.projections.verify import Broken, Chains, Verifier, first_unsigned

Progress = Callable[[str, int, int], None]  # stream, sequences read, sequences in all


class Asked(msgspec.Struct, frozen=True):
    """Who did it, what it touched: an ARN, or a unique id, or for a resource its name. Both given: both must hold."""

    principal: str = ""
    resource: str = ""
    since: Moment = Moment(sequence=0)
    until: Moment = NOW


def _quiet(stream: str, done: int, total: int) -> None:
    """No progress is shown."""


def timeline(sources: Sequence[Source], verifier: Verifier, asked: Asked, progress: Progress = _quiet) -> list[Row]:
    """The rows, in the order of (JetStream time, stream, sequence). A moment that is a position speaks about stream IAM only,
    and bounds activity by the time of that entry. Raises Broken, ReplayFailed, SourceLost."""
    rows: list[Row] = []
    since, until = asked.since, asked.until
    for source in sources:
        reading = _Reading(source, verifier, asked, since, until)
        rows += reading.run(progress)
        since, until = reading.next_since, reading.next_until
    return sorted(rows, key=lambda row: (row.time, row_id(row.stream, row.sequence)))


class _Reading:
    """One stream. Positions in `since` and `until` are met as times, for the streams that follow (`next_since`, `next_until`)."""

    def __init__(self, source: Source, verifier: Verifier, asked: Asked, since: Moment, until: Moment) -> None:
        self.next_since, self.next_until = since, until
        self._since, self._until = since, until
        self._source, self._verifier, self._asked = source, verifier, asked
        self._past = Past()
        self._time = 0
        self._ended = False

    def run(self, progress: Progress) -> list[Row]:
        """The rows of this stream."""
        bounds = self._source.bounds()
        chains = self._chains(bounds.first)
        first = chains.position
        rows: list[Row] = []
        for messages in self._source.batches(first, bounds.last):
            opened, broken = chains.open(messages)
            for recorded in opened:
                self._take(recorded, rows)
            if broken is not None:
                self._confirm(chains, first)
                raise broken
            progress(self._source.stream, chains.position - first, bounds.last - first)
            if self._ended:
                break
        self._confirm(chains, first)
        return rows

    def _chains(self, begins: int) -> Chains:
        stream = self._source.stream
        if stream != IAM_ACTIVITY:
            return Chains(stream, self._verifier)
        chains = Chains(stream, self._verifier, begins=lambda: self._source.bounds().first)
        chains.skip_to(begins)
        return chains

    def _take(self, recorded: Recorded, rows: list[Row]) -> None:
        self._time = max(self._time, recorded.time)
        if self._ended or self._until.lies_before(recorded.sequence, self._time):
            self._ended = True
            return
        changes, state = self._fold(recorded)
        if self._since.sequence == recorded.sequence:
            self.next_since = Moment(time=self._time)
        if self._until.sequence == recorded.sequence:
            self.next_until = Moment(time=self._time)
        if not self._since.lies_before(recorded.sequence, self._time):
            return
        if (row := self._row(recorded, changes, state)) is not None:
            rows.append(row)

    def _fold(self, recorded: Recorded) -> tuple[list[Change], State | None]:
        entry = recorded.entry
        if entry.boundary.startswith(Stateless.kind):
            return [], None
        try:
            changes = self._past.take(entry)
        except (Concern, KeyError, ValueError, TypeError, AttributeError) as error:
            raise ReplayFailed(f"{recorded.stream} entry {recorded.sequence} cannot be applied: {error}") from error
        self._past.keep()
        return changes, self._past.states[entry.boundary]

    def _row(self, recorded: Recorded, changes: list[Change], state: State | None) -> Row | None:
        actor, asked = recorded.entry.actor, self._asked
        if asked.principal and asked.principal not in (actor.arn, actor.id.split(":", 1)[0]):
            return None
        resources = touched(recorded.entry, changes, state)
        if asked.resource and not any(asked.resource in (each.arn, each.name) for each in resources):
            return None
        return shown_row(stored(recorded, changes, resources))

    def _confirm(self, chains: Chains, first: int) -> None:
        if chains.confirm():
            return
        for messages in self._source.batches(first, chains.position):
            if (broken := first_unsigned(self._verifier, messages)) is not None:
                raise broken
        raise Broken(self._source.stream, chains.position, "the log changed while it was read")
