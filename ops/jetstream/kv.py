"""Compare-and-set values in a stream, one subject a key: the buckets IAM_KEYS and IAM_ALIASES, and IAM_PROOFS.

A key's revision is the sequence of its newest message. Every read is answered by the stream's leader.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import msgspec
from eventsourcing.persistence import IntegrityError

from muniment.ops.jetstream import api
from muniment.ops.jetstream.api import Stored
from muniment.ops.jetstream.batch import Guarded
from muniment.ops.jetstream.calls import operational
from muniment.ops.jetstream.doubt import Unknown, append
from muniment.ops.jetstream.errors import ApiError
from muniment.ops.jetstream.loop import DEADLINE_SECONDS, NatsLoop
from muniment.ops.jetstream.subjects import BadSubject

MESSAGE_GONE = 10057  # how MSG.DELETE says that a sequence holds nothing any more


class Value(msgspec.Struct, frozen=True, gc=False):
    """A key's value and the revision that an update must name."""

    data: bytes
    revision: int


class Conflict(IntegrityError):
    """The key is not at the revision named: another writer was first, and nothing was stored."""


class _Subjects(msgspec.Struct, frozen=True):
    subjects: dict[str, int] = {}


class _Info(msgspec.Struct, frozen=True):
    state: _Subjects
    total: int = 0


_decode_info = msgspec.json.Decoder(_Info).decode


class KeyValue:
    """Keys below a subject prefix of one stream. Raises OperationalError where the server cannot be asked."""

    def __init__(self, loop: NatsLoop, stream: str, prefix: str) -> None:
        self.loop = loop
        self.stream = stream
        self.prefix = prefix

    @classmethod
    def bucket(cls, loop: NatsLoop, name: str) -> KeyValue:
        """A key-value bucket under its NATS name: `IAM_KEYS` lies in stream KV_IAM_KEYS below `$KV.IAM_KEYS.`."""
        return cls(loop, f"KV_{name}", f"$KV.{name}.")

    def get(self, key: str) -> Value | None:
        """The newest value; None where there is none."""
        deadline = _deadline()
        query = api.get(self.loop.link, self.stream, deadline, last_by_subj=self._subject(key))
        found = operational(self.loop, query, deadline)
        return None if found is None else Value(found.data, found.sequence)

    def create(self, key: str, data: bytes, *, ttl_seconds: int = 0, deadline: float | None = None) -> int:
        """The first value; its revision. Raises Conflict where the key has a value, Unknown."""
        return self.update(key, data, 0, ttl_seconds=ttl_seconds, deadline=deadline)

    def update(
        self, key: str, data: bytes, revision: int, *, ttl_seconds: int = 0, deadline: float | None = None
    ) -> int:
        """Replace the value of that revision; the new revision. Raises Conflict, Unknown.

        `ttl_seconds` lets the stream forget the value by itself (only IAM_PROOFS allows it).
        """
        until = deadline if deadline is not None else _deadline()
        subject = self._subject(key)
        headers = {"Nats-TTL": f"{ttl_seconds}s"} if ttl_seconds else {}
        message = Guarded(subject, data, headers, subject, revision)
        try:
            return operational(self.loop, append(self.loop.link, self.stream, [message], until), until, Unknown)[0]
        except IntegrityError as exc:
            raise Conflict(f"`{key}` is not at revision {revision}: {exc}") from None

    def names(self, under: str = "") -> list[str]:
        """All keys that begin with the parts of `under` (`a.b` finds `a.b.c`), sorted."""
        filter_ = f"{self._subject(under)}.>" if under else f"{self.prefix}>"
        found: set[str] = set()
        while True:
            page = self._page(filter_, len(found))
            found.update(page.state.subjects)
            if not page.state.subjects or len(found) >= page.total:
                return sorted(subject.removeprefix(self.prefix) for subject in found)

    def revisions(self, key: str = "") -> Iterator[Stored]:
        """Every message that the stream still holds for a key, or for all, oldest first, asked of the leader one by one."""
        filter_ = self._subject(key) if key else f"{self.prefix}>"
        after = 0
        while (found := self._next(after, filter_)) is not None:
            yield found
            after = found.sequence

    def key_of(self, stored: Stored) -> str:
        """The key of a message of this bucket."""
        return stored.subject.removeprefix(self.prefix)

    def erase(self, key: str, *, keep_newest: bool = False) -> int:
        """Overwrite every message of a key in the block files (all but the newest with `keep_newest`); how many.

        Needs the role `erasure`. A message is gone for good: MSG.DELETE overwrites it before it forgets it.
        """
        history = [stored.sequence for stored in self.revisions(key)]
        doomed = history[:-1] if keep_newest else history
        for sequence in doomed:
            self._overwrite(sequence)
        return len(doomed)

    def _overwrite(self, sequence: int) -> None:
        deadline = _deadline()
        body = {"seq": sequence, "no_erase": False}
        try:
            operational(
                self.loop, api.patiently(self.loop.link, f"STREAM.MSG.DELETE.{self.stream}", body, deadline), deadline
            )
        except Exception as exc:
            cause = exc.__cause__
            if not (isinstance(cause, ApiError) and cause.code in (MESSAGE_GONE, api.NO_MESSAGE)):
                raise  # else an earlier try whose answer was lost did it

    def _next(self, after: int, filter_: str) -> Stored | None:
        deadline = _deadline()
        query = api.get(self.loop.link, self.stream, deadline, seq=after + 1, next_by_subj=filter_)
        return operational(self.loop, query, deadline)

    def _page(self, filter_: str, offset: int) -> _Info:
        deadline = _deadline()
        body = {"subjects_filter": filter_, "offset": offset}
        ask = api.patiently(self.loop.link, f"STREAM.INFO.{self.stream}", body, deadline)
        return _decode_info(operational(self.loop, ask, deadline))

    def _subject(self, key: str) -> str:
        if not key or any(c in " \t\r\n*>" for c in key) or key[0] == "." or key[-1] == "." or ".." in key:
            raise BadSubject(f"`{key}` cannot be a key: no white space, wildcards or empty parts")
        return self.prefix + key


def _deadline() -> float:
    return time.monotonic() + DEADLINE_SECONDS
