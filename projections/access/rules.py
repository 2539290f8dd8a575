"""Statements made ready: which actions and resources they cover, and what else must hold. A document gives, for an action, the
rules that can apply to it, which everybody who holds the document shares (DESIGN §5).
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

import msgspec

from muniment.domain.policy.matching import Budget, split_wildcards
from muniment.domain.policy.operators import Comparison, Operator, Quantifier
from muniment.domain.policy.principals import Grant, grant_of
from muniment.domain.policy.statements import Condition, PolicyDocument, Statement, Verdict
from muniment.domain.policy.variables import Token
from muniment.projections.access.conditions import Test, compiled
from muniment.projections.access.frame import Frame
from muniment.projections.access.globs import ALL_GLOBS, NO_GLOBS, Globs, globs, union
from muniment.projections.access.resources import coverage, searched

MEMO_ACTIONS_MAX: Final = 1_024  # of one document
# what decides whether a rule applies: prefixes, literals, a search, and tests, all of which must hold; cheapest first
Run = tuple[tuple[str, ...], frozenset[str] | None, Test | None, tuple[Test, ...]]
Naming = Callable[[Frame], Grant]
SHORT_ROWS_MAX: Final = 8
ROWS_MAX: Final = 4  # so many documents' rules are looked at one after another; more are made into one
ALWAYS: Final[Run] = (("",), None, None, ())
NEVER: Final[Run] = ((), None, None, ())


class Rule:
    """One statement of one document."""

    __slots__ = ("actions", "alike", "bare", "condition", "denies", "globs", "naming", "not_actions", "open", "run")

    def __init__(self, statement: Statement, document: PolicyDocument) -> None:
        self.denies = statement.verdict is Verdict.DENY
        self.not_actions = statement.not_actions is not None
        self.actions = _actions(statement.not_actions if statement.not_actions is not None else statement.actions or ())
        self.naming = _naming(statement) if document.kind.names_principals else None
        tests = tuple(compiled(condition, document.version) for condition in statement.conditions)
        found, search, whole = coverage(statement, document.version)
        self.globs = found  # kept, that others may share it
        self.bare: Run = found.prefixes, found.exact or None, search, tests  # whoever asks
        self.run = self.bare
        if self.naming is not None:
            self.run = found.prefixes, found.exact or None, search, (_named(self.naming), *tests)
        self.alike, self.condition = _alike(statement, document)
        self.open = found if whole and not self.run[3] else None  # where nothing else is asked

    def covers_action(self, action: str) -> bool:
        """Whether the rule is about an action, given in lower case. Asked once for many decisions, so each rule has a budget of
        its own. Raises BudgetSpent."""
        actions = self.actions
        covered = action in actions.exact or action.startswith(actions.prefixes)
        if not covered and not actions.simple:
            covered = actions.searched(action, Budget())
        return covered is not self.not_actions


def _named(naming: Naming) -> Test:
    return lambda frame: naming(frame) is not Grant.NONE


def _naming(statement: Statement) -> Naming | None:
    """How the statement's principals concern the requester; None where they concern everybody."""
    principals = statement.principals
    if statement.not_principals is None and principals is not None and principals.everyone:
        return None
    return lambda frame: grant_of(statement, frame.principal, bounded=frame.bounded)


def _actions(patterns: Sequence[str]) -> Globs:
    """Action values, in lower case; wildcards stand in the name only, except `*` alone (2.6)."""
    found: list[list[Token]] = []
    for pattern in patterns:
        vendor, colon, name = pattern.lower().partition(":")
        if pattern == "*":
            return ALL_GLOBS
        if colon:
            found.append([f"{vendor}:", *split_wildcards(name)])
    return globs(found, fence=False)


Alike = tuple[tuple[str, ...] | None, Operator, str, str]


def _alike(statement: Statement, document: PolicyDocument) -> tuple[Alike | None, Condition | None]:
    """What statements must have in common to be read as one whose condition asks for any of their values: the resources, and one
    condition of the same kind on the same key, which one fitting value meets."""
    if len(statement.conditions) != 1 or statement.not_resources is not None or document.kind.names_principals:
        return None, None
    (condition,) = statement.conditions
    operator = condition.operator
    if operator.negated or operator.quantifier is Quantifier.FOR_ALL_VALUES or operator.comparison is Comparison.NULL:
        return None, None
    return (statement.resources, operator, condition.key.lower(), document.version), condition


