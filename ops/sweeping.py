"""The end of secrets: those whose recovery window is over are deleted, and the data keys of deleted ones are overwritten.

Every node does both; each step is idempotent, and recorded as a fact, so a node that is killed half-way is caught up with.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Final, Protocol

import structlog

from muniment.api.credential_use import ITSELF
from muniment.commands.drawn import uuid7
from muniment.commands.ledger import Ledger
from muniment.commands.secretsmanager.deletion import EndSecret, NoteKeyErased
from muniment.commands.task import Context
from muniment.domain.boundary import State
from muniment.domain.sealing import owner
from muniment.domain.secret.state import Secret
from muniment.ops.connection import LogServer
from muniment.ops.jetstream.keystore import JetStreamKeyShredder
from muniment.ops.jetstream.loop import NatsLoop
from muniment.ops.keys.erase import shred
from muniment.ops.keys.ring import KeyRing
from muniment.ops.keys.store import KeyShredder

PAUSE_SECONDS: Final = 2.0
RETRY_SECONDS: Final = 60.0  # where the role that overwrites keys cannot be had

words = structlog.get_logger("muniment.secrets")


class Known(Protocol):
    """The directory: all states (projections/directory.py)."""

    def position(self) -> int:
        """How far it has read."""

    def boundaries(self, kind: str) -> tuple[str, ...]:
        """The ids of all boundaries of a kind."""

    def state(self, boundary: str) -> State:
        """One of them."""


@contextmanager
def shredding(log: LogServer) -> Iterator[KeyShredder]:
    """A connection of the role that overwrites keys, for as long as there is work."""
    loop = NatsLoop(log.as_role("erasure"))
    try:
        yield JetStreamKeyShredder(loop)
    finally:
        loop.close()


class Sweeper:
    """Looks every two seconds, and only where something was written or falls due."""

    def __init__(
        self, ledger: Ledger, known: Known, ring: KeyRing, shredding: Callable[[], AbstractContextManager[KeyShredder]]
    ) -> None:
        self._ledger, self._known, self._ring, self._shredding = ledger, known, ring, shredding
        self._position, self._due = -1, 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="muniment-sweeper", daemon=True)

    def start(self) -> None:
        """Begin, with whatever was left undone."""
        self._thread.start()

    def close(self) -> None:
        """Stop after the step under way."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(5)

    def sweep(self) -> None:
        """One round. Raises what the log or the key store raise."""
        now, position = self._ledger.now(), self._known.position()
        if position == self._position and now < self._due:
            return
        over, erasing, next_due = self._found(now)
        for secret in over:
            self._ledger.execute(EndSecret(secret=secret.id, unique_id=secret.unique_id), Context(ITSELF, uuid7(now)))
        if erasing:
            self._shred(erasing, now)
        self._position, self._due = position, next_due

    def _found(self, now: int) -> tuple[list[Secret], list[tuple[str, str]], int]:
        """Secrets whose time is over, keys to be overwritten as (boundary, unique id), and when the next one falls due."""
        over: list[Secret] = []
        erasing: list[tuple[str, str]] = []
        next_due = 1 << 62
        for boundary in self._known.boundaries(Secret.kind):
            secret = self._known.state(boundary)
            assert isinstance(secret, Secret)
            erasing += [(boundary, unique_id) for unique_id in secret.erasing]
            if 0 < secret.deletion <= now:
                over.append(secret)
            elif secret.deletion:
                next_due = min(next_due, secret.deletion)
        return over, erasing, next_due

    def _shred(self, erasing: list[tuple[str, str]], now: int) -> None:
        with self._shredding() as shredder:
            for boundary, unique_id in erasing:
                shred(self._ring, shredder, owner(boundary, unique_id))
                self._ledger.execute(NoteKeyErased(secret=boundary, unique_id=unique_id), Context(ITSELF, uuid7(now)))

    def _run(self) -> None:
        pause = PAUSE_SECONDS
        while not self._ended.wait(pause):
            try:
                self.sweep()
                pause = PAUSE_SECONDS
            except Exception as error:  # the thread must outlive a fault: keys would never be overwritten again
                words.warning("the end of secrets waits", error=type(error).__name__)
                pause = RETRY_SECONDS
