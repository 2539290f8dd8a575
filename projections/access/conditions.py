"""Conditions made ready: values read once, keys in lower case, and what absence and negation mean settled before any request comes.
POLICY_EVALUATION 2.4, 2.5.
"""

import operator as compare
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from muniment.domain.policy import values
from muniment.domain.policy.conditions import COMPARISONS, absent_holds, literal
from muniment.domain.policy.matching import Chunk, chunks_of, match_chunks, segments_of
from muniment.domain.policy.operators import Comparison, Operator, Quantifier
from muniment.domain.policy.statements import Condition
from muniment.domain.policy.variables import VARIABLES_SINCE, Part, Token, Variable, parts, substitute
from muniment.projections.access import readings
from muniment.projections.access.frame import Frame
from muniment.projections.access.globs import AUTOMATON_FROM, globs
from muniment.projections.access.known import KNOWN, finder, is_ours
from muniment.projections.access.templates import many, text_of

Test = Callable[[Frame], bool]
Match = Callable[[str, Frame], bool]  # whether one value of the request equals some value of the policy

Order = Callable[[Any, Any], bool]
Reader = Callable[[str], Decimal | int | None]
_NUMBERS: Final[dict[Comparison, Order]] = {
    Comparison.NUMERIC_EQUALS: compare.eq,
    Comparison.NUMERIC_LESS_THAN: compare.lt,
    Comparison.NUMERIC_LESS_THAN_EQUALS: compare.le,
    Comparison.NUMERIC_GREATER_THAN: compare.gt,
    Comparison.NUMERIC_GREATER_THAN_EQUALS: compare.ge,
}
_MOMENTS: Final[dict[Comparison, Order]] = {
    Comparison.DATE_EQUALS: compare.eq,
    Comparison.DATE_LESS_THAN: compare.lt,
    Comparison.DATE_LESS_THAN_EQUALS: compare.le,
    Comparison.DATE_GREATER_THAN: compare.gt,
    Comparison.DATE_GREATER_THAN_EQUALS: compare.ge,
}


def compiled(condition: Condition, version: str) -> Test:
    """The test that a condition stands for."""
    operator, key = condition.operator, condition.key.lower()
    if operator.comparison is Comparison.NULL:
        absence = values.boolean(condition.values[0])
        return lambda frame: absence is (not frame.values(key))
    return _quantified(operator, key, _match(condition, version))


def _quantified(operator: Operator, key: str, match: Match) -> Test:
    """What each request value matches, put together (2.4)."""
    absent, negated = absent_holds(operator), operator.negated
    together = all if operator.quantifier is Quantifier.FOR_ALL_VALUES else any
    ours, find = is_ours(key), finder(key)

    def test(frame: Frame) -> bool:
        if find is not None and frame.knows is KNOWN:
            given: tuple[str, ...] | None = find(frame)
        else:
            given = frame.values(key) if ours else (frame.keys or frame.read()).get(key)
        if not given:
            return absent
        one = given[0]
        if not isinstance(one, str) or isinstance(given, str):
            raise TypeError("the values of a condition key are a tuple of texts")
        if len(given) == 1:
            return match(one, frame) is not negated
        return together(match(one, frame) is not negated for one in given)

    return test


def _match(condition: Condition, version: str) -> Match:
    """One value of the request against all of the policy's: those without variables are read now."""
    operator = condition.operator
    plain: list[tuple[Token, ...]] = []
    varying: list[tuple[Part, ...]] = []
    for value in condition.values:
        said = parts(
            value,
            variables=operator.takes_variables and version == VARIABLES_SINCE,
            wildcards=operator.takes_wildcards,
        )
        tokens = tuple(part for part in said if not isinstance(part, Variable))
        if len(tokens) == len(said):
            plain.append(tokens)
        else:
            varying.append(said)
    constant = _constant(operator.comparison, plain)
    if not varying:
        return constant
    some = _varying(operator.comparison, varying)
    return (lambda given, frame: constant(given, frame) or some(given, frame)) if plain else some


def _varying(comparison: Comparison, wanted: list[tuple[Part, ...]]) -> Match:
    """Values with variables: replaced when they are compared; an unresolved one equals nothing (2.5)."""
    if comparison is Comparison.STRING_EQUALS:
        texts = [text_of(said) for said in wanted]
        cost = sum(map(len, wanted))

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
    """Values without variables."""
    texts = [literal(tokens) for tokens in wanted]
    match comparison:
        case Comparison.STRING_EQUALS:
            exactly = frozenset(texts)
            return lambda given, frame: given in exactly
        case Comparison.STRING_EQUALS_IGNORE_CASE:
            lowered = frozenset(text.lower() for text in texts)
            return lambda given, frame: given.lower() in lowered
        case Comparison.STRING_LIKE:
            return _like(wanted)
        case Comparison.BOOL:
            booleans = frozenset(values.boolean(text) for text in texts) - {None}
            return lambda given, frame: values.boolean(given) in booleans
        case Comparison.BINARY_EQUALS:
            octets = frozenset(values.octets(text) for text in texts) - {None}
            return lambda given, frame: values.octets(given) in octets
        case Comparison.IP_ADDRESS:
            return _addresses(texts)
        case Comparison.ARN_LIKE:
            return _arns(wanted)
    if comparison in _NUMBERS:
        return _ordered(texts, values.number, _NUMBERS[comparison])
    return _ordered(texts, readings.moment, _MOMENTS[comparison])


def _like(wanted: list[tuple[Token, ...]]) -> Match:
    """StringLike: every wildcard free."""
    found = globs(wanted, fence=False)
    if found.simple:
        exact, prefixes = found.exact, found.prefixes
        return lambda given, frame: given.startswith(prefixes) or given in exact
    return lambda given, frame: found.any(given, frame.budget)


def _ordered(texts: list[str], read: Reader, holds: Order) -> Match:
    """Numbers and dates: the policy's are read now; what cannot be read matches nothing."""
    limits = [limit for text in texts if (limit := read(text)) is not None]

    def match(given: str, frame: Frame) -> bool:
        value = read(given)
        if value is None:
            return False
        frame.budget.spend(len(limits))
        return any(holds(value, limit) for limit in limits)

    return match


def _addresses(texts: list[str]) -> Match:
    """IP ranges as numbers under masks, by version."""
    ranges: dict[int, list[tuple[int, int]]] = {4: [], 6: []}
    for text in texts:
        if (among := values.network(text)) is not None:
            ranges[among.version].append((int(among.network_address), int(among.netmask)))

    def match(given: str, frame: Frame) -> bool:
        value = readings.address(given)
        if value is None:
            return False
        version, number = value
        found = ranges[version]
        frame.budget.spend(len(found))
        return any(number & mask == base for base, mask in found)

    return match


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
