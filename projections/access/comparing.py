"""One value of a request against the constants of a policy, which are read once, before any request comes. POLICY_EVALUATION 2.4.

What is here takes no search: each value of the policy costs one comparison, so the size of the documents bounds it.
"""

import operator as compare
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from muniment.domain.policy import values
from muniment.domain.policy.conditions import literal
from muniment.domain.policy.operators import Comparison
from muniment.domain.policy.variables import Token
from muniment.projections.access import readings
from muniment.projections.access.globs import globs

Holds = Callable[[str], bool]  # whether a value of the request equals some value of the policy

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


def holds(comparison: Comparison, wanted: list[tuple[Token, ...]]) -> Holds | None:
    """The comparison with these constants; None for ARNs and patterns that take a search."""
    if comparison is Comparison.STRING_LIKE:
        return _like(wanted)
    if comparison is Comparison.ARN_LIKE:
        return None
    texts = [literal(tokens) for tokens in wanted]
    match comparison:
        case Comparison.STRING_EQUALS:
            return frozenset(texts).__contains__
        case Comparison.STRING_EQUALS_IGNORE_CASE:
            lowered = frozenset(text.lower() for text in texts)
            return lambda given: given.lower() in lowered
        case Comparison.BOOL:
            spelled = frozenset(text.lower() for text in texts if values.boolean(text) is not None)
            return lambda given: given.lower() in spelled
        case Comparison.BINARY_EQUALS:
            octets = frozenset(values.octets(text) for text in texts) - {None}
            return lambda given: values.octets(given) in octets
        case Comparison.IP_ADDRESS:
            return _addresses(texts)
    if comparison in _NUMBERS:
        return _ordered(texts, values.number, _NUMBERS[comparison])
    return _ordered(texts, readings.moment, _MOMENTS[comparison])


def _like(wanted: list[tuple[Token, ...]]) -> Holds | None:
    """StringLike where the only wildcards are at the ends of the values."""
    found = globs(wanted, fence=False)
    if not found.simple:
        return None
    exact, prefixes = found.exact, found.prefixes
    return lambda given: given.startswith(prefixes) or given in exact


def _ordered(texts: list[str], read: Reader, in_order: Order) -> Holds:
    """Numbers and dates: what cannot be read matches nothing."""
    limits = [limit for text in texts if (limit := read(text)) is not None]
    if len(limits) == 1:
        (only,) = limits
        return lambda given: (value := read(given)) is not None and in_order(value, only)

    def some(given: str) -> bool:
        value = read(given)
        return value is not None and any(in_order(value, limit) for limit in limits)

    return some


def _addresses(texts: list[str]) -> Holds:
    """IP ranges as numbers under masks, by version."""
    ranges: dict[int, list[tuple[int, int]]] = {4: [], 6: []}
    for text in texts:
        if (among := values.network(text)) is not None:
            ranges[among.version].append((int(among.network_address), int(among.netmask)))

    def within(given: str) -> bool:
        value = readings.address(given)
        if value is None:
            return False
        version, number = value
        for base, mask in ranges[version]:  # noqa: SIM110 - a loop costs a third of any() with a generator
            if number & mask == base:
                return True
        return False

    return within
