"""Every row of the operator table, and what absence, negation and the set prefixes mean. POLICY_EVALUATION 2.4, 2.5."""

from typing import Any

import pytest

from muniment.domain.policy.conditions import all_hold
from muniment.domain.policy.document import Kind, parse_for_writing
from muniment.domain.policy.operators import operator_named
from muniment.domain.policy.request import AccessRequest, Circumstances

from .people import ANA, statement, text

KEY = "app:key"


def holds(operator: str, wanted: Any, *given: str, key: str = KEY, version: str = "2012-10-17", **context: str) -> bool:
    """Whether `{operator: {key: wanted}}` is met by a request whose key has the values `given`."""
    written = text(statement(Condition={operator: {key: wanted}}), version=version)
    document = parse_for_writing(written, Kind.IDENTITY)
    others = {name.replace("__", ":"): (value,) for name, value in context.items()}
    request = AccessRequest(
        action="app:Do", resource="*", principal=ANA, context={**({KEY: given} if given else {}), **others}
    )
    return all_hold(document.statements[0].conditions, document.version, Circumstances(request))


@pytest.mark.parametrize(
    ("operator", "wanted", "given", "expected"),
    [
        # String
        ("StringEquals", "Ana", "Ana", True),
        ("StringEquals", "Ana", "ana", False),
        ("StringEquals", "A*", "Ana", False),  # literal
        ("StringEquals", "A*", "A*", True),
        ("StringEquals", ["eva", "ana"], "ana", True),
        ("StringEquals", 5, "5", True),
        ("StringEquals", True, "true", True),
        ("StringNotEquals", "Ana", "ana", True),
        ("StringNotEquals", ["eva", "ana"], "ana", False),  # NOR
        ("StringNotEquals", ["eva", "ana"], "bob", True),
        ("StringEqualsIgnoreCase", "ANA", "ana", True),
        ("StringEqualsIgnoreCase", "AN*", "ana", False),
        ("StringNotEqualsIgnoreCase", "ANA", "ana", False),
        ("StringNotEqualsIgnoreCase", "ANA", "bob", True),
        ("StringLike", "a*a", "ana", True),
        ("StringLike", "a?a", "ana", True),
        ("StringLike", "A*", "ana", False),
        ("StringLike", "[a]na", "ana", False),
        ("StringLike", "a*", "a:b/c", True),
        ("StringNotLike", "a*", "ana", False),
        ("StringNotLike", ["b*", "c*"], "ana", True),
        # Numeric
        ("NumericEquals", "5", "5.0", True),
        ("NumericEquals", 5, "5", True),
        ("NumericEquals", "5", "6", False),
        ("NumericNotEquals", "5", "6", True),
        ("NumericNotEquals", ["5", "6"], "6", False),
        ("NumericLessThan", "5", "4.9", True),
        ("NumericLessThan", "5", "5", False),
        ("NumericLessThanEquals", "5", "5", True),
        ("NumericLessThanEquals", "5", "5.1", False),
        ("NumericGreaterThan", "5", "10", True),  # by value, not by text
        ("NumericGreaterThan", "5", "5", False),
        ("NumericGreaterThanEquals", "5", "5", True),
        ("NumericGreaterThanEquals", "5", "4", False),
        ("NumericEquals", "5", "five", False),  # not parseable: no match
        ("NumericLessThan", "5", "", False),
        ("NumericNotEquals", "5", "five", True),  # it matches none of the values
        # Date
        ("DateEquals", "2026-01-01T00:00:00Z", "1767225600", True),
        ("DateNotEquals", "2026-01-01T00:00:00Z", "1767225600", False),
        ("DateNotEquals", "2026-01-01T00:00:00Z", "1767225601", True),
        ("DateLessThan", "2026-01-01", "2025-12-31T23:59:59Z", True),
        ("DateLessThan", "2026-01-01", "2026-01-01T00:00:00Z", False),
        ("DateLessThanEquals", "2026-01-01", "2026-01-01T00:00:00Z", True),
        ("DateGreaterThan", "2026-01-01", "2026-01-01T01:00:00+00:30", True),
        ("DateGreaterThan", "2026-01-01", "2026-01-01T00:30:00+00:30", False),
        ("DateGreaterThanEquals", "2026-01-01", "2026-01-01T00:30:00+00:30", True),
        ("DateGreaterThanEquals", "2026-01-01", "2025-12-31", False),
        ("DateEquals", "2026-01-01", "2026-*", False),
        # Bool
        ("Bool", "true", "true", True),
        ("Bool", True, "true", True),
        ("Bool", False, "false", True),
        ("Bool", "true", "false", False),
        ("Bool", "true", "1", False),
        ("Bool", "false", "", False),
        # Binary
        ("BinaryEquals", "QmluYXJ5", "QmluYXJ5", True),
        ("BinaryEquals", "QmluYXJ5", "QmluYXJ6", False),
        ("BinaryEquals", "QmluYXJ5", "Binary!", False),
        # IP
        ("IpAddress", "203.0.113.0/24", "203.0.113.9", True),
        ("IpAddress", "203.0.113.0/24", "203.0.114.9", False),
        ("IpAddress", "203.0.113.9", "203.0.113.9", True),  # a bare address is /32
        ("IpAddress", "203.0.113.9", "203.0.113.8", False),
        ("IpAddress", "2001:db8::/32", "2001:db8::1", True),
        ("IpAddress", "2001:db8::1", "2001:db8::2", False),  # /128
        ("IpAddress", "0.0.0.0/0", "::1", False),  # v4 never matches v6
        ("IpAddress", "::/0", "10.0.0.1", False),
        ("IpAddress", "::/0", "::ffff:10.0.0.1", True),
        ("IpAddress", "0.0.0.0/0", "nowhere", False),
        ("NotIpAddress", "203.0.113.0/24", "203.0.113.9", False),
        ("NotIpAddress", ["203.0.113.0/24", "10.0.0.0/8"], "192.0.2.1", True),
        ("NotIpAddress", "0.0.0.0/0", "::1", True),
        # ARN
        ("ArnEquals", "arn:aws:iam::*:role/a*", "arn:aws:iam::1:role/ab", True),  # ArnEquals is ArnLike
        ("ArnLike", "arn:aws:iam::*:role/a*", "arn:aws:iam::1:role/ab", True),
        ("ArnLike", "arn:aws:s3:*:x:y", "arn:aws:s3:::x:y", False),  # segment by segment
        ("ArnLike", "arn:aws:iam::1:role/*", "arn:aws:iam::1:role/a:b/c", True),
        ("ArnNotEquals", "arn:aws:iam::*:role/a*", "arn:aws:iam::1:role/ab", False),
        ("ArnNotLike", "arn:aws:iam::*:role/a*", "arn:aws:iam::1:role/b", True),
        ("ArnLike", "arn:aws:iam::1:role/*", "role/x", False),
        # Null
        ("Null", "true", "x", False),
        ("Null", "false", "x", True),
        ("Null", False, "x", True),
    ],
)
def test_operators_compare_one_value(operator: str, wanted: Any, given: str, expected: bool) -> None:
    assert holds(operator, wanted, given) is expected


