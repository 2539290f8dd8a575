"""`GET /.well-known/authzen-configuration`: where this policy decision point has its endpoints (AuthZEN, section 9).

The URLs are those the operator says clients use, never what a request's Host or forwarded headers claim (SECURITY CVE row 20).
"""

from typing import Final

from muniment.api.authzen import wire
from muniment.api.authzen.front import EVALUATION, EVALUATIONS, SEARCHES
from muniment.api.aws.http import HTTPAnswer, HTTPRequest
from muniment.api.peer import Peer

WELL_KNOWN: Final = "/.well-known/authzen-configuration"


class Discovery:
    """The metadata document. Nobody needs to be known to read it. It names no `capabilities`: none are registered so far."""

    def __init__(self, endpoint: str) -> None:
        base = endpoint.rstrip("/")
        document: dict[str, object] = {
            "policy_decision_point": base,
            "access_evaluation_endpoint": base + EVALUATION,
            "access_evaluations_endpoint": base + EVALUATIONS,
            **{f"search_{path.rpartition('/')[2]}_endpoint": base + path for path in SEARCHES},
        }
        self._answer = HTTPAnswer(200, [("content-type", "application/json")], wire.encode(document))

    def serve(self, http: HTTPRequest, peer: Peer) -> HTTPAnswer:
        """The document."""
        given = http.header("x-request-id")
        if given is None:
            return self._answer
        return HTTPAnswer(200, [*self._answer.headers, ("x-request-id", given)], self._answer.body)
