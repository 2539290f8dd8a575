"""GetContextKeysForCustomPolicy and GetContextKeysForPrincipalPolicy: the condition keys that policies ask for."""

from collections.abc import Iterable
from typing import Any

from muniment.domain.policy.context_keys import context_keys
from muniment.domain.policy.document import Kind
from muniment.domain.policy.layers import Source
from muniment.domain.resource import Resource
from muniment.projections.queries.iam import resources, simulate_inputs
from muniment.projections.queries.iam.query import IAMQuery
from muniment.projections.queries.iam.simulate_holdings import boundary_of, entity, held
from muniment.projections.query import Asked, Views


class GetContextKeysForCustomPolicy(IAMQuery, frozen=True, kw_only=True, rename="pascal"):
    """Of policies given as texts. https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetContextKeysForCustomPolicy.html"""

    policy_input_list: tuple[str, ...]

    def resources(self, views: Views, asked: Asked) -> tuple[Resource, ...]:
        return resources.ANY

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        return _answer(simulate_inputs.sources("PolicyInputList", self.policy_input_list, Kind.IDENTITY))


class GetContextKeysForPrincipalPolicy(IAMQuery, frozen=True, kw_only=True, rename="pascal"):
    """Of the policies of a user with its groups, of a group or of a role, its boundary among them, and of others beside them.
    https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetContextKeysForPrincipalPolicy.html
    """

    policy_source_arn: str
    policy_input_list: tuple[str, ...] = ()

    def resources(self, views: Views, asked: Asked) -> tuple[Resource, ...]:
        return resources.entity_at(self.account(views, asked), self.policy_source_arn)

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        account = self.account(views, asked)
        holder = entity(account, self.policy_source_arn)
        own = [policy.source for policy in held(account, holder)]
        given = simulate_inputs.sources("PolicyInputList", self.policy_input_list, Kind.IDENTITY)
        return _answer((*own, *(boundary_of(account, holder) or ()), *given))


def _answer(sources: Iterable[Source]) -> dict[str, Any]:
    """Every key once, whatever its spelling."""
    found: dict[str, str] = {}
    for source in sources:
        for key in context_keys(source.document):
            found[key.lower()] = max(key, found.get(key.lower(), key))
    return {"ContextKeyNames": [found[key] for key in sorted(found)]}
