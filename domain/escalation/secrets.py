"""Secrets whose policy, rotation or tags were changed: whom that gives them to, and whether the granter may read them itself.

A rotator is shown the value, so whoever says which one it is reads the secret. SECURITY rule 4: "secret-rotation function edit".
"""

from collections.abc import Iterator
from typing import Final

from muniment.domain.account.state import Account
from muniment.domain.escalation.excess import Escalation
from muniment.domain.escalation.granter import Granter
from muniment.domain.escalation.held import document
from muniment.domain.escalation.tagged import ask_for_tags
from muniment.domain.ledger import Fact
from muniment.domain.policy.checks.names import Names
from muniment.domain.policy.checks.new_access import new_access
from muniment.domain.policy.checks.person import ANYBODY, concerning
from muniment.domain.policy.checks.result import TooComplex, Work
from muniment.domain.policy.checks.rights import NOTHING, Cover, cover, told
from muniment.domain.policy.checks.rules import Box, rule_of
from muniment.domain.policy.checks.who import EVERYONE
from muniment.domain.policy.document import Kind
from muniment.domain.policy.patterns import Pattern, action_pattern, resource_pattern
from muniment.domain.policy.statements import PolicyDocument, Verdict
from muniment.domain.policy.variables import VARIABLES_SINCE, MalformedVariable
from muniment.domain.secret.rotations import SecretRotationScheduled
from muniment.domain.secret.rotators import ADMIN
from muniment.domain.secret.secrets import SecretPolicyDeleted, SecretPolicyPut, SecretTagged, SecretUntagged
from muniment.domain.secret.state import Secret

_GRANTING: Final = (SecretPolicyPut, SecretPolicyDeleted, SecretRotationScheduled, SecretTagged, SecretUntagged)
_READS: Final = Names((action_pattern("secretsmanager:GetSecretValue"),))
_ALL: Final = Names((action_pattern("secretsmanager:*"),))


def grants(fact: Fact) -> bool:
    """Whether the fact may give a secret to somebody."""
    return isinstance(fact, _GRANTING)


def check_secret(before: Secret, after: Secret, account: Account, who: Granter) -> None:
    """Return where the change gives the secret to nobody but those to whom the granter could have given what it holds.
    `account` is the secret's. Raises Escalation."""
    if who.rights is None:
        return
    work = Work()
    try:
        may = cover(who.rights, NOTHING, work)
        _check_rotation(before, after, may, work)
        _check_policy(before, after, may, work)
        _check_tags(before, after, account, may, work)
    except (TooComplex, MalformedVariable):
        raise Escalation("the policies are too complex to show that this gives nobody more") from None


def _check_rotation(before: Secret, after: Secret, may: Cover, work: Work) -> None:
    was, now = before.rotation, after.rotation
    if now is None or (was is not None and (was.rotator, was.settings) == (now.rotator, now.settings)):
        return
    for arn in (after.arn, now.settings.get(ADMIN, "")):
        if arn and not may.covers(_box(_READS, arn), work):
            raise Escalation(f"its rotation would be shown {arn}, which the caller may not itself read")


def _check_policy(before: Secret, after: Secret, may: Cover, work: Work) -> None:
    if before.policy == after.policy:
        return
    was = document(before.policy, Kind.RESOURCE) if before.policy else None
    now = document(after.policy, Kind.RESOURCE) if after.policy else None
    if was is not None and now is not None and not new_access(now, was):
        return
    for part in _allowed(now, work) if now is not None else ():
        if not may.covers(_box(part, after.arn), work):
            raise Escalation(f"it would let others do {told(part)} on {after.arn}, which the caller may not itself do")
    denied = was is not None and any(statement.verdict is Verdict.DENY for statement in was.statements)
    if denied and not may.covers(_box(_ALL, after.arn), work):
        raise Escalation(
            f"{after.arn} would no longer deny all that it denied, and the caller may not do everything with it"
        )


def _allowed(policy: PolicyDocument, work: Work) -> Iterator[Names]:
    """The actions on secrets that it allows anybody, in whatever circumstances."""
    for statement in policy.statements:
        left = concerning(statement, policy.version, ANYBODY)
        if left is not None and left.verdict is Verdict.ALLOW:
            for actions in rule_of(left, policy.version).actions.parts():
                yield from actions.common(_ALL, work)


def _check_tags(before: Secret, after: Secret, account: Account, may: Cover, work: Work) -> None:
    changed = {key for key in before.tags.keys() | after.tags.keys() if before.tags.get(key) != after.tags.get(key)}
    if changed and ask_for_tags(account, changed) and not may.covers(_box(_ALL, after.arn), work):
        raise Escalation(
            f"policies ask for the tags {', '.join(sorted(changed))}: it could give others {after.arn}, and the caller may not "
            "do everything with it"
        )


def _box(actions: Names, arn: str) -> Box:
    named: Pattern = resource_pattern(_literal(arn), VARIABLES_SINCE)
    return Box(actions, Names((named,)), EVERYONE)


def _literal(arn: str) -> str:
    return "".join(f"${{{character}}}" if character in "*?$" else character for character in arn)
