"""Checks on policy variables in a value: their braces, quotes and symbols, and whether they count at all. POLICY_EVALUATION 2.5."""

from typing import Final

from muniment.domain.policy.validation.report import Report
from muniment.domain.policy.validation.spots import Part, Spot
from muniment.domain.policy.validation.stated import Stated

_ESCAPED: Final = frozenset("*?$")
_UNSUPPORTED: Final = "'\"*?${"


def check_variables(report: Report, statement: Stated, spot: Spot) -> None:
    """Report on every `${…}` of a text in which variables may stand."""
    text = spot.text or ""
    at = text.find("${")
    while at >= 0:
        end = text.find("}", at)
        if not statement.has_variables:
            report.add("VARIABLE_UNSUPPORTED_IN_VERSION", Part(spot, at, max(end - at + 1, 2)))
        elif end < 0:
            report.add("MISSING_BRACE_IN_VARIABLE", Part(spot, at, len(text) - at))
        else:
            _check_variable(report, Part(spot, at, end - at + 1), text[at + 2 : end])
        at = text.find("${", end) if end >= 0 else -1


def _check_variable(report: Report, part: Part, inside: str) -> None:
    """What stands between the braces: an escape, a key, or a key, a comma, a space and a default in quotes."""
    if inside in _ESCAPED:
        return
    key, comma, default = inside.partition(",")
    if not key.strip():
        report.add("EMPTY_VARIABLE", part)
        return
    if comma:
        quoted = default.strip()
        if len(quoted) < 2 or quoted[0] != "'" or quoted[-1] != "'":
            report.add("MISSING_QUOTE_IN_VARIABLE", part)
        elif "'" in quoted[1:-1]:
            report.add("UNSUPPORTED_SYMBOL_IN_VARIABLE", part, symbol="'")
    if " " in key:
        report.add("UNSUPPORTED_SPACE_IN_VARIABLE", part)
    symbol = next((symbol for symbol in key if symbol in _UNSUPPORTED), None)
    if symbol is not None:
        report.add("UNSUPPORTED_SYMBOL_IN_VARIABLE", part, symbol=symbol)
