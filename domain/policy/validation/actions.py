"""Checks on the values of Action and NotAction. POLICY_EVALUATION 2.6."""

import difflib
from typing import Final

from muniment.domain.policy.json_text import StringNode
from muniment.domain.policy.statements import Kind
from muniment.domain.policy.validation.known_actions import ACTIONS
from muniment.domain.policy.validation.report import Report
from muniment.domain.policy.validation.spots import Spot
from muniment.domain.policy.validation.stated import Stated

SERVICE_CHARACTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._")
NAME_CHARACTERS: Final = SERVICE_CHARACTERS | frozenset("*?/@+=,")
ACTION_CHARACTERS_MAX: Final = 128  # longer names are no action's; nobody's pattern needs more
TRUST_RESOURCE_TYPE: Final = "AWS::IAM::AssumeRolePolicyDocument"


def check_actions(report: Report, statement: Stated) -> None:
    """Report on the actions of one statement."""
    for name in ("Action", "NotAction"):
        element = statement.element(name)
        if element is None:
            continue
        if element.items() == ():
            report.add("EMPTY_ARRAY_ACTION", element)
        for spot in element.items():
            if not isinstance(spot.node, StringNode):
                report.add("DATA_TYPE_MISMATCH", *spot.within(element), type="String")
            elif "${" in spot.node.text:
                variable = spot.node.text[spot.node.text.index("${") :]
                report.add("VARIABLE_UNSUPPORTED_IN_ELEMENT", spot, variable=variable.partition("}")[0] + "}")
            else:
                _check_action(report, spot, spot.node.text)


def _check_action(report: Report, spot: Spot, text: str) -> None:
    if text == "*":
        if report.kind is Kind.TRUST:
            report.add("UNSUPPORTED_ACTION_IN_POLICY", spot, action=text, resource_type=TRUST_RESOURCE_TYPE)
        return
    service, colon, name = text.partition(":")
    if not colon or not service or not name or ":" in name or not NAME_CHARACTERS.issuperset(name):
        report.add("INVALID_ACTION", spot, action=text, suggestion="")
        return
    if not SERVICE_CHARACTERS.issuperset(service):
        report.add("INVALID_SERVICE_IN_ACTION", spot, service=service, suggestion=_meant(service, tuple(ACTIONS)))
        return
    if report.kind is Kind.TRUST and service.lower() != "sts":
        report.add("UNSUPPORTED_ACTION_IN_POLICY", spot, action=text, resource_type=TRUST_RESOURCE_TYPE)
    names = ACTIONS.get(service.lower())
    if names is not None and not _exists(name, names):
        near = _meant(name, names, f"{service}:")
        report.add("INVALID_ACTION", spot, action=text, suggestion=near)


def _exists(name: str, names: tuple[str, ...]) -> bool:
    """Whether the service has the action. Of a pattern nothing is said: it may be for what is still to come."""
    return "*" in name or "?" in name or name.lower() in {known.lower() for known in names}


def _meant(said: str, known: tuple[str, ...], prefix: str = "") -> str:
    """` Did you mean …?` where something known is close."""
    by_lower = {name.lower(): name for name in known}
    near = difflib.get_close_matches(said[:ACTION_CHARACTERS_MAX].lower(), by_lower, 1, 0.8)
    return f" Did you mean {prefix}{by_lower[near[0]]}?" if near else ""
