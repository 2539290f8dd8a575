"""CheckNoNewAccess: whether a policy allows anything that another does not.

It passes only where that is shown: each piece of each Allow is allowed by some statement of the existing policy or denied by the
new one, and whatever the existing policy denies of it, the new one denies too.
"""

from muniment.domain.policy.checks.result import TOO_COMPLEX, Reason, TooComplex, Work
from muniment.domain.policy.checks.rules import Box, Rule, common, denied, rules
from muniment.domain.policy.statements import PolicyDocument


def new_access(new: PolicyDocument, existing: PolicyDocument) -> tuple[Reason, ...]:
    """Why the new policy may allow more than the existing one; nothing where it does not."""
    work, changed, before = Work(), rules(new), rules(existing)
    try:
        return tuple(_reasons(changed, before, work))
    except TooComplex:
        return (TOO_COMPLEX,)


def _reasons(changed: tuple[Rule, ...], before: tuple[Rule, ...], work: Work) -> list[Reason]:
    denying = tuple(rule for rule in changed if rule.denies)
    allowed = tuple(rule for rule in before if not rule.denies)
    forbidden = tuple(rule for rule in before if rule.denies and not is_kept(rule, denying, work))
    reasons = []
    for rule in changed:
        if rule.denies:
            continue
        if not all(is_allowed(box, allowed, denying, work) for box in rule.boxes()):
            reasons.append(_reason(rule, "New access in the statement with"))
        elif not all(stays_denied(box, forbidden, denying, work) for box in rule.boxes()):
            why = "New access, which a Deny of the existing policy forbids and the updated policy does not, in the statement with"
            reasons.append(_reason(rule, why))
    return reasons


def is_kept(forbidding: Rule, denying: tuple[Rule, ...], work: Work) -> bool:
    """Whether the new policy denies everything that a Deny of the existing one does."""
    return all(denied(box, denying, work) for box in forbidding.boxes())


def is_allowed(box: Box, allowed: tuple[Rule, ...], denying: tuple[Rule, ...], work: Work) -> bool:
    """Whether one statement of the existing policy allows all of the box that the new policy does not deny."""
    if any(rule.applies_to_all(box, work) for rule in allowed) or denied(box, denying, work):
        return True
    return any(
        rule.concerns_all(box, work)
        and _covered_but_for_denied(box, rule, denying, work, actions=True)
        and _covered_but_for_denied(box, rule, denying, work, actions=False)
        for rule in allowed
    )


def _covered_but_for_denied(box: Box, rule: Rule, denying: tuple[Rule, ...], work: Work, *, actions: bool) -> bool:
    """Whether the rule leaves out, by its NotAction or NotResource, only what the new policy denies."""
    mine, theirs = (box.actions, rule.actions) if actions else (box.resources, rule.resources)
    if mine.within(theirs, work):
        return True
    if not theirs.negated:
        return False
    for pattern in theirs.parts()[0].patterns:
        for left_out in mine.common(type(mine)((pattern,)), work):
            part = Box(left_out, box.resources, box.who, box.tests)
            if not actions:
                part = Box(box.actions, left_out, box.who, box.tests)
            if not denied(part, denying, work):
                return False
    return True


def stays_denied(box: Box, forbidden: tuple[Rule, ...], denying: tuple[Rule, ...], work: Work) -> bool:
    """Whether all of the box that the existing policy denies is denied by the new one."""
    if not forbidden or denied(box, denying, work):
        return True
    return all(denied(part, denying, work) for rule in forbidden for part in common(box, rule, work))


def _reason(rule: Rule, why: str) -> Reason:
    statement = rule.statement
    if statement.sid:
        return Reason(f"{why} sid: {statement.sid}.", statement.index, statement.sid)
    return Reason(f"{why} index: {statement.index}.", statement.index)
