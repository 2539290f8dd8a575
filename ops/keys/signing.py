"""Signing keys: Ed25519 (RFC 8032), one ordered list a purpose. The first signs, all may verify (DESIGN §7).

The private keys lie wrapped in the key store, so every node that holds the key-encryption key signs with the same ones;
a verification key is trusted only because its private half opens under that key.
"""

import base64
import contextlib
import hashlib
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from muniment.ops.keys.kek import CannotUnwrap, KEKs
from muniment.ops.keys.record import SIGNING, DamagedRecord, KeyRecord, WrappedKey, decode, unwrap, wrap
from muniment.ops.keys.rotate import settle
from muniment.ops.keys.store import Conflict, KeyStore

PURPOSES: Final = ("entries", "heads", "tokens")
TRIES_MAX: Final = 20
MADE_MAX: Final = 4_096  # signatures of our own that are recognized without checking them


class SigningKeysUnusable(Exception):
    """The signing keys cannot be opened; the message says what to do."""


class VerificationKey(msgspec.Struct, frozen=True):
    """The public half: what an offline tool needs."""

    id: str
    public: bytes  # 32 bytes, RFC 8032 5.1.5


class _Loaded:
    """The keys as last read; swapped as a whole, so that a reader on another thread never sees half."""

    __slots__ = ("first", "keys", "signer", "verifiers")

    def __init__(self, signer: Ed25519PrivateKey, keys: tuple[VerificationKey, ...]) -> None:
        self.first, self.signer, self.keys = keys[0].id, signer, keys
        self.verifiers = verifiers(keys)


class SigningKeys:
    """The signing keys of one purpose. The first use creates them; nodes that start together agree on one."""

    def __init__(self, store: KeyStore, keks: KEKs, purpose: str) -> None:
        if purpose not in PURPOSES:
            raise ValueError(f"signing keys are for {', '.join(PURPOSES)}, not for `{purpose}`")
        self._store, self._keks, self._name = store, keks, SIGNING + purpose
        self._loaded: _Loaded | None = None
        # Signature → key id and payload, of the last that were made here.
        self._made: dict[bytes, tuple[str, bytes]] = {}

    def sign(self, payload: bytes) -> tuple[str, bytes]:
        """(key id, signature) by the first key. The payload opens with its own context, such as `muniment-entry-v1\\0`."""
        loaded = self._loaded or self.refresh()
        signature = loaded.signer.sign(payload)
        if len(self._made) >= MADE_MAX:
            self._made.clear()
        self._made[signature] = (loaded.first, payload)
        return loaded.first, signature

    def verify(self, key_id: str, signature: bytes, payload: bytes) -> bool:
        """Whether a key of the list made this signature. A key it does not know makes it read the list again, once."""
        if self._made.pop(signature, None) == (key_id, payload):
            return True  # made here a moment ago, over the very same bytes: the live feed of our own writing
        verifier = (self._loaded or self.refresh()).verifiers.get(key_id)
        if verifier is None and (verifier := self.refresh().verifiers.get(key_id)) is None:
            return False
        return is_signed(verifier, signature, payload)

    def public(self) -> tuple[VerificationKey, ...]:
        """The verification keys, the signing one first."""
        return (self._loaded or self.refresh()).keys

    def refresh(self) -> _Loaded:
        """Read the list again, creating it where there is none. Raises SigningKeysUnusable."""
        for _ in range(TRIES_MAX):
            if (kept := self._store.get(self._name)) is None:
                first = self._fresh()
                with contextlib.suppress(Conflict):  # another node was first
                    self._store.create(self._name, KeyRecord((first,)).encode())
                settle(self._store, self._keks, self._name, first.kek)
                continue
            self._loaded = self._open(kept.value)
            return self._loaded
        raise self._contended()

    def rotate(self) -> str:
        """Put a new key first and answer its id. Other nodes verify with it at once, and sign with it after `refresh`."""
        self.refresh()
        for _ in range(TRIES_MAX):
            if (kept := self._store.get(self._name)) is None:
                self.refresh()
                continue
            fresh = self._fresh()
            record = KeyRecord((fresh, *decode(self._name, kept.value).keys))
            try:
                self._store.update(self._name, record.encode(), kept.revision)
            except Conflict:
                continue
            settle(self._store, self._keks, self._name, fresh.kek)
            self._loaded = self._open(record.encode())
            return fresh.id
        raise self._contended()

    def _open(self, value: bytes) -> _Loaded:
        try:
            record = decode(self._name, value)
            private = [Ed25519PrivateKey.from_private_bytes(unwrap(self._keks, self._name, key)) for key in record.keys]
        except (DamagedRecord, CannotUnwrap) as error:
            raise SigningKeysUnusable(f"the signing keys cannot be opened: {error}") from None
        if not private:
            raise SigningKeysUnusable(f"the signing keys `{self._name}` were erased: restore them from a key backup")
        public = tuple(_public(key) for key in private)
        if [key.id for key in public] != [key.id for key in record.keys]:
            raise SigningKeysUnusable(
                f"the signing keys `{self._name}` do not carry their own ids: restore them from a key backup"
            )
        return _Loaded(private[0], public)

    def _fresh(self) -> WrappedKey:
        private = Ed25519PrivateKey.generate()
        return wrap(self._keks, self._name, _public(private).id, private.private_bytes_raw())

    def _contended(self) -> RuntimeError:
        return RuntimeError(
            f"the signing keys `{self._name}` changed {TRIES_MAX} times while they were read: try again"
        )


def key_id_of(public: bytes) -> str:
    """The id of a verification key: 80 bits of its hash, so that an id cannot be given to another key by mistake."""
    return base64.b32encode(hashlib.sha256(b"muniment-signing-key-v1\0" + public).digest()[:10]).decode().lower()


def is_signed(verifier: Ed25519PublicKey, signature: bytes, payload: bytes) -> bool:
    """Whether the signature is the key's over the payload."""
    try:
        verifier.verify(signature, payload)
    except InvalidSignature:
        return False
    return True


def verifiers(keys: Iterable[VerificationKey]) -> Mapping[str, Ed25519PublicKey]:
    """Key id → the key that verifies."""
    return {key.id: Ed25519PublicKey.from_public_bytes(key.public) for key in keys}


def _public(private: Ed25519PrivateKey) -> VerificationKey:
    raw = private.public_key().public_bytes_raw()
    return VerificationKey(key_id_of(raw), raw)
