"""Condition keys that a request brings of itself (POLICY_EVALUATION 2.1). The access model adds what the log knows: tags."""

from datetime import UTC, datetime
from functools import lru_cache

from muniment.api.peer import Peer
from muniment.domain.ledger import Actor
from muniment.domain.session import ROLE, Session

PRINCIPAL_TYPES = {"Root": "Account", "IAMUser": "User", "AssumedRole": "AssumedRole", "FederatedUser": "FederatedUser"}

Keys = dict[str, tuple[str, ...]]


def context_keys(actor: Actor, peer: Peer, agent: str, region: str, now: int, session: Session | None = None) -> Keys:
    """The keys of one authenticated request. `now` is in microseconds."""
    keys: Keys = {
        "aws:CurrentTime": (as_moment(now),),
        "aws:EpochTime": (str(now // 1_000_000),),
        "aws:SecureTransport": ("true" if peer.secure else "false",),
        "aws:RequestedRegion": (region,),
        "aws:PrincipalAccount": (actor.account,),
        "aws:PrincipalArn": (actor.arn,),
        "aws:PrincipalType": (PRINCIPAL_TYPES.get(actor.type, actor.type),),
        "aws:userid": (actor.id,),
        "aws:PrincipalIsAWSService": ("false",),
        "aws:ViaAWSService": ("false",),
    }
    if peer.address:
        keys["aws:SourceIp"] = (peer.address,)
    if agent:
        keys["aws:UserAgent"] = (agent,)
    if actor.type == "IAMUser":
        keys["aws:username"] = (actor.name,)  # IAM users only
    return keys if session is None else {**session.claims, **keys, **_session_keys(session, now)}


def _session_keys(session: Session, now: int) -> Keys:
    """What temporary credentials bring. A role's session says nothing of factors: only who assumed the role had one."""
    keys: Keys = {"aws:TokenIssueTime": (as_moment(session.issued),)}
    if session.type != ROLE:
        keys |= factor_keys(session.mfa or 0, now)
    if session.source_identity:
        keys["aws:SourceIdentity"] = (session.source_identity,)
    if session.provider:
        keys["aws:FederatedProvider"] = (session.provider,)
    return keys


def factor_keys(proven: int, now: int) -> Keys:
    """Whether a second factor was proven, and how many seconds ago; `proven` is 0 where none was."""
    if not proven:
        return {"aws:MultiFactorAuthPresent": ("false",)}
    age = max(0, now - proven) // 1_000_000
    return {"aws:MultiFactorAuthPresent": ("true",), "aws:MultiFactorAuthAge": (str(age),)}


def as_moment(microseconds: int) -> str:
    """A time as condition keys have it."""
    return _second(microseconds // 1_000_000)


@lru_cache(64)
def _second(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