def _together(rules: Sequence[Rule]) -> Iterator[Run]:
    """The runs of rules with conditions, those that are alike made into one."""
    groups: dict[Alike, list[Rule]] = {}
    for rule in rules:
        if rule.alike is None:
            yield rule.run
        else:
            groups.setdefault(rule.alike, []).append(rule)
    for alike, group in groups.items():
        prefixes, exact, search, tests = group[0].run
        if len(group) > 1:
            conditions = [rule.condition for rule in group if rule.condition is not None]
            values = tuple(value for condition in conditions for value in condition.values)
            tests = (compiled(msgspec.structs.replace(conditions[0], values=values), alike[3]),)
        yield prefixes, exact, search, tests


class Rules:
    """Rules of one verdict that can apply to one action: those without tests made into one, and the others."""

    __slots__ = ("first", "open", "others")

    def __init__(self, rules: Sequence[Rule]) -> None:
        found = [rule.open for rule in rules if rule.open is not None]
        self.open = union(found) if found else NO_GLOBS
        self.first = (_opened(self.open),) if found else ()
        others = [] if self.open.everything else [rule for rule in rules if rule.open is None]
        self.others = tuple(sorted(_together(others), key=_cost))


class Candidates:
    """The rules of one document that can apply to one action; None where there are none. They are `short` where looking at them one
    by one costs little: few, and no search."""

    __slots__ = ("allowing", "allows", "denies", "short")

    def __init__(self, rules: Sequence[Rule]) -> None:
        denying = [rule for rule in rules if rule.denies]
        self.allowing = tuple(rule for rule in rules if not rule.denies)
        self.denies = Rules(denying) if denying else None
        self.allows = Rules(self.allowing) if self.allowing else None
        every = [run for said in (self.denies, self.allows) if said for run in (*said.first, *said.others)]
        self.short = len(every) <= SHORT_ROWS_MAX and all(search is None for _, _, search, _ in every)


def runs(found: Sequence[Rules]) -> tuple[Run, ...]:
    """Rules of several documents as one row, the cheapest first; one that always applies stands alone."""
    if not found:
        return ()
    if any("" in rules.open.prefixes for rules in found):
        return (ALWAYS,)
    if len(found) == 1:
        return found[0].first + found[0].others
    others = list(dict.fromkeys(run for rules in found for run in rules.others))  # guard rails are often the same
    others.sort(key=_cost)
    opened = [run for rules in found for run in rules.first]
    if len(opened) > ROWS_MAX:
        opened = [_opened(union([rules.open for rules in found if rules.first]))]
    return (*opened, *others)


def _opened(found: Globs) -> Run:
    """The run of globs that nothing else is asked of."""
    return found.prefixes, found.exact or None, None if found.simple else searched(found), ()


def _cost(run: Run) -> tuple[int, bool]:
    return len(run[3]), run[2] is not None


NONE: Final = Candidates(())


class Ready:
    """A document made ready. Shared by everybody who holds the same text; kept as long as anybody does."""

    __slots__ = ("__weakref__", "_by_rules", "_rules", "known")

    def __init__(self, document: PolicyDocument) -> None:
        self._rules = tuple(
            Rule(statement, document)
            for statement in document.statements
            if not (statement.unknown and statement.verdict is Verdict.ALLOW)  # SECURITY rule 1
        )
        self.known: dict[str, Candidates] = {}
        self._by_rules: dict[tuple[int, ...], Candidates] = {}

    def candidates(self, action: str) -> Candidates:
        """The rules that can apply to an action, given in lower case."""
        if action in self.known:
            return self.known[action]
        which = tuple(number for number, rule in enumerate(self._rules) if rule.covers_action(action))
        found = NONE
        if which:
            found = self._by_rules.get(which) or Candidates([self._rules[number] for number in which])
            if len(self._by_rules) < MEMO_ACTIONS_MAX:
                self._by_rules[which] = found
        if len(self._rules) > 1 and len(self.known) < MEMO_ACTIONS_MAX:
            self.known[action] = found
        return found


def first(rules: tuple[Run, ...], resource: str, frame: Frame) -> int:
    """The number of the first rule that applies, or -1."""
    for number, (prefixes, exact, search, tests) in enumerate(rules):
        if (
            resource.startswith(prefixes)
            or (exact is not None and resource in exact)
            or (search is not None and search(frame))
        ):
            for test in tests:
                if not test(frame):
                    break
            else:
                return number
    return -1
