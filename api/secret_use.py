"""Notes on which day a secret was last read: off the request's way, once for each secret and day (FEATURES 1f)."""

import queue
import threading
from typing import Final

import structlog

from muniment.api.credential_use import ITSELF
from muniment.commands.drawn import uuid7
from muniment.commands.ledger import Ledger
from muniment.commands.secretsmanager.accesses import DAY, NoteSecretAccess
from muniment.commands.task import Context
from muniment.domain.errors import Refused

SECRETS_MAX: Final = 100_000  # remembered as noted on this day
WAITING_MAX: Final = 10_000

log = structlog.get_logger("muniment.api")


class SecretUse:
    """Remembers what was noted today, and records the rest on a thread of its own, which begins with the first note."""

    def __init__(self, ledger: Ledger | None) -> None:
        self._ledger = ledger
        self._noted: dict[str, int] = {}
        self._waiting: queue.Queue[NoteSecretAccess | None] = queue.Queue(WAITING_MAX)
        self._thread = threading.Thread(target=self._run, name="muniment-secret-use", daemon=True)
        self._starting = threading.Lock()

    def note(self, boundary: str, arn: str, now: int) -> None:
        """A secret was read at `now` (microseconds). A full queue loses this note; the next read brings another."""
        day = now // DAY
        if self._ledger is None or self._noted.get(arn) == day:
            return
        if len(self._noted) >= SECRETS_MAX:
            self._noted.clear()
        try:
            self._waiting.put_nowait(NoteSecretAccess(secret=boundary, arn=arn, time=now))
        except queue.Full:
            return
        self._noted[arn] = day
        with self._starting:
            if not self._thread.is_alive():
                self._thread.start()

    def close(self) -> None:
        """Record what waits, and stop."""
        if self._thread.is_alive():
            self._waiting.put(None)
            self._thread.join(5)

    def _run(self) -> None:
        assert self._ledger is not None
        while (command := self._waiting.get()) is not None:
            try:
                self._ledger.execute(command, Context(ITSELF, uuid7(command.time)))
            except Refused as refused:
                self._noted.pop(command.arn, None)
                log.warning("the read of a secret could not be noted", code=refused.code)
            except Exception as error:  # the thread must outlive a fault, or no read would ever be noted again
                self._noted.pop(command.arn, None)
                log.error("the read of a secret could not be noted", code=type(error).__name__)
