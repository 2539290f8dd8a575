"""Who is an administrator: whoever may do everything, whatever else it is denied than to manage identities."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

from muniment.domain.account.state import Account
from muniment.domain.escalation.held import document, entity, person, tag_keys
from muniment.domain.policy.checks.names import Names
from muniment.domain.policy.checks.person import Person, concerning
from muniment.domain.policy.checks.result import TooComplex, Work
from muniment.domain.policy.checks.rights import ALL
from muniment.domain.policy.checks.rules import Rule, rule_of
from muniment.domain.policy.conditions import all_hold
from muniment.domain.policy.matching import BudgetSpent
from muniment.domain.policy.patterns import action_pattern
from muniment.domain.policy.request import AccessRequest, Circumstances, Principal, PrincipalKind
from muniment.domain.policy.variables import MalformedVariable

EVERYTHING: Final = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
_IDENTITIES: Final = Names((action_pattern("iam:*"), action_pattern("sts:*")))
_NOBODY: Final = Principal(kind=PrincipalKind.ANONYMOUS)
Context = Mapping[str, tuple[str, ...]]


def who(account: Account, unique_id: str, context: Context) -> Person:
    """The user or role, in requests with these keys."""
    found = entity(account, unique_id)
    tags = {} if found is None else found.tags
    around = {key.lower(): values for key, values in context.items()}
    known = {**around, **person(account, unique_id, generous=False).known, **tag_keys(tags)}
    return Person(known, generous=False, tags_known=True, session_known=True)


def administers(identity: Sequence[str], boundary: str | None, one: Person, context: Context) -> bool:
    """Whether these identity policies, within the boundary, make somebody an administrator."""
    try:
        layers = [[*_rules(identity, one, context)]]
        if boundary is not None:
            layers.append([*_rules((boundary,), one, context)])
        work = Work()
        allowed = all(any(not rule.denies and rule.applies_to_all(ALL, work) for rule in layer) for layer in layers)
        return allowed and not any(rule.denies and _binds(rule, work) for layer in layers for rule in layer)
    except (TooComplex, MalformedVariable):
        return False


def denies_identities(text: str, one: Person, context: Context) -> bool:
    """Whether a document denies somebody to manage identities."""
    try:
        return any(rule.denies and _binds(rule, Work()) for rule in _rules((text,), one, context))
    except (TooComplex, MalformedVariable):
        return True


def _binds(rule: Rule, work: Work) -> bool:
    return not rule.actions.apart(_IDENTITIES, work)


def _rules(texts: Sequence[str], one: Person, context: Context) -> Iterator[Rule]:
    """The statements that apply to the principal in requests with these keys, without their conditions."""
    request = AccessRequest(action="any:Thing", resource="*", principal=_NOBODY, context=context)
    for text in texts:
        read = document(text)
        for statement in read.statements:
            left = concerning(statement, read.version, one)
            if left is None:
                continue
            try:
                if not all_hold(left.conditions, read.version, Circumstances(request)):
                    continue
            except BudgetSpent:
                continue
            yield rule_of(msgspec.structs.replace(left, conditions=()), read.version)
