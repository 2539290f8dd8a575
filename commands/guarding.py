"""Where an account's guard against escalation is on: what was decided is held against what its caller may do itself, on the very
state that it was decided on. SECURITY rule 4.
"""

from collections.abc import Callable
from typing import Any

from muniment.commands.command import Command, Decision
from muniment.commands.hypothesis import Hypothesis
from muniment.domain.account.state import Account
from muniment.domain.boundary import State
from muniment.domain.caller import Caller
from muniment.domain.errors import AccessDenied
from muniment.domain.escalation.granter import granter
from muniment.domain.escalation.guard import Escalation, check


def guard(
    command: Command[Any], boundary: str, decision: Decision, caller: Caller, load: Callable[[str], State], now: int
) -> None:
    """Return where nobody comes to more by what was decided on the boundary than the caller has, or nobody guards against that.
    Raises AccessDenied."""
    before = load(boundary)
    if not isinstance(before, Account) or not before.escalation_guarded or decision in (None, ()):
        return
    hypothesis = Hypothesis(load, caller.actor, now, lambda arn: None)
    hypothesis.record(boundary, decision, command.action())
    after = hypothesis.changed.get(boundary)
    if not isinstance(after, Account):
        return
    try:
        check(before, after, granter(before, caller))
    except Escalation as escalation:
        resources = command.resources(before, caller.actor)
        named = resources[0].arn if resources else "*"
        raise AccessDenied(
            f"User: {caller.actor.arn} is not authorized to perform: {command.action()} on resource: {named} because the "
            f"account's guard against escalation is on: {escalation.why}"
        ) from None
