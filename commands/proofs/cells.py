"""Cells: small values changed by compare-and-set, the same for all nodes. `ops/jetstream` keeps them in IAM_PROOFS (DESIGN §2).

Names are hashes: what stands in a subject tells nobody who tries to sign in, and no client's text becomes part of one.
"""

import hashlib
import random
import threading
import time
from collections.abc import Callable
from typing import Final, Protocol, TypeVar

import msgspec
from eventsourcing.persistence import IntegrityError, PersistenceError

from muniment.domain.errors import ServiceUnavailable

PROOF: Final = "proof"
ATTEMPTS: Final = "attempts"
CHALLENGE: Final = "challenge"

TRIES_MAX: Final = 200
STEP_ASIDE_SECONDS: Final = 0.004
LOCKS: Final = 64  # in this process those who want the same cell stand in line, which spares most conflicts

T = TypeVar("T", bound=msgspec.Struct)
A = TypeVar("A")


class Value(Protocol):
    """A cell's value and its revision."""

    @property
    def data(self) -> bytes:
        """The bytes."""

    @property
    def revision(self) -> int:
        """What an update must name."""


class Store(Protocol):
    """Where cells are kept. Raises PersistenceError where it cannot be asked."""

    def get(self, key: str) -> Value | None:
        """The newest value, from the leader."""

    def update(self, key: str, data: bytes, revision: int, *, ttl_seconds: int = 0) -> int:
        """Replace the value of that revision (0: there is none). Raises IntegrityError where another was first."""


def name(*parts: str) -> str:
    """The hash of the parts, each with its length, as a cell's name."""
    return hashlib.sha256(msgspec.msgpack.encode(parts)).hexdigest()


class Cells:
    """Typed cells over a store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._locks = [threading.Lock() for _ in range(LOCKS)]

    def read(self, kind: str, key: str, shape: type[T]) -> T | None:
        """The cell's value, or None. Raises ServiceUnavailable."""
        try:
            found = self._store.get(f"{kind}.{key}")
        except PersistenceError as error:
            raise _away() from error
        return None if found is None else msgspec.msgpack.decode(found.data, type=shape)

    def change(
        self, kind: str, key: str, shape: type[T], step: Callable[[T | None], tuple[T | None, A]], ttl_seconds: int = 0
    ) -> A:
        """Change the cell by `step`, which gets the value and answers the next one and its own answer; None leaves it as it is.

        `step` may be called again when another node was first; whatever it raises ends the change. Raises ServiceUnavailable.
        """
        subject = f"{kind}.{key}"
        with self._locks[hash(subject) % LOCKS]:
            for tried in range(TRIES_MAX):
                try:
                    found = self._store.get(subject)
                    value = None if found is None else msgspec.msgpack.decode(found.data, type=shape)
                    after, answer = step(value)
                    if after is not None:
                        revision = 0 if found is None else found.revision
                        self._store.update(subject, msgspec.msgpack.encode(after), revision, ttl_seconds=ttl_seconds)
                except IntegrityError:
                    time.sleep(random.uniform(0, STEP_ASIDE_SECONDS * min(tried + 1, 10)))  # noqa: S311 - not a secret
                except PersistenceError as error:
                    raise _away() from error
                else:
                    return answer
        raise _away()


def _away() -> ServiceUnavailable:
    return ServiceUnavailable("proofs of identity cannot be checked now; the same request may be sent again")
