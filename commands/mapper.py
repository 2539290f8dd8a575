"""Entries to stored events and back: signing when written, checking when read (DESIGN §3, LEDGER §4)."""

from typing import Any

import msgspec
from eventsourcing.persistence import JSONTranscoder, Mapper, StoredEvent

from muniment.commands.keys import Signer
from muniment.commands.snapshot import StateSnapshot
from muniment.domain import stored
from muniment.domain.errors import RequestEntityTooLarge
from muniment.domain.ledger import Entry
from muniment.domain.quotas import ENTRY_BYTES_MAX


class Forged(Exception):
    """A stored entry that no key of ours signed, or that stands in another place than it says."""


class Prepared(msgspec.Struct, frozen=True):
    """An entry already signed, so that the next entry of its boundary can name it; `Ledger.save` takes it as an event."""

    originator_id: str
    originator_version: int
    entry: Entry
    stored: Any  # StoredEvent


class EntryMapper(Mapper[str]):
    """The library's mapper for our entries. `check` is for the entry a command builds on: the chain vouches for the rest."""

    def __init__(self, signer: Signer) -> None:
        super().__init__(JSONTranscoder())  # never used: our stored form is msgpack
        self.signer = signer

    def to_stored_event(self, domain_event: Any) -> StoredEvent:
        """Sign and encode an entry, or a snapshot. Raises RequestEntityTooLarge over 256 KiB (SECURITY 17)."""
        if isinstance(domain_event, Prepared):
            signed: StoredEvent = domain_event.stored
            return signed
        if isinstance(domain_event, StateSnapshot):
            topic, body = StateSnapshot.__name__, domain_event.encode()
        else:
            topic, body = type(domain_event.fact).__name__, stored.encode_body(domain_event)
        key, signature = self.signer.sign(stored.SIGNING_CONTEXT + body)
        state = stored.encode_envelope(body, key, signature)
        if isinstance(domain_event, Entry):
            if len(state) > ENTRY_BYTES_MAX:
                raise RequestEntityTooLarge(
                    f"the entry would have {len(state)} bytes; the largest that can be recorded has {ENTRY_BYTES_MAX}"
                )
            msgspec.structs.force_setattr(domain_event, "digest", stored.digest(state))
        return StoredEvent(domain_event.originator_id, domain_event.originator_version, topic, state)

    def prepare(self, entry: Entry) -> Prepared:
        """The entry signed and digested, ready to be saved. Raises RequestEntityTooLarge."""
        return Prepared(entry.boundary, entry.version, entry, self.to_stored_event(entry))

    def to_domain_event(self, stored_event: StoredEvent) -> Any:
        """The entry or snapshot in a stored event, which must be what its place says. Raises Forged, Damaged, UnknownFact."""
        if stored_event.topic == StateSnapshot.__name__:
            envelope = stored.open_envelope(stored_event.state)
            self._check(envelope, stored_event)
            return StateSnapshot.decode(str(stored_event.originator_id), envelope.body)
        entry = stored.decode(stored_event.state)
        if (entry.boundary, entry.version) != (stored_event.originator_id, stored_event.originator_version):
            raise Forged(
                f"the entry stored as version {stored_event.originator_version} of `{stored_event.originator_id}` "
                f"says it is version {entry.version} of `{entry.boundary}`"
            )
        return entry

    def check(self, stored_event: StoredEvent) -> None:
        """Check the signature of the last entry a state was made from. Raises Forged."""
        self._check(stored.open_envelope(stored_event.state), stored_event)

    def _check(self, envelope: stored.Envelope, stored_event: StoredEvent) -> None:
        if not self.signer.verify(envelope.key, envelope.signature, stored.SIGNING_CONTEXT + envelope.body):
            raise Forged(
                f"version {stored_event.originator_version} of `{stored_event.originator_id}` carries no valid signature"
            )
