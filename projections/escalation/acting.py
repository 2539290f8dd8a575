"""How somebody comes to act as a user or role: by new credentials of its, or by assuming it."""

from collections.abc import Iterator
from typing import Final

from muniment.domain import arn as arns
from muniment.domain.account.mfa import devices_of
from muniment.domain.account.state import Account, Role, User
from muniment.domain.escalation.entering import doors_of
from muniment.domain.escalation.held import document
from muniment.domain.escalation.tagged import principal_tags_asked_for, resource_tags_asked_for
from muniment.domain.policy.decision import Effect, Layer
from muniment.domain.policy.document import Kind
from muniment.domain.quotas import ACCESS_KEYS_PER_USER_MAX
from muniment.projections.escalation.actor import Actor
from muniment.projections.escalation.lifting import CANDIDATES_MAX, bounded
from muniment.projections.escalation.step import Deciding, Step

ASSUME: Final = "sts:AssumeRole"
TAKING: Final = ("iam:createaccesskey", "iam:createloginprofile", "iam:updateloginprofile")
OPENING: Final = ("iam:updateassumerolepolicy", "iam:*provider*", "iam:tag*")
MOVING: Final = (*TAKING, ASSUME, *OPENING)


def names_somebody(entity: User | Role) -> bool:
    """Whether it is a role that lets somebody in whose own policies need not say so."""
    return isinstance(entity, Role) and any(
        door.everyone or (door.statement.principals is not None and bool(door.statement.principals.aws))
        for door in doors_of(entity)
    )


def acting(deciding: Deciding, one: Actor, other: Actor) -> tuple[Step, ...] | None:
    """The steps by which one comes to act as the other; None where it cannot. Raises Spent."""
    if one.id == other.id:
        return None
    if isinstance(other.entity, User):
        return _as_user(deciding, one, other, other.entity) if one.mentions(*TAKING) else None
    return _as_role(deciding, one, other, other.entity)


def _as_user(deciding: Deciding, one: Actor, other: Actor, user: User) -> tuple[Step, ...] | None:
    if len(user.keys) < ACCESS_KEYS_PER_USER_MAX:
        room: tuple[Step, ...] | None = ()
    else:
        room = _all(deciding, one, other, "iam:DeleteAccessKey")
    key = None if room is None else _all(deciding, one, other, "iam:CreateAccessKey")
    if room is not None and key is not None:
        return (*room, *key)
    password = "iam:CreateLoginProfile" if user.login is None else "iam:UpdateLoginProfile"
    found = _all(deciding, one, other, password)
    if found is None or not devices_of(deciding.account, user.id):
        return found
    factor = _all(deciding, one, other, "iam:DeactivateMFADevice")
    return None if factor is None else (*factor, *found)


def _all(deciding: Deciding, one: Actor, other: Actor, *actions: str) -> tuple[Step, ...] | None:
    """The actions on the other, where all are allowed."""
    steps = []
    for action in actions:
        if (step := deciding.step(one.principal, action, other.arn, bounded(other))) is None:
            return None
        steps.append(step)
    return tuple(steps)


def _as_role(deciding: Deciding, one: Actor, other: Actor, role: Role) -> tuple[Step, ...] | None:
    if not one.mentions(ASSUME, *OPENING) and not _is_named(deciding.account, one, role):
        return None
    decided = deciding.decide(one.principal, ASSUME, other.arn, bounded(other))
    if decided:
        step = deciding.step(one.principal, ASSUME, other.arn, bounded(other))
        return None if step is None else (step,)
    tagged = _by_tags(deciding, one, other, role)
    if tagged is not None:
        return tagged
    barred = decided.effect is Effect.EXPLICIT_DENY and decided.layer is not Layer.RESOURCE
    if not barred and (one.is_user or one.papers.boundary is None):
        opened = _all(deciding, one, other, "iam:UpdateAssumeRolePolicy")
        if opened is not None:
            return (*opened, Step(ASSUME, other.arn))
    return _by_provider(deciding, one, other, role)


def _is_named(account: Account, one: Actor, role: Role) -> bool:
    return any(door.everyone or door.names(account, one.id) for door in doors_of(role))


def _by_tags(deciding: Deciding, one: Actor, other: Actor, role: Role) -> tuple[Step, ...] | None:
    """By tags of its own that the role asks for, or tags of the role that its policies ask for."""
    kind = "User" if one.is_user else "Role"
    if one.mentions(f"iam:tag{kind}"):
        for key, value in [*principal_tags_asked_for(role.trust, Kind.TRUST)][:CANDIDATES_MAX]:
            tagged = one.with_tag(key, value)
            step = deciding.step(tagged, ASSUME, other.arn, bounded(other))
            keys = {**bounded(one), f"aws:RequestTag/{key}": (value,), "aws:TagKeys": (key,)}
            tag = None if step is None else deciding.step(one.principal, f"iam:Tag{kind}", one.arn, keys)
            if step is not None and tag is not None:
                return tag, step
    if one.mentions("iam:tagrole"):
        pairs = [pair for paper in one.papers.identity for pair in resource_tags_asked_for(paper.text)]
        for key, value in dict.fromkeys(pairs[:CANDIDATES_MAX]):
            having = {f"{prefix}:ResourceTag/{key}": (value,) for prefix in ("aws", "iam")}
            step = deciding.step(one.principal, ASSUME, other.arn, {**bounded(other), **having})
            keys = {**bounded(other), f"aws:RequestTag/{key}": (value,), "aws:TagKeys": (key,)}
            tag = None if step is None else deciding.step(one.principal, "iam:TagRole", other.arn, keys)
            if step is not None and tag is not None:
                return tag, step
    return None


def _by_provider(deciding: Deciding, one: Actor, other: Actor, role: Role) -> tuple[Step, ...] | None:
    """By becoming, or changing, the identity provider whose users the role lets in."""
    if not one.mentions("iam:*provider*"):
        return None
    for named in _providers(role):
        saml = ":saml-provider/" in named
        known = named in (deciding.account.saml_providers if saml else deciding.account.oidc_providers)
        if saml:
            action = "iam:UpdateSAMLProvider" if known else "iam:CreateSAMLProvider"
        else:
            action = "iam:AddClientIDToOpenIDConnectProvider" if known else "iam:CreateOpenIDConnectProvider"
        if (step := deciding.step(one.principal, action, named)) is not None:
            return step, Step("sts:AssumeRoleWithSAML" if saml else "sts:AssumeRoleWithWebIdentity", other.arn)
    return None


def _providers(role: Role) -> Iterator[str]:
    for statement in document(role.trust, Kind.TRUST).statements:
        for named in statement.principals.federated if statement.principals is not None else ():
            if named.startswith(f"arn:{arns.PARTITION}:iam:"):
                yield named
