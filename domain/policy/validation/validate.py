"""ValidatePolicy: everything there is to say about a policy, in the order in which it stands there.

It never raises for a policy, however broken; what `parse_for_writing` refuses has a finding of type ERROR.
"""

from typing import Final

from muniment.domain.policy.json_text import Lines, ObjectNode, Unreadable, read
from muniment.domain.policy.statements import Kind
from muniment.domain.policy.validation.actions import check_actions
from muniment.domain.policy.validation.catalogue import ISSUES
from muniment.domain.policy.validation.conditions import check_conditions
from muniment.domain.policy.validation.elements import check_elements
from muniment.domain.policy.validation.findings import Finding, Location
from muniment.domain.policy.validation.key_actions import check_key_actions
from muniment.domain.policy.validation.principals import check_principals
from muniment.domain.policy.validation.redundancy import check_redundancy, check_repeated
from muniment.domain.policy.validation.refused import add_refused
from muniment.domain.policy.validation.report import Report
from muniment.domain.policy.validation.resource_types import check_resource_type
from muniment.domain.policy.validation.resources import check_resources
from muniment.domain.policy.validation.roles import check_roles
from muniment.domain.policy.validation.spots import Spot
from muniment.domain.policy.validation.stated import Stated
from muniment.domain.policy.validation.structure import check_document
from muniment.domain.policy.validation.trust import check_trust

CHECKS: Final = (
    check_elements,
    check_principals,
    check_actions,
    check_resources,
    check_conditions,
    check_key_actions,
    check_trust,
    check_roles,
    check_redundancy,
)


def validate(text: str, kind: Kind, resource_type: str = "") -> tuple[Finding, ...]:
    """The findings about a document of this kind, which belongs to a resource of this type where one is named."""
    try:
        root = read(text)
    except Unreadable as fault:
        return (_unreadable(text, fault),)
    report = Report(text, kind)
    statements = check_document(report, Spot(root))
    for statement in statements:
        for check in CHECKS:
            check(report, statement)
        check_resource_type(report, statement, resource_type)
    check_repeated(report, statements)
    add_refused(report, root)
    return tuple(sorted(report.findings, key=_order))


def is_trust_policy(text: str) -> bool:
    """Whether a resource policy can only be a role's trust policy: it names no resource, and actions of STS alone."""
    try:
        root = read(text)
    except Unreadable:
        return False
    body = Spot(root).member("Statement")
    items = () if body is None else body.items()
    statements = [Stated(spot, "") for spot in items if isinstance(spot.node, ObjectNode)]
    return bool(statements) and all(_is_of_trust(statement) for statement in statements)


def _is_of_trust(statement: Stated) -> bool:
    actions = statement.actions()
    resources = (statement.element("Resource"), statement.element("NotResource"))
    return bool(actions) and resources == (None, None) and all(action.startswith("sts:") for action in actions)


def _unreadable(text: str, fault: Unreadable) -> Finding:
    """What is no JSON, or holds an element twice, or is nested too deep."""
    issue = ISSUES["JSON_SYNTAX_ERROR"]
    place = Lines(text).place(min(fault.offset, len(text)))
    words = issue.details.format(index=place.offset, line=place.line, column=place.column - 1)
    return Finding(issue.type, "JSON_SYNTAX_ERROR", f"{words} ({fault.message})", (Location((), place, place),))


def _order(finding: Finding) -> tuple[int, int]:
    """By the place of what a finding is about first; of several, whatever holds the others."""
    first = finding.locations[0]
    return first.start.offset, -first.end.offset
