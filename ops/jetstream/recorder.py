"""`JetStreamRecorder`: the recorder of `eventsourcing` on a JetStream stream; every boundary's newest sequence is its lock."""

from __future__ import annotations

import time
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    DataError,
    IntegrityError,
    Notification,
    OperationalError,
    StoredEvent,
    Tracking,
)

from muniment.ops.jetstream import api, directget
from muniment.ops.jetstream.api import Stored
from muniment.ops.jetstream.batch import BATCH_MESSAGES_MAX, Guarded
from muniment.ops.jetstream.calls import operational
from muniment.ops.jetstream.doubt import Unknown, append
from muniment.ops.jetstream.loop import DEADLINE_SECONDS, NatsLoop
from muniment.ops.jetstream.subjects import BadSubject, Subjects
from muniment.ops.jetstream.subscription import JetStreamSubscription
from muniment.ops.jetstream.swift import append_and_wait
from muniment.ops.jetstream.tail import BoundaryTail, Tail
from muniment.ops.jetstream.wire import parse_headers

VERSION = "Mun-Version"
BISECT_ABOVE = 2000  # a range this long is read from its first sequence instead of bisected

T = TypeVar("T")


class _Recorder:
    """What both recorders do; `contiguous` says whether versions may leave gaps (snapshots do, events never)."""

    contiguous = True

    def __init__(self, loop: NatsLoop, stream: str, prefix: str, id_type: type[UUID] | type[str] = str) -> None:
        self.loop = loop
        self.stream = stream
        self.subjects = Subjects(prefix, id_type)
        self.tail = BoundaryTail()

    # ------------------------------------------------------------------ writing

    def _insert(
        self, stored_events: Sequence[StoredEvent], headers: Mapping[str, str] | None, deadline: float | None
    ) -> list[int]:
        if not stored_events:
            return []
        if len(stored_events) > BATCH_MESSAGES_MAX:
            raise DataError(f"{len(stored_events)} events at once: at most {BATCH_MESSAGES_MAX} can be stored together")
        groups = _by_originator(stored_events, self.contiguous)
        until = deadline if deadline is not None else time.monotonic() + DEADLINE_SECONDS
        guards = self._guards_known(groups)
        if guards is None or not self.loop.ready:
            return operational(self.loop, self._append(stored_events, groups, headers or {}, until), until, Unknown)
        messages = self._guarded(stored_events, guards, headers or {})
        return self._note(stored_events, append_and_wait(self.loop, self.stream, messages, until))

    def _guards_known(self, groups: Mapping[str, StoredEvent]) -> dict[str, int] | None:
        """The sequences that the boundaries' newest entries must have, where nothing has to be read for it."""
        guards = {}
        for boundary, first in groups.items():
            known = self.tail.after(boundary, first.originator_version - 1)
            if known is None:
                return None
            guards[boundary] = known
        return guards

    async def _append(
        self,
        stored_events: Sequence[StoredEvent],
        groups: Mapping[str, StoredEvent],
        headers: Mapping[str, str],
        deadline: float,
    ) -> list[int]:
        guards = {}
        for boundary, first in groups.items():
            guards[boundary] = await self._expected(boundary, first.originator_version, deadline)
        messages = self._guarded(stored_events, guards, headers)
        return self._note(stored_events, await append(self.loop.link, self.stream, messages, deadline))

    def _guarded(
        self, stored_events: Sequence[StoredEvent], guards: dict[str, int], headers: Mapping[str, str]
    ) -> list[Guarded]:
        """The messages to store; the first of each boundary carries its guard. Raises DataError."""
        messages = []
        for event in stored_events:
            boundary = str(event.originator_id)
            expected = guards.pop(boundary, None)
            try:
                subject = self.subjects.of(event.originator_id, event.topic)
                guard = "" if expected is None else self.subjects.boundary(event.originator_id)
            except BadSubject as exc:
                raise DataError(str(exc)) from None
            own = {**headers, VERSION: str(event.originator_version)}
            messages.append(Guarded(subject, event.state, own, guard, expected or 0))
        return messages

    def _note(self, stored_events: Sequence[StoredEvent], sequences: list[int]) -> list[int]:
        for event, sequence in zip(stored_events, sequences, strict=True):
            self.tail.know(str(event.originator_id), event.originator_version, sequence)
        return sequences

    async def _expected(self, boundary: str, version: int, deadline: float) -> int:
        """The sequence that the boundary's newest entry must have for `version` to come next. Raises IntegrityError."""
        known = self.tail.last(boundary)
        if known is None and version == 0:
            return 0
        if known is None or (self.contiguous and known.version < version - 1):
            known = await self._last(boundary, deadline)
        if known is None:
            if self.contiguous and version > 1:
                raise IntegrityError(f"`{boundary}` is empty: version {version} cannot be its first")
            return 0
        if known.version >= version or (self.contiguous and known.version != version - 1):
            raise IntegrityError(f"`{boundary}` is at version {known.version}: version {version} cannot follow")
        return known.sequence

    # ------------------------------------------------------------------ reading

    async def _last(self, boundary: str, deadline: float) -> Tail | None:
        """The newest entry, from the leader."""
        found = await api.get(self.loop.link, self.stream, deadline, last_by_subj=self.subjects.boundary(boundary))
        if found is None:
            return None
        version = _version(found)
        self.tail.know(boundary, version, found.sequence)
        return Tail(version, found.sequence)

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """Entries of one boundary with versions above `gt` up to `lte`: complete up to the leader's newest.

        Raises OperationalError when they cannot be read.
        """
        deadline = time.monotonic() + DEADLINE_SECONDS
        boundary = str(originator_id)
        if desc and limit == 1 and gt is None and lte is None:
            found = self._run(self._newest(boundary, deadline), deadline)
        else:
            found = self._run(self._range(boundary, gt, lte, None if desc else limit, deadline), deadline)
        events = [self._event(stored) for stored in found]
        if desc:
            events.reverse()
        return events if limit is None else events[:limit]

    async def _newest(self, boundary: str, deadline: float) -> list[Stored]:
        filter_ = self.subjects.boundary(boundary)
        found = await api.get(self.loop.link, self.stream, deadline, last_by_subj=filter_)
        return [] if found is None else [found]

    async def _range(
        self, boundary: str, gt: int | None, lte: int | None, limit: int | None, deadline: float
    ) -> list[Stored]:
        newest = await self._newest(boundary, deadline)
        if not newest:
            return []
        last = newest[0]
        self.tail.know(boundary, _version(last), last.sequence)
        if gt is not None and _version(last) <= gt:
            return []
        if self.contiguous and gt is not None and _version(last) == gt + 1:
            return newest if lte is None or lte > gt else []
        start = await self._start(boundary, gt, last, deadline)
        return await self._collect(boundary, start, last, gt, lte, limit, deadline)

    async def _start(self, boundary: str, gt: int | None, last: Stored, deadline: float) -> int:
        """A sequence at or before the first entry above version `gt`, found by bisecting: versions grow with sequences."""
        if gt is None:
            return 1
        low, high = 1, last.sequence  # the entry wanted is in low..high
        filter_ = self.subjects.boundary(boundary)
        while high - low > BISECT_ABOVE:
            middle = (low + high) // 2
            found = await api.get(self.loop.link, self.stream, deadline, seq=middle, next_by_subj=filter_)
            if found is None or found.sequence >= high or _version(found) > gt:
                high = middle
            else:
                low = found.sequence
                if _version(found) == gt:
                    return low + 1
        return low

    async def _collect(
        self,
        boundary: str,
        start: int,
        last: Stored,
        gt: int | None,
        lte: int | None,
        limit: int | None,
        deadline: float,
    ) -> list[Stored]:
        """Read on from `start` until the leader's newest; what a lagging replica lacks comes from the leader."""
        filter_ = self.subjects.boundary(boundary)
        events: list[Stored] = []
        while start <= last.sequence:
            page = await directget.batch(self.loop.link, self.stream, start, filter_, directget.BATCH_MAX, deadline)
            if not page:
                missing = await api.get(self.loop.link, self.stream, deadline, seq=start, next_by_subj=filter_)
                page = [missing] if missing is not None else []
            if not page:
                raise OperationalError(f"`{boundary}` ends before sequence {last.sequence}, which its leader named")
            for stored in page:
                version = _version(stored)
                if lte is not None and version > lte:
                    return events
                if gt is None or version > gt:
                    events.append(stored)
                    if limit is not None and len(events) == limit:
                        return events
            start = page[-1].sequence + 1
        return events

    def _event(self, stored: Stored) -> StoredEvent:
        originator_id, topic = self.subjects.parse(stored.subject)
        return StoredEvent(originator_id, _version(stored), topic, stored.data)

    def _run(self, coroutine: Coroutine[Any, Any, T], deadline: float) -> T:
        return operational(self.loop, coroutine, deadline)


