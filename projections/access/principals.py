"""Actors as principals: who the evaluator is asked about (POLICY_EVALUATION 2.1)."""

from muniment.domain.ids import NOBODY
from muniment.domain.ledger import Actor
from muniment.domain.policy.request import Principal, PrincipalKind
from muniment.domain.session import Session

KINDS = {
    "Root": PrincipalKind.ROOT,
    "IAMUser": PrincipalKind.USER,
    "AssumedRole": PrincipalKind.ROLE_SESSION,
    "FederatedUser": PrincipalKind.FEDERATED_USER,
    "AWSService": PrincipalKind.SERVICE,
    "WebIdentityUser": PrincipalKind.WEB_IDENTITY,
    "SAMLUser": PrincipalKind.WEB_IDENTITY,
}


def principal_of(actor: Actor, session: Session | None = None) -> Principal:
    """The principal that an actor is; what it holds is found by its unique id, or its issuer's. Tags are its session's."""
    tags = {} if session is None else session.passed.tags
    kind = KINDS.get(actor.type, PrincipalKind.ANONYMOUS)
    if kind is PrincipalKind.WEB_IDENTITY:
        return Principal(kind=kind, provider=actor.issuer_arn)
    if actor.account == NOBODY or kind is PrincipalKind.ANONYMOUS:
        return Principal(kind=PrincipalKind.ANONYMOUS)
    if kind is PrincipalKind.SERVICE:
        return Principal(kind=kind, service=actor.name or actor.arn)
    if kind in (PrincipalKind.ROLE_SESSION, PrincipalKind.FEDERATED_USER):
        issuer = actor.issuer or actor.id.split(":", 1)[0]
        return Principal(kind=kind, arn=actor.arn, account=actor.account, issuer_id=issuer, tags=tags)
    unique_id = actor.id if kind is PrincipalKind.USER else ""
    return Principal(kind=kind, arn=actor.arn, account=actor.account, unique_id=unique_id, tags=tags)


def holder_id(principal: Principal) -> str:
    """The unique id of the user, role or application's subject whose policies count for the principal; empty where none do."""
    if principal.kind in (PrincipalKind.USER, PrincipalKind.APPLICATION):
        return principal.unique_id
    if principal.kind in (PrincipalKind.ROLE_SESSION, PrincipalKind.FEDERATED_USER):
        return principal.issuer_id
    return ""
