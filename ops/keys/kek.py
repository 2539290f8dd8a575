"""Key-encryption keys: the few keys outside the store that wrap all keys inside it. The first wraps, all may unwrap (DESIGN §7)."""

import hashlib
import os
from collections.abc import Sequence
from typing import Final, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from muniment.ops.keys.binding import bind
from muniment.ops.keys.secret import Secret

KEK_BYTES: Final = 32  # AES-256
NONCE_BYTES: Final = 12  # NIST SP 800-38D 8.2.2: 96 random bits
TAG_BYTES: Final = 16
_WRAPPING: Final = "muniment-wrap-v1"


class CannotUnwrap(Exception):
    """No configured key-encryption key opens a wrapped key, or it was altered."""


class KEKSource(Protocol):
    """Where key-encryption keys come from (ops/keys/keksource.py)."""

    def load(self) -> Sequence[Secret[bytes]]:
        """The keys of 32 bytes in order, at least one. Raises KEKRefused."""

    def stamp(self) -> object:
        """A value that is another one once `load` would answer otherwise; None where that cannot be told."""


class KEK:
    """One key-encryption key. Its id is a hash of it, so equal keys on two nodes are called alike."""

    __slots__ = ("_cipher", "id")

    def __init__(self, key: Secret[bytes]) -> None:
        raw = key.reveal()
        if len(raw) != KEK_BYTES:
            raise ValueError(f"a key-encryption key has {KEK_BYTES} bytes, this one has {len(raw)}")
        self.id = hashlib.sha256(b"muniment-kek-id-v1\0" + raw).hexdigest()[:16]
        self._cipher = AESGCM(raw)

    def __repr__(self) -> str:
        return f"KEK({self.id})"

    def wrap(self, purpose: str, key_id: str, plain: bytes) -> bytes:
        """`plain` as nonce + ciphertext, usable only as the key `key_id` of the record `purpose`."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, bind(_WRAPPING, purpose, key_id, self.id))

    def unwrap(self, purpose: str, key_id: str, box: bytes) -> bytes:
        """The key again. Raises CannotUnwrap."""
        if len(box) < NONCE_BYTES + TAG_BYTES:
            raise CannotUnwrap(f"the wrapped key `{key_id}` of `{purpose}` is damaged")
        try:
            return self._cipher.decrypt(box[:NONCE_BYTES], box[NONCE_BYTES:], bind(_WRAPPING, purpose, key_id, self.id))
        except InvalidTag:
            raise CannotUnwrap(f"the wrapped key `{key_id}` of `{purpose}` is damaged") from None


class KEKs:
    """The ordered list. A key id it does not know makes it look at its source again, so a rotation needs no restart."""

    def __init__(self, source: KEKSource) -> None:
        self._source = source
        self._known: dict[
            str, KEK
        ] = {}  # with those that have left the list: what was wrapped a moment ago still opens
        self._stamp = source.stamp()
        self._list = self._load()

    def __repr__(self) -> str:
        return f"KEKs({', '.join(kek.id for kek in self._list)})"

    @property
    def first(self) -> KEK:
        """The one that wraps. A source that changed is read again first: nothing may be wrapped with a key that is going."""
        if (stamp := self._source.stamp()) != self._stamp:
            self.refresh()
            self._stamp = stamp
        return self._list[0]

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids in order."""
        return tuple(kek.id for kek in self._list)

    def refresh(self) -> None:
        """Read the source again. Raises KEKRefused."""
        self._list = self._load()

    def unwrap(self, kek_id: str, purpose: str, key_id: str, box: bytes) -> bytes:
        """The key in `box`. Raises CannotUnwrap, naming the key-encryption key that is missing."""
        if (kek := self._known.get(kek_id)) is None:
            self.refresh()
            kek = self._known.get(kek_id)
        if kek is None:
            raise CannotUnwrap(
                f"`{purpose}` is wrapped with key-encryption key `{kek_id}`, which is not configured: add it to the list"
            )
        return kek.unwrap(purpose, key_id, box)

    def _load(self) -> tuple[KEK, ...]:
        keks = tuple(KEK(key) for key in self._source.load())
        self._known |= {kek.id: kek for kek in keks}
        return keks