@pytest.mark.parametrize(
    ("operator", "wanted", "expected"),
    [
        ("StringEquals", "x", False),
        ("StringLike", "*", False),
        ("StringNotEquals", "x", True),
        ("StringNotLike", "*", True),
        ("StringNotEqualsIgnoreCase", "x", True),
        ("NumericLessThan", "5", False),
        ("NumericNotEquals", "5", True),
        ("DateGreaterThan", "2026", False),
        ("DateNotEquals", "2026", True),
        ("Bool", "false", False),
        ("BinaryEquals", "QQ==", False),
        ("IpAddress", "0.0.0.0/0", False),
        ("NotIpAddress", "0.0.0.0/0", True),
        ("ArnLike", "arn:*:*:*:*:*", False),
        ("ArnNotLike", "arn:*:*:*:*:*", True),
        ("Null", "true", True),
        ("Null", "false", False),
        ("StringEqualsIfExists", "x", True),
        ("StringNotEqualsIfExists", "x", True),
        ("BoolIfExists", "true", True),
        ("NumericLessThanIfExists", "5", True),
        ("IpAddressIfExists", "10.0.0.0/8", True),
        ("ForAllValues:StringEquals", "x", True),
        ("ForAllValues:StringNotEquals", "x", True),
        ("ForAllValues:StringLikeIfExists", "x", True),
        ("ForAnyValue:StringEquals", "x", False),
        ("ForAnyValue:StringNotEquals", "x", False),
        ("ForAnyValue:StringLikeIfExists", "x", True),
    ],
)
def test_an_absent_key_means_what_the_operator_says(operator: str, wanted: str, expected: bool) -> None:
    assert holds(operator, wanted) is expected


