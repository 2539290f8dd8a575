"""`muniment:GetEscalationGuard`: whether an account lets anybody give more than they may do themselves."""

from typing import Any

from muniment.domain import arn
from muniment.domain.account.state import Account
from muniment.domain.boundary import as_state
from muniment.domain.resource import Resource
from muniment.projections.query import Asked, Query, Views


class GetEscalationGuard(Query, frozen=True, kw_only=True, rename="pascal"):
    """`on` or `off`, as `SetEscalationGuard` left it."""

    service = "muniment"
    models = ("directory",)

    def resources(self, views: Views, asked: Asked) -> tuple[Resource, ...]:
        return (Resource(arn.root(asked.actor.account)),)

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        boundary = f"{Account.kind}.{asked.actor.account}"
        account = as_state(views.state(boundary), boundary, Account)
        return {"Mode": "on" if account.escalation_guarded else "off"}
