"""The grammar of Condition: operators, keys and the values each operator can hold. POLICY_EVALUATION 2.4, 2.5."""

from collections.abc import Callable
from typing import Final

from muniment.domain.policy import values
from muniment.domain.policy.grammar_elements import NO_VENDOR
from muniment.domain.policy.json_text import ArrayNode, Member, Node, ObjectNode
from muniment.domain.policy.operators import Comparison, Operator, operator_named
from muniment.domain.policy.reading import SYNTAX, Reading, scalar, shown
from muniment.domain.policy.statements import Condition
from muniment.domain.policy.variables import VARIABLES_SINCE, MalformedVariable, Variable, parts


def conditions(reading: Reading, node: Node) -> tuple[Condition, ...]:
    """Every condition that is understood; the others are noted."""
    if not isinstance(node, ObjectNode):
        reading.not_understood(SYNTAX, "element `Condition` must be an object", node.start)
        return ()
    found: list[Condition] = []
    for member in node.members:
        operator = operator_named(member.name)
        if operator is None:
            reading.not_understood(SYNTAX, f"unknown condition operator `{shown(member.name)}`", member.start)
        elif not isinstance(member.value, ObjectNode):
            detail = f"condition operator `{member.name}` needs an object of keys"
            reading.not_understood(SYNTAX, detail, member.value.start)
        else:
            tests = (_condition(reading, operator, key) for key in member.value.members)
            found.extend(test for test in tests if test is not None)
    return tuple(found)


def _condition(reading: Reading, operator: Operator, member: Member) -> Condition | None:
    """One key and its values; None, noted, where they are not understood."""
    prefix, colon, _ = member.name.partition(":")
    if not colon or not prefix:
        reading.not_wanted(NO_VENDOR, f"condition key `{shown(member.name)}`", member.start)
    nodes = member.value.items if isinstance(member.value, ArrayNode) else (member.value,)
    found = [scalar(item) for item in nodes]
    said = tuple(value for value in found if value is not None)
    detail = f"condition key `{shown(member.name)}`"
    if len(said) != len(found):
        reading.not_understood(
            SYNTAX, f"{detail} needs a text, number or boolean, or an array of them", member.value.start
        )
        return None
    if operator.comparison is Comparison.NULL and len(said) != 1:
        reading.not_understood(SYNTAX, f"{detail} needs exactly one value for `Null`", member.value.start)
        return None
    for value, item in zip(said, nodes, strict=True):
        if (fault := value_fault(operator, value, reading.version or VARIABLES_SINCE)) is not None:
            reading.not_understood(SYNTAX, f"{fault} for {detail}", item.start)
            return None
    return Condition(operator, member.name, said, reading.lines.place(member.start))


def value_fault(operator: Operator, value: str, version: str) -> str | None:
    """What is wrong with a value under this operator; None where it can be compared."""
    if operator.takes_variables and version == VARIABLES_SINCE:
        try:
            pieces = parts(value, variables=True, wildcards=operator.takes_wildcards)
        except MalformedVariable as fault:
            return str(fault)
        if any(isinstance(piece, Variable) for piece in pieces):
            return None
    check, what = _CHECKS.get(operator.comparison, (_anything, ""))
    return None if check(value) else f"`{shown(value)}` is not {what}"


def _anything(value: str) -> bool:
    return True


def _is_arn(value: str) -> bool:
    """Six segments; ArnLike compares each of them."""
    return value.count(":") >= 5


def _is_number(value: str) -> bool:
    return values.number(value) is not None


def _is_moment(value: str) -> bool:
    return values.moment(value) is not None


def _is_boolean(value: str) -> bool:
    return values.boolean(value) is not None


_Check = tuple[Callable[[str], bool], str]
_NUMBER: Final[_Check] = (_is_number, "a number")
_MOMENT: Final[_Check] = (_is_moment, "a date")
_CHECKS: Final[dict[Comparison, _Check]] = {
    Comparison.NUMERIC_EQUALS: _NUMBER,
    Comparison.NUMERIC_LESS_THAN: _NUMBER,
    Comparison.NUMERIC_LESS_THAN_EQUALS: _NUMBER,
    Comparison.NUMERIC_GREATER_THAN: _NUMBER,
    Comparison.NUMERIC_GREATER_THAN_EQUALS: _NUMBER,
    Comparison.DATE_EQUALS: _MOMENT,
    Comparison.DATE_LESS_THAN: _MOMENT,
    Comparison.DATE_LESS_THAN_EQUALS: _MOMENT,
    Comparison.DATE_GREATER_THAN: _MOMENT,
    Comparison.DATE_GREATER_THAN_EQUALS: _MOMENT,
    Comparison.BOOL: (_is_boolean, "`true` or `false`"),
    Comparison.NULL: (_is_boolean, "`true` or `false`"),
    Comparison.BINARY_EQUALS: (lambda value: values.octets(value) is not None, "base64"),
    Comparison.IP_ADDRESS: (lambda value: values.network(value) is not None, "an IP address or range"),
    Comparison.ARN_LIKE: (_is_arn, "an ARN"),
}
