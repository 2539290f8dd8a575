"""Checks on Principal and NotPrincipal: whether they name anybody who can exist, and whether they name too many.
POLICY_EVALUATION 2.6; IAM User Guide, "AWS JSON policy elements: Principal".
"""

from typing import Final

from muniment.domain.policy.grammar_principals import PRINCIPAL_TYPES, is_aws_principal, is_provider, is_service
from muniment.domain.policy.json_text import ObjectNode, StringNode
from muniment.domain.policy.statements import Kind
from muniment.domain.policy.validation.report import Report
from muniment.domain.policy.validation.spots import Key, Spot
from muniment.domain.policy.validation.stated import Stated

SOURCE_KEYS: Final = (
    "aws:sourcearn",
    "aws:sourceaccount",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
    "aws:sourceowner",
)
NOT_OF_SERVICES: Final = (
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:principalaccount",
    "aws:principalarn",
    "aws:username",
)


def check_principals(report: Report, statement: Stated) -> None:
    """Report on the principals of one statement."""
    if not report.kind.names_principals:
        return
    for name in ("Principal", "NotPrincipal"):
        if (element := statement.element(name)) is not None:
            _check_element(report, element)
    _check_excluded(report, statement)
    if report.kind is Kind.RESOURCE:
        _check_services(report, statement)


def _check_element(report: Report, element: Spot) -> None:
    if element.text == "*":
        return
    if not isinstance(element.node, ObjectNode):
        report.add("INVALID_PRINCIPAL_FORMAT", element)
        return
    if element.is_empty:
        report.add("EMPTY_OBJECT_PRINCIPAL", element)
    for named in element.members():
        if named.name not in PRINCIPAL_TYPES:
            report.add("INVALID_PRINCIPAL_KEY", Key(named), key=named.name)
            continue
        if named.items() == ():
            report.add("EMPTY_ARRAY_PRINCIPAL", named)
        for spot in named.items():
            if not isinstance(spot.node, StringNode):
                report.add("DATA_TYPE_MISMATCH", *spot.within(named), type="String")
            else:
                _check_name(report, named.name, spot, spot.node.text)


def _check_name(report: Report, type_: str, spot: Spot, text: str) -> None:
    if "${" in text:
        report.add("VARIABLE_UNSUPPORTED_IN_ELEMENT", spot, variable=text[text.index("${") :].partition("}")[0] + "}")
    elif ("*" in text or "?" in text) and not (type_ == "AWS" and text == "*"):
        report.add("UNSUPPORTED_WILDCARD_IN_PRINCIPAL", spot, key=type_)
    elif type_ == "AWS":
        _check_aws(report, spot, text)
    elif type_ == "Federated":
        _check_federated(report, spot, text)
    elif type_ == "Service" and not is_service(text):
        report.add("INVALID_SERVICE_PRINCIPAL_FORMAT", spot)


def _check_aws(report: Report, spot: Spot, text: str) -> None:
    if not is_aws_principal(text):
        report.add("INVALID_PRINCIPAL_FORMAT", spot)
    elif text.startswith("AIDA"):
        report.add("INVALID_USER_REFERENCE", spot, id=text)
    elif text.startswith("AROA"):
        report.add("INVALID_ROLE_REFERENCE", spot, id=text)


def _check_federated(report: Report, spot: Spot, text: str) -> None:
    if report.kind is not Kind.TRUST:
        report.add("FEDERATED_PRINCIPAL_NOT_SUPPORTED", spot)
    elif not is_provider(text):
        report.add("INVALID_FEDERATED_PRINCIPAL_SYNTAX_IN_ROLE_TRUST_POLICY", spot)


def _check_excluded(report: Report, statement: Stated) -> None:
    """A Deny lets go only whom NotPrincipal names in full: the account too, and a session's role (2.6)."""
    element = statement.element("NotPrincipal")
    named = element.member("AWS") if element is not None else None
    if named is None or statement.allows:
        return
    texts = {spot.text or "" for spot in named.texts()}
    for spot in named.texts():
        text = spot.text or ""
        segments = text.split(":", 5)
        if not is_aws_principal(text) or len(segments) < 6 or segments[5] == "root":
            continue
        account = segments[4]
        role = segments[5].split("/")[1] if segments[5].startswith("assumed-role/") else ""
        has_role = not role or any(
            other.startswith(f"arn:{segments[1]}:iam::{account}:role/") and other.endswith(f"/{role}")
            for other in texts
        )
        if not has_role or not texts & {account, f"arn:{segments[1]}:iam::{account}:root"}:
            report.add("NOT_PRINCIPAL_WITHOUT_ACCOUNT", spot, account=account)


def _check_services(report: Report, statement: Stated) -> None:
    """A service that is granted something should act for somebody in particular, and is in no organization."""
    services = statement.principals("Service")
    if not services or not statement.allows:
        return
    if not statement.asks_for(*SOURCE_KEYS):
        report.add("RESTRICT_ACCESS_TO_SERVICE_PRINCIPAL", *services)
    principal = statement.element("Principal")
    others = [named for named in principal.members() if named.name != "Service"] if principal is not None else []
    unsupported = [test for test in statement.tests() if test.name.lower() in NOT_OF_SERVICES]
    plain = [test for test in unsupported if not test.operator.negated and not test.operator.if_exists]
    if plain and not others:
        keys = ", ".join(sorted({test.name for test in plain}))
        report.add("UNSUPPORTED_CONDITION_KEY_FOR_SERVICE_PRINCIPAL", *(test.key for test in plain), keys=keys)
