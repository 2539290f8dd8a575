"""IAM_KEYS as the key ring wants it (`ops/keys/store.py`): `KeyStore` for the running roles, `KeyShredder` for erasure."""

from __future__ import annotations

from collections.abc import Iterator

from muniment.ops.jetstream.kv import Conflict as KVConflict
from muniment.ops.jetstream.kv import KeyValue
from muniment.ops.jetstream.loop import NatsLoop
from muniment.ops.keys.store import Conflict, Kept, check_name

BUCKET = "IAM_KEYS"


class JetStreamKeyStore:
    """Wrapped keys by name. A name keeps every message until the erasing role overwrites it."""

    def __init__(self, loop: NatsLoop) -> None:
        self._values = KeyValue.bucket(loop, BUCKET)

    def get(self, name: str) -> Kept | None:
        """The newest value, from the leader. Raises OperationalError."""
        check_name(name)
        found = self._values.get(name)
        return None if found is None else Kept(found.data, found.revision)

    def create(self, name: str, value: bytes) -> int:
        """The first value; its revision. Raises Conflict, OperationalError, Unknown."""
        return self.update(name, value, 0)

    def update(self, name: str, value: bytes, revision: int) -> int:
        """The next value; its revision. Raises Conflict, OperationalError, Unknown."""
        check_name(name)
        try:
            return self._values.update(name, value, revision)
        except KVConflict as exc:
            raise Conflict(str(exc)) from None

    def names(self) -> list[str]:
        """All names, sorted."""
        return self._values.names()


class JetStreamKeyShredder:
    """What the role `erasure` may do: overwrite, and look at what is left."""

    def __init__(self, loop: NatsLoop) -> None:
        self._values = KeyValue.bucket(loop, BUCKET)

    def shred_superseded(self, name: str) -> int:
        """Overwrite all messages of a name but the newest; how many."""
        check_name(name)
        return self._values.erase(name, keep_newest=True)

    def messages(self) -> Iterator[tuple[str, bytes]]:
        """Every message that the stream still holds, history included, from the leader."""
        for stored in self._values.revisions():
            yield self._values.key_of(stored), stored.data
