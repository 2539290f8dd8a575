"""Who is calling: the access key behind a SigV4 signature, as a Caller (INTERFACES, SigV4; SECURITY 6)."""

from muniment.api.aws.http import HTTPRequest
from muniment.api.aws.signature import Claimed
from muniment.api.context_keys import context_keys
from muniment.api.peer import Peer
from muniment.api.services import Services
from muniment.domain.caller import Caller
from muniment.domain.errors import InvalidClientTokenId
from muniment.domain.ledger import Actor
from muniment.domain.sealing import Unreadable
from muniment.projections.credentials import Credential

INVALID_TOKEN = "The security token included in the request is invalid."  # noqa: S105 - AWS's message


class Authenticator:
    """Checks signatures against the credentials read model."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def caller(self, http: HTTPRequest, claimed: Claimed, peer: Peer) -> Caller:
        """The authenticated caller. Raises AuthenticationFailed: the same answer for a key that is unknown or inactive."""
        services = self._services
        credential = self._credential(claimed)
        now = services.now()
        try:
            services.signing_keys.verify(claimed, http, credential.generation, lambda: self._secret(credential), now)
        except Unreadable:
            raise InvalidClientTokenId(INVALID_TOKEN) from None  # its owner was erased
        actor = Actor(
            credential.account,
            credential.arn,
            credential.principal_id,
            credential.type,
            credential.name,
            credential.id,
        )
        agent = http.header("user-agent") or ""
        keys = context_keys(actor, peer, agent, claimed.region, now)
        return Caller(actor, keys, peer.address, agent[:512])

    def _credential(self, claimed: Claimed) -> Credential:
        """The active long-term key of that id. One that was made an instant ago may still be on its way to us."""
        if claimed.token is not None:
            raise InvalidClientTokenId(INVALID_TOKEN)
        services = self._services
        found = services.reads.credential(claimed.access_key_id)
        if found is None or not found.active:
            raise InvalidClientTokenId(INVALID_TOKEN)
        return found

    def _secret(self, credential: Credential) -> str:
        return self._services.sealer.unseal(credential.owner, credential.field, credential.secret).decode()
