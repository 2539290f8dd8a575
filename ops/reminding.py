"""Reminders of access keys that are due for rotation and that nobody uses; those that are used bring their own.

Every node looks once an hour; a reminder is recorded once, because the command finds that it was given.
"""

import threading
from collections.abc import Iterator
from typing import Final, Protocol

import structlog

from muniment.api.credential_use import ITSELF
from muniment.commands.drawn import uuid7
from muniment.commands.ledger import Ledger
from muniment.commands.muniment.credential_use import RemindOfRotation, is_due
from muniment.commands.task import Context
from muniment.domain.account.state import Account
from muniment.domain.boundary import State

PAUSE_SECONDS: Final = 3_600.0

words = structlog.get_logger("muniment.keys")


class Known(Protocol):
    """The directory: all states (projections/directory.py)."""

    def boundaries(self, kind: str) -> tuple[str, ...]:
        """The ids of all boundaries of a kind."""

    def state(self, boundary: str) -> State:
        """One of them."""


class Reminder:
    """Looks at all keys, once an hour."""

    def __init__(self, ledger: Ledger, known: Known) -> None:
        self._ledger, self._known = ledger, known
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="muniment-reminder", daemon=True)

    def start(self) -> None:
        """Begin; the first look is after an hour."""
        self._thread.start()

    def close(self) -> None:
        """Stop after the reminder under way."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(5)

    def remind(self) -> int:
        """One round: how many keys were due. Raises what the log raises."""
        now, count = self._ledger.now(), 0
        for account, key_id in self._due(now):
            command = RemindOfRotation(account_id=account, access_key_id=key_id)
            self._ledger.execute(command, Context(ITSELF, uuid7(now)))
            count += 1
        return count

    def _due(self, now: int) -> Iterator[tuple[str, str]]:
        for boundary in self._known.boundaries(Account.kind):
            if self._ended.is_set():
                return
            account = self._known.state(boundary)
            assert isinstance(account, Account)
            for keys in (account.root_keys, *(user.keys for user in account.users.values())):
                for key in keys:
                    if key.active and is_due(key, now):
                        yield account.number, key.id

    def _run(self) -> None:
        while not self._ended.wait(PAUSE_SECONDS):
            try:
                self.remind()
            except Exception as error:  # the thread must outlive a fault; the next hour catches up
                words.warning("reminders of old keys wait", error=type(error).__name__)
