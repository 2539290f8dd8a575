"""The text of AccessDenied. POLICY_EVALUATION 2.8; IAM User Guide, "Troubleshoot access denied error messages"."""

from muniment.domain.policy.decision import Alarm, Effect, Layer
from muniment.domain.policy.request import AccessRequest
from muniment.domain.policy.statements import Kind

ROOT_ASSUMES_NOTHING = "Roles may not be assumed by root accounts."


def reason(request: AccessRequest, effect: Effect, layer: Layer, resource_kind: Kind) -> str:
    """Why the request is denied, in AWS's words; `resource_kind` tells a trust policy from other resource policies."""
    if layer is Layer.ROOT:
        return ROOT_ASSUMES_NOTHING
    policy = layer.value
    article = "a"
    if layer is Layer.RESOURCE and resource_kind is Kind.TRUST:
        policy, article = "role trust policy", "the"
    elif layer is Layer.IDENTITY:
        article = "an"
    if effect is Effect.EXPLICIT_DENY:
        return f"{refusal(request)} with an explicit deny in {article} {policy}"
    return f"{refusal(request)} because no {policy} allows the {request.action} action"


def alarm_reason(request: AccessRequest, alarm: Alarm) -> str:
    """Why a request is denied about which no decision could be made."""
    why = {
        Alarm.BUDGET: "the policies need more comparisons than a decision may make",
        Alarm.ERROR: "an error occurred while the policies were evaluated",
    }[alarm]
    return f"{refusal(request)} because {why}"


def refusal(request: AccessRequest) -> str:
    """The beginning of every such text."""
    return (
        f"User: {request.principal.name} is not authorized to perform: {request.action} on resource: {request.resource}"
    )
