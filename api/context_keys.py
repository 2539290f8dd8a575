"""Condition keys that a request brings of itself (POLICY_EVALUATION 2.1). The access model adds what the log knows: tags."""

from datetime import UTC, datetime

from muniment.api.peer import Peer
from muniment.domain.ledger import Actor

PRINCIPAL_TYPES = {"Root": "Account", "IAMUser": "User", "AssumedRole": "AssumedRole", "FederatedUser": "FederatedUser"}

Keys = dict[str, tuple[str, ...]]


def context_keys(actor: Actor, peer: Peer, agent: str, region: str, now: int) -> Keys:
    """The keys of one authenticated request. `now` is in microseconds."""
    moment = datetime.fromtimestamp(now / 1_000_000, UTC)
    keys: Keys = {
        "aws:CurrentTime": (moment.strftime("%Y-%m-%dT%H:%M:%SZ"),),
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
    return keys
