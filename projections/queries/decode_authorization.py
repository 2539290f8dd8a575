"""`sts:DecodeAuthorizationMessage`: why a request was denied, from the message that its answer carried."""

from typing import Annotated, Any

import msgspec

from muniment.domain.denied import DECODED_CHARACTERS_MAX, FIELD, LIFE_SECONDS, Denied, NoMessage, envelope, opened
from muniment.domain.errors import InvalidAuthorizationMessage
from muniment.domain.policy.decision import Effect, MatchedStatement
from muniment.domain.policy.evaluate import PolicySet
from muniment.domain.policy.request import AccessRequest, Principal
from muniment.domain.policy.statements import Statement
from muniment.domain.resource import Resource
from muniment.domain.sealing import Unreadable
from muniment.domain.session import Passed, Session
from muniment.projections.access.decided import policies
from muniment.projections.access.model import Access
from muniment.projections.query import Asked, Query, Views

_encode = msgspec.json.Encoder().encode


class DecodeAuthorizationMessage(Query, frozen=True, kw_only=True, rename="pascal"):
    """What was asked and how it was decided, as of the moment when it was. The message is good for a day, in its own account.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html
    """

    service = "sts"
    models = ("access", "directory", "past")

    encoded_message: Annotated[str, msgspec.Meta(min_length=1, max_length=DECODED_CHARACTERS_MAX)]

    def resources(self, views: Views, asked: Asked) -> tuple[Resource, ...]:
        return (Resource("*"),)

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        denied = self._opened(views, asked)
        request = AccessRequest(
            action=denied.action, resource=denied.resource, principal=denied.principal, context=denied.context
        )
        access: Access = views.past.access(denied.position)
        decided = access.decide(request, _passed(access, denied.principal, denied.passed))
        bearing = policies(decided.frame, decided.question)
        found = [_statement(one, bearing) for one in decided.decision.matched]
        return {"DecodedMessage": _encode(_told(denied, [one for one in found if one])).decode()}

    def _opened(self, views: Views, asked: Asked) -> Denied:
        """What the message says. Every reason why it is of no use reads alike."""
        try:
            wrapped = envelope(self.encoded_message)
            if wrapped.account != asked.actor.account:
                raise NoMessage  # others' denials are theirs to read (SECURITY 16)
            sealed = wrapped.sealed
            denied = opened(views.unsealer.unseal(wrapped.owner, FIELD, sealed))
        except (NoMessage, Unreadable):
            raise InvalidAuthorizationMessage("The encoded message is invalid or has expired") from None
        if not 0 <= asked.now - denied.time <= LIFE_SECONDS * 1_000_000:
            raise InvalidAuthorizationMessage("The encoded message is invalid or has expired")
        return denied


def _passed(access: Access, principal: Principal, passed: Passed | None) -> Any:
    """The session policies that counted."""
    if passed is None:
        return None
    nothing = {"id": "", "secret": "", "type": "", "principal": "", "issued": 0, "expires": 0}
    return access.session_policies(Session(account=principal.account, passed=passed, **nothing))  # type: ignore[arg-type]


def _told(denied: Denied, found: list[dict[str, Any]]) -> dict[str, Any]:
    """The form that AWS's decoded messages have."""
    principal = denied.principal
    return {
        "allowed": False,
        "explicitDeny": denied.effect == Effect.EXPLICIT_DENY.value,
        "matchedStatements": _items(found),
        "failures": _items([]),
        "context": {
            "principal": {
                "id": principal.unique_id or principal.issuer_id or principal.account,
                "arn": principal.arn,
            },
            "action": denied.action,
            "resource": denied.resource,
            "conditions": _items(
                [{"key": key, "values": _values(values)} for key, values in sorted(denied.context.items())]
            ),
            "decidedBy": denied.layer,
            "position": denied.position,
        },
    }


def _statement(matched: MatchedStatement, bearing: PolicySet) -> dict[str, Any] | None:
    statement = _find(matched, bearing)
    if statement is None:
        return None
    return {
        "statementId": statement.sid,
        "effect": statement.verdict.value.upper(),
        "policy": matched.policy_id,
        "layer": matched.layer.value,
        "actions": _values(statement.actions or ()),
        "notActions": _values(statement.not_actions or ()),
        "resources": _values(statement.resources or ()),
        "notResources": _values(statement.not_resources or ()),
        "conditions": _items(
            [
                {"operator": one.operator.name, "key": one.key, "values": _values(one.values)}
                for one in statement.conditions
            ]
        ),
    }


def _find(matched: MatchedStatement, bearing: PolicySet) -> Statement | None:
    levels = [*(bearing.scps or ()), *(bearing.rcps or ())]
    sources = [
        *bearing.identity,
        *(bearing.boundary or ()),
        *(bearing.session or ()),
        *(bearing.endpoint or ()),
        *([bearing.resource] if bearing.resource is not None else []),
        *(source for level in levels for source in level.policies),
    ]
    for source in sources:
        if (source.id, source.type) == (matched.policy_id, matched.policy_type):
            for statement in source.document.statements:
                if (statement.index, statement.start) == (matched.index, matched.start):
                    return statement
    return None


def _items(items: list[Any]) -> dict[str, list[Any]]:
    return {"items": items}


def _values(values: tuple[str, ...]) -> dict[str, list[Any]]:
    return _items([{"value": value} for value in values])
