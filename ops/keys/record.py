"""The record of a name in the key store: its keys, wrapped, in order. The first seals or signs, all may open or verify."""

from typing import Final

import msgspec

from muniment.ops.keys.kek import KEKs

DATA: Final = "data."  # + owner
SIGNING: Final = "signing."  # + purpose


class WrappedKey(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One key: its id, the id of the key-encryption key, and nonce + ciphertext."""

    id: str
    kek: str
    box: bytes


class KeyRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is stored under a name. An erased record stays for ever, so that no key is ever made for that name again."""

    keys: tuple[WrappedKey, ...] = ()
    erased: bool = False

    def encode(self) -> bytes:
        """The stored bytes."""
        return _encoder.encode(self)


class DamagedRecord(Exception):
    """The stored bytes are no record of keys."""


TOMBSTONE: Final = KeyRecord(erased=True)

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(KeyRecord)


def decode(name: str, value: bytes) -> KeyRecord:
    """The record in stored bytes. Raises DamagedRecord."""
    try:
        record = _decoder.decode(value)
    except msgspec.MsgspecError:
        raise DamagedRecord(f"the record `{name}` in the key store is damaged: restore it from a key backup") from None
    if not record.keys and not record.erased:
        raise DamagedRecord(f"the record `{name}` in the key store holds no key: restore it from a key backup")
    return record


def wrap(keks: KEKs, name: str, key_id: str, plain: bytes) -> WrappedKey:
    """`plain` wrapped with the first key-encryption key, bound to its name and id."""
    first = keks.first
    return WrappedKey(key_id, first.id, first.wrap(name, key_id, plain))


def unwrap(keks: KEKs, name: str, key: WrappedKey) -> bytes:
    """The key itself. Raises CannotUnwrap."""
    return keks.unwrap(key.kek, name, key.id, key.box)


def rewrap(keks: KEKs, name: str, record: KeyRecord) -> KeyRecord | None:
    """The same keys under the first key-encryption key, or None where they are already. Raises CannotUnwrap."""
    first = keks.first
    if all(key.kek == first.id for key in record.keys):
        return None
    return KeyRecord(tuple(wrap(keks, name, key.id, unwrap(keks, name, key)) for key in record.keys))