class JetStreamAggregateRecorder(_Recorder, AggregateRecorder):
    """Entries of boundaries without notification ids; versions may leave gaps but only grow (snapshots)."""

    contiguous = False

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> None:
        """Store all or none. Raises as `JetStreamRecorder.insert_events`."""
        self._insert(stored_events, None, None)


class JetStreamRecorder(_Recorder, ApplicationRecorder):
    """Entries of boundaries in one stream; an entry's notification id is its stream sequence."""

    def insert_events(
        self,
        stored_events: Sequence[StoredEvent],
        *,
        headers: Mapping[str, str] | None = None,
        deadline: float | None = None,
        tracking: Tracking | None = None,
        **_: Any,
    ) -> list[int]:
        """Store all or none, each boundary guarded by its newest sequence; their sequences.

        `deadline` is a moment of `time.monotonic()` (default: 5 s from now), `headers` go on every message. Raises
        IntegrityError (somebody else was first: nothing stored), OperationalError (nothing stored), Unknown (not known
        whether stored), DataError (too many, too large, or not writable as a subject).
        """
        if tracking is not None:
            raise DataError("tracking is not offered: projections keep their own checkpoints")
        return self._insert(stored_events, headers, deadline)

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """Entries of all boundaries in the stream's order. Raises OperationalError."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        first = 1 if start is None else start + (0 if inclusive_of_start else 1)
        return self._run(self._notifications(first, limit, stop, frozenset(topics), deadline), deadline)

    async def _notifications(
        self, start: int, limit: int, stop: int | None, topics: frozenset[str], deadline: float
    ) -> list[Notification]:
        found: list[Notification] = []
        while True:
            wanted = directget.BATCH_MAX if topics else limit - len(found)
            page = await directget.batch(
                self.loop.link, self.stream, max(start, 1), self.subjects.everything, wanted, deadline
            )
            for stored in page:
                if stop is not None and stored.sequence > stop:
                    return found
                notification = self.notification(stored)
                if not topics or notification.topic in topics:
                    found.append(notification)
                    if len(found) == limit:
                        return found
            if not page:
                return found
            start = page[-1].sequence + 1

    def notification(self, stored: Stored) -> Notification:
        """A stored message as the library's notification."""
        originator_id, topic = self.subjects.parse(stored.subject)
        return Notification(originator_id, _version(stored), topic, stored.data, stored.sequence)

    def max_notification_id(self) -> int | None:
        """The sequence of the newest entry, from the leader; None when there is none. Raises OperationalError."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        query = api.get(self.loop.link, self.stream, deadline, last_by_subj=self.subjects.everything)
        found = self._run(query, deadline)
        return None if found is None else found.sequence

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> JetStreamSubscription:
        """Entries after `gt` and then new ones as they come."""
        return JetStreamSubscription(self, gt, topics)


def _version(stored: Stored) -> int:
    """Raises OperationalError for what this program did not write."""
    try:
        return int(parse_headers(stored.headers)[VERSION])
    except (KeyError, ValueError):
        raise OperationalError(
            f"sequence {stored.sequence} (`{stored.subject}`) carries no version: it was not written by Muniment"
        ) from None


def _by_originator(stored_events: Sequence[StoredEvent], contiguous: bool) -> dict[str, StoredEvent]:
    """The first event of each boundary, in order. Raises IntegrityError when versions repeat, or leave gaps."""
    firsts: dict[str, StoredEvent] = {}
    lasts: dict[str, int] = {}
    for event in stored_events:
        boundary = str(event.originator_id)
        version = event.originator_version
        if boundary in lasts:
            before = lasts[boundary]
            if version <= before or (contiguous and version != before + 1):
                raise IntegrityError(f"`{boundary}`: version {version} cannot follow version {before}")
        else:
            firsts[boundary] = event
        lasts[boundary] = version
    return firsts
