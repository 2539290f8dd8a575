"""Checks on who may pass roles, and create service-linked ones: both hand out a role's rights, so that the role should be named.
IAM User Guide, "Granting a user permissions to pass a role to an AWS service".
"""

from muniment.domain.policy.patterns import action_pattern, covers
from muniment.domain.policy.statements import Kind
from muniment.domain.policy.validation.report import Report
from muniment.domain.policy.validation.spots import Key, Spot
from muniment.domain.policy.validation.stated import Stated

PASSING = "iam:passrole"
CREATE_SLR = "iam:createservicelinkedrole"
LIMITS = ("iam:passedtoservice", "iam:awsservicename")  # conditions that name the service instead of the role


def check_roles(report: Report, statement: Stated) -> None:
    """Report on one statement of an identity's policy."""
    if report.kind is not Kind.IDENTITY or not statement.allows:
        return
    for family, action in (("PASS_ROLE", PASSING), ("CREATE_SLR", CREATE_SLR)):
        _check(report, statement, family, action)


def _check(report: Report, statement: Stated, family: str, action: str) -> None:
    granting = _granting(statement, action)
    if not granting or statement.asks_for(*LIMITS):
        return
    by_name = any((spot.text or "").lower() == action for spot in granting)
    negated = statement.element("NotAction") is not None
    excluded = statement.element("NotResource")
    starred = [spot for spot in statement.values("Resource") if _is_any_role(spot.text or "")]
    places: tuple[Spot | Key, ...] = (Key(granting[0]) if negated else granting[0],)
    if excluded is not None:
        suffix = "NOT_ACTION_AND_" if negated else "" if by_name else "STAR_IN_ACTION_AND_"
        report.add(f"{family}_WITH_{suffix}NOT_RESOURCE", *places, Key(excluded))
    elif starred:
        suffix = "STAR_IN_RESOURCE" if by_name or negated else "STAR_IN_ACTION_AND_RESOURCE"
        report.add(f"{family}_WITH_{suffix}{'_AND_NOT_ACTION' if negated else ''}", *places, *starred)


def _granting(statement: Stated, action: str) -> tuple[Spot, ...]:
    """The values of Action that are for this action, or the NotAction that is not."""
    asked = action_pattern(action)
    if (negated := statement.element("NotAction")) is not None:
        listed = any(covers(action_pattern(spot.text or ""), asked) for spot in negated.texts())
        return () if listed else (negated,)
    return tuple(spot for spot in statement.values("Action") if covers(action_pattern(spot.text or ""), asked))


def _is_any_role(resource: str) -> bool:
    """Whether a resource leaves the role open: a wildcard with nothing of a name before it."""
    if "*" not in resource:
        return False
    segments = resource.split(":", 5)
    return len(segments) < 6 or segments[5].partition("*")[0] in ("", "role", "role/")
