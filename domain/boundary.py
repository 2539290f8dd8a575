"""A boundary: what must stay consistent together, its state, and the fold that makes the state from entries (DESIGN §2)."""

import copy
from collections.abc import Iterable
from typing import Any, ClassVar, Final, Self, TypeVar

import msgspec

from muniment.domain.ledger import Entry
from muniment.domain.remembered import Remembered

STATES: Final[dict[str, type["State"]]] = {}


class State(msgspec.Struct, kw_only=True):
    """What a boundary knows after its `version`-th entry. Whole states are shared and never changed: only a draft is."""

    kind: ClassVar[str] = ""

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
        """A copy whose tables may be written to; the values in them are frozen and stay shared."""
        twin = copy.copy(self)
        for name in self.__struct_fields__:
            value = getattr(twin, name)
            if type(value) is dict:
                setattr(twin, name, value.copy())
        twin.remembered = self.remembered.draft()
        return twin

    def apply(self, entry: Entry) -> None:
        """Write one entry into this state, which must be a draft or nobody else's. Raises ChainBroken."""
        if entry.version != self.version + 1 or entry.prev != self.head:
            raise ChainBroken(self, entry)
        entry.fact.evolve(self, entry)
        self.version = entry.version
        self.head = entry.digest
        if entry.command.key:
            self.remembered.note(entry.command.key, entry.command.body, entry.time, entry.version)


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
