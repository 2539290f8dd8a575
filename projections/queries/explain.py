"""`muniment:ExplainDecision`: why a request is allowed or denied, now or at any past moment, and who made it so."""

from typing import Any

import msgspec

from muniment.domain import arn
from muniment.domain.account.state import Account
from muniment.domain.errors import NoSuchEntity
from muniment.domain.resource import Resource
from muniment.projections.explain.asking import Text, Values, keys_of, principal_named, request_of
from muniment.projections.explain.telling import explained
from muniment.projections.past.asking import AsOf
from muniment.projections.query import Asked, Query, Views


def asked_about(name: str, asked: Asked) -> str:
    """The resource that the gate is asked about where a question is about a principal: its ARN as far as the name tells it."""
    if name.startswith("arn:"):
        return name
    account = asked.actor.account
    return arn.root(account) if name in ("root", account) else arn.iam(account, "user", "/", name)


class ExplainDecision(Query, frozen=True, kw_only=True, rename="pascal"):
    """Every layer's result; the statements that apply and those that nearly do, with their lines, the conditions' values and the
    entries that brought them in; and the condition keys that were missing.

    `principal` is an ARN (a role session's too), a unique id, `root`, or a user's name, in the caller's account. What was
    passed to a session when it began is not part of the answer.
    """

    service = "muniment"
    models = ("access", "directory", "past")

    principal: Text
    action_asked: Text = msgspec.field(name="Action")
    resource: Text = "*"
    context: Values = {}
    as_of: AsOf = None

    def resources(self, views: Views, asked: Asked) -> tuple[Resource, ...]:
        return (Resource(asked_about(self.principal, asked)),)

    def decides(self) -> tuple[str, ...]:
        return (self.action_asked,)

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        position = views.past.position(self.as_of, asked.now)
        access = views.past.access(position)  # also now: states and entries are then of one moment
        principal = principal_named(access, self.principal, asked.actor.account)
        if principal is None:
            raise NoSuchEntity(
                f"The principal {self.principal} cannot be found in this account at position {position}."
            )
        decided = access.decide(request_of(principal, self.action_asked, self.resource, keys_of(self.context)))
        owner = access.table.get(f"account.{decided.frame.owner()}")
        return explained(decided, views.past, owner if isinstance(owner, Account) else None)
