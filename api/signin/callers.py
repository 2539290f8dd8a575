"""Whoever is signed in, as a Caller: its condition keys are those of a console session (POLICY_EVALUATION 2.1)."""

from muniment.api.aws.http import HTTPRequest
from muniment.api.context_keys import as_moment, context_keys, factor_keys
from muniment.api.peer import Peer
from muniment.commands.signin.record import Source
from muniment.commands.signin.standing import Signed
from muniment.domain.caller import Caller

AGENT_CHARACTERS_MAX = 512


def caller_of(signed: Signed, http: HTTPRequest, peer: Peer, region: str, now: int) -> Caller:
    """The caller; `now` is in microseconds."""
    session = signed.session
    actor = signed.principal.actor(session.id, session.id, bool(session.factor))
    agent = http.header("user-agent") or ""
    keys = context_keys(actor, peer, agent, region, now)
    keys["aws:TokenIssueTime"] = (as_moment(session.started),)
    keys |= factor_keys(session.proven if session.factor else 0, now)
    return Caller(actor, keys, peer.address, agent[:AGENT_CHARACTERS_MAX])


def source_of(http: HTTPRequest, peer: Peer, request_id: str) -> Source:
    """Where a request came from."""
    return Source(peer.address, (http.header("user-agent") or "")[:AGENT_CHARACTERS_MAX], request_id)


def bearer(http: HTTPRequest) -> str | None:
    """The bearer token of a request (RFC 6750 §2.1), or None."""
    scheme, _, token = (http.header("authorization") or "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None