@pytest.mark.parametrize("operator", ["StringEqualsIfExists", "ForAnyValue:StringLikeIfExists", "BoolIfExists"])
def test_if_exists_still_compares_a_key_that_is_there(operator: str) -> None:
    assert holds(operator, "true", "false") is False
    assert holds(operator, "true", "true") is True


@pytest.mark.parametrize(
    ("operator", "wanted", "given", "expected"),
    [
        ("ForAllValues:StringEquals", ["a", "b"], ("a", "b", "a"), True),
        ("ForAllValues:StringEquals", ["a", "b"], ("a", "c"), False),
        ("ForAllValues:StringNotEquals", ["a", "b"], ("c", "d"), True),
        ("ForAllValues:StringNotEquals", ["a", "b"], ("c", "a"), False),
        ("ForAnyValue:StringEquals", ["a", "b"], ("c", "b"), True),
        ("ForAnyValue:StringEquals", ["a", "b"], ("c", "d"), False),
        ("ForAnyValue:StringNotEquals", ["a", "b"], ("a", "c"), True),
        ("ForAnyValue:StringNotEquals", ["a", "b"], ("a", "b"), False),
        ("ForAllValues:NumericLessThan", "5", ("1", "4"), True),
        ("ForAllValues:NumericLessThan", "5", ("1", "x"), False),
        ("ForAnyValue:ArnLike", "arn:aws:iam::1:*", ("arn:aws:iam::2:x", "arn:aws:iam::1:x"), True),
        # a plain operator on several values counts as ForAnyValue
        ("StringEquals", "a", ("b", "a"), True),
        ("StringEquals", "a", ("b", "c"), False),
        ("StringNotEquals", "a", ("a", "c"), True),
        ("StringNotEquals", "a", ("a", "a"), False),
    ],
)
def test_set_operators_quantify_over_the_values_of_the_request(
    operator: str, wanted: Any, given: tuple[str, ...], expected: bool
) -> None:
    assert holds(operator, wanted, *given) is expected


def conditions_hold(block: dict[str, Any], **context: str) -> bool:
    """Whether a whole Condition element is met."""
    document = parse_for_writing(text(statement(Condition=block)), Kind.IDENTITY)
    keys = {name.replace("__", ":"): (value,) for name, value in context.items()}
    request = AccessRequest(action="app:Do", resource="*", principal=ANA, context=keys)
    return all_hold(document.statements[0].conditions, document.version, Circumstances(request))


def test_operators_and_keys_combine_by_and() -> None:
    block = {"StringEquals": {"app:a": "1", "app:b": "2"}, "NumericLessThan": {"app:c": "9"}}
    assert conditions_hold(block, app__a="1", app__b="2", app__c="3")
    assert not conditions_hold(block, app__a="1", app__b="x", app__c="3")
    assert not conditions_hold(block, app__a="1", app__b="2", app__c="10")
    assert conditions_hold({})


def test_empty_lists_of_values_match_nothing() -> None:
    assert not holds("StringEquals", [], "x")
    assert holds("StringNotEquals", [], "x")


def test_key_names_are_found_in_any_case_the_tag_key_too() -> None:
    # 2.6
    document = parse_for_writing(
        text(statement(Condition={"StringEquals": {"AWS:principaltag/TEAM": "red"}})), Kind.IDENTITY
    )
    request = AccessRequest(action="app:Do", resource="*", principal=ANA, context={"aws:PrincipalTag/Team": ("red",)})
    assert all_hold(document.statements[0].conditions, document.version, Circumstances(request))


