"""AuthZEN Authorization API 1.0: `POST /access/v1/evaluation`. A denial is an answer (200), not an error (INTERFACES)."""

from typing import Any

import msgspec

from muniment.api.aws import json as aws_json
from muniment.api.aws.http import HTTPAnswer, HTTPRequest
from muniment.api.aws.signature import Claimed, check_scope
from muniment.api.dispatch import Answer, Call
from muniment.api.front import POSITION_HEADER, Front, minimum, retry_after
from muniment.api.native import SIGNING_NAME
from muniment.api.peer import Peer
from muniment.domain.errors import Refused, ValidationError

REQUIRED = {"subject": ("type", "id"), "action": ("name",), "resource": ("type", "id")}

_encoder = msgspec.json.Encoder()


class AuthZEN:
    """The policy decision point's front; requests are signed as everywhere else."""

    def __init__(self, front: Front) -> None:
        self._front = front

    def evaluation(self, http: HTTPRequest, peer: Peer) -> HTTPAnswer:
        """One decision."""

        def render(call: Call, answer: Answer) -> HTTPAnswer:
            result = answer.result
            headers = [*_headers(http), (POSITION_HEADER, answer.position.token())]
            return HTTPAnswer(
                200, headers, _encoder.encode({"decision": result["Decision"], "context": result["Context"]})
            )

        return self._front.serve(http, peer, _parse, render, refuse)


def _parse(http: HTTPRequest, claimed: Claimed, request_id: str) -> Call:
    check_scope(claimed, frozenset({SIGNING_NAME}))
    body = aws_json.decode(http.body)
    if not isinstance(body, dict):
        raise ValidationError("the body must be a JSON object with subject, action and resource")
    params: dict[str, Any] = {}
    for name, members in REQUIRED.items():
        entity = body.get(name)
        if not isinstance(entity, dict) or not all(isinstance(entity.get(member), str) for member in members):
            raise ValidationError(f"`{name}` must be an object with the strings {' and '.join(members)}")
        params[name.capitalize()] = entity
    context = body.get("context", {})
    if not isinstance(context, dict):
        raise ValidationError("`context` must be an object")
    return Call("muniment", "Evaluate", {**params, "Context": context}, request_id, "", minimum(http))


def refuse(http: HTTPRequest, refused: Refused, request_id: str) -> HTTPAnswer:
    """400, 401, 403 or 500 with an error string, as the standard has it."""
    status = 401 if refused.code in ("MissingAuthenticationToken", "InvalidClientTokenId") else refused.status
    headers = [*_headers(http), *retry_after(refused)]
    return HTTPAnswer(status, headers, _encoder.encode(aws_json.utf8_safe(refused.message)))


def _headers(http: HTTPRequest) -> list[tuple[str, str]]:
    """The request's id comes back to the caller, where it gave one."""
    given = http.header("x-request-id")
    return [("content-type", "application/json"), *([("x-request-id", given)] if given else [])]
