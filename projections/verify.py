"""The reader's check of entries: hash chains, versions, subjects and signatures (DESIGN §3, SECURITY 15).

Because `prev` links a chain's entries, the signature on its last one vouches for all before it. In IAM a chain is a boundary;
in IAM_ACTIVITY it is a writing process. A break names the stream and the first bad sequence, and stops every reader.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final, Protocol

import msgspec

from muniment.domain import stored
from muniment.domain.boundary import State
from muniment.domain.ledger import Entry
from muniment.domain.stored import SIGNING_CONTEXT, Body, Damaged, Envelope, UnknownFact
from muniment.projections.readmodel import IAM_ACTIVITY, Foreign, Recorded
from muniment.projections.source import Stored
from muniment.projections.vocabulary import learn_facts

ACTIVITY: Final = "activity."
_read = stored.read

learn_facts()


class Verifier(Protocol):
    """Checks signatures; the key ring implements it."""

    def verify(self, key_id: str, signature: bytes, payload: bytes) -> bool:
        """Whether a known key made this signature over `payload`."""


class Broken(Exception):
    """The log is not what its writers signed: an entry was forged, altered, moved, lost or doubled."""

    def __init__(self, stream: str, sequence: int, reason: str) -> None:
        super().__init__(f"{stream} {sequence}: {reason}")
        self.stream, self.sequence, self.reason = stream, sequence, reason


class Link(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """The last entry of a chain: its version and digest."""

    version: int
    head: bytes


class Chains:
    """The chains of one stream as far as it was read. Entries go through `open`, signatures are settled by `confirm`.

    `anchored` says that reading began in the middle (activity whose beginning has expired, a model's own checkpoint):
    a chain met for the first time is then accepted from any version on, and that entry's own signature is checked.
    With `changes_only` the entries do not say who and why: for whoever only folds them.
    """

    def __init__(
        self,
        stream: str,
        verifier: Verifier,
        position: int = 0,
        *,
        anchored: bool = False,
        begins: Callable[[], int] | None = None,
        changes_only: bool = False,
    ) -> None:
        self.stream = stream
        self.changes_only = changes_only
        self.position = position
        self.anchored = anchored
        self.links: dict[str, Link] = {}
        self._verifier = verifier
        self._activity = stream == IAM_ACTIVITY
        self._begins = begins  # where the stream begins now, for a stream whose entries expire
        self._every: list[Stored] | None = None
        self._proofs: dict[str, Stored] = {}  # chain → its last entry, whose signature is unchecked yet
        self._anchors: list[Stored] = []

    def open(self, messages: Sequence[Stored], every: bool = False) -> tuple[list[Recorded], Broken | None]:
        """Decode `messages` and check order, hashes, versions and subjects; signatures wait for `confirm`.

        `every` makes `confirm` check each entry's signature and not only the last of each chain.
        Answers the entries before the first break, and the break.
        """
        opened: list[Recorded] = []
        self._every = [] if every else None
        keep, following = opened.append, self._next
        try:
            for message in messages:
                keep(following(message))
        except Broken as broken:
            return opened, broken
        return opened, None

    def confirm(self) -> bool:
        """Whether the last signature of every chain read since the last call is good. Each vouches for its whole chain."""
        proofs, self._proofs = self._proofs, {}
        anchors, self._anchors = self._anchors, []
        every, self._every = self._every or (), None
        return all(map(self._signed, (*proofs.values(), *anchors, *every)))

    def _signed(self, message: Stored) -> bool:
        return is_signed(self._verifier, stored.open_envelope(message.data))

    def _next(self, message: Stored) -> Recorded:
        sequence, data = message.sequence, message.data
        if sequence != self.position + 1:
            self._cross(sequence)
        try:
            entry = _read(data, self.changes_only)
        except Damaged as damage:
            raise Broken(self.stream, sequence, str(damage)) from None
        except UnknownFact:  # it could be opened, or nobody could say what is in it
            entry = entry_of(stored.open_envelope(data), stored.digest(data))
        boundary, version, writer = entry.boundary, entry.version, entry.writer
        chain = writer or boundary
        link = self.links.get(chain)
        if (
            message.subject != f"iam.{boundary}.{entry.fact.__class__.__name__}"
            or ((link is None or self._activity or writer) and self._misplaced(entry))  # a known boundary is in place
        ):
            self._check_place(message, entry)
        if link is None or entry.prev != link.head or version != link.version + 1:
            self._begin(message, entry, link)
        self.links[chain] = Link(version, entry.digest)
        if self._every is None:
            self._proofs[chain] = message
        else:
            self._every.append(message)
        self.position = sequence
        return Recorded(self.stream, sequence, message.time_ns // 1_000, entry)

    def _cross(self, sequence: int) -> None:
        """Pass over a gap that is only expiry. Raises Broken for any other."""
        if sequence <= self.position:
            raise Broken(self.stream, sequence, f"sequence {sequence} came again after {self.position}")
        if self._begins is None or sequence > self._begins():
            gap = f"the stream goes from sequence {self.position} to {sequence}: entries are missing"
            raise Broken(self.stream, self.position + 1, gap)
        self.skip_to(sequence)

    def _misplaced(self, entry: Entry) -> bool:
        """Whether the entry is of the other stream: activity names its writer, nothing else does."""
        return not (entry.boundary.startswith(ACTIVITY) is bool(entry.writer) is self._activity)

    def _check_place(self, message: Stored, entry: Entry) -> None:
        """Raise Broken where the entry does not stand where it says it does."""
        fact = entry.fact
        name = fact.name if type(fact) is Foreign else type(fact).__name__
        if message.subject != f"iam.{entry.boundary}.{name}":
            says = f"the entry says it is `{name}` of `{entry.boundary}` but stands under `{message.subject}`"
            raise Broken(self.stream, message.sequence, says)
        if self._misplaced(entry):
            where = f"an entry of `{entry.boundary}` does not belong in this stream"
            raise Broken(self.stream, message.sequence, where)

    def _begin(self, message: Stored, entry: Entry, link: Link | None) -> None:
        """Accept the first entry of a chain, or a signed anchor where reading began later. Raises Broken for any other."""
        if link is None and self.anchored and entry.version > 1:
            self._anchors.append(message)
        elif (wrong := _unlinked(link, entry)) is not None:
            raise Broken(self.stream, message.sequence, wrong)

    def skip_to(self, first: int) -> None:
        """The messages before `first` have expired; chains that lived there are accepted from where they are met."""
        if first > self.position + 1:
            self.position = first - 1
            self.anchored = True
            self.links.clear()  # a link may lead to an expired entry; each chain starts from a signed one again


def links_of(states: Iterable[State]) -> dict[str, Link]:
    """The links at which the chains of folded boundaries go on."""
    return {state.id: Link(state.version, state.head) for state in states}


def entry_of(envelope: Envelope, digest: bytes) -> Entry:
    """The entry in an envelope; a fact this program does not know becomes a Foreign one. Raises Damaged."""
    try:
        return stored.entry_of(envelope, digest)
    except UnknownFact as unknown:
        body = msgspec.msgpack.decode(envelope.body, type=Body)
        fact = Foreign(unknown.name, unknown.version)
        return Entry(
            body.id,
            body.boundary,
            body.version,
            body.time,
            body.actor,
            body.command,
            body.prev,
            fact,
            body.writer,
            digest,
        )


def is_signed(verifier: Verifier, envelope: Envelope) -> bool:
    """Whether a known key signed the envelope's body."""
    return verifier.verify(envelope.key, envelope.signature, SIGNING_CONTEXT + envelope.body)


def first_unsigned(verifier: Verifier, messages: Iterable[Stored]) -> Broken | None:
    """The first of `messages` that no known key signed: names the culprit after a `confirm` that failed."""
    for message in messages:
        if not is_signed(verifier, stored.open_envelope(message.data)):
            return Broken(message.stream, message.sequence, "the entry carries no valid signature")
    return None


def _unlinked(link: Link | None, entry: Entry) -> str | None:
    version, head = (link.version, link.head) if link is not None else (0, b"")
    if entry.version != version + 1:
        return f"version {entry.version} of `{entry.boundary}` follows version {version}"
    if entry.prev != head:
        return f"version {entry.version} of `{entry.boundary}` does not name the entry before it"
    return None
