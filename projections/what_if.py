"""Logged requests asked again: of the states as they are, and of states as they would be (DESIGN §5)."""

import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec

from muniment.domain.boundary import State
from muniment.domain.logged import Found
from muniment.domain.policy.layers import Source
from muniment.domain.session import ROLE, Passed, Session
from muniment.projections.access.decided import Decided
from muniment.projections.access.model import Access
from muniment.projections.fold import Fold
from muniment.projections.turns import Turns

LOOK_DECISIONS: Final = 32  # asked again between two looks at the clock, where others are let run


class OutOfTime(Exception):
    """Asking all of them again takes longer than it may."""


class Difference(msgspec.Struct, frozen=True):
    """A logged request that would be answered otherwise."""

    found: Found
    before: Decided
    after: Decided


class Overlay(dict[str, State]):
    """A table that cannot be copied, because it is read as it is asked for, with some states in place of its own."""

    def __init__(self, table: Mapping[str, State], instead: Mapping[str, State]) -> None:
        super().__init__(instead)
        self._table = table

    def get(self, boundary: str, default: Any = None) -> Any:
        """The state of a boundary."""
        return self[boundary] if boundary in self else self._table.get(boundary, default)


class World(Access):
    """Who may do what over given states: those of another model at one moment, some of them replaced."""

    def __init__(self, access: Access, instead: Mapping[str, State]) -> None:
        super().__init__(Fold())
        known = {name: state for name, state in instead.items() if self.reads(name)}
        self.show({**access.table, **known} if type(access.table) is dict else Overlay(access.table, known))
        self.checkpoints = access.checkpoints


class Worlds:
    """The state as it is and as it would be, and what differs between them."""

    def __init__(self, access: Access, before: Mapping[str, State], after: Mapping[str, State]) -> None:
        self.before, self.after = World(access, before), World(access, after)
        self._sessions: dict[tuple[str, bytes], tuple[tuple[Source, ...] | None, tuple[Source, ...] | None]] = {}
        self.asked = 0

    def differences(self, found: Iterable[Found], deadline: float) -> Iterator[Difference]:
        """The requests whose answer, yes or no, differs. `deadline` is a moment of `time.monotonic()`. Raises OutOfTime.

        Decisions whose request cannot be put together any more are passed over; whoever reads the log counts them.
        """
        turns = Turns()
        before, after = self.before, self.after
        for each in found:
            self.asked += 1
            if self.asked % LOOK_DECISIONS == 0:
                if time.monotonic() > deadline:
                    raise OutOfTime
                turns.pass_on()
            request = each.request
            if request is None:
                continue
            ours, theirs = self._policies(each) if each.asker.passed is not None else (None, None)
            now, then = before.decide(request, ours), after.decide(request, theirs)
            if bool(now) is not bool(then):
                yield Difference(each, now, then)

    def _policies(self, found: Found) -> tuple[tuple[Source, ...] | None, tuple[Source, ...] | None]:
        """The session policies that were passed, as they are in either world: managed ones may be what changes."""
        passed, account = found.asker.passed, found.asker.principal.account
        assert passed is not None
        key = account, msgspec.msgpack.encode(passed)
        if key not in self._sessions:
            session = _session(account, passed)
            self._sessions[key] = self.before.session_policies(session), self.after.session_policies(session)
        return self._sessions[key]


def _session(account: str, passed: Passed) -> Session:
    """A session that holds nothing but what was passed."""
    return Session(id="", secret="", type=ROLE, account=account, principal="", issued=0, expires=0, passed=passed)