@pytest.mark.parametrize(
    ("operator", "wanted", "given", "expected"),
    [
        ("StringEquals", "${aws:username}", "a*a", True),
        ("StringLike", "x-${aws:username}-*", "x-a*a-9", True),
        ("StringLike", "${aws:username}", "aba", False),  # what is put in is no wildcard
        ("StringEquals", "${AWS:UserName}", "a*a", True),  # names in any case
        ("StringEqualsIgnoreCase", "${aws:username}", "A*A", True),
        ("StringEquals", "${no:key}", "", False),
        ("StringNotEquals", "${no:key}", "x", True),
        ("StringNotLike", "${no:key}", "x", True),
        ("StringEquals", "${no:key, 'none'}", "none", True),
        ("StringLike", "${no:key, '*'}", "x", False),  # a default is text too
        ("StringEquals", ["${no:key}", "x"], "x", True),
        ("StringLike", "${*}", "*", True),
        ("StringLike", "${*}", "x", False),
        ("StringLike", "a${?}", "a?", True),
        ("StringLike", "a${?}", "ab", False),
        ("StringEquals", "${$}{aws:username}", "${aws:username}", True),
        ("ArnLike", "arn:aws:iam::1:user/${aws:username}", "arn:aws:iam::1:user/a*a", True),
        ("ArnLike", "arn:aws:iam::1:user/${aws:username}", "arn:aws:iam::1:user/aba", False),
        ("ArnEquals", "${app:arn}", "arn:aws:iam::1:user/x", True),
        ("Bool", "${app:flag}", "true", True),
        ("StringEquals", "${app:many}", "1", False),  # only single-valued keys
    ],
)
def test_variables_in_values(operator: str, wanted: Any, given: str, expected: bool) -> None:
    document = parse_for_writing(text(statement(Condition={operator: {KEY: wanted}})), Kind.IDENTITY)
    context = {
        KEY: (given,),
        "aws:username": ("a*a",),
        "app:arn": ("arn:aws:iam::1:user/x",),
        "app:flag": ("true",),
        "app:many": ("1", "2"),
    }
    request = AccessRequest(action="app:Do", resource="*", principal=ANA, context=context)
    assert all_hold(document.statements[0].conditions, document.version, Circumstances(request)) is expected


def test_the_old_version_knows_no_variables() -> None:
    # 2.5, 2.6
    assert holds("StringEquals", "${aws:username}", "${aws:username}", version="2008-10-17", aws__username="ana")
    assert not holds("StringEquals", "${aws:username}", "ana", version="2008-10-17", aws__username="ana")
    assert holds("StringLike", "${*}", "${x}", version="2008-10-17")


def test_numbers_dates_and_addresses_take_no_variables() -> None:
    for operator in ("NumericEquals", "DateEquals", "IpAddress", "BinaryEquals", "Null"):
        found = operator_named(operator)
        assert found is not None
        assert not found.takes_variables


@pytest.mark.parametrize(
    "name",
    [
        "stringequals",
        "StringMatches",
        "NullIfExists",
        "ForAnyValue:Null",
        "ForAllValues:",
        ":StringEquals",
        "ForSomeValues:StringEquals",
        "forallvalues:StringEquals",
        "ForAnyValue:ForAnyValue:StringEquals",
        "StringEqualsIfExistsIfExists",
        "IfExists",
        "NotBool",
        "BinaryNotEquals",
        "",
    ],
)
def test_there_are_no_other_operators(name: str) -> None:
    assert operator_named(name) is None


def test_missing_keys_are_noted_but_not_where_absence_is_provided_for() -> None:
    # 2.8, MissingContextValues
    block = {
        "StringEquals": {"app:A": "${app:B}", "app:here": ["${app:C}", "${app:D, 'd'}", "${app:many}"]},
        "StringEqualsIfExists": {"app:E": "x"},
        "Null": {"app:F": "true"},
        "NumericLessThan": {"APP:a": "1"},
    }
    document = parse_for_writing(text(statement(Condition=block)), Kind.IDENTITY)
    context = {"app:here": ("h",), "app:many": ("1", "2")}
    around = Circumstances(AccessRequest(action="app:Do", resource="*", principal=ANA, context=context))
    all_hold(document.statements[0].conditions, document.version, around)
    assert sorted(around.missing.values()) == ["app:A", "app:C"]
