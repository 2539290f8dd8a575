"""The signed heads that a verification compares the streams with, and which of them speak about a stream as it is now."""

from collections.abc import Iterable, Iterator

import msgspec

from muniment.ops.jetstream.errors import Gap
from muniment.ops.notary.file import BadHeadsFile, HeadsFile
from muniment.ops.notary.head import CHECKPOINTS, Head, HeadSigner, Unsigned, opened, subject
from muniment.ops.verify.report import Finding
from muniment.projections.source import Source


class Kept(msgspec.Struct, frozen=True):
    """A head, and where it was kept."""

    head: Head
    place: str


class Heads:
    """All heads, from IAM_CHECKPOINTS and from the file outside the store; what is wrong with them is in `findings`."""

    def __init__(self, checkpoints: Source | None, file: HeadsFile | None, signer: HeadSigner) -> None:
        self.kept: list[Kept] = []
        self.findings: list[Finding] = []
        self._signer = signer
        if checkpoints is not None:
            self._read_stream(checkpoints)
        if file is not None:
            self._read_file(file)

    def of(self, stream: str) -> list[Kept]:
        """The heads of a stream, in the order of their positions."""
        return sorted((kept for kept in self.kept if kept.head.stream == stream), key=lambda kept: kept.head.position)

    def _read_stream(self, source: Source) -> None:
        bounds = source.bounds()
        position = max(0, bounds.first - 1)
        try:
            for messages in source.batches(position, bounds.last):
                for message in messages:
                    if message.sequence != position + 1:
                        raise Gap(source.stream, position + 1, message.sequence)
                    position = message.sequence
                    if message.subject.startswith(subject("")):
                        self._take(
                            message.data, f"{CHECKPOINTS} {message.sequence}", Finding(CHECKPOINTS, position, "")
                        )
        except Gap as gap:
            self.findings.append(Finding(CHECKPOINTS, gap.expected, "the stream has a gap here: heads are missing"))

    def _read_file(self, file: HeadsFile) -> None:
        place = str(file.path)
        try:
            for number, data in file.read():
                self._take(data, f"`{place}` line {number}", Finding(place, number, ""))
        except BadHeadsFile as bad:
            self.findings.append(Finding(place, bad.number, "this line is not a head: the file was altered"))

    def _take(self, data: bytes, place: str, at: Finding) -> None:
        try:
            self.kept.append(Kept(opened(data, self._signer), place))
        except Unsigned as unsigned:
            self.findings.append(Finding(at.stream, at.sequence, str(unsigned)))


def lineage(heads: Iterable[Kept], epoch: str) -> dict[str, int | None]:
    """The epochs that lead to `epoch` by restores: epoch → the last position that came over; None for `epoch` itself."""
    restores = {kept.head.epoch: kept.head for kept in heads if kept.head.continues}
    found: dict[str, int | None] = {epoch: None}
    reach: int | None = None
    while (head := restores.get(epoch)) is not None and head.continues not in found:
        reach = head.position if reach is None else min(reach, head.position)
        epoch = head.continues
        found[epoch] = reach
    return found


def judge(stream: str, heads: list[Kept], epoch: str, last: int) -> tuple[list[Kept], list[Finding], list[str]]:
    """The heads to compare with the stream; what is wrong before anything is read; what is worth knowing."""
    reaches = lineage(heads, epoch)
    compared: list[Kept] = []
    findings: list[Finding] = []
    lost: dict[str, int] = {}
    for kept in heads:
        head = kept.head
        reach = reaches.get(head.epoch, -1)
        if reach == -1:
            findings.append(
                Finding(
                    stream,
                    head.position,
                    f"a head of epoch `{head.epoch}` is kept in {kept.place}, and the stream has epoch `{epoch}`: the stream "
                    "was made anew, or restored without `muniment restore`",
                )
            )
        elif reach is not None and head.position > reach:
            lost[head.epoch] = max(lost.get(head.epoch, 0), head.position)
        elif head.position > last:
            findings.append(_short(stream, kept, last))
        else:
            compared.append(kept)
    notes = [
        f"a restore ended epoch `{old}` at {reaches[old]}; heads of it reach to {position}: what lay between is not in this log"
        for old, position in lost.items()
    ]
    return compared, findings[:1], notes


def _short(stream: str, kept: Kept, last: int) -> Finding:
    missing = kept.head.position - last
    return Finding(
        stream,
        last + 1,
        f"the stream ends at {last}, but a head signed up to {kept.head.position} is kept in {kept.place}: "
        f"{missing} {'entry is' if missing == 1 else 'entries are'} lost",
    )


def positions(heads: list[Kept]) -> Iterator[int]:
    """The sequences at which a stream is compared with its heads, each once."""
    yield from sorted({kept.head.position for kept in heads})
