"""Sending the steps of a plan one after another: what is refused is noted, what depends on it is left out, and when the server
or the permission is missing the import stops, to be run again."""

import json
import re
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

import msgspec

from muniment.ops.import_account import documents
from muniment.ops.import_account.steps import Key, NotTaken, Plan, Step
from muniment.ops.import_account.target import Refusal, Target, Unreachable

# Refusals that every further step would meet as well.
STOPPING: Final = frozenset(
    {
        "AccessDenied",
        "ExpiredToken",
        "InvalidClientTokenId",
        "RequestExpired",
        "ServiceFailure",
        "ServiceUnavailable",
        "SignatureDoesNotMatch",
        "Throttling",
    }
)
TRUST: Final = {"CreateRole": "AssumeRolePolicyDocument", "UpdateAssumeRolePolicy": "PolicyDocument"}
_INVALID_PRINCIPAL: Final = re.compile(r'Invalid principal in policy: "AWS":"([^"]+)"')

Watch = Callable[[Step, int, int], None]  # the step that begins, how many are done, how many there are


class Outcome(msgspec.Struct):
    """What became of a plan."""

    done: Counter[str]  # action → how many
    not_taken: list[NotTaken]
    stopped: str = ""  # why, where it did not come to its end


def execute(target: Target, plan: Plan, watch: Watch) -> Outcome:
    """Send every step."""
    outcome = Outcome(Counter(), list(plan.not_taken))
    failed: set[Key] = set()
    for number, step in enumerate(plan.steps):
        watch(step, number, len(plan.steps))
        if lacking := failed.intersection(step.needs):
            if step.makes is not None:
                failed.add(step.makes)
            if all(kind != step.kind for kind, _ in lacking):  # else the entity itself was noted already
                _note(outcome, step, f"{', '.join(name for _, name in sorted(lacking))} could not be taken")
            continue
        try:
            outcome.done[step.action] += _send(target, step, outcome)
        except Refusal as refusal:
            if refusal.code in STOPPING:
                outcome.stopped = f"{step.action} {step.name}: {refusal}"
                break
            if step.makes is not None:
                failed.add(step.makes)
            _note(outcome, step, str(refusal))
        except Unreachable as error:
            outcome.stopped = str(error)
            break
    outcome.done = +outcome.done
    return outcome


def _send(target: Target, step: Step, outcome: Outcome) -> bool:
    """Send one step; a trust policy without those who do not exist here, each noted. Whether anything was to be sent."""
    params = dict(step.params)
    while True:
        try:
            target("iam", step.action, params)
        except Refusal as refusal:
            gone = _INVALID_PRINCIPAL.search(refusal.message) if step.action in TRUST else None
            if gone is None or not _pare(params, TRUST[step.action], gone[1]):
                raise
            why = "no such principal exists here; the role does not trust it"
            outcome.not_taken.append(NotTaken(step.kind, step.name, f"trust in {gone[1]}", why))
            if step.known is not None and documents.same_trust(_trust(params, step.action), step.known):
                return False
        else:
            return True


def _pare(params: dict[str, Any], member: str, principal: str) -> bool:
    """Take a principal out of the trust policy among the parameters; whether it was in it."""
    trust = json.loads(params[member])
    if principal not in documents.principals(trust):
        return False
    params[member] = documents.written(documents.without_principal(trust, principal))
    return True


def _trust(params: dict[str, Any], action: str) -> Any:
    return json.loads(params[TRUST[action]])


def _note(outcome: Outcome, step: Step, why: str) -> None:
    outcome.not_taken.append(NotTaken(step.kind, step.name, step.what, why, step.denies))
