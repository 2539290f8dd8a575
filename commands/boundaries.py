"""States of boundaries, kept in memory and brought up to date from the log: the one step beside the library (LEDGER §3).

The library's own cache either re-reads an ever longer tail or shares one object between a decision and a fold, which loses
updates. Here a cached state is whole and never changed; a newer one takes its place by one assignment.
"""

import contextlib
from collections.abc import Iterator
from typing import Any, Final

import msgspec
from eventsourcing.application import LRUCache, Repository
from eventsourcing.persistence import EventStore, PersistenceError

from muniment.commands.mapper import EntryMapper, Forged
from muniment.commands.snapshot import INTERVAL, StaleSnapshot, StateSnapshot
from muniment.domain.boundary import ChainBroken, State, fold, new_state
from muniment.domain.ledger import Entry
from muniment.domain.stored import Damaged, UnknownFact

BOUNDARIES_KEPT_MAX = 4_096


class Impossible(Exception):
    """An entry that is signed and follows rightly, and yet cannot have happened: its fact does not fit the state."""

    def __init__(self, boundary: str, version: int, reason: str) -> None:
        super().__init__(f"entry {version} of `{boundary}` cannot be applied: {reason}")
        self.boundary, self.version = boundary, version


# Why a boundary's log cannot be read on, once it could be read at all. Time does not mend it; `muniment verify` looks at it.
UNREADABLE: Final = (Impossible, ChainBroken, Forged, UnknownFact, Damaged, msgspec.MsgspecError)


class Boundaries(Repository[str]):
    """The repository of the Ledger: `get` answers whole states."""

    def __init__(self, event_store: EventStore[str], snapshot_store: EventStore[str] | None = None) -> None:
        super().__init__(event_store, snapshot_store=snapshot_store)
        self._states: LRUCache[str, State] = LRUCache(maxsize=BOUNDARIES_KEPT_MAX)

    def get(self, aggregate_id: str, *, version: int | None = None, fresh: bool = True, **_: Any) -> State:  # type: ignore[override]
        """The state of a boundary, the empty one before its first entry.

        `fresh` reads the tail from the log's leader; otherwise a kept state is good enough, and the append's guard will
        prove it. With `version`, the state as it was then. Raises what `UNREADABLE` lists, and OperationalError.
        """
        if version is not None:
            return self._read(new_state(aggregate_id), version)
        kept = self.kept(aggregate_id)
        if kept is not None and not fresh:
            return kept
        state = self._read(kept if kept is not None else self._start(aggregate_id), None)
        self.keep(state)
        return state

    def kept(self, boundary: str) -> State | None:
        """The state in memory, however old."""
        try:
            return self._states.get(boundary)
        except KeyError:
            return None

    def keep(self, state: State) -> None:
        """Remember `state` unless a newer one is already there."""
        kept = self.kept(state.id)
        if kept is None or kept.version < state.version:
            self._states.put(state.id, state)

    def drop(self, boundary: str) -> None:
        """Forget one state: what became of the last append is not known."""
        with contextlib.suppress(KeyError):
            self._states.get(boundary, evict=True)

    def forget(self) -> None:
        """Drop every kept state: the log was put back to its beginning."""
        self._states = LRUCache(maxsize=BOUNDARIES_KEPT_MAX)

    def snapshot_due(self, before: State, after: State) -> bool:
        """Whether the step from `before` to `after` crosses a snapshot's version."""
        return self.snapshot_store is not None and before.version // INTERVAL != after.version // INTERVAL

    def _read(self, start: State, version: int | None) -> State:
        last = None
        mapper: Any = self.event_store.mapper
        assert isinstance(mapper, EntryMapper)

        def entries() -> Iterator[Entry]:
            nonlocal last
            known = start.version or None  # of none the first entry is asked for: nothing has to be looked for
            for last in self.event_store.recorder.select_events(start.id, gt=known, lte=version):
                entry: Entry = mapper.to_domain_event(last)
                yield entry

        try:
            state = fold(start, entries())
        except (*UNREADABLE, PersistenceError):
            raise
        except Exception as error:  # whatever a fact raises, a refusal's name included, is not for the caller of today
            number = last.originator_version if last is not None else start.version + 1
            raise Impossible(start.id, number, f"{type(error).__name__}: {error}") from error
        assert state is not None
        if last is not None:
            mapper.check(last)  # the chain makes this one signature vouch for everything before it
        return state

    def _start(self, boundary: str) -> State:
        if self.snapshot_store is None:
            return new_state(boundary)
        try:
            for snapshot in self.snapshot_store.get(boundary, desc=True, limit=1):
                assert isinstance(snapshot, StateSnapshot)
                return snapshot.state
        except StaleSnapshot:
            pass  # disposable: fold from the first entry, the next snapshot is of the new form
        return new_state(boundary)
