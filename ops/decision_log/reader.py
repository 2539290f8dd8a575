"""Reads the decision log of one account: the last so many decisions, from the oldest to the newest."""

import sys
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import CancelledError
from typing import Final

import msgspec

from muniment.domain import logged
from muniment.domain.errors import ServiceUnavailable
from muniment.domain.ledger import Sealed
from muniment.domain.logged import Asker, Found, Heading, Keys, Row, Unbelievable, Window
from muniment.domain.sealing import Unreadable
from muniment.ops.jetstream import api, directget
from muniment.ops.jetstream.api import Stored
from muniment.ops.jetstream.errors import NatsError
from muniment.ops.jetstream.loop import NatsLoop
from muniment.ops.keys.ring import KeyRing

DECISIONS: Final = "IAM_DECISIONS"
MESSAGES_FIRST: Final = 64  # of the stream, looked at from its end; doubled until enough is found
OPENED_MAX: Final = 10_000  # sealed keys that are kept open: callers repeat them
READ_SECONDS: Final = 30.0
NOTHING: Final[Keys] = {}


class DecisionReader:
    """Reads over a connection of the process; decisions are decoded message by message."""

    def __init__(self, loop: NatsLoop, ring: KeyRing) -> None:
        self._loop, self._ring = loop, ring

    def last(self, account: str, count: int, window: Window, *, since: int = 0, until: int = 0) -> Iterator[Found]:
        """The last `count` decisions about the account's principals, of those between the times where any are given.

        Raises ServiceUnavailable where the log cannot be read now.
        """
        try:
            start, skip = self._start(account, count, until)
            if not until:
                yield from self._decisions(account, start, skip, window, since, until, count)
                return
            kept = deque(self._decisions(account, start, 0, window, since, until, sys.maxsize), maxlen=count)
            window.decisions, window.began = len(kept), kept[0].row.time if kept else 0
            yield from kept
        except (NatsError, TimeoutError, CancelledError) as lost:
            raise ServiceUnavailable(f"the decision log cannot be read now: {lost}") from lost

    def _start(self, account: str, count: int, until: int) -> tuple[int, int]:
        """The message to begin with, and how many decisions to pass over there."""
        state = self._loop.run(api.info(self._loop.link, DECISIONS, time.monotonic() + READ_SECONDS)).state
        before, reach, found = state.last_seq + 1, MESSAGES_FIRST, 0
        while before > state.first_seq:
            start = max(state.first_seq, before - reach)
            counts = [
                (each.sequence, n) for each in self._between(account, start, before) if (n := _count(each, until))
            ]
            for sequence, n in reversed(counts):
                found += n
                if found >= count:
                    return sequence, found - count
            before, reach = start, reach * 2
        return max(state.first_seq, 1), 0

    def _between(self, account: str, start: int, before: int) -> Iterator[Stored]:
        """The account's messages from sequence `start` up to but without `before`."""
        subject = logged.subject(account)
        while start < before:
            deadline = time.monotonic() + READ_SECONDS
            got = self._loop.run(
                directget.batch(self._loop.link, DECISIONS, start, subject, directget.BATCH_MAX, deadline), deadline
            )
            for message in got:
                if message.sequence >= before:
                    return
                yield message
            if not got:
                return
            start = got[-1].sequence + 1

    def _decisions(
        self, account: str, start: int, skip: int, window: Window, since: int, until: int, count: int
    ) -> Iterator[Found]:
        end = self._loop.run(api.info(self._loop.link, DECISIONS, time.monotonic() + READ_SECONDS)).state.last_seq + 1
        numbers: dict[str, int] = {}
        opened: dict[bytes, Keys | None] = {}
        for message in self._between(account, start, end):
            try:
                batch = logged.open_batch(message.data, self._ring.verify)
            except Unbelievable:
                window.unbelievable += 1
                continue
            before = numbers.get(batch.writer)
            if batch.account != account or (before is not None and batch.number <= before):
                continue  # another account's under our subject is nobody's; the same number is the same message
            numbers[batch.writer] = batch.number
            window.missing += 0 if before is None else batch.number - before - 1
            window.dropped += batch.dropped
            low, high = window.rates if window.decisions else (batch.rate, batch.rate)
            window.rates = min(low, batch.rate), max(high, batch.rate)
            for row in batch.rows:
                if (until and row.time > until) or row.time < since:
                    continue
                if skip:
                    skip -= 1
                    continue
                if window.decisions >= count:
                    return
                window.decisions += 1
                window.began = window.began or row.time
                window.ended = row.time
                found = self._found(row, batch.askers[row.who], opened)
                window.unreadable += found.request is None
                yield found

    def _found(self, row: Row, asker: Asker, opened: dict[bytes, Keys | None]) -> Found:
        private: Keys | None = None if row.withheld else NOTHING
        if row.sealed is not None:
            box = row.sealed.box
            if box not in opened:
                if len(opened) >= OPENED_MAX:
                    opened.clear()
                opened[box] = self._unsealed(row, asker, row.sealed)
            private = opened[box]
        return Found(row, asker, None if private is None else logged.request_of(row, asker, private))

    def _unsealed(self, row: Row, asker: Asker, sealed: Sealed) -> Keys | None:
        try:
            plain = self._ring.unseal(logged.owner_of(asker.principal, row.time), logged.FIELD, sealed)
            return logged.decode_keys(plain)
        except (Unreadable, msgspec.MsgspecError):
            return None


def _count(message: Stored, until: int) -> int:
    """How many decisions a message holds, by its own words. None where all may lie behind `until`."""
    try:
        found: Heading = logged.heading(message.data)
    except Unbelievable:
        return 0
    if until and message.time_ns // 1_000 > until:
        return 0
    return found.count
