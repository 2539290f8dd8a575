"""Checks on Condition: operators, keys, and whether the two go together. POLICY_EVALUATION 2.4, 2.6."""

from typing import Final

from muniment.domain.policy.json_text import ArrayNode, BooleanNode, NullNode, NumberNode, ObjectNode, StringNode
from muniment.domain.policy.operators import Comparison, Operator, Quantifier, operator_named
from muniment.domain.policy.validation.condition_values import check_values
from muniment.domain.policy.validation.known_keys import GLOBAL, JUDGED, KeyType, has_other_types, known
from muniment.domain.policy.validation.report import Report
from muniment.domain.policy.validation.spots import Key, Spot
from muniment.domain.policy.validation.stated import Stated, Tested

TYPE_OF: Final = {
    Comparison.STRING_EQUALS: KeyType.STRING,
    Comparison.STRING_EQUALS_IGNORE_CASE: KeyType.STRING,
    Comparison.STRING_LIKE: KeyType.STRING,
    Comparison.BINARY_EQUALS: KeyType.STRING,
    Comparison.BOOL: KeyType.BOOL,
    Comparison.IP_ADDRESS: KeyType.IP,
    Comparison.ARN_LIKE: KeyType.ARN,
}
PAIRED: Final = {"aws:vpcsourceip": ("aws:SourceVpc", ("aws:sourcevpc", "aws:sourcevpce"))}


def check_conditions(report: Report, statement: Stated) -> None:
    """Report on the conditions of one statement."""
    condition = statement.element("Condition")
    if condition is None:
        return
    if not isinstance(condition.node, ObjectNode):
        report.add("DATA_TYPE_MISMATCH", condition, type="object")
        return
    if condition.is_empty:
        report.add("EMPTY_OBJECT_CONDITION", condition)
    for under in condition.members():
        operator = _operator(report, under)
        if not isinstance(under.node, ObjectNode):
            report.add("DATA_TYPE_MISMATCH", under, type="object")
            continue
        if under.is_empty:
            report.add("EMPTY_OBJECT_CONDITION", under)
        _check_spellings(report, under)
        for key in under.members():
            _check_key(report, key)
            if operator is not None:
                _check_test(report, statement, Tested(operator, under, key))


def _operator(report: Report, under: Spot) -> Operator | None:
    operator = operator_named(under.name)
    if operator is not None:
        return operator
    prefix, _, base = under.name.rpartition(":")
    if base == "NullIfExists":
        report.add("NULL_WITH_IF_EXISTS", Key(under))
    elif base == "Null" and prefix in ("ForAllValues", "ForAnyValue"):
        report.add("NULL_WITH_QUALIFIER", Key(under))
    else:
        report.add("INVALID_CONDITION_OPERATOR", Key(under), operator=under.name)
    return None


def _check_spellings(report: Report, under: Spot) -> None:
    """Names of keys have no case (2.6): two spellings are the same key twice."""
    seen: dict[str, Spot] = {}
    for key in under.members():
        lower = key.name.lower()
        if lower in seen:
            report.add("DUPLICATE_KEYS_WITH_DIFFERENT_CASE", seen[lower], key, key=key.name)
        seen.setdefault(lower, key)


def _check_key(report: Report, key: Spot) -> None:
    """Whether the key is one that requests can bring, as far as its service is here."""
    prefix, colon, rest = key.name.partition(":")
    if not colon or not prefix or not rest:
        report.add("INVALID_CONDITION_KEY_FORMAT", Key(key))
        return
    lower = key.name.lower()
    found = known(key.name)
    if lower == "aws:arn":
        report.add("UNSUPPORTED_GLOBAL_CONDITION_KEY", key)
    elif found is not None and found.tag and lower == found.name.lower():
        report.add("MISSING_TAG_KEY_IN_CONDITION", key, key=found.name)
    elif found is None and (tag := known(f"{lower}/")) is not None:
        report.add("MISSING_TAG_KEY_IN_CONDITION", key, key=tag.name)
    elif found is None and prefix.lower() == GLOBAL:
        report.add("INVALID_GLOBAL_CONDITION_KEY", key, key=key.name)
    elif found is None and prefix.lower() in JUDGED:
        report.add("INVALID_SERVICE_CONDITION_KEY", key, key=key.name, service=prefix)


