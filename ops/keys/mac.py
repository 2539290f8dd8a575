"""Secrets for message authentication codes, one a purpose: made once, wrapped in the key store, the same on every node."""

import os
from typing import Final

from muniment.ops.keys.kek import KEKs
from muniment.ops.keys.record import KeyRecord, decode, unwrap, wrap
from muniment.ops.keys.rotate import settle
from muniment.ops.keys.store import Conflict, KeyStore

MAC: Final = "mac."  # + purpose
KEY_BYTES: Final = 32
KEY_ID: Final = "1"


def mac_key(store: KeyStore, keks: KEKs, purpose: str) -> bytes:
    """The 32 secret bytes for `purpose`, such as the markers of lists. Raises DamagedRecord, CannotUnwrap."""
    name = MAC + purpose
    while (kept := store.get(name)) is None:
        first = wrap(keks, name, KEY_ID, os.urandom(KEY_BYTES))
        try:
            store.create(name, KeyRecord((first,)).encode())
        except Conflict:
            continue  # another node was first
        settle(store, keks, name, first.kek)
    return unwrap(keks, name, decode(name, kept.value).keys[0])
