"""Filling: bringing a generation to the end of one stream in bulk, from wherever its models are (DESIGN §4).

Hashes and chains are checked on the way, and each chain's last signature at the end. What turns out wrong is named by its
first sequence, and the models are left as they were before it.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from muniment.domain import stored
from muniment.projections.fold import Spoiled
from muniment.projections.generation import Generation
from muniment.projections.readmodel import BEGINNING, IAM, IAM_ACTIVITY, Recorded
from muniment.projections.source import Bounds, Source, SourceLost, Stored
from muniment.projections.turns import Turns
from muniment.projections.verify import Broken, Chains, Verifier, first_unsigned, links_of

SLICE: Final = 32  # messages decoded between two looks at the clock, where others are served meanwhile
CONSIDERATE_ENTRIES: Final = 64  # taken at once there
CLOSE_ENOUGH: Final = 500  # entries: fewer than this are left to the live tail


class Filling:
    """One stream into one generation. `run` answers the chains where reading goes on; `broken` is set where it cannot."""

    def __init__(
        self,
        source: Source,
        verifier: Verifier,
        generation: Generation,
        *,
        pause: Callable[[], None] = lambda: None,
        until: int | None = None,
        considerate: bool = False,
    ) -> None:
        self.epoch = ""
        self.broken: Broken | None = None
        self._source = source
        self._stream = source.stream
        self._verifier = verifier
        self._generation = generation
        self._pause = pause  # called between batches; may raise to give up
        self._until = until
        self._turns = Turns() if considerate else None  # others are served meanwhile
        self._in_place_until: int | None = None  # before an entry that the fold could not take in place
        self._chains: Chains | None = None
        self._began = 0  # the sequence after which signatures are not confirmed yet

    def run(self) -> Chains:
        """Read to the end of the stream, or to `until`. Raises SourceLost, after which it may be run again."""
        bounds = self._source.bounds()
        self.epoch = bounds.epoch
        self._admit(bounds)
        while True:
            try:
                return self._through(bounds)
            except Spoiled as spoiled:
                self._in_place_until = spoiled.sequence - 1
                self._generation.reset()
            except _Unsigned as unsigned:
                self.broken = unsigned.broken
                self._until = unsigned.broken.sequence - 1
                self._generation.forget_from(self._stream, unsigned.broken.sequence)
            self._chains = None

    def _admit(self, bounds: Bounds) -> None:
        """Check every model's checkpoint against the stream: one of another history begins anew."""
        for model in self._generation.readers(self._stream):
            at = model.checkpoints.get(self._stream, BEGINNING)
            if at.sequence and not self._matches(at.epoch, at.sequence, at.digest, bounds):
                self._generation.begin_anew(model)
        if self._stream == IAM_ACTIVITY:
            self._generation.expire(self._stream, bounds.first)

    def _matches(self, epoch: str, sequence: int, digest: bytes, bounds: Bounds) -> bool:
        if epoch != bounds.epoch or sequence > bounds.last:
            return False
        if sequence < bounds.first:
            return self._stream == IAM_ACTIVITY  # that entry has expired; nothing is left to compare with
        message = self._source.message(sequence)
        return message is not None and stored.digest(message.data) == digest

    def _through(self, bounds: Bounds) -> Chains:
        generation = self._generation
        chains = self._chains or self._chains_at(generation.position(self._stream), bounds)
        self._chains = chains
        target = bounds.last if self._until is None else min(self._until, bounds.last)
        generation.begin_bulk(self._stream, max(0, target - chains.position))
        try:
            while chains.position < target and self._read(chains, target):
                target = self._source.bounds().last if self._until is None else target
                if self._until is None and target - chains.position < CLOSE_ENOUGH:
                    break
            self._confirm(chains)
        finally:
            generation.end_bulk(self._stream)
        return chains

    def _chains_at(self, position: int, bounds: Bounds) -> Chains:
        """Chains that go on from `position`: with the fold's links where it stands there, else from signed anchors."""
        fold = self._generation.fold
        known = fold is not None and self._stream == IAM and fold.position == position
        begins = (lambda: self._source.bounds().first) if self._stream == IAM_ACTIVITY else None
        chains = Chains(
            self._stream,
            self._verifier,
            position,
            anchored=position > 0 and not known,
            begins=begins,
            changes_only=self._generation.changes_only(self._stream),
        )
        if fold is not None and known:
            chains.links = links_of(fold.states.values())
        if self._stream == IAM_ACTIVITY:
            chains.skip_to(bounds.first)
        self._began = chains.position
        return chains

    def _read(self, chains: Chains, target: int) -> bool:
        """Read up to `target`; False where the log is broken before it."""
        for stop in self._stops(chains.position, target):
            self._generation.in_place(self._stream, stop.in_place)
            for messages in self._batches(chains, stop.sequence):
                opened, broken = self._open(chains, messages)
                if opened:
                    self._generation.take(opened, self.epoch)
                if broken is not None:
                    self.broken = broken
                    return False
                self._pause()
            if chains.position < stop.sequence:
                raise SourceLost(f"{self._stream} ended at {chains.position}, before {stop.sequence}")
            self._meet(chains)
        return True

    def _batches(self, chains: Chains, until: int) -> Iterator[Sequence[Stored]]:
        """The messages up to `until`, as many at once as the models like that will take them."""
        for messages in self._source_batches(chains, until):
            start = 0
            while start < len(messages):
                stop = start + self._portion(chains.position)
                yield messages[start:stop]
                start = stop

    def _portion(self, position: int) -> int:
        wanted = self._generation.bulk_entries(self._stream, position)
        return wanted if self._turns is None else min(wanted, CONSIDERATE_ENTRIES)

    def _source_batches(self, chains: Chains, until: int) -> Iterator[Sequence[Stored]]:
        """The source's batches; what it cannot read, unless it is lost for a while, is a break in the log."""
        batches = iter(self._source.batches(chains.position, until))
        while True:
            try:
                messages = next(batches, None)
            except SourceLost:
                raise
            except (
                Exception
            ) as damage:  # the source found the log damaged; what kind of error that is, is its own matter
                raise Broken(self._stream, chains.position + 1, f"{type(damage).__name__}: {damage}") from damage
            if messages is None:
                return
            yield messages

    def _stops(self, position: int, target: int) -> "list[_Stop]":
        """The stretches up to `target`: to where the fold stands, to where it must not work in place any more, to the end."""
        fold = self._generation.fold
        careful = target if self._in_place_until is None else self._in_place_until
        stops = {fold.position if fold is not None and self._stream == IAM else 0, careful, target}
        return [_Stop(sequence, sequence <= careful) for sequence in sorted(stops) if position < sequence <= target]

    def _open(self, chains: Chains, messages: Sequence[Stored]) -> tuple[list[Recorded], Broken | None]:
        if self._turns is None:
            return chains.open(messages)
        opened: list[Recorded] = []
        for start in range(0, len(messages), SLICE):
            some, broken = chains.open(messages[start : start + SLICE])
            opened.extend(some)
            if broken is not None:
                return opened, broken
            self._turns.pass_on()
        return opened, None

    def _meet(self, chains: Chains) -> None:
        """Where reading began behind the fold and has come up to it: what was read must lead to what the fold knows."""
        fold = self._generation.fold
        if fold is None or not chains.anchored or self._stream != IAM or chains.position != fold.position:
            return
        links = links_of(fold.states.values())
        for chain, link in chains.links.items():
            if links.get(chain) != link:
                raise Broken(self._stream, chains.position, f"the chain of `{chain}` does not lead to its known head")
        chains.links, chains.anchored = links, False

    def _confirm(self, chains: Chains) -> None:
        if chains.confirm():
            return
        for messages in self._source.batches(self._began, chains.position):
            if (broken := first_unsigned(self._verifier, messages)) is not None:
                raise _Unsigned(broken)
            self._pause()


class _Stop:
    def __init__(self, sequence: int, in_place: bool) -> None:
        self.sequence, self.in_place = sequence, in_place


class _Unsigned(Exception):
    def __init__(self, broken: Broken) -> None:
        super().__init__(str(broken))
        self.broken = broken
