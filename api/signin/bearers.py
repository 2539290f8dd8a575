"""Bearer tokens of the sign-in on the native front: who holds one, and what it may not ask without a recent proof."""

from muniment.api.aws.http import HTTPRequest
from muniment.api.peer import Peer
from muniment.api.signin.callers import caller_of
from muniment.api.signin.sensitive import check_recent
from muniment.api.signin.services import SignInServices
from muniment.commands.signin.standing import Signed
from muniment.domain.caller import Caller
from muniment.domain.errors import SignInRequired

NO_SESSION = "The session is unknown or over. Sign in."


class Bearers:
    """Finds the caller behind a token."""

    def __init__(self, services: SignInServices | None, region: str) -> None:
        self._services, self._region = services, region

    def holder(self, http: HTTPRequest, peer: Peer, token: str) -> tuple[Signed, Caller]:
        """Who holds the token. Raises SignInRequired, alike for whatever is wrong with it."""
        services = self._services
        signed = services.standing.find(token) if services is not None else None
        if services is None or signed is None:
            raise SignInRequired(NO_SESSION)
        return signed, caller_of(signed, http, peer, self._region, services.house.now())

    def check(self, signed: Signed, service: str, action: str) -> None:
        """Raises ReauthenticationRequired where the action is sensitive and the last proof too old."""
        assert self._services is not None
        check_recent(signed, self._services.house.now(), service, action)
