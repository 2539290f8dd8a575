"""The condition operators by name: what each compares, whether it is negated, and whether variables and wildcards count in its
values. POLICY_EVALUATION 2.4; IAM User Guide, "IAM JSON policy elements: Condition operators".
"""

import enum
from typing import Final

import msgspec


class Comparison(enum.Enum):
    """How one request value is compared with one policy value."""

    STRING_EQUALS = "StringEquals"
    STRING_EQUALS_IGNORE_CASE = "StringEqualsIgnoreCase"
    STRING_LIKE = "StringLike"
    NUMERIC_EQUALS = "NumericEquals"
    NUMERIC_LESS_THAN = "NumericLessThan"
    NUMERIC_LESS_THAN_EQUALS = "NumericLessThanEquals"
    NUMERIC_GREATER_THAN = "NumericGreaterThan"
    NUMERIC_GREATER_THAN_EQUALS = "NumericGreaterThanEquals"
    DATE_EQUALS = "DateEquals"
    DATE_LESS_THAN = "DateLessThan"
    DATE_LESS_THAN_EQUALS = "DateLessThanEquals"
    DATE_GREATER_THAN = "DateGreaterThan"
    DATE_GREATER_THAN_EQUALS = "DateGreaterThanEquals"
    BOOL = "Bool"
    BINARY_EQUALS = "BinaryEquals"
    IP_ADDRESS = "IpAddress"
    ARN_LIKE = "ArnLike"
    NULL = "Null"


class Quantifier(enum.Enum):
    """The prefix of an operator: how many of a key's values must match."""

    NONE = ""
    FOR_ALL_VALUES = "ForAllValues"
    FOR_ANY_VALUE = "ForAnyValue"


class Operator(msgspec.Struct, frozen=True):
    """One condition operator as a policy writes it."""

    name: str
    comparison: Comparison
    negated: bool
    quantifier: Quantifier
    if_exists: bool

    @property
    def takes_variables(self) -> bool:
        """Whether `${…}` counts in its values (POLICY_EVALUATION 2.5)."""
        return self.comparison in _VARIABLES

    @property
    def takes_wildcards(self) -> bool:
        """Whether `*` and `?` count in its values."""
        return self.comparison in (Comparison.STRING_LIKE, Comparison.ARN_LIKE)


_VARIABLES: Final = frozenset(
    {
        Comparison.STRING_EQUALS,
        Comparison.STRING_EQUALS_IGNORE_CASE,
        Comparison.STRING_LIKE,
        Comparison.ARN_LIKE,
        Comparison.BOOL,
    }
)

_NEGATED: Final = {
    "StringNotEquals": Comparison.STRING_EQUALS,
    "StringNotEqualsIgnoreCase": Comparison.STRING_EQUALS_IGNORE_CASE,
    "StringNotLike": Comparison.STRING_LIKE,
    "NumericNotEquals": Comparison.NUMERIC_EQUALS,
    "DateNotEquals": Comparison.DATE_EQUALS,
    "NotIpAddress": Comparison.IP_ADDRESS,
    "ArnNotEquals": Comparison.ARN_LIKE,
    "ArnNotLike": Comparison.ARN_LIKE,
}
_POSITIVE: Final = {comparison.value: comparison for comparison in Comparison} | {"ArnEquals": Comparison.ARN_LIKE}
_IF_EXISTS: Final = "IfExists"


def operator_named(name: str) -> Operator | None:
    """The operator a policy calls `name`, such as `ForAnyValue:StringLikeIfExists`; None where there is none. Names are exact."""
    prefix, colon, base = name.rpartition(":")
    if bool(prefix) != bool(colon):
        return None
    try:
        quantifier = Quantifier(prefix)
    except ValueError:
        return None
    if_exists = base.endswith(_IF_EXISTS)
    base = base.removesuffix(_IF_EXISTS)
    comparison = _POSITIVE.get(base) or _NEGATED.get(base)
    if comparison is None:
        return None
    if comparison is Comparison.NULL and (if_exists or quantifier is not Quantifier.NONE):
        return None
    return Operator(name, comparison, base in _NEGATED, quantifier, if_exists)
