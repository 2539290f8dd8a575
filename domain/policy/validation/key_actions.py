"""Checks on condition keys that only some actions bring: for the others the condition compares nothing.
Service Authorization Reference, the condition keys of the actions of IAM and STS.
"""

from collections.abc import Mapping
from typing import Final

from muniment.domain.policy.statements import Kind
from muniment.domain.policy.validation.report import Report
from muniment.domain.policy.validation.spots import Spot
from muniment.domain.policy.validation.stated import Stated
from muniment.domain.policy.validation.trust import WEB_IDENTITY, provider_host

_ASSUMING: Final = "sts:assumerole sts:assumerolewithsaml sts:assumerolewithwebidentity"
BRINGING: Final[Mapping[str, frozenset[str]]] = {
    key: frozenset(actions.split())
    for key, actions in {
        "iam:passedtoservice": "iam:passrole",
        "iam:associatedresourcearn": "iam:passrole",
        "iam:awsservicename": "iam:createservicelinkedrole iam:deleteservicelinkedrole",
        "iam:policyarn": (
            "iam:attachgrouppolicy iam:attachrolepolicy iam:attachuserpolicy iam:detachgrouppolicy iam:detachrolepolicy "
            "iam:detachuserpolicy"
        ),
        "iam:permissionsboundary": (
            "iam:attachrolepolicy iam:attachuserpolicy iam:createrole iam:createuser iam:deleterolepermissionsboundary "
            "iam:deleterolepolicy iam:deleteuserpermissionsboundary iam:deleteuserpolicy iam:detachrolepolicy "
            "iam:detachuserpolicy iam:putrolepermissionsboundary iam:putrolepolicy iam:putuserpermissionsboundary "
            "iam:putuserpolicy"
        ),
        "sts:externalid": "sts:assumerole sts:setcontext sts:setsourceidentity sts:tagsession",
        "sts:rolesessionname": f"{_ASSUMING} sts:setcontext sts:setsourceidentity sts:tagsession",
        "sts:sourceidentity": f"{_ASSUMING} sts:setcontext sts:setsourceidentity sts:tagsession",
        "sts:transitivetagkeys": f"{_ASSUMING} sts:getfederationtoken sts:setcontext sts:setsourceidentity sts:tagsession",
    }.items()
}
MISMATCHED: Final = "sts:assumerole"  # of a web identity: another finding says that it is never right


def check_key_actions(report: Report, statement: Stated) -> None:
    """Report on keys that some of the statement's actions never bring. Patterns of actions are not looked at."""
    actions = [spot for spot in statement.values("Action") if not set("*?") & set(spot.text or "*")]
    if not actions:
        return
    bringing = dict(BRINGING)
    hosts = {provider_host(spot.text or "").lower() for spot in statement.principals("Federated")}
    for test in statement.tests():
        key = test.name.lower()
        if report.kind is Kind.TRUST and key.partition(":")[0] in hosts:
            bringing[key] = frozenset({WEB_IDENTITY, MISMATCHED})
        if key in bringing:
            _check(report, test.key, actions, bringing[key])


def _check(report: Report, key: Spot, actions: list[Spot], bringing: frozenset[str]) -> None:
    unsupported = [spot for spot in actions if (spot.text or "").lower() not in bringing]
    if unsupported:
        names = ", ".join(spot.text or "" for spot in unsupported)
        report.add("UNSUPPORTED_ACTION_FOR_CONDITION_KEY", *unsupported, key, actions=names, key=key.name)
