"""A state as a person or a program may see it: plain values in a fixed order, times as ISO 8601, nothing sealed in clear."""

import hashlib
from typing import Any, Final

import msgspec

from muniment.domain.boundary import State
from muniment.domain.ledger import Sealed
from muniment.ops.replay.moment import iso

TIMES: Final = frozenset(
    {
        "accessed",
        "begun",
        "changed",
        "completed",
        "created",
        "deleted",
        "deletion",
        "due",
        "expires",
        "failed",
        "issued",
        "joined",
        "last_used",
        "proven",
        "reminded",
        "report_requested",
        "requested",
        "retired",
        "retry",
        "revoked",
        "revoked_before",
        "rotated",
        "started",
        "time",
        "updated",
        "valid_until",
    }
)  # fields that hold microseconds; 0 means never
_BOOKKEEPING: Final = frozenset({"id", "version", "head", "position", "remembered"})
# Tables that can be told from the others: shown to programs, left out where people look.
INDEXES: Final = frozenset({"ids", "keys", "attachments", "bounds", "emails", "aliases"})
_SEEN: Final = 12  # hexadecimal digits


def state_dump(state: State) -> dict[str, Any]:
    """The whole state of a boundary: equal for equal states, however they were reached.

    Which commands a client may repeat (`State.remembered`) is the ledger's memory and no part of it.
    """
    body: dict[str, Any] = {
        "boundary": state.id,
        "kind": state.kind,
        "version": state.version,
        "position": state.position,
        "head": state.head.hex(),
    }
    for name in state.__struct_fields__:
        if name not in _BOOKKEEPING:
            body[name] = public(getattr(state, name), name)
    return body


def public(value: Any, field: str = "") -> Any:
    """A value as plain JSON. `field` is the name it stands under: times are told by it."""
    if isinstance(value, Sealed):
        return mark(value)
    if isinstance(value, msgspec.Struct):
        return {name: public(getattr(value, name), name) for name in value.__struct_fields__}
    if isinstance(value, dict):
        return {str(key): public(value[key], field) for key in sorted(value)}
    if isinstance(value, tuple | list):
        return [public(item, "") for item in value]
    if isinstance(value, bytes):
        return value.hex()
    if field in TIMES and type(value) is int:
        return iso(value) if value else None
    return value


def mark(value: Sealed) -> str:
    """Tells one sealed value from another without showing any: a fingerprint of the ciphertext."""
    return f"sealed:{hashlib.sha256(value.box).hexdigest()[:_SEEN]}"
