"""What the tests of keys share: a store that fails at its nth write, and rings over it."""

from collections.abc import Callable, Iterator

import pytest

from muniment.ops.keys.kek import KEKs
from muniment.ops.keys.keksource import KEKMemory
from muniment.ops.keys.ring import KeyRing
from muniment.ops.keys.store import MemoryKeyStore

OLD, NEW = b"o" * 32, b"n" * 32
ANA, BOB = "account.123456789012/AIDAANA", "account.123456789012/AIDABOB"


class Crash(BaseException):
    """The process ends here: no `except Exception` survives it."""


class CrashingStore(MemoryKeyStore):
    """Crashes at the nth write, either just before it or just after it."""

    def __init__(self) -> None:
        super().__init__()
        self.nth, self.before = 0, True

    def crash_at(self, nth: int, *, before: bool) -> None:
        self.nth, self.before = nth, before

    def _put(self, name: str, value: bytes, expected: int) -> int:
        return self._counted(lambda: super(CrashingStore, self)._put(name, value, expected))

    def shred_superseded(self, name: str) -> int:
        return self._counted(lambda: super(CrashingStore, self).shred_superseded(name))

    def _counted(self, write: Callable[[], int]) -> int:
        self.nth -= 1
        if self.nth == 0 and self.before:
            raise Crash
        answer = write()
        if self.nth == 0:
            raise Crash
        return answer


def ring_over(store: MemoryKeyStore, *keks: bytes, **limits: int) -> KeyRing:
    return KeyRing(store, KEKs(KEKMemory(*(keks or (OLD,)))), **limits)


@pytest.fixture
def store() -> CrashingStore:
    return CrashingStore()


@pytest.fixture
def ring(store: CrashingStore) -> Iterator[KeyRing]:
    return ring_over(store)
