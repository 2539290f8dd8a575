"""Secret: a text or bytes that shows itself only when asked by name (SECURITY 18)."""

import hmac
from typing import Generic, NoReturn, TypeVar

T = TypeVar("T", str, bytes)


class Secret(Generic[T]):
    """Holds a secret. It shows as `***`, is neither pickled nor copied, and compares in constant time."""

    __slots__ = ("_hidden",)

    def __init__(self, value: T) -> None:
        self._hidden: T = value

    def reveal(self) -> T:
        """The secret itself. Whoever calls this answers for where it goes."""
        return self._hidden

    def __repr__(self) -> str:
        return "***"

    def __format__(self, spec: str) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        mine, theirs = self._hidden, other.reveal()
        return type(mine) is type(theirs) and hmac.compare_digest(_bytes(mine), _bytes(theirs))

    __hash__ = None  # type: ignore[assignment]  # a hash would be a fingerprint of the secret

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a secret is not pickled or copied")


def _bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value
