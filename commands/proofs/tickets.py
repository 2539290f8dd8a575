"""Tickets: half-finished ceremonies, kept for minutes in IAM_PROOFS under the hash of a secret that only one client has.

A ticket is good once: whoever takes it first has it, on whichever node (SECURITY 8, 9).
"""

import hashlib
from typing import Final, TypeVar

import msgspec

from muniment.commands.drawn import Clock, Randomness, clock
from muniment.commands.proofs.cells import CHALLENGE, Cells

SECONDS: Final = 300
SECOND: Final = 1_000_000
SECRET_BYTES: Final = 32
CHARACTERS: Final = 64  # of a ticket, in hex

T = TypeVar("T", bound=msgspec.Struct)


class _Kept(msgspec.Struct, frozen=True, array_like=True):
    ends: int  # microseconds
    body: bytes | None  # None: it was taken


class Tickets:
    """Gives tickets out and takes them back. Values are of one type for each `kind`."""

    def __init__(self, cells: Cells, now: Clock = clock) -> None:
        self._cells, self._now = cells, now
        self._random = Randomness()

    def issue(self, kind: str, value: msgspec.Struct, seconds: int = SECONDS) -> str:
        """A new ticket for `value`. Raises ServiceUnavailable."""
        ticket = self._random.take(SECRET_BYTES).hex()
        kept = _Kept(self._now() + seconds * SECOND, msgspec.msgpack.encode(value))
        self._cells.change(CHALLENGE, _name(kind, ticket), _Kept, lambda none: (kept, None), seconds)
        return ticket

    def read(self, kind: str, ticket: str, shape: type[T]) -> T | None:
        """The ticket's value, which stays; None where it is unknown, over, or taken."""
        if not _is_ticket(ticket):
            return None
        kept = self._cells.read(CHALLENGE, _name(kind, ticket), _Kept)
        if kept is None or kept.body is None or kept.ends <= self._now():
            return None
        return msgspec.msgpack.decode(kept.body, type=shape)

    def take(self, kind: str, ticket: str, shape: type[T]) -> T | None:
        """The ticket's value, once."""
        if not _is_ticket(ticket):
            return None

        def step(kept: _Kept | None) -> tuple[_Kept | None, bytes | None]:
            if kept is None or kept.body is None or kept.ends <= self._now():
                return None, None
            return _Kept(kept.ends, None), kept.body

        body = self._cells.change(CHALLENGE, _name(kind, ticket), _Kept, step, SECONDS)
        return None if body is None else msgspec.msgpack.decode(body, type=shape)


def _is_ticket(text: str) -> bool:
    return len(text) == CHARACTERS and text.isascii() and all(letter in "0123456789abcdef" for letter in text)


def _name(kind: str, ticket: str) -> str:
    return hashlib.sha256(f"{kind}/{ticket}".encode()).hexdigest()
