"""Who is calling: the access key or the session behind a SigV4 signature, as a Caller (INTERFACES, SigV4; SECURITY 6)."""

from muniment.api.aws.http import HTTPRequest
from muniment.api.aws.signature import Claimed
from muniment.api.context_keys import context_keys
from muniment.api.peer import Peer
from muniment.api.services import Services
from muniment.domain.caller import Caller
from muniment.domain.errors import ExpiredToken, InvalidClientTokenId
from muniment.domain.ledger import Actor
from muniment.domain.sealing import Unreadable
from muniment.domain.session import Session
from muniment.domain.session_token import UnreadableToken
from muniment.projections.credentials import Credential

INVALID_TOKEN = "The security token included in the request is invalid."  # noqa: S105 - AWS's message


class Authenticator:
    """Checks signatures against the credentials read model."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def caller(self, http: HTTPRequest, claimed: Claimed, peer: Peer) -> Caller:
        """The authenticated caller. Raises AuthenticationFailed: the same answer for a key that is unknown or inactive."""
        if claimed.token is not None:
            return self._session(http, claimed, claimed.token, peer)
        services = self._services
        credential = self._credential(claimed)
        now = services.now()
        try:
            services.signing_keys.verify(claimed, http, credential.generation, lambda: self._secret(credential), now)
        except Unreadable:
            raise InvalidClientTokenId(INVALID_TOKEN) from None  # its owner was erased
        return _caller(http, claimed, peer, _actor_of(credential), now)

    def at_once(self, http: HTTPRequest, claimed: Claimed, peer: Peer) -> Caller:
        """The caller with a long-term key where nothing has to be waited for. Raises Waits where something may have to be, and
        AuthenticationFailed; `caller` then says what is true."""
        services = self._services
        if claimed.token is not None or not services.reads.level(("credentials",), 0):
            raise Waits
        credential = services.reads.credential(claimed.access_key_id)
        if credential is None or not credential.active:
            raise Waits
        now = services.now()
        services.signing_keys.verify(claimed, http, credential.generation, _not_now, now)
        return _caller(http, claimed, peer, _actor_of(credential), now)

    def _session(self, http: HTTPRequest, claimed: Claimed, token: str, peer: Peer) -> Caller:
        """The holder of temporary credentials. All but the signature's check is memory; nothing about them is looked up but
        whether what they stand on still stands."""
        services = self._services
        now = services.now()
        try:
            session = services.tokens.open(token)
        except UnreadableToken:
            raise InvalidClientTokenId(INVALID_TOKEN) from None
        if session.id != claimed.access_key_id:
            raise InvalidClientTokenId(INVALID_TOKEN)
        services.signing_keys.verify(claimed, http, session.issued, lambda: session.secret, now)
        if now >= session.expires:
            raise ExpiredToken("The security token included in the request is expired")
        actor = services.reads.session(session)
        if actor is None:
            raise InvalidClientTokenId(INVALID_TOKEN)
        return _caller(http, claimed, peer, actor, now, session)

    def _credential(self, claimed: Claimed) -> Credential:
        """The active long-term key of that id. One that was made an instant ago may still be on its way to us."""
        services = self._services
        found = services.reads.credential(claimed.access_key_id)
        if found is None or not found.active:
            raise InvalidClientTokenId(INVALID_TOKEN)
        return found

    def _secret(self, credential: Credential) -> str:
        return self._services.sealer.unseal(credential.owner, credential.field, credential.secret).decode()


class Waits(Exception):
    """Something would have to be waited for, or read from elsewhere."""


def _not_now() -> str:
    raise Waits


def _actor_of(credential: Credential) -> Actor:
    return Actor(
        credential.account,
        credential.arn,
        credential.principal_id,
        credential.type,
        credential.name,
        credential.id,
    )


def _caller(
    http: HTTPRequest, claimed: Claimed, peer: Peer, actor: Actor, now: int, session: Session | None = None
) -> Caller:
    agent = http.header("user-agent") or ""
    keys = context_keys(actor, peer, agent, claimed.region, now, session)
    return Caller(actor, keys, peer.address, agent[:512], session)
