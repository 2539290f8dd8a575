"""The check at start: the log must still hold what its last signed heads say (SECURITY 15)."""

from collections.abc import Sequence

from muniment.domain import stored
from muniment.ops.notary.ends import Ends, links_before
from muniment.ops.notary.head import Head
from muniment.projections.readmodel import IAM, Recorded
from muniment.projections.source import Bounds, Source
from muniment.projections.verify import Chains, Verifier

HEADS_SAID_MAX = 100_000  # heads among which the last good one is searched, to say where the difference lies


class LogDiffers(Exception):
    """A stream is shorter than its last signed head says, holds something else, or is another stream."""

    def __init__(self, stream: str, position: int, reason: str) -> None:
        super().__init__(f"{stream} {position}: {reason}")
        self.stream, self.position, self.reason = stream, position, reason


def newest(heads: Sequence[Head], stream: str) -> Head | None:
    """The head of a stream that says most about it now: the last one signed."""
    return max((head for head in heads if head.stream == stream), key=lambda head: head.time, default=None)


def check_head(source: Source, head: Head, bounds: Bounds, place: str) -> None:
    """Compare a stream with its last head; `place` says where the head was kept. Raises LogDiffers, SourceLost."""
    if head.epoch != bounds.epoch:
        raise LogDiffers(
            head.stream,
            head.position,
            f"the stream has epoch `{bounds.epoch}`, and the last head in {place} is of epoch `{head.epoch}`: the stream was "
            "made anew, or restored without `muniment restore`; bring back the right stream, or restore a backup",
        )
    if bounds.last < head.position:
        raise LogDiffers(
            head.stream,
            bounds.last + 1,
            f"the stream ends at {bounds.last}, but a head signed up to {head.position} is kept in {place}: "
            f"{head.position - bounds.last} entries are lost; run `muniment verify`, then restore a backup",
        )
    if head.position < max(bounds.first, 1):
        return  # signed over an empty stream, or expired since, which is for the stream's age limit to decide
    message = source.message(head.position)
    if message is None or stored.digest(message.data) != head.last:
        raise LogDiffers(
            head.stream,
            head.position,
            f"the entry at {head.position} is not the one that the head in {place} was signed over; run `muniment verify`, "
            "then restore a backup",
        )


def last_good(source: Source, heads: Sequence[Head], bad: Head) -> int:
    """The highest position below `bad` at which the stream still holds what was signed; 0 where there is none.

    A difference goes on to the end of the stream, so it is found by halving.
    """
    older = sorted(
        {head.position: head for head in heads if _comparable(head, bad)}.values(), key=lambda head: head.position
    )[-HEADS_SAID_MAX:]
    low, high = 0, len(older)
    while low < high:
        middle = (low + high) // 2
        message = source.message(older[middle].position)
        if message is not None and stored.digest(message.data) == older[middle].last:
            low = middle + 1
        else:
            high = middle
    return older[low - 1].position if low else 0


def _comparable(head: Head, bad: Head) -> bool:
    return head.stream == bad.stream and head.epoch == bad.epoch and 0 < head.position < bad.position


def check_root(
    source: Source, verifier: Verifier, head: Head, ends: Ends, position: int, place: str = "the file of heads"
) -> None:
    """Compare a head's root with what all chains of stream IAM were at its position.

    `ends` are those at `position`, to which the log was read and checked; the way back to the head is read again: the
    first entry of a chain behind it names where the chain stood before. Raises LogDiffers, SourceLost.
    """
    then = Ends(ends.links)
    for chain, link in links_before(ends.links, _between(source, verifier, head, position)).items():
        if link is None:
            then.remove(chain)
        else:
            then.move({chain: link})
    if head.root and then.root() != head.root:
        raise LogDiffers(
            IAM,
            head.position,
            f"the boundaries up to {head.position} are not those that the head in {place} was signed over; "
            "run `muniment verify`, then restore a backup",
        )


def _between(source: Source, verifier: Verifier, head: Head, position: int) -> list[Recorded]:
    """The entries behind the head up to `position`."""
    chains = Chains(IAM, verifier, head.position, anchored=True)
    found: list[Recorded] = []
    for messages in source.batches(head.position, position):
        opened, broken = chains.open(messages)
        if broken is not None:
            raise LogDiffers(IAM, broken.sequence, broken.reason)
        found += opened
    return found
