"""Checks on the values that conditions ask for: whether the operator can compare them, and whether they mean what they seem to.
POLICY_EVALUATION 2.4, 2.5.
"""

from decimal import Decimal
from typing import Final

from muniment.domain.policy import values
from muniment.domain.policy.operators import Comparison
from muniment.domain.policy.reading import scalar
from muniment.domain.policy.validation.addresses import check_addresses
from muniment.domain.policy.validation.report import Report
from muniment.domain.policy.validation.spots import Part, Spot
from muniment.domain.policy.validation.stated import Stated, Tested
from muniment.domain.policy.validation.variables import check_variables

LESS: Final = frozenset(
    {
        Comparison.NUMERIC_LESS_THAN,
        Comparison.NUMERIC_LESS_THAN_EQUALS,
        Comparison.DATE_LESS_THAN,
        Comparison.DATE_LESS_THAN_EQUALS,
    }
)
GREATER: Final = frozenset(
    {
        Comparison.NUMERIC_GREATER_THAN,
        Comparison.NUMERIC_GREATER_THAN_EQUALS,
        Comparison.DATE_GREATER_THAN,
        Comparison.DATE_GREATER_THAN_EQUALS,
    }
)
IDENTIFIERS: Final = {
    "aws:sourcevpc": ("INVALID_VPC_FORMAT", "vpc-"),
    "aws:sourcevpce": ("INVALID_VPCE_FORMAT", "vpce-"),
}
IDENTIFIER_LENGTHS: Final = (8, 17)
ARN_COLONS: Final = 5


def check_values(report: Report, statement: Stated, test: Tested) -> None:
    """Report on the values of one key under one operator."""
    for spot in test.key.items():
        text = scalar(spot.node)
        if text is None:
            continue
        _check_user_id(report, test, spot)
        if spot.text is not None and "${" in spot.text:
            if test.operator.takes_variables:
                check_variables(report, statement, spot)
                continue
            report.add("INVALID_VARIABLE_FOR_OPERATOR", Part(spot, spot.text.index("${"), 2))
            continue
        _check_readable(report, test, spot, text)
        _check_wildcard(report, test, spot, text)
        _check_identifier(report, test, spot, text)
    if test.operator.comparison is Comparison.IP_ADDRESS:
        check_addresses(report, test)
    _check_redundant_numbers(report, test)


def _check_readable(report: Report, test: Tested, spot: Spot, text: str) -> None:
    """Whether the operator can read the value at all."""
    comparison, name = test.operator.comparison, test.operator.name
    if comparison.value.startswith("Numeric") and values.number(text) is None:
        report.add("TYPE_MISMATCH_NUMBER", spot, operator=name)
    elif comparison.value.startswith("Date"):
        if values.moment(text) is None:
            report.add("TYPE_MISMATCH_DATE", spot)
        elif values.number(text) is not None and len(text) != 4:
            report.add("INVALID_DATE_VALUE", spot, date=text)
    elif comparison in (Comparison.BOOL, Comparison.NULL) and values.boolean(text) is None:
        report.add("TYPE_MISMATCH_BOOLEAN", spot, operator=name)
    elif comparison is Comparison.BINARY_EQUALS and values.octets(text) is None:
        report.add("TYPE_MISMATCH_STRING", spot, operator=name)
    elif comparison is Comparison.ARN_LIKE and text.count(":") < ARN_COLONS:
        report.add("TYPE_MISMATCH_ARN", spot, operator=name)
    elif comparison is Comparison.IP_ADDRESS and values.network(text) is None:
        report.add("TYPE_MISMATCH_IP_RANGE", spot, operator=name)


def _check_wildcard(report: Report, test: Tested, spot: Spot, text: str) -> None:
    """`*` and `?` are characters like others, unless the operator says Like."""
    exact = test.operator.comparison in (Comparison.STRING_EQUALS, Comparison.STRING_EQUALS_IGNORE_CASE)
    if exact and ("*" in text or "?" in text):
        report.add("WILDCARD_WITHOUT_LIKE_OPERATOR", spot)


def _check_user_id(report: Report, test: Tested, spot: Spot) -> None:
    """aws:userid is an id, or an id and a session's name; what leaves the id half open is anybody's (2.1)."""
    operator, text = test.operator, spot.text or ""
    if test.name.lower() != "aws:userid" or operator.negated or operator.comparison is not Comparison.STRING_LIKE:
        return
    left, colon, _ = text.partition(":")
    if "${" in text:
        before = text[: text.index("${")]
        if before and ":" not in before:
            report.add("VARIABLE_USAGE_TOO_PERMISSIVE", spot)
    elif ("*" in left or "?" in left) and not (colon and left == "*"):
        report.add("WILDCARD_USAGE_TOO_PERMISSIVE", spot)


def _check_identifier(report: Report, test: Tested, spot: Spot, text: str) -> None:
    """Identifiers of VPCs and their endpoints, and Regions, where they are written out."""
    if "*" in text or "?" in text:
        return
    key = test.name.lower()
    if key in IDENTIFIERS and test.operator.comparison is not Comparison.NULL:
        code, prefix = IDENTIFIERS[key]
        rest = text.removeprefix(prefix)
        if rest == text or len(rest) not in IDENTIFIER_LENGTHS or not (rest.isascii() and rest.isalnum()):
            report.add(code, spot)
    if key == "aws:requestedregion" and test.operator.comparison is not Comparison.NULL:
        parts = text.split("-")
        if not all(part.isascii() and part.isalnum() and part == part.lower() for part in parts):
            report.add("INVALID_REGION", spot, region=text)


def _check_redundant_numbers(report: Report, test: Tested) -> None:
    """Of several bounds on one side only one counts: values combine by OR."""
    comparison = test.operator.comparison
    if comparison not in LESS | GREATER or test.operator.negated:
        return
    read = values.moment if comparison.value.startswith("Date") else values.number
    numbers: list[Decimal | None] = [read(scalar(spot.node) or "") for spot in test.key.items()]
    if len(numbers) > 1 and None not in numbers:
        which = "greatest" if comparison in LESS else "least"
        report.add("REDUNDANT_CONDITION_VALUE_NUM", test.key, operator=test.operator.name, which=which, key=test.name)
