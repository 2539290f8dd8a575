"""Replaying: folds the log from its beginning to one moment or several, checking chains and signatures as it reads."""

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Final

import msgspec

from muniment.domain.boundary import State
from muniment.ops.replay.moment import NOW, BadMoment, Moment
from muniment.projections.fold import Fold, Spoiled
from muniment.projections.readmodel import IAM
from muniment.projections.source import Source, SourceLost, Stored
from muniment.projections.verify import Broken, Chains, Verifier, first_unsigned

Progress = Callable[[int, int], None]  # sequences read, sequences in the log
NEVER: Final = 1 << 63


class ReplayFailed(Exception):
    """An entry that this program cannot apply."""


class Replayed(msgspec.Struct, frozen=True):
    """The states at one moment: the last sequence that counts, when JetStream took it (microseconds; 0 before the first)."""

    position: int
    time: int
    states: dict[str, State]


def _quiet(done: int, total: int) -> None:
    """No progress is shown."""


def replay(
    source: Source,
    verifier: Verifier,
    until: Moment = NOW,
    boundaries: Collection[str] | None = None,
    progress: Progress = _quiet,
) -> dict[str, State]:
    """Every boundary, or those named, at one moment. Raises Broken, ReplayFailed, BadMoment, SourceLost."""
    return replay_at(source, verifier, [until], boundaries, progress)[0].states


def replay_at(
    source: Source,
    verifier: Verifier,
    moments: Sequence[Moment],
    boundaries: Collection[str] | None = None,
    progress: Progress = _quiet,
) -> list[Replayed]:
    """The states at several moments, in one pass; in the order of `moments`. Raises as `replay` does."""
    last = source.bounds().last
    for moment in moments:
        if moment.sequence is not None and moment.sequence > last:
            raise BadMoment(f"position {moment.sequence} lies beyond the log, which ends at {last}")
    return Pass(source, verifier, moments, boundaries, progress).run(last)


class Pass:
    """One reading of stream IAM. What counts so far is in `fold`, which works in place."""

    def __init__(
        self,
        source: Source,
        verifier: Verifier,
        moments: Sequence[Moment],
        boundaries: Collection[str] | None,
        progress: Progress,
    ) -> None:
        self._source, self._verifier, self._progress = source, verifier, progress
        self._boundaries = frozenset(boundaries) if boundaries is not None else None
        self._chains = Chains(IAM, verifier)
        self._fold = Fold()
        self._fold.begin_in_place()
        self._moments = moments
        self._pending = list(range(len(moments)))
        self._found: dict[int, Replayed] = {}
        self._time = 0  # the running maximum, nanoseconds
        self._taken = 0  # the time of the last entry that counts

    def run(self, last: int) -> list[Replayed]:
        """Read until every moment has been met."""
        for messages in self._source.batches(0, last):
            for part, met in self._cut(messages):
                self._take(part)
                if met:
                    self._meet(met)
            self._progress(self._chains.position, last)
            if not self._pending:
                break
        if self._pending:
            if self._chains.position < last:
                raise SourceLost(f"{IAM} ended at {self._chains.position}, before {last}")
            self._meet(self._pending)
        return [self._found[number] for number in range(len(self._moments))]

    def _cut(self, messages: Sequence[Stored]) -> Iterator[tuple[Sequence[Stored], list[int]]]:
        """The messages in parts, each with the moments that lie behind its last message."""
        begin, latest = 0, self._time
        sequence, time = self._nearest()
        for number, message in enumerate(messages):
            if message.time_ns > latest:
                latest = message.time_ns
            if message.sequence <= sequence and latest <= time:
                continue
            self._time = latest
            yield messages[begin:number], self._behind(message.sequence)
            begin = number
            if not self._pending:
                return
            sequence, time = self._nearest()
        self._time = latest
        yield messages[begin:], []

    def _nearest(self) -> tuple[int, int]:
        """The lowest sequence, and the earliest end of a microsecond (nanoseconds), behind which a moment lies."""
        pending = [self._moments[number] for number in self._pending]
        sequence = min((moment.sequence for moment in pending if moment.sequence is not None), default=NEVER)
        time = min((moment.time for moment in pending if moment.time is not None), default=NEVER)
        return sequence, time if time == NEVER else time * 1_000 + 999

    def _behind(self, sequence: int) -> list[int]:
        """The pending moments that the message `sequence` lies behind."""
        time = self._time // 1_000
        return [number for number in self._pending if self._moments[number].lies_before(sequence, time)]

    def _take(self, messages: Sequence[Stored]) -> None:
        opened, broken = self._chains.open(messages)
        if broken is not None:
            self._confirm()  # where an entry before it is forged, that one is the first
            raise broken
        if opened:
            self._taken = max(self._taken, max(recorded.time for recorded in opened))
        wanted = self._boundaries
        if wanted is not None:
            opened = [recorded for recorded in opened if recorded.entry.boundary in wanted]
        try:
            self._fold.extend(opened)
        except Spoiled as spoiled:
            self._confirm()
            raise ReplayFailed(f"{IAM} {spoiled}") from spoiled

    def _meet(self, moments: list[int]) -> None:
        """The states as they are now belong to these moments; from here on they are not changed any more."""
        self._confirm()
        self._fold.end_in_place()
        replayed = Replayed(self._chains.position, self._taken, dict(self._fold.states))
        self._fold.begin_in_place()
        self._found |= dict.fromkeys(moments, replayed)
        self._pending = [one for one in self._pending if one not in moments]

    def _confirm(self) -> None:
        """Check each chain's last signature; name the first bad sequence where one is not good. Raises Broken."""
        if self._chains.confirm():
            return
        for messages in self._source.batches(0, self._chains.position):
            if (broken := first_unsigned(self._verifier, messages)) is not None:
                raise broken
        raise Broken(IAM, self._chains.position, "the log changed while it was read")
