"""The bytes of an entry: msgpack `[body, key id, signature]`, written once and never encoded again (DESIGN §3)."""

import hashlib
from collections.abc import Callable
from typing import Any, ClassVar, Final

import msgspec

from muniment.domain.facts import FACTS
from muniment.domain.ledger import Actor, Cause, Entry, Fact

SIGNING_CONTEXT: Final = b"muniment-entry-v1\0"


class Envelope(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What is stored: the signed body, the id of the signing key, the Ed25519 signature over context + body."""

    body: bytes
    key: str
    signature: bytes


class Body(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """The signed part. Keyed, so that a later field with a default can be added (EXAMPLES §1)."""

    id: str
    boundary: str
    version: int
    time: int
    actor: Actor
    command: Cause
    prev: bytes
    fact: str
    data: msgspec.Raw
    fact_version: int = 1
    writer: str = ""


class Change(msgspec.Struct, frozen=True, gc=False):
    """Of a body what changes a state: neither who nor why. A fold of a whole log reads a tenth more entries a second so."""

    id: str
    boundary: str
    version: int
    time: int
    prev: bytes
    fact: str
    data: msgspec.Raw
    fact_version: int = 1
    writer: str = ""

    actor: ClassVar[Actor] = Actor("", "", "")
    command: ClassVar[Cause] = Cause("", "")


class UnknownFact(Exception):
    """The log holds a fact this program does not know: it was written by a newer one."""

    def __init__(self, name: str, version: int) -> None:
        super().__init__(f"unknown fact `{name}` version {version}: upgrade this node before it can read on")
        self.name, self.version = name, version


class Damaged(Exception):
    """Stored bytes that are not an entry."""


# Whatever decoding strange bytes may raise: msgspec lets text that is not UTF-8 and endless nesting through as they are.
_UNDECODABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)

_encoder = msgspec.msgpack.Encoder()
_envelopes = msgspec.msgpack.Decoder(Envelope)
_bodies = msgspec.msgpack.Decoder(Body)
_decode_envelope: Final = _envelopes.decode
_decode_body: Final = _bodies.decode
_decode_change: Final = msgspec.msgpack.Decoder(Change).decode
_facts: dict[tuple[str, int], Callable[[msgspec.Raw], Any]] = {}

Lift = Callable[[Any], Fact]
LIFTS: Final[dict[tuple[str, int], Lift]] = {}  # (name, old version) → the newest form


def encode_body(entry: Entry) -> bytes:
    """The bytes that are signed."""
    fact = entry.fact
    return _encoder.encode(
        Body(
            id=entry.id,
            boundary=entry.boundary,
            version=entry.version,
            time=entry.time,
            actor=entry.actor,
            command=entry.command,
            prev=entry.prev,
            fact=type(fact).__name__,
            fact_version=fact.version,
            writer=entry.writer,
            data=msgspec.Raw(_encoder.encode(fact)),
        )
    )


def encode_envelope(body: bytes, key: str, signature: bytes) -> bytes:
    """The stored message."""
    return _encoder.encode(Envelope(body, key, signature))


def open_envelope(stored: bytes) -> Envelope:
    """The parts of a stored message. Raises Damaged."""
    try:
        return _envelopes.decode(stored)
    except _UNDECODABLE as error:
        raise Damaged(f"not a stored entry: {error}") from None


def digest(stored: bytes) -> bytes:
    """SHA-256 of a stored message: what the next entry of the boundary names as `prev`."""
    return hashlib.sha256(stored).digest()


def decode(stored: bytes) -> Entry:
    """The entry of a stored message, old facts lifted to the newest form. Its signature is *not* checked here.

    Raises Damaged, UnknownFact.
    """
    return entry_of(open_envelope(stored), digest(stored))


def read(stored: bytes, changes_only: bool = False) -> Entry:
    """The same in the fewest steps, for whoever reads a whole log. With `changes_only` nothing is said of who and why."""
    try:
        body = (_decode_change if changes_only else _decode_body)(_decode_envelope(stored).body)
        decode_fact = _facts.get((body.fact, body.fact_version))
        if decode_fact is None or LIFTS:
            return decode(stored)
        fact = decode_fact(body.data)
    except _UNDECODABLE as error:
        raise Damaged(f"not an entry: {error}") from None
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
        hashlib.sha256(stored).digest(),
    )


def entry_of(envelope: Envelope, stored_digest: bytes) -> Entry:
    """The entry in an opened envelope. Raises Damaged, UnknownFact."""
    try:
        body = _decode_body(envelope.body)
        decode_fact = _facts.get((body.fact, body.fact_version))
        fact = (
            _decode_fact(body.fact, body.fact_version, body.data)
            if decode_fact is None or LIFTS
            else decode_fact(body.data)
        )
    except _UNDECODABLE as error:
        raise Damaged(f"not an entry's body: {error}") from None
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
        stored_digest,
    )


def _decode_fact(name: str, version: int, data: msgspec.Raw) -> Fact:
    decode_fact = _facts.get((name, version))
    if decode_fact is None:
        if (known := FACTS.get((name, version))) is None:
            raise UnknownFact(name, version)
        decode_fact = _facts[name, version] = msgspec.msgpack.Decoder(known).decode
    fact: Fact = decode_fact(data)
    lift = LIFTS.get((name, version)) if LIFTS else None
    return lift(fact) if lift else fact
