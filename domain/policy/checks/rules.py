"""Statements as sets of requests: an Allow or Deny for some actions, on some resources, by somebody, under conditions."""

import itertools
from collections.abc import Iterator

import msgspec

from muniment.domain.policy.checks.implied import Asked, all_implied
from muniment.domain.policy.checks.names import EVERYTHING, Names
from muniment.domain.policy.checks.result import Work
from muniment.domain.policy.checks.who import Who, concerned
from muniment.domain.policy.patterns import action_pattern, resource_pattern
from muniment.domain.policy.statements import PolicyDocument, Statement, Verdict


class Box(msgspec.Struct, frozen=True):
    """Requests for some actions on some resources, by whom one principal names, that meet some conditions."""

    actions: Names
    resources: Names
    who: Who
    tests: tuple[Asked, ...] = ()


class Rule(msgspec.Struct, frozen=True):
    """One statement."""

    statement: Statement
    actions: Names
    resources: Names
    who: tuple[Who, ...]
    tests: tuple[Asked, ...]

    @property
    def denies(self) -> bool:
        """Whether its effect is Deny."""
        return self.statement.verdict is Verdict.DENY

    def boxes(self) -> Iterator[Box]:
        """The statement in pieces: one action, one resource and one principal each, as far as they are listed."""
        pieces = itertools.product(self.actions.parts(), self.resources.parts(), self.who)
        return (Box(actions, resources, who, self.tests) for actions, resources, who in pieces)

    def applies_to_all(self, box: Box, work: Work) -> bool:
        """Whether the statement applies to every request of the box."""
        return (
            self.concerns_all(box, work)
            and box.actions.within(self.actions, work)
            and box.resources.within(self.resources, work)
        )

    def concerns_all(self, box: Box, work: Work) -> bool:
        """The same, actions and resources left aside."""
        return any(box.who.within(who) for who in self.who) and all_implied(box.tests, self.tests, work)


def rules(document: PolicyDocument) -> tuple[Rule, ...]:
    """The statements of a document, but for an Allow of which something is unknown: it never applies (SECURITY rule 1)."""
    known = (one for one in document.statements if one.verdict is Verdict.DENY or not one.unknown)
    return tuple(rule_of(statement, document.version) for statement in known)


def rule_of(statement: Statement, version: str) -> Rule:
    """One statement of a document of that Version."""
    actions = statement.not_actions if statement.not_actions is not None else statement.actions or ()
    resources = statement.not_resources if statement.not_resources is not None else statement.resources
    return Rule(
        statement,
        Names(tuple(action_pattern(text) for text in actions), statement.not_actions is not None),
        EVERYTHING
        if resources is None
        else Names(tuple(resource_pattern(text, version) for text in resources), statement.not_resources is not None),
        concerned(statement),
        tuple(Asked(condition, version) for condition in statement.conditions),
    )


def denied(box: Box, denying: tuple[Rule, ...], work: Work) -> bool:
    """Whether every request of the box is denied by one of the rules."""
    return any(rule.applies_to_all(box, work) for rule in denying)


def common(box: Box, rule: Rule, work: Work) -> Iterator[Box]:
    """Boxes that together hold whatever of this box the rule applies to."""
    for actions in box.actions.common(rule.actions, work):
        for resources in box.resources.common(rule.resources, work):
            yield Box(actions, resources, box.who, (*box.tests, *rule.tests))
