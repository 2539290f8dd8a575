"""Notes which access keys and roles are used: off the request's way, once for each and hour (FEATURES 1b)."""

import queue
import threading
from typing import Final

import structlog

from muniment.commands.drawn import uuid7
from muniment.commands.ledger import Ledger
from muniment.commands.muniment.credential_use import HOUR, NoteCredentialUse, NoteRoleUse
from muniment.commands.muniment.operator import OPERATOR
from muniment.commands.task import Context
from muniment.domain import ids
from muniment.domain.caller import Caller
from muniment.domain.errors import Refused
from muniment.domain.ledger import Actor
from muniment.domain.session import ROLE

KEYS_MAX: Final = 100_000  # remembered as noted in this hour
WAITING_MAX: Final = 10_000
ITSELF: Final = Caller(Actor(ids.NOBODY, "arn:muniment:ops:::process/api", "process/api", OPERATOR), operator=True)

log = structlog.get_logger("muniment.api")


class CredentialUse:
    """Remembers what was noted this hour, and records the rest on a thread of its own."""

    def __init__(self, ledger: Ledger | None) -> None:
        self._ledger = ledger
        self._noted: dict[str, int] = {}
        self._waiting: queue.Queue[tuple[str, NoteCredentialUse | NoteRoleUse] | None] = queue.Queue(WAITING_MAX)
        self._thread = threading.Thread(target=self._run, name="muniment-credential-use", daemon=True)
        if ledger is not None:
            self._thread.start()

    def note(self, caller: Caller, access_key_id: str, service: str, region: str, now: int) -> None:
        """The caller's key, or the role whose session it is, was used at `now` (microseconds).

        Of other sessions nothing is noted: what they stand on was used when they began. A full queue loses this note; the next
        use brings another.
        """
        session, account = caller.session, caller.actor.account
        if session is None:
            used = access_key_id
        elif session.type == ROLE:
            account, used = session.account, session.principal
        else:
            return
        if self._ledger is None or self._noted.get(used) == now // HOUR:
            return
        command = (
            NoteCredentialUse(
                account_id=account, access_key_id=used, time=now, used_service=service, used_region=region
            )
            if session is None
            else NoteRoleUse(account_id=account, role_id=used, time=now, used_region=region)
        )
        if len(self._noted) >= KEYS_MAX:
            self._noted.clear()
        try:
            self._waiting.put_nowait((used, command))
        except queue.Full:
            return
        self._noted[used] = now // HOUR

    def close(self) -> None:
        """Record what waits, and stop."""
        if self._thread.is_alive():
            self._waiting.put(None)
            self._thread.join(5)

    def _run(self) -> None:
        assert self._ledger is not None
        while (waiting := self._waiting.get()) is not None:
            used, command = waiting
            try:
                self._ledger.execute(command, Context(ITSELF, uuid7(command.time)))
            except Refused as refused:
                self._noted.pop(used, None)
                log.warning("use of a credential could not be recorded", code=refused.code)
            except Exception as error:  # the thread must outlive a fault, or no use would ever be noted again
                self._noted.pop(used, None)
                log.error("use of a credential could not be recorded", code=type(error).__name__)
