"""Checks on role trust policies: the actions that go with each kind of principal, and the conditions that a web identity needs.
IAM User Guide, "Creating a role for identity federation"; IAM Roles Anywhere User Guide, "Trust model".
"""

from collections.abc import Mapping
from typing import Final

from muniment.domain.policy.statements import Kind
from muniment.domain.policy.validation.report import Report
from muniment.domain.policy.validation.spots import Spot
from muniment.domain.policy.validation.stated import Stated

SAML: Final = "sts:assumerolewithsaml"
WEB_IDENTITY: Final = "sts:assumerolewithwebidentity"
ASSUME: Final = "sts:assumerole"
GITHUB: Final = "token.actions.githubusercontent.com"
ROLES_ANYWHERE: Final = "rolesanywhere.amazonaws.com"
ROLES_ANYWHERE_ACTIONS: Final = frozenset({ASSUME, "sts:setsourceidentity", "sts:tagsession"})
SETTING: Final[Mapping[str, str]] = {  # keys whose values only this action brings
    "sts:sourceidentity": "sts:SetSourceIdentity",
    "sts:transitivetagkeys": "sts:TagSession",
}


def check_trust(report: Report, statement: Stated) -> None:
    """Report on one statement of a trust policy."""
    if report.kind is not Kind.TRUST or not statement.allows:
        return
    _check_pairs(report, statement)
    _check_web_identity(report, statement)
    _check_settings(report, statement)
    actions = frozenset(statement.actions())
    anywhere = [spot for spot in statement.principals("Service") if spot.text == ROLES_ANYWHERE]
    if anywhere and not _has_wildcard(actions) and not actions >= ROLES_ANYWHERE_ACTIONS:
        report.add("MISSING_ACTION_FOR_ROLES_ANYWHERE_TRUST_POLICY", *anywhere)


def provider_host(text: str) -> str:
    """The name by which condition keys call a web identity provider; empty for SAML providers."""
    if not text.startswith("arn:"):
        return text
    kind, _, name = text.split(":", 5)[-1].partition("/")
    return name if kind == "oidc-provider" else ""


def _check_pairs(report: Report, statement: Stated) -> None:
    """AssumeRole is for users, roles and services; the other two for the providers of their kind."""
    federated = statement.principals("Federated")
    saml = tuple(spot for spot in federated if not provider_host(spot.text or ""))
    web = tuple(spot for spot in federated if provider_host(spot.text or ""))
    others = (*statement.principals("AWS"), *statement.principals("Service"))
    wrong: Mapping[str, tuple[Spot, ...]] = {ASSUME: federated, SAML: (*web, *others), WEB_IDENTITY: (*saml, *others)}
    for action in statement.values("Action"):
        mismatched = wrong.get((action.text or "").lower(), ())
        if mismatched:
            names = ", ".join(spot.text or "" for spot in mismatched)
            report.add("MISMATCHED_ACTION_FOR_PRINCIPAL", action, *mismatched, action=action.text, principals=names)


def _check_web_identity(report: Report, statement: Stated) -> None:
    """Whoever has an account with a public provider may come with a token of it: conditions must say who is meant."""
    asked = [test.name.lower() for test in statement.tests()]
    for spot in statement.principals("Federated"):
        host = provider_host(spot.text or "").lower()
        if not host:
            continue
        if not any(key.startswith(f"{host}:") for key in asked):
            report.add("MISSING_CONDITION_KEY_FOR_OIDC_PRINCIPAL", spot)
        if host == GITHUB and f"{GITHUB}:sub" not in asked:
            report.add("MISSING_GITHUB_REPO_CONDITION_KEY", spot)


def _check_settings(report: Report, statement: Stated) -> None:
    """A key that only another action brings is absent unless that action is asked for too."""
    actions = frozenset(statement.actions())
    if _has_wildcard(actions) or statement.element("NotAction") is not None:
        return
    for test in statement.tests():
        needed = SETTING.get(test.name.lower())
        if needed is not None and needed.lower() not in actions:
            report.add("MISSING_ACTION_FOR_CONDITION_KEY", test.key, action=needed, key=test.name)


def _has_wildcard(actions: frozenset[str]) -> bool:
    return any("*" in action or "?" in action for action in actions)
