"""Reads streams from the beginning, checks chains, signatures, gaps and places, and compares them with signed heads."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from muniment.ops.jetstream.errors import Gap
from muniment.ops.notary.ends import Ends, links_moved
from muniment.ops.notary.file import HeadsFile
from muniment.ops.notary.head import HeadSigner
from muniment.ops.verify.heads import Heads, Kept, judge, positions
from muniment.ops.verify.report import Finding, Report, StreamReport
from muniment.projections.readmodel import IAM, IAM_ACTIVITY, Recorded
from muniment.projections.source import Bounds, Source, Stored
from muniment.projections.verify import Broken, Chains, Verifier, first_unsigned

Progress = Callable[[str, int, int], None]  # stream, sequences done, sequences in all

SLICE: Final = 1_000  # messages whose signatures are checked between two calls of `progress`


def _quiet(stream: str, done: int, total: int) -> None:
    """No progress is shown."""


def verify(
    sources: Sequence[Source],
    checkpoints: Source | None,
    file: HeadsFile | None,
    verifier: Verifier,
    head_signer: HeadSigner,
    *,
    every: bool = True,
    progress: Progress = _quiet,
) -> Report:
    """Verify the streams of `sources`. `every` checks each signature; without it each chain's last one vouches for the rest.

    The heads are read first, so that a server at work adds none that lie beyond what is read. Raises SourceLost.
    """
    heads = Heads(checkpoints, file, head_signer)
    findings = list(heads.findings)
    streams = []
    for source in sources:
        reading = Reading(source, verifier, heads.of(source.stream), every, progress)
        streams.append(reading.run())
        findings += reading.findings
    return Report(tuple(streams), tuple(findings), every)


class Reading:
    """One stream, read to its end or to the first bad sequence."""

    def __init__(
        self, source: Source, verifier: Verifier, heads: list[Kept], every: bool, progress: Progress = _quiet
    ) -> None:
        self.findings: list[Finding] = []
        self._source, self._stream = source, source.stream
        self._verifier, self._heads, self._every, self._progress = verifier, heads, every, progress
        self._ends = Ends()
        self._compared = 0
        self._expired = False  # entries are gone by age: a head may name chains that are not there any more

    def run(self) -> StreamReport:
        """Read and compare."""
        bounds = self._source.bounds()
        heads, self.findings, notes = judge(self._stream, self._heads, bounds.epoch, bounds.last)
        if not bounds.epoch:
            self.findings.insert(0, Finding(self._stream, 0, "the stream has no epoch: a restore into it did not end"))
        self._due = {
            position: [kept for kept in heads if kept.head.position == position] for position in positions(heads)
        }
        chains = self._chains(bounds)
        first, entries = chains.position, 0
        try:
            for messages in self._source.batches(chains.position, bounds.last):
                for part in self._parts(messages):
                    entries += self._check(chains, part)
                    self._progress(self._stream, chains.position - first, bounds.last - first)
            if chains.position < bounds.last:
                raise Broken(self._stream, chains.position + 1, f"the stream ends here, and should reach {bounds.last}")
            if not self._every and not chains.confirm():
                self._name_culprit(first, bounds.last)
        except Broken as broken:
            self._found(broken)
        except Gap as gap:
            self._found(Broken(self._stream, gap.expected, "the stream has a gap here: entries are missing"))
        verified = min((finding.sequence - 1 for finding in self.findings), default=bounds.last)
        return StreamReport(
            self._stream, bounds.epoch, bounds.first, bounds.last, max(verified, 0), entries, len(self._ends.links),
            self._compared, tuple(notes),
        )  # fmt: skip

    def _chains(self, bounds: Bounds) -> Chains:
        expires = self._stream == IAM_ACTIVITY
        begins = (lambda: self._source.bounds().first) if expires else None
        chains = Chains(self._stream, self._verifier, begins=begins)
        if expires:
            self._expired = bounds.first > 1
            chains.skip_to(bounds.first)
        elif bounds.first > 1 and bounds.last >= bounds.first:
            self.findings.append(
                Finding(self._stream, 1, f"the stream begins at {bounds.first}: its beginning is missing")
            )
            chains.skip_to(bounds.first)
        return chains

    def _parts(self, messages: Sequence[Stored]) -> Iterator[Sequence[Stored]]:
        """Cut where a head is due, so that the ends are those at its position."""
        part: list[Stored] = []
        for message in messages:
            part.append(message)
            if message.sequence in self._due or len(part) == SLICE:
                yield part
                part = []
        if part:
            yield part

    def _check(self, chains: Chains, messages: Sequence[Stored]) -> int:
        opened, broken = chains.open(messages, every=self._every)
        if self._every and not chains.confirm():
            forged = first_unsigned(self._verifier, messages)
            if forged is not None and (broken is None or forged.sequence <= broken.sequence):
                broken = forged
        self._compare(opened)
        if broken is not None:
            raise broken
        return len(opened)

    def _compare(self, opened: Sequence[Recorded]) -> None:
        self._ends.move(links_moved(opened))
        if not opened or (due := self._due.pop(opened[-1].sequence, None)) is None:
            return
        for kept in due:
            self._compared += 1
            if (wrong := self._contradicts(kept, opened[-1])) is not None:
                self.findings.append(Finding(self._stream, kept.head.position, wrong))

    def _contradicts(self, kept: Kept, entry: Recorded) -> str | None:
        head = kept.head
        if head.last != entry.entry.digest:
            return f"this is not the entry that the head in {kept.place} was signed over"
        if self._stream == IAM and head.root and head.root != self._ends.root():
            return f"the boundaries up to here are not those that the head in {kept.place} was signed over"
        links = self._ends.links
        for chain, link in sorted(head.moved.items()):
            if links.get(chain, link if self._expired else None) != link:
                return f"writer `{chain}` does not stand where the head in {kept.place} says it does"
        return None

    def _name_culprit(self, first: int, last: int) -> None:
        for messages in self._source.batches(first, last):
            if (forged := first_unsigned(self._verifier, messages)) is not None:
                raise forged

    def _found(self, broken: Broken) -> None:
        """A break is the stream's first finding: what the heads say of later sequences follows from it."""
        earlier = [finding for finding in self.findings if finding.sequence < broken.sequence]
        self.findings = [*earlier, Finding(self._stream, broken.sequence, broken.reason)]
