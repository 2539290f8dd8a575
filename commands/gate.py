"""The gate: whether a caller may do what a command or query says. The access read model implements it (DESIGN §1)."""

from collections.abc import Sequence
from typing import Protocol

from muniment.domain.caller import Caller
from muniment.domain.resource import Resource


class Gate(Protocol):
    """Asked before every decision."""

    def check(self, caller: Caller, action: str, resources: Sequence[Resource], position: int) -> None:
        """Return where `action` is allowed on every resource, judged from at least `position` of stream IAM.

        Raises AccessDenied in AWS's words, ReadModelBehind when that position is not reached in time.
        """

    def fresh(self, action: str) -> None:
        """Return where the state is new enough to decide on `action` at all (SECURITY rule 2). Raises ServiceUnavailable."""


class OpenGate:
    """For tests of rules that are not about permission."""

    def check(self, caller: Caller, action: str, resources: Sequence[Resource], position: int) -> None:
        """Allow."""

    def fresh(self, action: str) -> None:
        """It is."""
