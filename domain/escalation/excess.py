"""What a change would give that the granter does not have."""

import msgspec

from muniment.domain.policy.checks.rights import told
from muniment.domain.policy.checks.rules import Box
from muniment.domain.policy.statements import Statement


class Escalation(Exception):
    """The change would give more than the granter has. `why` says what, in words that follow `because`."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Excess(msgspec.Struct, frozen=True):
    """What is not shown to be the granter's."""

    arn: str  # who may do it
    box: Box
    statement: Statement

    @property
    def told(self) -> str:
        """In words."""
        which = f"statement {self.statement.sid or self.statement.index}"
        return f"{told(self.box.actions)} on {told(self.box.resources)} ({which})"
