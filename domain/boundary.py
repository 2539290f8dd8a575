"""A boundary: what must stay consistent together, its state, and the fold that makes the state from entries (DESIGN §2)."""

import copy
from collections.abc import Iterable, Set
from typing import Any, ClassVar, Final, Self, TypeVar

import msgspec

from muniment.domain.ledger import Entry
from muniment.domain.remembered import Remembered

STATES: Final[dict[str, type["State"]]] = {}


class State(msgspec.Struct, kw_only=True, dict=True):
    """What a boundary knows after its `version`-th entry. Whole states are shared and never changed: only a draft is."""

    kind: ClassVar[str] = ""
    shared: ClassVar[Set[str]] = frozenset()  # of a draft: its tables that others hold too (no field: it is not stored)

    id: str  # "account.123456789012"
    version: int = 0
    head: bytes = b""  # digest of the last stored message; the next entry names it as `prev`
    position: int = 0  # stream sequence of the last entry, 0 where it is not known
    remembered: Remembered = msgspec.field(default_factory=Remembered)

    def __init_subclass__(cls) -> None:
        STATES[cls.kind] = cls

    @property
    def number(self) -> str:
        """The id without its kind: an account's number, an organization's id."""
        return self.id.split(".", 1)[1]

    def draft(self) -> Self:
        """A copy to `apply` entries to, and for nothing else.

        A table is copied when a fact first asks for it; the values in tables are frozen and stay shared.
        """
        twin = copy.copy(self)
        tables = [name for name in self.__struct_fields__ if type(getattr(self, name)) is dict]
        twin.__dict__["shared"] = set(tables)
        if self.shared is not State.shared:  # a draft itself: what it owned until now it shares with its twin
            self.__dict__["shared"] = set(tables)
        twin.remembered = self.remembered.draft()
        return twin

    def whole(self) -> Self:
        """This draft, done: a state of its own, beside which nothing of its making is kept (some 400 bytes)."""
        return copy.copy(self)

    @classmethod
    def told(cls, name: str, before: Any, after: Any) -> Iterable[tuple[str, Any, Any]]:
        """How a change of one field is told to people: by its name, unless the field is a piece of several things."""
        return ((name, before, after),)

    def own(self) -> None:
        """Copy all tables that this draft shares: before so many entries that asking at each table would cost more."""
        for name in self.shared:
            setattr(self, name, getattr(self, name).copy())
        self.__dict__["shared"] = set()

    def apply(self, entry: Entry) -> None:
        """Write one entry into this state, which must be a draft or nobody else's. Raises ChainBroken."""
        if entry.version != self.version + 1 or entry.prev != self.head:
            raise ChainBroken(self, entry)
        entry.fact.evolve(Writing(self) if self.shared else self, entry)
        self.version = entry.version
        self.head = entry.digest
        if entry.command.key:
            self.remembered.note(entry.command.key, entry.command.body, entry.time, entry.version)


class Writing:
    """A draft as a fact's `evolve` sees it: whoever asks for a table may write to it, so it gets the draft's own.

    An account of 10 000 principals has tables that take longer to copy than a command does to decide; most facts change one.
    The state's own methods see the state itself: they only read.
    """

    __slots__ = ("_state",)
    _state: State

    def __init__(self, state: State) -> None:
        object.__setattr__(self, "_state", state)

    def __getattr__(self, name: str) -> Any:
        state = self._state
        value = getattr(state, name)
        shared = state.shared
        if name in shared:
            value = value.copy()
            setattr(state, name, value)
            shared.discard(name)  # type: ignore[attr-defined]  # a draft's is a set of its own
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._state, name, value)
        self._state.__dict__["shared"].discard(name)


class ChainBroken(Exception):
    """An entry does not follow the one before it: one was lost, altered, forged or doubled."""

    def __init__(self, state: State, entry: Entry) -> None:
        what = (
            f"version {entry.version} follows version {state.version}"
            if entry.version != state.version + 1
            else f"version {entry.version} does not name the entry before it"
        )
        super().__init__(f"the chain of `{entry.boundary}` is broken: {what} (entry {entry.id})")
        self.boundary, self.version = entry.boundary, entry.version


class Stateless(State):
    """A boundary that nothing is decided from, such as `activity`."""

    kind = "activity"


def new_state(boundary: str) -> State:
    """The state of a boundary before its first entry. Raises KeyError where no such kind exists."""
    return STATES[boundary.split(".", 1)[0]](id=boundary)


S = TypeVar("S", bound=State)


def fold(state: State | None, entries: Iterable[Entry]) -> State | None:
    """The state after `entries`. The given state is never changed; the draft is made once, so bulk folding is linear."""
    draft: State | None = None
    for entry in entries:
        if draft is None:
            draft = new_state(entry.boundary) if state is None else state.draft()
        draft.apply(entry)
    return state if draft is None else draft


def as_state(state: State | None, boundary: str, kind: type[S]) -> S:
    """`state`, or the empty one, as the type the caller expects."""
    found: Any = new_state(boundary) if state is None else state
    if not isinstance(found, kind):
        raise TypeError(f"`{boundary}` is not a boundary of kind `{kind.kind}`")
    return found
