"""The key ring: seals and opens values under their owner's data key, and signs entries (DESIGN §7).

A data key is made on demand and created only if absent, so that all nodes agree on one. What is sealed is bound to its
owner, field, format and key: moved anywhere else it does not open, and the failure never says why.
"""

import os
import threading
from itertools import count
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from muniment.commands.drawn import Randomness
from muniment.domain.ledger import Sealed
from muniment.domain.sealing import Erased, Unreadable
from muniment.ops.keys.binding import bind
from muniment.ops.keys.kek import NONCE_BYTES, TAG_BYTES, CannotUnwrap, KEKs
from muniment.ops.keys.record import DATA, DamagedRecord, KeyRecord, decode, unwrap, wrap
from muniment.ops.keys.rotate import settle
from muniment.ops.keys.signing import SigningKeys
from muniment.ops.keys.store import Conflict, KeyStore, check_name

FORMAT: Final = b"\1"  # the first byte of every box, and part of what is authenticated
OWNERS_MAX: Final = 20_000  # cached owners
SEALS_PER_PROCESS_MAX: Final = 1 << 24  # of one key; 256 process lives stay within SP 800-38D's 2³² random nonces
DATA_KEYS_PER_OWNER_MAX: Final = 1_000
FIELDS_CACHED_MAX: Final = 64  # bindings kept for a key; field names come from our code and are few
TRIES_MAX: Final = 20

_SEALING: Final = "muniment-seal"
_random: Final = Randomness()
_BOX_BYTES_MIN: Final = len(FORMAT) + NONCE_BYTES + TAG_BYTES
_BODY: Final = len(FORMAT) + NONCE_BYTES


class _DataKey:
    """One data key, opened. `bindings` remembers the authenticated bytes of its fields."""

    __slots__ = ("bindings", "decrypt", "encrypt", "id", "owner", "uses")

    def __init__(self, owner: str, key_id: str, key: bytes) -> None:
        cipher = AESGCM(key)
        self.owner, self.id = owner, key_id
        self.encrypt, self.decrypt = cipher.encrypt, cipher.decrypt
        self.bindings: dict[str, bytes] = {}
        self.uses = count(1)

    def binding(self, field: str) -> bytes:
        """What a value of `field` is authenticated against."""
        bound = bind(_SEALING, FORMAT, self.owner, field, self.id)
        if len(self.bindings) < FIELDS_CACHED_MAX:
            self.bindings[field] = bound
        return bound


class _Opened:
    """An owner's data keys: the first seals, all open."""

    __slots__ = ("by_id", "first")

    def __init__(self, keys: tuple[_DataKey, ...]) -> None:
        self.first = keys[0]
        self.by_id = {key.id: key for key in keys}


