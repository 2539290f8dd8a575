"""Where an account's guard against escalation is on: what was decided is held against what its caller may do itself, on the very
state that it was decided on. SECURITY rule 4.
"""

from collections.abc import Callable
from typing import Any

from muniment.commands.command import At, Command, Decision
from muniment.commands.hypothesis import Hypothesis
from muniment.domain.account.state import Account
from muniment.domain.boundary import State
from muniment.domain.caller import Caller
from muniment.domain.errors import AccessDenied
from muniment.domain.escalation.excess import Escalation
from muniment.domain.escalation.granter import granter
from muniment.domain.escalation.guard import check
from muniment.domain.escalation.secrets import check_secret, grants
from muniment.domain.secret.state import Secret

Load = Callable[[str], State]


def guard(
    command: Command[Any], boundary: str, decision: Decision, caller: Caller, load: Load, fresh: Load, now: int
) -> None:
    """Return where nobody comes to more by what was decided on the boundary than the caller has, or nobody guards against that.

    `load` answers the states that the decision is guarded by, `fresh` others as they are in the log now. Raises AccessDenied.
    """
    if decision is None or not _may_grant(load(boundary), decision):
        return
    hypothesis = Hypothesis(load, caller.actor, now, lambda arn: None)
    hypothesis.record(boundary, decision, command.action())
    try:
        for name, after in hypothesis.changed.items():
            before = load(name)
            if isinstance(before, Account) and isinstance(after, Account) and before.escalation_guarded:
                check(before, after, granter(before, caller))
            if isinstance(before, Secret) and isinstance(after, Secret):
                _check_secret(before, after, caller, fresh)
    except Escalation as escalation:
        resources = command.resources(load(boundary), caller.actor)
        named = resources[0].arn if resources else "*"
        raise AccessDenied(
            f"User: {caller.actor.arn} is not authorized to perform: {command.action()} on resource: {named} because the "
            f"account's guard against escalation is on: {escalation.why}"
        ) from None


def _may_grant(state: State, decision: Decision) -> bool:
    if isinstance(state, Account):
        return state.escalation_guarded
    facts = decision if isinstance(decision, tuple) else (decision,)
    return any(grants(item.fact if isinstance(item, At) else item) for item in facts if item is not None)


def _check_secret(before: Secret, after: Secret, caller: Caller, fresh: Load) -> None:
    """The same of a secret: the account that it is in says whether it is guarded, the caller's own what the caller may do."""
    account = fresh(f"{Account.kind}.{after.account}")
    if not isinstance(account, Account) or not account.escalation_guarded:
        return
    own = account if account.number == caller.actor.account else fresh(f"{Account.kind}.{caller.actor.account}")
    assert isinstance(own, Account)
    check_secret(before, after, account, granter(own, caller))
