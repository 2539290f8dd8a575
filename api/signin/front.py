"""What JSON and pages of the sign-in have around them: an id, the measures, the log, and an answer whatever happens."""

from collections.abc import Callable

import structlog

from muniment.api.aws.http import HTTPAnswer, HTTPRequest
from muniment.api.front import places
from muniment.api.measure import Measures
from muniment.api.peer import Peer
from muniment.api.unauthenticated import Strangers
from muniment.commands.drawn import clock, uuid7
from muniment.domain.errors import Refused, ServiceFailure, TooManyRequests

Answering = Callable[[HTTPRequest, Peer, str], HTTPAnswer]
Refusing = Callable[[HTTPRequest, Refused, str], HTTPAnswer]

log = structlog.get_logger("muniment.api")


class SignInFront:
    """Serves one of the two."""

    def __init__(
        self, answering: Answering, refusing: Refusing, strangers: Strangers, measures: Measures, name: str
    ) -> None:
        self._answering, self._refusing = answering, refusing
        self._strangers, self._measures, self._name = strangers, measures, name

    def serve(self, http: HTTPRequest, peer: Peer) -> HTTPAnswer:
        """Answer one request. Never raises."""
        request_id = uuid7(clock())
        with self._measures.request() as seen:
            seen.call("signin", self._name)
            try:
                answer = self._answering(http, peer, request_id)
            except Refused as refused:
                if isinstance(
                    refused, TooManyRequests
                ):  # of these only a count is recorded: an attacker buys no entry each
                    self._strangers.count(peer.address, refused.code)
                answer = self._refusing(http, refused, request_id)
                seen.refused(refused.code)
            except Exception as error:
                log.error("request failed", request_id=request_id, error=type(error).__name__, exc_info=places(error))
                failure = ServiceFailure(
                    f"The request processing has failed because of an internal error ({request_id})"
                )
                answer = self._refusing(http, failure, request_id)
                seen.refused(failure.code)
            seen.status(answer.status)
            log.info("request", request_id=request_id, **seen.fields())
        return answer