class KeyRing:
    """Seals, opens, signs and verifies. Thread-safe; errors of the store itself (it cannot be reached) pass through."""

    def __init__(
        self,
        store: KeyStore,
        keks: KEKs,
        *,
        owners_max: int = OWNERS_MAX,
        seals_max: int = SEALS_PER_PROCESS_MAX,
    ) -> None:
        self.store, self.keks = store, keks
        self.entries = SigningKeys(store, keks, "entries")
        self.sign = self.entries.sign
        self.verify = self.entries.verify
        self._half = max(1, owners_max // 2)
        self._seals_max = seals_max
        self._lock = threading.Lock()
        self._young: dict[str, _Opened] = {}  # two generations: a read never takes the lock, and the cache is bounded
        self._old: dict[str, _Opened] = {}
        self._forgotten: set[str] = set()

    def prepare(self, owner: str) -> None:
        """Make sure the owner has a data key, before the first fact that needs it. Raises Erased."""
        if owner not in self._young:
            self._open_or_create(owner)

    def seal(self, owner: str, field: str, plain: bytes) -> Sealed:
        """`plain` under the owner's data key, for this field only. Raises Erased, Unreadable (its key is damaged)."""
        key = (self._young.get(owner) or self._open_or_create(owner)).first
        if next(key.uses) > self._seals_max:
            key = self._renew(owner, key.id).first
            next(key.uses)
        nonce = _random.take(NONCE_BYTES)
        box = key.encrypt(nonce, plain, key.bindings.get(field) or key.binding(field))
        return Sealed(key.id, FORMAT + nonce + box)

    def unseal(self, owner: str, field: str, sealed: Sealed) -> bytes:
        """The plain bytes again. Raises Erased, Unreadable: alike in their text."""
        opened = self._young.get(owner)
        key = opened.by_id.get(sealed.key) if opened else None
        if key is None:
            key = self._key(owner, sealed.key)
        box = sealed.box
        if len(box) < _BOX_BYTES_MIN or not box.startswith(FORMAT):
            raise Unreadable
        try:
            return key.decrypt(box[1:_BODY], box[_BODY:], key.bindings.get(field) or key.binding(field))
        except InvalidTag:
            raise Unreadable from None

    def forget(self, owner: str) -> None:
        """Drop an owner's keys from memory, for ever: every node does so when it learns that the owner is being erased.

        They are not cached again, for the fact may come before the key is gone from the store.
        """
        with self._lock:
            self._forgotten.add(owner)
            self._young.pop(owner, None)
            self._old.pop(owner, None)

    def _open_or_create(self, owner: str) -> _Opened:
        if (cached := self._cached(owner)) is not None:
            return cached
        name = _name(owner)
        for _ in range(TRIES_MAX):
            if (opened := self._load(owner)) is not None:
                return opened
            first = wrap(self.keks, name, _new_id(), AESGCM.generate_key(256))
            try:
                self.store.create(name, KeyRecord((first,)).encode())
            except Conflict:
                continue  # another node was first: its key is the owner's
            settle(self.store, self.keks, name, first.kek)
        raise _contended(owner)

    def _key(self, owner: str, key_id: str) -> _DataKey:
        """The key of this id, from the cache or, where it is newer than the cache, from the store."""
        for opened in (self._cached(owner), self._load(owner)):
            if opened is not None and (key := opened.by_id.get(key_id)) is not None:
                return key
        raise Unreadable

    def _cached(self, owner: str) -> _Opened | None:
        if (opened := self._young.get(owner)) is None and (opened := self._old.get(owner)) is not None:
            self._keep(owner, opened)
        return opened

    def _load(self, owner: str) -> _Opened | None:
        """The owner's keys from the store, None where it has none yet. Raises Erased, Unreadable."""
        try:
            name = _name(owner)
        except ValueError:
            raise Unreadable from None
        if (kept := self.store.get(name)) is None:
            return None
        opened = self._opened(owner, kept.value)
        self._keep(owner, opened)
        return opened

    def _opened(self, owner: str, value: bytes) -> _Opened:
        name = _name(owner)
        try:
            record = decode(name, value)
            if record.erased:
                raise Erased
            return _Opened(tuple(_DataKey(owner, key.id, unwrap(self.keks, name, key)) for key in record.keys))
        except (DamagedRecord, CannotUnwrap):
            raise Unreadable from None

    def _keep(self, owner: str, opened: _Opened) -> None:
        """Cache, unless the owner was forgotten, be it since these keys were read."""
        with self._lock:
            if owner in self._forgotten:
                return
            if len(self._young) >= self._half:
                self._old, self._young = self._young, {}
            self._young[owner] = opened

    def _renew(self, owner: str, worn: str) -> _Opened:
        """A fresh data key in front, because the key `worn` has sealed as much as it may."""
        name = _name(owner)
        for _ in range(TRIES_MAX):
            if (kept := self.store.get(name)) is None:
                raise Unreadable
            opened = self._opened(owner, kept.value)
            if opened.first.id == worn:
                record = decode(name, kept.value)
                if len(record.keys) >= DATA_KEYS_PER_OWNER_MAX:
                    raise Unreadable
                fresh = wrap(self.keks, name, _new_id(), AESGCM.generate_key(256))
                record = KeyRecord((fresh, *record.keys))
                try:
                    self.store.update(name, record.encode(), kept.revision)
                except Conflict:
                    continue
                settle(self.store, self.keks, name, fresh.kek)
                opened = self._opened(owner, record.encode())
            self._keep(owner, opened)
            return opened
        raise _contended(owner)


def _name(owner: str) -> str:
    """The owner's name in the store. Raises ValueError."""
    name = DATA + owner
    check_name(name)
    return name


def _new_id() -> str:
    return os.urandom(8).hex()


def _contended(owner: str) -> RuntimeError:
    return RuntimeError(f"the data key of `{owner}` changed {TRIES_MAX} times while it was read: try again")
