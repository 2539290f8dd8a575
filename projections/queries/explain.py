"""`muniment:ExplainDecision`: why a request is allowed or denied, now or at any past moment, and who made it so."""

from collections.abc import Iterator
from typing import Any

import msgspec

from muniment.domain import arn
from muniment.domain.account.state import Account
from muniment.domain.errors import NoSuchEntity
from muniment.domain.policy.request import Principal
from muniment.domain.resource import Resource
from muniment.projections.access.model import Access
from muniment.projections.access.principals import holder_id
from muniment.projections.explain.asking import (
    Text,
    Values,
    action_named,
    keys_of,
    permission_arn,
    principal_named,
    request_of,
)
from muniment.projections.explain.passed import Document, PolicyArns, passed_to
from muniment.projections.explain.telling import explained
from muniment.projections.past.asking import AsOf, access_at
from muniment.projections.query import Asked, Query, Views


def asked_about(name: str, views: Views, asked: Asked, as_of: AsOf = None) -> tuple[Resource, ...]:
    """The resources that the gate is asked about where a question is about a principal: the ARN it has, and the one it had at
    the moment asked for. However somebody is named, the same policies count; a name that nobody has stands for itself."""
    account = asked.actor.account
    moments = (views.access, access_at(views, as_of, asked)) if as_of is not None else (views.access,)
    arns: dict[str, None] = {}
    for access in moments:
        if (found := principal_named(access, name, account)) is not None:
            arns[permission_arn(found)] = None
            if holder := holder_id(found):  # whoever bore the name then may have another one now
                arns |= dict.fromkeys(permission_arn(one) for one in _bearing(views.access, holder, account))
    if not arns:
        arns[name if name.startswith("arn:") else arn.iam(account, "user", "/", name)] = None
    return tuple(map(Resource, arns))


def _bearing(access: Access, unique_id: str, account: str) -> Iterator[Principal]:
    """The user or role that has this unique id now; nobody where it is gone."""
    if (found := principal_named(access, unique_id, account)) is not None:
        yield found


class ExplainDecision(Query, frozen=True, kw_only=True, rename="pascal"):
    """Every layer's result; the statements that apply and those that nearly do, with their lines, the conditions' values and the
    entries that brought them in; and the condition keys that were missing.

    `principal` is an ARN (a role session's too), a unique id, `root`, or a user's name, in the caller's account. `policy` and
    `policy_arns` are what was passed to a session when it began, as AssumeRole takes them; without them it is what its role is.
    """

    service = "muniment"
    models = ("access", "directory", "past")

    principal: Text
    action_asked: Text = msgspec.field(name="Action")
    resource: Text = "*"
    context: Values = {}
    policy: Document = ""
    policy_arns: PolicyArns = []
    as_of: AsOf = None

    def resources(self, views: Views, asked: Asked) -> tuple[Resource, ...]:
        return asked_about(self.principal, views, asked, self.as_of)

    def decides(self) -> tuple[str, ...]:
        return (self.action_asked,)

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        action = action_named(self.action_asked)
        position = views.past.position(self.as_of, asked.now)
        access = views.past.access(position)  # also now: states and entries are then of one moment
        principal = principal_named(access, self.principal, asked.actor.account)
        if principal is None:
            raise NoSuchEntity(
                f"The principal {self.principal} cannot be found in this account at position {position}."
            )
        passed = passed_to(principal, self.policy, self.policy_arns)
        session = None if passed is None else access.passed_policies(passed, principal.account)
        decided = access.decide(request_of(principal, action, self.resource, keys_of(self.context)), session)
        owner = access.table.get(f"account.{decided.frame.owner()}")
        return explained(decided, views.past, owner if isinstance(owner, Account) else None)
