"""Notes which access keys are used: off the request's way, once for each key and hour (FEATURES 1b)."""

import queue
import threading
from typing import Final

import structlog

from muniment.commands.drawn import uuid7
from muniment.commands.ledger import Ledger
from muniment.commands.muniment.credential_use import HOUR, NoteCredentialUse
from muniment.commands.muniment.operator import OPERATOR
from muniment.commands.task import Context
from muniment.domain import ids
from muniment.domain.caller import Caller
from muniment.domain.errors import Refused
from muniment.domain.ledger import Actor

KEYS_MAX: Final = 100_000  # remembered as noted in this hour
WAITING_MAX: Final = 10_000
ITSELF: Final = Caller(Actor(ids.NOBODY, "arn:muniment:ops:::process/api", "process/api", OPERATOR), operator=True)

log = structlog.get_logger("muniment.api")


class CredentialUse:
    """Remembers what was noted this hour, and records the rest on a thread of its own."""

    def __init__(self, ledger: Ledger | None) -> None:
        self._ledger = ledger
        self._noted: dict[str, int] = {}
        self._waiting: queue.Queue[NoteCredentialUse | None] = queue.Queue(WAITING_MAX)
        self._thread = threading.Thread(target=self._run, name="muniment-credential-use", daemon=True)
        if ledger is not None:
            self._thread.start()

    def note(self, account: str, access_key_id: str, service: str, region: str, now: int) -> None:
        """A key was used at `now` (microseconds). A full queue loses this note; the next use brings another."""
        hour = now // HOUR
        if access_key_id.startswith(ids.SESSION_KEY):  # what it stands on was used when it began
            return
        if self._ledger is None or self._noted.get(access_key_id) == hour:
            return
        if len(self._noted) >= KEYS_MAX:
            self._noted.clear()
        command = NoteCredentialUse(
            account_id=account, access_key_id=access_key_id, time=now, used_service=service, used_region=region
        )
        try:
            self._waiting.put_nowait(command)
        except queue.Full:
            return
        self._noted[access_key_id] = hour

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
                self._noted.pop(command.access_key_id, None)
                log.warning("use of a credential could not be recorded", code=refused.code)
            except Exception as error:  # the thread must outlive a fault, or no use would ever be noted again
                self._noted.pop(command.access_key_id, None)
                log.error("use of a credential could not be recorded", code=type(error).__name__)
