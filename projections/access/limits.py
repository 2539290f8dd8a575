"""What an organization lets an account's principals do: the service control policies of every level on the way to the account, as
rows for each action (POLICY_EVALUATION 2.2, step 3).

They stand beside what principals hold and are in no bundle: a changed policy makes a few rows anew, however many principals it
binds (docs/decisions/0036-organizations-stand-beside-plans.md).
"""

import sys
from typing import Final

from muniment.domain.policy.layers import Said
from muniment.projections.access.frame import Frame
from muniment.projections.access.plans import ACTION_CHARACTERS_MAX, Documents, allows, denies
from muniment.projections.access.rules import ALWAYS, Run, first

ACTIONS_MAX: Final = 4_096  # whose rows are remembered

# what denies, and of each level that does not allow everything what allows
Rows = tuple[tuple[Run, ...], tuple[tuple[Run, ...], ...]]


class Limits:
    """The levels over some accounts. Safe for many threads: at worst rows are made twice."""

    __slots__ = ("__weakref__", "_levels", "rows")

    def __init__(self, levels: tuple[Documents, ...]) -> None:
        self._levels = levels
        self.rows: dict[str, Rows] = {}  # by action as requests spell it

    def of(self, action: str) -> Rows:
        """The rows for an action."""
        found = self.rows.get(action)
        if found is None:
            name = action.lower()
            said = [[one.candidates(name) for one in level] for level in self._levels]
            open_ = (ALWAYS,)
            levels = tuple(row for level in said if (row := allows(level)) != open_)
            found = denies([one for level in said for one in level]), levels
            if len(action) <= ACTION_CHARACTERS_MAX and len(self.rows) < ACTIONS_MAX:
                self.rows[sys.intern(action)] = found
        return found

    def said(self, frame: Frame) -> Said:
        """What they say together: union within a level, intersection across levels."""
        denying, levels = self.of(frame.request.action)
        resource = frame.resource
        every = all(first(level, resource, frame) >= 0 for level in levels)
        return Said(every, first(denying, resource, frame) >= 0)
