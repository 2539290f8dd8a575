"""The past: every boundary just before the next entry, so that a row can say what its fact replaced.

The timeline folds for itself (docs/decisions/0009-the-timeline-folds-for-itself.md). It works in place on tables that note what is
written to them: the notes are the change that a row shows, and the way back when a batch cannot be stored.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

import msgspec

from muniment.domain.boundary import ChainBroken, State, new_state
from muniment.domain.ledger import Entry

_put: Final = dict.__setitem__
_held: Final = dict.get
_values: Final = msgspec.structs.astuple
_ABSENT: Final[Any] = object()
_BOOKKEEPING: Final = frozenset({"id", "version", "head", "position", "remembered"})


class Change(NamedTuple):
    """One thing that an entry wrote. Where `table` is empty, `key` names a field of the boundary itself."""

    table: str
    key: str
    before: Any  # None where it did not exist
    after: Any  # None where it exists no more


class Watched(dict[str, Any]):
    """A table of a state; every write notes what was there before."""

    __slots__ = ("entities", "journal", "name")
    __hash__ = None

    def __init__(
        self, name: str, values: Mapping[str, Any], journal: list[tuple["Watched", str, Any]], *, entities: bool
    ) -> None:
        super().__init__(values)
        self.name, self.journal, self.entities = name, journal, entities

    def __eq__(self, other: object) -> bool:
        """Only itself: fields of a state are compared in one go, and a table in another's place is to be seen, equal or not."""
        return self is other

    def __setitem__(self, key: str, value: Any) -> None:
        self.journal.append((self, key, _held(self, key, _ABSENT)))
        _put(self, key, value)

    def __delitem__(self, key: str) -> None:
        self.journal.append((self, key, self[key]))
        dict.__delitem__(self, key)

    def pop(self, key: str, *default: Any) -> Any:
        if key in self:
            self.journal.append((self, key, self[key]))
        return dict.pop(self, key, *default)

    def popitem(self) -> tuple[str, Any]:
        key = next(reversed(self))
        return key, self.pop(key)

    def setdefault(self, key: str, default: Any = None) -> Any:
        if key not in self:
            self[key] = default
        return self[key]

    def update(self, *others: Any, **named: Any) -> None:
        for key, value in dict(*others, **named).items():
            self[key] = value

    def __ior__(self, other: Any) -> "Watched":  # type: ignore[override,misc]
        self.update(other)
        return self

    def clear(self) -> None:
        for key in list(self):
            del self[key]

    def put_back(self, key: str, value: Any) -> None:
        """Undo one write, without a note."""
        if value is _ABSENT:
            dict.pop(self, key, None)
        else:
            _put(self, key, value)


class Past:
    """The states of all boundaries, moved on entry by entry; what was not kept can be undone."""

    def __init__(self) -> None:
        self.states: dict[str, State] = {}
        self.changed: set[str] = set()  # boundaries whose saved state is older
        self._journal: list[tuple[Watched, str, Any]] = []
        self._steps: list[tuple[State, tuple[Any, ...]]] = []

    def load(self, states: Iterable[State]) -> None:
        """Begin from saved states."""
        self.states = {state.id: self._watched(state) for state in states}

    def take(self, entry: Entry) -> list[Change]:
        """Move the entry's boundary on; what was replaced by what. Raises ChainBroken, and what a fact raises."""
        boundary = entry.boundary
        state = self.states.get(boundary)
        if state is None:
            state = self.states[boundary] = self._watched(new_state(boundary))
        version = entry.version
        if version != state.version + 1:
            raise ChainBroken(state, entry)
        mark = len(self._journal)
        before = _values(state)
        self._steps.append((state, before))
        entry.fact.evolve(state, entry)
        changes = self._noted(mark)
        if before != (after := _values(state)):
            changes += self._fields(state, before, after)
        state.version = version
        state.head = entry.digest
        self.changed.add(boundary)
        return changes

    def knows(self, entry: Entry) -> bool:
        """Whether the entry is already behind its boundary's state."""
        state = self.states.get(entry.boundary)
        return state is not None and entry.version <= state.version

    def keep(self) -> None:
        """What was taken stands: forget the way back."""
        self._journal.clear()
        self._steps.clear()

    def undo(self) -> None:
        """Take back everything since the last `keep`."""
        for table, key, value in reversed(self._journal):
            table.put_back(key, value)
        for state, before in reversed(self._steps):
            for name, value in zip(state.__struct_fields__, before, strict=True):
                setattr(state, name, value)
        self.keep()

    def _noted(self, mark: int) -> list[Change]:
        """The written entities since `mark`; counters and indexes are not shown. A renamed one is one change, not two."""
        changes: list[Change] = []
        journal = self._journal
        for number in range(mark, len(journal)):
            table, key, old = journal[number]
            if not table.entities:
                continue  # a counter or an index
            new = _held(table, key, _ABSENT)
            if new is old or (number > mark and any(table is one and key == at for one, at, _ in journal[mark:number])):
                continue  # its first note tells what was there before the entry
            changes.append(Change(table.name, key, None if old is _ABSENT else old, None if new is _ABSENT else new))
        return changes if len(changes) < 2 else _renamed(changes)

    def _fields(self, state: State, before: tuple[Any, ...], after: tuple[Any, ...]) -> list[Change]:
        changes = []
        for name, old, new in zip(state.__struct_fields__, before, after, strict=True):
            if old is new or name in _BOOKKEEPING:
                continue
            if isinstance(new, dict):
                table = Watched(name, new, self._journal, entities=name in _entities_of(type(state)))
                setattr(state, name, table)
                changes += _replaced(name, old, table)
            elif old != new:
                changes += [Change("", *told) for told in state.told(name, old, new)]
        return changes

    def _watched(self, state: State) -> State:
        for name in state.__struct_fields__:
            value = getattr(state, name)
            if isinstance(value, dict):
                entities = name in _entities_of(type(state))
                setattr(state, name, Watched(name, value, self._journal, entities=entities))
        return state


@lru_cache(maxsize=64)
def _entities_of(kind: type[State]) -> frozenset[str]:
    """The tables of a state that hold entities, structs of their own, and not counters or names."""
    return frozenset(
        field.name
        for field in msgspec.structs.fields(kind)
        if isinstance(told := msgspec.inspect.type_info(field.type), msgspec.inspect.DictType)
        and isinstance(told.value_type, msgspec.inspect.StructType)
    )


def _renamed(changes: list[Change]) -> list[Change]:
    """Pairs what is gone under one key with what came under another and has the same unique id."""
    gone = {change.before.id: change for change in changes if change.after is None and hasattr(change.before, "id")}
    come = {change.after.id: change for change in changes if change.before is None and hasattr(change.after, "id")}
    if not (both := gone.keys() & come.keys()):
        return changes
    paired = [Change(come[one].table, come[one].key, gone[one].before, come[one].after) for one in sorted(both)]
    return paired + [
        change
        for change in changes
        if (change.before is not None and change.after is not None)
        or getattr(change.before if change.after is None else change.after, "id", None) not in both
    ]


def _replaced(name: str, old: dict[str, Any], new: Watched) -> list[Change]:
    """The entities that differ between two whole tables."""
    keys = [key for key in {**old, **new} if old.get(key) is not new.get(key) and old.get(key) != new.get(key)]
    changes = [Change(name, key, old.get(key), new.get(key)) for key in keys]
    return changes if new.entities else []
