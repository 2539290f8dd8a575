"""Checks on which elements a statement has: unknown ones, missing ones, and those that exclude each other or do not belong in this
type of policy. POLICY_EVALUATION 2.6; AWS Organizations User Guide, "SCP syntax", "RCP syntax".
"""

from typing import Final

from muniment.domain.policy.grammar import STATEMENT_ELEMENTS
from muniment.domain.policy.rcp_services import RCP_SERVICES
from muniment.domain.policy.statements import Kind
from muniment.domain.policy.validation.report import Report
from muniment.domain.policy.validation.spots import Key
from muniment.domain.policy.validation.stated import Stated

_PAIRS: Final = (("Action", "NotAction"), ("Resource", "NotResource"), ("Principal", "NotPrincipal"))


def check_elements(report: Report, statement: Stated) -> None:
    """Report on the elements of one statement."""
    for spot in statement.spot.members():
        if spot.name not in STATEMENT_ELEMENTS:
            report.add("INVALID_POLICY_ELEMENT", Key(spot), element=spot.name)
    for one, other in _PAIRS:
        first, second = statement.element(one), statement.element(other)
        if first is not None and second is not None:
            places = (Key(first), Key(second), statement.spot)
            report.add("UNSUPPORTED_ELEMENT_COMBINATION", *places, one=one, other=other)
    _check_effect(report, statement)
    _check_missing(report, statement)
    _check_principal_allowed(report, statement)
    if report.kind is Kind.TRUST:
        _check_trust(report, statement)
    elif report.kind is Kind.RCP:
        _check_rcp(report, statement)
    _check_negated(report, statement)


def _check_effect(report: Report, statement: Stated) -> None:
    effect = statement.element("Effect")
    if effect is None:
        report.add("MISSING_EFFECT", statement.spot)
    elif effect.text is None:
        report.add("DATA_TYPE_MISMATCH", effect, type="String")
    elif effect.text not in ("Allow", "Deny"):
        report.add("INVALID_EFFECT", effect, effect=effect.text)


def _check_missing(report: Report, statement: Stated) -> None:
    if statement.element("Action") is None and statement.element("NotAction") is None:
        report.add("MISSING_ACTION", statement.spot)
    no_resource = statement.element("Resource") is None and statement.element("NotResource") is None
    if no_resource and report.kind is not Kind.TRUST:
        report.add("MISSING_RESOURCE", statement.spot)
    no_principal = statement.element("Principal") is None and statement.element("NotPrincipal") is None
    if no_principal and report.kind.names_principals:
        report.add("MISSING_PRINCIPAL", statement.spot)


def _check_principal_allowed(report: Report, statement: Stated) -> None:
    """Policies of identities and organizations do not say whom they are about."""
    if report.kind.names_principals:
        return
    for name in ("Principal", "NotPrincipal"):
        if (spot := statement.element(name)) is None:
            continue
        if report.kind is Kind.SCP:
            report.add("SCP_SYNTAX_ERROR_PRINCIPAL", spot)
        else:
            report.add("UNSUPPORTED_PRINCIPAL", spot, policy_type="IDENTITY_POLICY")


def _check_trust(report: Report, statement: Stated) -> None:
    """A trust policy is about the role it belongs to, and names whom it trusts."""
    for name in ("Resource", "NotResource"):
        if (spot := statement.element(name)) is not None:
            report.add("ROLE_TRUST_POLICY_SYNTAX_ERROR_RESOURCE", spot)
    if (excluded := statement.element("NotPrincipal")) is not None:
        report.add("ROLE_TRUST_POLICY_SYNTAX_ERROR_NOTPRINCIPAL", excluded)
    principal = statement.element("Principal")
    if principal is not None and principal.text == "*":
        report.add("ROLE_TRUST_POLICY_UNSUPPORTED_WILDCARD_IN_PRINCIPAL", principal)


def _check_rcp(report: Report, statement: Stated) -> None:
    """A resource control policy denies everyone actions of the services that support it."""
    principal, excluded = statement.element("Principal"), statement.element("NotPrincipal")
    if excluded is not None or (principal is not None and principal.text != "*"):
        report.add("RCP_SYNTAX_ERROR_PRINCIPAL", *(spot for spot in (principal, excluded) if spot is not None))
    effect = statement.element("Effect")
    if statement.allows and effect is not None:
        report.add("RCP_SYNTAX_ERROR_ALLOW", effect)
    if (negated := statement.element("NotAction")) is not None:
        report.add("RCP_SYNTAX_ERROR_NOTACTION", Key(negated))
    for action in statement.values("Action"):
        service, colon, _ = (action.text or "").lower().partition(":")
        if action.text == "*" or (colon and service not in RCP_SERVICES):
            report.add("RCP_SYNTAX_ERROR_ACTION", action)


def _check_negated(report: Report, statement: Stated) -> None:
    """An Allow for all but what is listed allows what nobody has thought of (2.6)."""
    if not statement.allows or report.kind in (Kind.SCP, Kind.RCP):
        return
    if (actions := statement.element("NotAction")) is not None:
        report.add("ALLOW_WITH_NOT_ACTION", Key(actions))
    if (resources := statement.element("NotResource")) is not None:
        report.add("ALLOW_WITH_NOT_RESOURCE", Key(resources))
    if (excluded := statement.element("NotPrincipal")) is not None and report.kind is Kind.RESOURCE:
        report.add("ALLOW_WITH_NOT_PRINCIPAL", excluded)
