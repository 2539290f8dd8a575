"""Checks for what is said twice: values that another one covers, and statements that are the same."""

from typing import Final

from muniment.domain.policy.patterns import Pattern, action_pattern, covers, resource_pattern
from muniment.domain.policy.reading import scalar
from muniment.domain.policy.validation.report import Report
from muniment.domain.policy.validation.spots import Spot
from muniment.domain.policy.validation.stated import Stated
from muniment.domain.policy.variables import MalformedVariable

SYMBOLS_MAX: Final = 500_000  # that one element may cost; what is longer is not looked through: it is a suggestion only


def check_redundancy(report: Report, statement: Stated) -> None:
    """Report on values of one statement that others of it cover."""
    for name in ("Action", "NotAction"):
        spots = statement.values(name)
        covered = _covered(spots, [action_pattern(spot.text or "") for spot in spots])
        if covered:
            report.add("REDUNDANT_ACTION", *covered, count=len(covered), action=covered[0].text)
    for name in ("Resource", "NotResource"):
        spots = statement.values(name)
        try:
            patterns = [resource_pattern(spot.text or "", statement.version) for spot in spots]
        except MalformedVariable:
            continue
        covered = _covered(spots, patterns)
        if covered:
            report.add("REDUNDANT_RESOURCE", *covered, count=len(covered))


def check_repeated(report: Report, statements: tuple[Stated, ...]) -> None:
    """Report on statements that say the same as an earlier one; their Sids do not count."""
    seen: dict[object, Stated] = {}
    for statement in statements:
        said = _said(statement)
        if said in seen:
            report.add("REDUNDANT_STATEMENT", seen[said].spot, statement.spot)
        seen.setdefault(said, statement)


def _covered(spots: tuple[Spot, ...], patterns: list[Pattern]) -> list[Spot]:
    """Those of the values that another covers; of two that cover each other the later."""
    wide = [index for index, pattern in enumerate(patterns) if not all(isinstance(symbol, str) for symbol in pattern)]
    if len(wide) * sum(len(pattern) for pattern in patterns) > SYMBOLS_MAX:
        return []
    found = []
    first: dict[Pattern, int] = {}
    for index, (spot, pattern) in enumerate(zip(spots, patterns, strict=True)):
        again = first.setdefault(pattern, index) != index
        if again or any(patterns[other] != pattern and covers(patterns[other], pattern) for other in wide):
            found.append(spot)
    return found


def _said(statement: Stated) -> object:
    """What a statement says, in a form in which equals are equal."""
    return frozenset((spot.name, _value(spot)) for spot in statement.spot.members() if spot.name != "Sid")


def _value(spot: Spot) -> object:
    """A value without regard to the order of arrays and objects."""
    if members := tuple(spot.members()):
        return frozenset((member.name, _value(member)) for member in members)
    if spot.items() == (spot,):
        return scalar(spot.node)
    items = [_value(item) for item in spot.items()]
    return items[0] if len(items) == 1 else frozenset(items)
