"""Whether a condition holds: how values are compared, and what absent keys, negation, IfExists and the set prefixes mean.
POLICY_EVALUATION 2.4; IAM User Guide, "Condition operators" and "Set operators for multivalued context keys".
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Final

from muniment.domain.policy import values
from muniment.domain.policy.matching import Budget, arn_like, matches
from muniment.domain.policy.operators import Comparison, Operator, Quantifier
from muniment.domain.policy.request import Circumstances
from muniment.domain.policy.statements import Condition
from muniment.domain.policy.variables import VARIABLES_SINCE, Token, Wildcard, parts, substitute, unresolved


def all_hold(conditions: tuple[Condition, ...], version: str, around: Circumstances) -> bool:
    """Operators AND, keys AND (2.4). Every condition is looked at, so that every missing key is reported."""
    results = [holds(condition, version, around) for condition in conditions]
    return all(results)


def holds(condition: Condition, version: str, around: Circumstances) -> bool:
    """Whether one condition is met by the request."""
    operator = condition.operator
    if operator.comparison is Comparison.NULL:
        return null_holds(condition, around)
    given = around.values(condition.key)
    if not given:
        if not operator.if_exists:
            around.miss(condition.key)
        return absent_holds(operator)
    wanted = policy_values(condition, version, around)
    matched = [_matches_any(operator.comparison, value, wanted, around.budget) for value in given]
    return quantified(operator, matched)


def null_holds(condition: Condition, around: Circumstances) -> bool:
    """Null: `true` asks that the key be absent, `false` that it be there (2.4)."""
    absent = not around.values(condition.key)
    return values.boolean(condition.values[0]) is absent


def absent_holds(operator: Operator) -> bool:
    """What an absent key means (2.4): IfExists true; ForAllValues true; ForAnyValue false; else only negated operators true."""
    if operator.if_exists:
        return True
    if operator.quantifier is Quantifier.FOR_ALL_VALUES:
        return True
    if operator.quantifier is Quantifier.FOR_ANY_VALUE:
        return False
    return operator.negated


def quantified(operator: Operator, matched: list[bool]) -> bool:
    """From what each request value matched to the answer (2.4). `matched` says of each whether it equals *some* policy value, so
    a negated operator, whose policy values combine by NOR, asks for those that match none.

    ForAllValues asks it of every request value. ForAnyValue asks it of one; so does a plain operator on a multivalued key, which
    AWS leaves undefined.
    """
    met = [one is not operator.negated for one in matched]
    return all(met) if operator.quantifier is Quantifier.FOR_ALL_VALUES else any(met)


def policy_values(condition: Condition, version: str, around: Circumstances) -> list[tuple[Token, ...]]:
    """The policy's values with variables replaced. A value whose variable stays unresolved is left out: it equals nothing, so
    a positive operator is false and a negated one true (2.5)."""
    operator = condition.operator
    found = []
    for value in condition.values:
        said = parts(
            value,
            variables=operator.takes_variables and version == VARIABLES_SINCE,
            wildcards=operator.takes_wildcards,
        )
        tokens = substitute(said, around.single)
        if tokens is None:
            for key in unresolved(said, around.single):
                around.miss(key)
        else:
            found.append(tokens)
    return found


def _matches_any(comparison: Comparison, given: str, wanted: list[tuple[Token, ...]], budget: Budget) -> bool:
    """Policy values combine by OR (2.4). Every pair costs one comparison, beside what wildcards cost."""
    compare = COMPARISONS[comparison]
    for tokens in wanted:
        budget.spend(1)
        if compare(given, tokens, budget):
            return True
    return False


def literal(tokens: tuple[Token, ...]) -> str:
    """The text of tokens among which there is no wildcard."""
    return "".join(token.value if isinstance(token, Wildcard) else token for token in tokens)


def string_equals(given: str, wanted: tuple[Token, ...], budget: Budget) -> bool:
    """StringEquals: exact, `*` and `?` are characters (2.4)."""
    return given == literal(wanted)


def string_equals_ignore_case(given: str, wanted: tuple[Token, ...], budget: Budget) -> bool:
    """StringEqualsIgnoreCase: as StringEquals, in lower case (2.4)."""
    return given.lower() == literal(wanted).lower()


def string_like(given: str, wanted: tuple[Token, ...], budget: Budget) -> bool:
    """StringLike: case-sensitive, `*` and `?` match anything (2.4)."""
    return matches(wanted, given, budget)


def bool_equals(given: str, wanted: tuple[Token, ...], budget: Budget) -> bool:
    """Bool: `true` or `false`; anything else matches nothing (2.4)."""
    value = values.boolean(given)
    return value is not None and value is values.boolean(literal(wanted))


def binary_equals(given: str, wanted: tuple[Token, ...], budget: Budget) -> bool:
    """BinaryEquals: base64 in the policy and in the request, compared as bytes (2.4)."""
    value = values.octets(given)
    return value is not None and value == values.octets(literal(wanted))


def ip_address(given: str, wanted: tuple[Token, ...], budget: Budget) -> bool:
    """IpAddress: an address inside a range; IPv4 never matches IPv6 (2.4)."""
    value, among = values.address(given), values.network(literal(wanted))
    return value is not None and among is not None and value.version == among.version and value in among


def arn_is_like(given: str, wanted: tuple[Token, ...], budget: Budget) -> bool:
    """ArnEquals and ArnLike: six segments, compared one by one (2.4)."""
    return arn_like(wanted, given, budget)


Compare = Callable[[str, tuple[Token, ...], Budget], bool]
Reader = Callable[[str], Decimal | None]


def _ordered(read: Reader, test: Callable[[Decimal, Decimal], bool]) -> Compare:
    """Numeric and Date operators: both sides are read; what cannot be read matches nothing (2.4)."""

    def compare(given: str, wanted: tuple[Token, ...], budget: Budget) -> bool:
        left, right = read(given), read(literal(wanted))
        return left is not None and right is not None and test(left, right)

    return compare


COMPARISONS: Final[dict[Comparison, Compare]] = {
    Comparison.STRING_EQUALS: string_equals,
    Comparison.STRING_EQUALS_IGNORE_CASE: string_equals_ignore_case,
    Comparison.STRING_LIKE: string_like,
    Comparison.NUMERIC_EQUALS: _ordered(values.number, Decimal.__eq__),
    Comparison.NUMERIC_LESS_THAN: _ordered(values.number, Decimal.__lt__),
    Comparison.NUMERIC_LESS_THAN_EQUALS: _ordered(values.number, Decimal.__le__),
    Comparison.NUMERIC_GREATER_THAN: _ordered(values.number, Decimal.__gt__),
    Comparison.NUMERIC_GREATER_THAN_EQUALS: _ordered(values.number, Decimal.__ge__),
    Comparison.DATE_EQUALS: _ordered(values.moment, Decimal.__eq__),
    Comparison.DATE_LESS_THAN: _ordered(values.moment, Decimal.__lt__),
    Comparison.DATE_LESS_THAN_EQUALS: _ordered(values.moment, Decimal.__le__),
    Comparison.DATE_GREATER_THAN: _ordered(values.moment, Decimal.__gt__),
    Comparison.DATE_GREATER_THAN_EQUALS: _ordered(values.moment, Decimal.__ge__),
    Comparison.BOOL: bool_equals,
    Comparison.BINARY_EQUALS: binary_equals,
    Comparison.IP_ADDRESS: ip_address,
    Comparison.ARN_LIKE: arn_is_like,
}
