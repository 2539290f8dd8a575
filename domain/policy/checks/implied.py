"""Whether conditions that hold make others hold. Sound: True is certain. POLICY_EVALUATION 2.4, 2.5.

A condition is three things: what it means where its key is absent, whether all or one of the request's values must do, and which
values do. A negated operator asks for values that equal none of its own.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

import msgspec

from muniment.domain.policy import values
from muniment.domain.policy.checks.result import Work
from muniment.domain.policy.conditions import absent_holds
from muniment.domain.policy.operators import Comparison, Quantifier
from muniment.domain.policy.patterns import Pattern, covers, text_pattern
from muniment.domain.policy.statements import Condition
from muniment.domain.policy.variables import MalformedVariable


class Asked(msgspec.Struct, frozen=True):
    """A condition and the Version of the document it stands in, which says whether variables count."""

    condition: Condition
    version: str

    @property
    def key(self) -> str:
        """The key, without case."""
        return self.condition.key.lower()

    @property
    def comparison(self) -> Comparison:
        """What its operator compares."""
        return self.condition.operator.comparison

    @property
    def holds_when_absent(self) -> bool:
        """Whether it is met by a request without its key."""
        if self.comparison is Comparison.NULL:
            return bool(values.boolean(self.condition.values[0]))
        return absent_holds(self.condition.operator)

    @property
    def asks_all(self) -> bool:
        """Whether every one of several values must do."""
        return self.condition.operator.quantifier is Quantifier.FOR_ALL_VALUES


def all_implied(held: Sequence[Asked], wanted: Sequence[Asked], work: Work) -> bool:
    """Whether a request that meets all of the first meets all of the second."""
    if not wanted:
        return True
    work.spend(len(held) + len(wanted))
    by_key: dict[str, list[Asked]] = {}
    for one in held:
        by_key.setdefault(one.key, []).append(one)
    return all(any(implies(one, test, work) for one in by_key.get(test.key, ())) for test in wanted)


def implies(held: Asked, wanted: Asked, work: Work) -> bool:
    """Whether every request that meets one condition meets the other."""
    if held.key != wanted.key:
        return False
    if wanted.comparison is Comparison.NULL:
        if values.boolean(wanted.condition.values[0]):
            return held.comparison is Comparison.NULL and held.holds_when_absent
        return not held.holds_when_absent
    if held.comparison is Comparison.NULL:
        return held.holds_when_absent and wanted.holds_when_absent  # the key is absent
    if held.holds_when_absent and not wanted.holds_when_absent:
        return False
    if wanted.asks_all and not held.asks_all:
        return False
    if held.condition.operator.negated != wanted.condition.operator.negated:
        return False
    wide, narrow = (held, wanted) if wanted.condition.operator.negated else (wanted, held)
    return _values_within(narrow, wide, work)


def _values_within(narrow: Asked, wide: Asked, work: Work) -> bool:
    """Whether every value that one operator's values match is matched by the other's."""
    for value in narrow.condition.values:
        if not any(_matches_within(narrow, value, wide, other, work) for other in wide.condition.values):
            return False
    return True


def _matches_within(narrow: Asked, value: str, wide: Asked, other: str, work: Work) -> bool:
    """The same of one value each."""
    work.spend(8 + len(value))
    one, two = narrow.comparison, wide.comparison
    if "${" in value or "${" in other:
        same = one is two and value == other
        return same and (narrow.version == wide.version or not narrow.condition.operator.takes_variables)
    if one is two and value == other:
        return True
    if two in _TEXTS and one in _TEXTS:
        return _text_within(one, value, two, other)
    if one is two is Comparison.ARN_LIKE:
        return _arn_within(value, other)
    if one is two is Comparison.BOOL:
        return values.boolean(value) is values.boolean(other)
    if one is two is Comparison.IP_ADDRESS:
        return _range_within(value, other)
    return _number_within(one, value, two, other)


_TEXTS: Final = (Comparison.STRING_EQUALS, Comparison.STRING_EQUALS_IGNORE_CASE, Comparison.STRING_LIKE)


def _text_within(one: Comparison, value: str, two: Comparison, other: str) -> bool:
    """Texts: an exact one is within any way of matching it; a text whose case does not matter only within one such."""
    if two is Comparison.STRING_EQUALS:
        return one is Comparison.STRING_EQUALS and value == other
    if two is Comparison.STRING_EQUALS_IGNORE_CASE:
        return one is not Comparison.STRING_LIKE and value.lower() == other.lower()
    if one is Comparison.STRING_EQUALS_IGNORE_CASE:
        return other == "*"
    narrow = _pattern(value, wildcards=one is Comparison.STRING_LIKE)
    wide = _pattern(other, wildcards=True)
    return narrow is not None and wide is not None and covers(wide, narrow)


def _pattern(text: str, *, wildcards: bool) -> Pattern | None:
    try:
        return text_pattern(text, variables=False, wildcards=wildcards)
    except MalformedVariable:
        return None


def _arn_within(value: str, other: str) -> bool:
    """ARNs: segment by segment; a wildcard stays in its segment, so that the fixed colons must be the same."""
    narrow, wide = value.split(":", 5), other.split(":", 5)
    if len(narrow) != 6 or len(wide) != 6:
        return False
    patterns = [
        (_pattern(one, wildcards=True), _pattern(two, wildcards=True)) for one, two in zip(wide, narrow, strict=True)
    ]
    return all(one is not None and two is not None and covers(one, two) for one, two in patterns)


def _range_within(value: str, other: str) -> bool:
    narrow, wide = values.network(value), values.network(other)
    if narrow is None or wide is None or narrow.version != wide.version:
        return False
    return narrow.network_address in wide and narrow.broadcast_address in wide


_ORDER: Final = {  # which way a comparison is open, and whether its bound is among what it matches
    "Equals": (0, True),
    "LessThan": (-1, False),
    "LessThanEquals": (-1, True),
    "GreaterThan": (1, False),
    "GreaterThanEquals": (1, True),
}


def _number_within(one: Comparison, value: str, two: Comparison, other: str) -> bool:
    """Numbers and dates: a bound within a bound on the same side, or an exact value within it."""
    for family, read in (("Numeric", values.number), ("Date", values.moment)):
        if one.value.startswith(family) and two.value.startswith(family):
            left, right = read(value), read(other)
            if left is None or right is None:
                return False
            return _bound_within(_ORDER[one.value[len(family) :]], left, _ORDER[two.value[len(family) :]], right)
    return False


def _bound_within(one: tuple[int, bool], left: Decimal, two: tuple[int, bool], right: Decimal) -> bool:
    side, closed = one
    other_side, other_closed = two
    if other_side == 0:
        return side == 0 and left == right
    if side not in (0, other_side):
        return False
    if left == right:
        return other_closed or not closed
    return left < right if other_side < 0 else left > right
