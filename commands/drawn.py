"""What a decision is given: the time, random identifiers, sealed values. The only randomness of the write side."""

import base64
import os
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from muniment.commands.keys import Sealer
from muniment.domain import ids
from muniment.domain.boundary import State
from muniment.domain.ledger import Actor, Sealed

SECRET_CHARACTERS: Final = 40
RANDOM_BYTES_FETCHED: Final = 1_024

Clock = Callable[[], int]


def clock() -> int:
    """Microseconds since the Unix epoch, UTC."""
    return time.time_ns() // 1_000


class Randomness:
    """The operating system's random bytes, fetched many at a time: each fetch gives up Python's lock, and must get it back."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._bytes = b""

    def take(self, count: int) -> bytes:
        """`count` bytes that nobody else gets."""
        with self._guard:
            if len(self._bytes) < count:
                self._bytes = os.urandom(max(RANDOM_BYTES_FETCHED, count))
            taken, self._bytes = self._bytes[:count], self._bytes[count:]
        return taken


_random = Randomness()


def uuid7(now: int) -> str:
    """A UUIDv7 (RFC 9562 §5.7) for the microsecond `now`: ids sort by time."""
    bits = (now // 1_000 & 0xFFFF_FFFF_FFFF) << 80 | int.from_bytes(_random.take(10))
    bits = bits & ~(0xF << 76) | 0x7 << 76
    bits = bits & ~(0x3 << 62) | 0x2 << 62
    text = f"{bits:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


class Drawn:
    """The Given of one try of one command."""

    def __init__(
        self, now: int, actor: Actor, sealer: Sealer, also: Mapping[str, State], resolve: Callable[[str], str | None]
    ) -> None:
        self.now = now
        self.actor = actor
        self.also = also
        self.prepared: Any = None
        self._sealer = sealer
        self._resolve = resolve

    def unique_id(self, prefix: str) -> str:
        """A new identifier such as AIDA…"""
        return ids.unique_id(prefix, _random.take(ids.RANDOM_BYTES))

    def account_number(self) -> str:
        """A new random 12-digit account number."""
        return ids.account_number(_random.take(8))

    def secret(self) -> str:
        """A new 40-character secret access key."""
        return base64.b64encode(
            _random.take(SECRET_CHARACTERS * 3 // 4)
        ).decode()  # letters, digits, + and /: 6 bits each

    def random(self, count: int) -> bytes:
        """`count` random bytes."""
        return _random.take(count)

    def seal(self, owner: str, field: str, plain: str) -> Sealed:
        """`plain` under `owner`'s data key."""
        return self._sealer.seal(owner, field, plain.encode())

    def unseal(self, owner: str, field: str, sealed: Sealed) -> str:
        """The plain text again."""
        return self._sealer.unseal(owner, field, sealed).decode()

    def principal_id(self, arn: str) -> str | None:
        """The unique id of a principal in another account, or None where there is none."""
        return self._resolve(arn)