def _check_test(report: Report, statement: Stated, test: Tested) -> None:
    """One key under one operator."""
    _check_empty(report, test)
    _check_qualifier(report, test)
    _check_type(report, test)
    _check_json_types(report, test)
    pair = PAIRED.get(test.name.lower())
    if pair is not None and not statement.asks_for(*pair[1]):
        report.add("MISSING_PAIRED_CONDITION_KEYS", test.key, key=test.name, pair=pair[0])
    check_values(report, statement, test)


def _check_empty(report: Report, test: Tested) -> None:
    """No values: nothing is equal to one of them."""
    if test.key.items() != ():
        return
    code = "EMPTY_ARRAY_CONDITION"
    if test.operator.quantifier is Quantifier.FOR_ALL_VALUES:
        code += "_FORALLVALUES"
    elif test.operator.quantifier is Quantifier.FOR_ANY_VALUE:
        code += "_FORANYVALUE"
    elif test.operator.if_exists:
        code += "_IFEXISTS"
    report.add(code, test.key, key=test.name)


def _check_qualifier(report: Report, test: Tested) -> None:
    """Set operators are for keys with several values, and those need one (2.4)."""
    found = known(test.name)
    if found is None or test.operator.comparison is Comparison.NULL:
        return
    quantifier = test.operator.quantifier
    if found.several and quantifier is Quantifier.NONE:
        report.add("MISSING_QUALIFIER", test.key, key=test.name)
    elif not found.several and quantifier is Quantifier.FOR_ALL_VALUES:
        report.add("FORALLVALUES_WITH_SINGLE_VALUED_KEY", test.key, key=test.name)
    elif not found.several and quantifier is Quantifier.FOR_ANY_VALUE:
        report.add("FORANYVALUE_WITH_SINGLE_VALUED_KEY", test.key, key=test.name)


def _check_type(report: Report, test: Tested) -> None:
    """The operators of a type are for the keys of that type; a text comparison of an ARN passes its colons."""
    found, comparison = known(test.name), test.operator.comparison
    if found is None or comparison is Comparison.NULL or has_other_types(test.name):
        return
    used = TYPE_OF.get(comparison, KeyType.DATE if comparison.value.startswith("Date") else KeyType.NUMERIC)
    if used is found.type:
        return
    said = {"allowed": found.type.value, "operator": test.operator.name, "key": test.name}
    if found.type is KeyType.ARN and used is KeyType.STRING:
        if comparison is Comparison.STRING_LIKE:
            report.add("STRING_LIKE_OPERATOR_WITH_ARN_CONDITION_KEYS", test.key, **said)
    elif found.type is KeyType.DATE and used is KeyType.NUMERIC and test.name.lower() == "aws:epochtime":
        pass  # seconds are a number as well as a date
    elif found.type is not KeyType.STRING or used not in (KeyType.NUMERIC, KeyType.ARN, KeyType.BOOL):
        report.add("TYPE_MISMATCH", test.key, **said)


def _check_json_types(report: Report, test: Tested) -> None:
    """Values are texts, numbers or booleans, all of one type."""
    types = set()
    for spot in test.key.items():
        if isinstance(spot.node, ArrayNode | ObjectNode | NullNode):
            report.add("DATA_TYPE_MISMATCH", *spot.within(test.key), type="String")
        elif isinstance(spot.node, StringNode | NumberNode | BooleanNode):
            types.add(type(spot.node))
    if len(types) > 1:
        report.add("INVALID_CONDITION_DATA_TYPE", test.key)
    several = len(test.key.items()) > 1
    if several and test.operator.comparison in (Comparison.BOOL, Comparison.NULL):
        report.add("INVALID_CONDITION_MULTIPLE_BOOLEAN", test.key)
