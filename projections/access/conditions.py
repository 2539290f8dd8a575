"""Conditions made ready: values read once, keys in lower case, and what absence and negation mean settled before any request comes.
POLICY_EVALUATION 2.4, 2.5.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Final

from muniment.domain.policy import values
from muniment.domain.policy.conditions import COMPARISONS, absent_holds
from muniment.domain.policy.matching import Chunk, chunks_of, match_chunks, segments_of
from muniment.domain.policy.operators import Comparison, Operator, Quantifier
from muniment.domain.policy.statements import Condition
from muniment.domain.policy.variables import VARIABLES_SINCE, Part, Token, Variable, parts, substitute
from muniment.projections.access.comparing import Holds, holds
from muniment.projections.access.frame import Frame, checked
from muniment.projections.access.globs import AUTOMATON_FROM, globs
from muniment.projections.access.known import KNOWN, finder, is_ours
from muniment.projections.access.templates import many, text_of

Test = Callable[[Frame], bool]
Match = Callable[[str, Frame], bool]  # whether one value of the request equals some value of the policy

VALUES_SHARED_MAX: Final = 16  # of a condition whose test is kept for whoever asks the same
CHARACTERS_SHARED_MAX: Final = 1_024  # of its values together
TESTS_SHARED_MAX: Final = 4_096
PARTS_FREE_MAX: Final = 4  # of a value with variables that is put together without being charged, like a constant


def compiled(condition: Condition, version: str) -> Test:
    """The test that a condition stands for: the same one for whoever asks the same, so that it stays near the processor."""
    operator, key, wanted = condition.operator, condition.key.lower(), condition.values
    if len(wanted) <= VALUES_SHARED_MAX and sum(map(len, wanted)) <= CHARACTERS_SHARED_MAX:
        return _shared(operator, key, wanted, version)
    return _made(operator, key, wanted, version)


def _made(operator: Operator, key: str, wanted: tuple[str, ...], version: str) -> Test:
    if operator.comparison is Comparison.NULL:
        absence = values.boolean(wanted[0])
        return lambda frame: absence is (not frame.values(key))
    variables = operator.takes_variables and version == VARIABLES_SINCE
    plain: list[tuple[Token, ...]] = []
    varying: list[tuple[Part, ...]] = []
    for value in wanted:
        said = parts(value, variables=variables, wildcards=operator.takes_wildcards)
        tokens = tuple(part for part in said if not isinstance(part, Variable))
        if len(tokens) == len(said):
            plain.append(tokens)
        else:
            varying.append(said)
    alone = None if varying else holds(operator.comparison, plain)
    if alone is not None:
        return _looking(operator, key, alone, len(wanted))
    return _quantified(operator, key, _match(operator.comparison, plain, varying))


_shared = lru_cache(TESTS_SHARED_MAX)(_made)


def _looking(operator: Operator, key: str, matches: Holds, cost: int) -> Test:
    """What each request value matches, put together (2.4), where that is a matter of the value alone."""
    absent, negated = absent_holds(operator), operator.negated
    together = all if operator.quantifier is Quantifier.FOR_ALL_VALUES else any
    find = finder(key)

    def several(given: tuple[str, ...], frame: Frame) -> bool:
        checked(given)
        if len(given) > 1:
            frame.budget.spend(len(given) * cost)
        return together([matches(one) is not negated for one in given])

    def test_own(frame: Frame) -> bool:
        names = frame.names
        if names is None:
            names = frame.read()
        given = frame.context.get(names.get(key))  # no key is None
        if not given:
            return absent
        if type(given) is tuple and len(given) == 1 and type(one := given[0]) is str:
            return matches(one) is not negated
        return several(given, frame)

    def test_known(frame: Frame) -> bool:
        given = find(frame) if find is not None and frame.knows is KNOWN else frame.values(key)
        if not given:
            return absent
        return matches(given[0]) is not negated if len(given) == 1 else several(given, frame)

    return test_known if is_ours(key) else test_own


def _quantified(operator: Operator, key: str, match: Match) -> Test:
    """What each request value matches, put together (2.4)."""
    absent, negated = absent_holds(operator), operator.negated
    together = all if operator.quantifier is Quantifier.FOR_ALL_VALUES else any
    find = finder(key)

    def test(frame: Frame) -> bool:
        given = find(frame) if find is not None and frame.knows is KNOWN else frame.values(key)
        if not given:
            return absent
        if len(given) == 1:
            return match(given[0], frame) is not negated
        return together(match(one, frame) is not negated for one in given)

    return test


def _match(comparison: Comparison, plain: list[tuple[Token, ...]], varying: list[tuple[Part, ...]]) -> Match:
    """One value of the request against all of the policy's."""
    if not varying:
        return _constant(comparison, plain)
    some = _varying(comparison, varying)
    if not plain:
        return some
    constant = _constant(comparison, plain)
    return lambda given, frame: constant(given, frame) or some(given, frame)


def _varying(comparison: Comparison, wanted: list[tuple[Part, ...]]) -> Match:
    """Values with variables: replaced when they are compared; an unresolved one equals nothing (2.5)."""
    if comparison is Comparison.STRING_EQUALS:
        texts = [text_of(said) for said in wanted]
        cost = sum(map(len, wanted))
        if len(texts) == 1 and cost <= PARTS_FREE_MAX:
            (only,) = texts
            return lambda given, frame: only(frame) == given

        def equals(given: str, frame: Frame) -> bool:
            frame.budget.spend(cost)
            return any(text(frame) == given for text in texts)

        return equals
    if comparison is Comparison.STRING_LIKE and len(wanted) >= AUTOMATON_FROM:
        together = many(wanted, fence=False)
        if together is not None:
            return together
    equal = COMPARISONS[comparison]

    def match(given: str, frame: Frame) -> bool:
        budget = frame.budget
        for said in wanted:
            budget.spend(len(said))
            tokens = substitute(said, frame.single)
            if tokens is not None and equal(given, tokens, budget):
                return True
        return False

    return match


def _constant(comparison: Comparison, wanted: list[tuple[Token, ...]]) -> Match:
    """Values without variables, beside those with, or that take a search."""
    alone = holds(comparison, wanted)
    if alone is not None:
        return lambda given, frame: alone(given)
    if comparison is Comparison.ARN_LIKE:
        return _arns(wanted)
    found = globs(wanted, fence=False)
    return lambda given, frame: found.any(given, frame.budget)


def _arns(wanted: list[tuple[Token, ...]]) -> Match:
    """ArnLike: six segments, compared one by one."""
    patterns: list[list[list[Chunk]]] = []
    for tokens in wanted:
        segments = segments_of(tokens)
        if len(segments) == 6:
            patterns.append([chunks_of(segment, fence=False) for segment in segments])

    def match(given: str, frame: Frame) -> bool:
        segments = given.split(":", 5)
        if len(segments) != 6 or segments[0] != "arn":
            return False
        budget = frame.budget
        for pattern in patterns:
            budget.spend(1)
            if all(match_chunks(chunks, text, budget) for chunks, text in zip(pattern, segments, strict=True)):
                return True
        return False

    return match
