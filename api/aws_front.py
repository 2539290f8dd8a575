"""The AWS front at `/`: boto3 and the aws CLI, unchanged but for an endpoint URL (DESIGN §6)."""

from muniment.api.aws import protocols
from muniment.api.aws.http import HTTPAnswer, HTTPRequest
from muniment.api.aws.signature import Claimed
from muniment.api.dispatch import Answer, Call
from muniment.api.front import POSITION_HEADER, Front, expected, minimum, moment, retry_after
from muniment.api.peer import Peer
from muniment.domain.errors import Refused

CLIENT_KEYS = ("idempotency-key", "amz-sdk-invocation-id")  # botocore repeats its invocation id on its own retries

# There the token is a version's id, and what a repeat with another value means is the service's to say.
TOKENS_OF_THEIR_OWN = frozenset({"secretsmanager"})


class AWSFront:
    """Reads and answers in the protocol of the service the request is signed for."""

    def __init__(self, front: Front) -> None:
        self._front = front

    def serve(self, http: HTTPRequest, peer: Peer) -> HTTPAnswer:
        """Answer one request."""
        parsed: list[protocols.Call] = []

        def parse(http: HTTPRequest, claimed: Claimed | None, request_id: str) -> Call:
            call = protocols.parse(http, claimed)
            parsed.append(call)
            key = next((value for name in CLIENT_KEYS if (value := http.header(name))), "")
            token = key if call.service in TOKENS_OF_THEIR_OWN else call.params.get("ClientRequestToken") or key
            return Call(
                call.service,
                call.action,
                call.params,
                request_id,
                token,
                minimum(http),
                expect=expected(http),
                as_of=moment(http),
            )

        def render(call: Call, answer: Answer) -> HTTPAnswer:
            reply = protocols.render(parsed[0], answer.result, call.request_id)
            reply.headers.append((POSITION_HEADER, answer.position.token()))
            return reply

        return self._front.serve(http, peer, parse, render, refuse)


def refuse(http: HTTPRequest, refused: Refused, request_id: str) -> HTTPAnswer:
    """A refusal in the caller's own protocol."""
    reply = protocols.render_refusal(protocols.identify(http), refused, request_id)
    reply.headers.extend(retry_after(refused))
    return reply
