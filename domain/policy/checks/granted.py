"""CheckAccessNotGranted: whether a policy allows any of some actions on any of some resources.

It passes only where that is shown to be impossible: what an Allow has in common with what is asked about is nothing, or denied.
"""

from collections.abc import Sequence

from muniment.domain.policy.checks.names import EVERYTHING, Names
from muniment.domain.policy.checks.result import TOO_COMPLEX, Reason, TooComplex, Work
from muniment.domain.policy.checks.rules import Box, Rule, denied, rules
from muniment.domain.policy.patterns import action_pattern, resource_pattern
from muniment.domain.policy.statements import PolicyDocument
from muniment.domain.policy.variables import VARIABLES_SINCE


def granted(policy: PolicyDocument, actions: Sequence[str], resources: Sequence[str]) -> tuple[Reason, ...]:
    """Why the policy may allow some of it; nothing where it does not. No actions are all actions, no resources all resources.
    Raises MalformedVariable."""
    asked_actions = Names(tuple(action_pattern(text) for text in actions)) if actions else EVERYTHING
    patterns = tuple(resource_pattern(text, VARIABLES_SINCE) for text in resources)
    asked_resources = Names(patterns) if resources else EVERYTHING
    work, read = Work(), rules(policy)
    denying = tuple(rule for rule in read if rule.denies)
    try:
        found = [
            rule for rule in read if not rule.denies and _allows(rule, asked_actions, asked_resources, denying, work)
        ]
    except TooComplex:
        return (TOO_COMPLEX,)
    return tuple(_reason(rule) for rule in found)


def _allows(rule: Rule, actions: Names, resources: Names, denying: tuple[Rule, ...], work: Work) -> bool:
    """Whether the rule may allow any of it."""
    for action in rule.actions.common(actions, work):
        for resource in rule.resources.common(resources, work):
            for who in rule.who:
                if not denied(Box(action, resource, who, rule.tests), denying, work):
                    return True
    return False


def _reason(rule: Rule) -> Reason:
    statement = rule.statement
    what = "One or more of the listed actions or resources in the statement with"
    if statement.sid:
        return Reason(f"{what} sid: {statement.sid}.", statement.index, statement.sid)
    return Reason(f"{what} index: {statement.index}.", statement.index)
