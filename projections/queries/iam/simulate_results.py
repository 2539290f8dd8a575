"""What a simulation answers about one action on one resource. IAM API reference, EvaluationResult, ResourceSpecificResult."""

from typing import Any, Final

from muniment.domain.policy.decision import Decision, Effect, Layer, LayerResult, MatchedStatement

DETAILS: Final = {  # the kinds of policies, as EvalDecisionDetails calls them
    Layer.IDENTITY: "IAM Policy",
    Layer.RESOURCE: "Resource Policy",
    Layer.BOUNDARY: "Permissions Boundary Policy",
}


def evaluation_result(action: str, resource: str, decision: Decision, *, cross_account: bool) -> dict[str, Any]:
    """The result; where a resource was named, its own result is in it."""
    layers = {result.layer: result for result in decision.layers if result.applies}
    limits: dict[str, Any] = {}
    if (bounded := layers.get(Layer.BOUNDARY)) is not None:
        limits["PermissionsBoundaryDecisionDetail"] = {"AllowedByPermissionsBoundary": bounded.effect is Effect.ALLOWED}
    if cross_account:
        limits["EvalDecisionDetails"] = _details(layers)
    matched = [_statement(statement) for statement in decision.matched]
    result: dict[str, Any] = {
        "EvalActionName": action,
        "EvalResourceName": resource,
        "EvalDecision": decision.effect.value,
        "MatchedStatements": matched,
        "MissingContextValues": [] if resource != "*" else list(decision.missing),
        **limits,
    }
    if (organization := layers.get(Layer.SCP)) is not None:
        allowed = organization.effect is Effect.ALLOWED
        result["OrganizationsDecisionDetail"] = {"AllowedByOrganizations": allowed}
    if resource != "*":
        result["ResourceSpecificResults"] = [
            {
                "EvalResourceName": resource,
                "EvalResourceDecision": decision.effect.value,
                "MatchedStatements": matched,
                "MissingContextValues": list(decision.missing),
                **limits,
            }
        ]
    return result


def _details(layers: dict[Layer, LayerResult]) -> dict[str, str]:
    """What each kind of policy says by itself."""
    return {name: layers[layer].effect.value for layer, name in DETAILS.items() if layer in layers}


def _statement(statement: MatchedStatement) -> dict[str, Any]:
    return {
        "SourcePolicyId": statement.policy_id,
        "SourcePolicyType": statement.policy_type.value,
        "StartPosition": {"Line": statement.start.line, "Column": statement.start.column},
        "EndPosition": {"Line": statement.end.line, "Column": statement.end.column},
    }
