"""Large states in pieces: decoding and hashing an account of thousands in one step would keep everybody else waiting meanwhile."""

import hashlib
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final, NamedTuple, get_args, get_origin

import msgspec

from muniment.domain.boundary import State

TOGETHER: Final = 16  # entities between two pauses: some tens of microseconds
SMALL_BYTES: Final = 32_768  # decoded in one step

_parts = msgspec.msgpack.Decoder(dict[str, msgspec.Raw]).decode
_canonical = msgspec.msgpack.Encoder(order="deterministic").encode

Decode = Callable[[msgspec.Raw | bytes], Any]
Pause = Callable[[], None]


class _Field(NamedTuple):
    name: str
    stored: str  # its name in the bytes
    is_table: bool
    decode: Decode  # of the whole, or of one value of a table


def decode(data: bytes, kind: type[State], pause: Pause) -> State:
    """The state in `data`, as msgspec decodes it; `pause` is called now and then. Raises msgspec.MsgspecError."""
    if len(data) <= SMALL_BYTES:
        return msgspec.msgpack.decode(data, type=kind)
    parts = _parts(data)
    values: dict[str, Any] = {}
    for field in _fields(kind):
        if (part := parts.get(field.stored)) is not None:
            values[field.name] = _table(part, field.decode, pause) if field.is_table else field.decode(part)
        pause()
    return kind(**values)


def _table(part: msgspec.Raw, decode_value: Decode, pause: Pause) -> dict[str, Any]:
    table: dict[str, Any] = {}
    for number, (key, value) in enumerate(_parts(part).items()):
        table[key] = decode_value(value)
        if number % TOGETHER == 0:
            pause()
    return table


@lru_cache(maxsize=64)
def _fields(kind: type[State]) -> tuple[_Field, ...]:
    found = []
    for field in msgspec.structs.fields(kind):
        told = get_args(field.type)
        is_table = get_origin(field.type) is dict and told[0] is str
        decoder = msgspec.msgpack.Decoder(told[1] if is_table else field.type)
        found.append(_Field(field.name, field.encode_name, is_table, decoder.decode))
    return tuple(found)


def digest(state: State, pause: Pause) -> bytes:
    """SHA-256 over what a state holds, the same for equal states: its fields in their order, tables by their keys."""
    total = hashlib.sha256()
    for name in state.__struct_fields__:
        value = getattr(state, name)
        if isinstance(value, dict):
            total.update(_canonical((name, len(value))))
            for number, key in enumerate(sorted(value)):
                total.update(_canonical((key, value[key])))
                if number % TOGETHER == 0:
                    pause()
        else:
            total.update(_canonical((name, value)))
    return total.digest()
