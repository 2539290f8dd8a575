"""The reading actions of STS: GetCallerIdentity, which nobody can be denied, and GetAccessKeyInfo."""

from typing import Any

from muniment.domain.resource import Resource
from muniment.projections.query import Asked, Query, Views


class STSQuery(Query, frozen=True, kw_only=True, rename="pascal"):
    """A question to the token service."""

    service = "sts"


class GetCallerIdentity(STSQuery, frozen=True, kw_only=True, rename="pascal"):
    """Who calls. Always allowed, whatever policies say (POLICY_EVALUATION 2.2 step 0).

    https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
    """

    def resources(self, views: Views, asked: Asked) -> tuple[Resource, ...]:
        return (Resource("*"),)

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        return {"UserId": asked.actor.id, "Account": asked.actor.account, "Arn": asked.actor.arn}
