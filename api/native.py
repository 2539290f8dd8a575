"""The native front: `POST /v1/{service}/{Action}`, JSON in and out, errors by RFC 9457."""

from typing import Any, Final

import msgspec

from muniment.api.aws import json as aws_json
from muniment.api.aws import models
from muniment.api.aws.http import HTTPAnswer, HTTPRequest
from muniment.api.aws.shapes import Shape
from muniment.api.aws.signature import Claimed, check_scope
from muniment.api.conversion import NAME_CHARACTERS_MAX
from muniment.api.dispatch import Answer, Call
from muniment.api.front import POSITION_HEADER, Front, expected, minimum, moment, retry_after
from muniment.api.peer import Peer
from muniment.domain.errors import InvalidAction, Refused, SerializationError, ValidationError

PREFIX: Final = "/v1/"
SIGNING_NAME: Final = "muniment"

_encoder = msgspec.json.Encoder()


class NativeFront:
    """JSON over HTTP, signed like AWS's; a request may be signed for the service it calls or for `muniment`."""

    def __init__(self, front: Front) -> None:
        self._front = front

    def serve(self, http: HTTPRequest, peer: Peer) -> HTTPAnswer:
        """Answer one request."""
        return self._front.serve(http, peer, _parse, _render, refuse, bearers=True)


def _parse(http: HTTPRequest, claimed: Claimed | None, request_id: str) -> Call:
    parts = http.raw_path.removeprefix(PREFIX).split("/")
    if http.method != "POST" or len(parts) != 2:
        raise InvalidAction("native calls are `POST /v1/{service}/{Action}` with a JSON object as the body")
    service, action = parts
    body = aws_json.decode(http.body) if http.body else {}
    if not isinstance(body, dict):
        raise SerializationError("the body must be a JSON object of parameters")
    if claimed is not None:
        check_scope(claimed, frozenset({service, SIGNING_NAME}))
    operation = _operation(service, action)
    params = body
    if operation is not None and operation.input is not None:
        params = aws_json.from_json(operation.input, body)
        _check_known(operation.input, body)
    return Call(
        service,
        action,
        params,
        request_id,
        http.header("idempotency-key") or "",
        minimum(http),
        expect=expected(http),
        as_of=moment(http),
    )


def _check_known(shape: Shape, value: Any, place: str = "") -> None:
    """Raises ValidationError for a parameter that is none, however deep: here nobody's older client sends what it need not.

    AWS's own protocols ignore those.
    """
    if isinstance(value, list) and shape.kind == "list":
        for inner in value:
            _check_known(shape.member, inner, place)
    elif isinstance(value, dict) and shape.kind == "map":
        for inner in value.values():
            _check_known(shape.value, inner, place)
    elif isinstance(value, dict) and shape.kind == "structure" and not shape.document:
        members = {wire_name: member for _, wire_name, member in shape.wire_members}
        if unknown := value.keys() - members.keys():
            named = f"{place}{min(unknown)[:NAME_CHARACTERS_MAX]}"
            raise ValidationError(f"1 validation error detected: unknown parameter {named}")
        for name, inner in value.items():
            _check_known(members[name], inner, f"{place}{name}.")


def _render(call: Call, answer: Answer) -> HTTPAnswer:
    operation = _operation(call.service, call.action)
    shape = operation.output if operation is not None else None
    result: Any = aws_json.to_json(shape, answer.result) if shape is not None else answer.result
    headers = [
        ("content-type", "application/json"),
        ("x-request-id", call.request_id),
        (POSITION_HEADER, answer.position.token()),
    ]
    return HTTPAnswer(200, headers, _encoder.encode(result))


def _operation(service: str, action: str) -> models.OperationModel | None:
    model = models.service(service)
    return model.operation(action) if model is not None else None


def refuse(http: HTTPRequest, refused: Refused, request_id: str) -> HTTPAnswer:
    """Problem details (RFC 9457): `type` is stable, `detail` is for people."""
    problem = {
        "type": f"urn:muniment:error:{refused.code}",
        "title": refused.code,
        "status": refused.status,
        "detail": aws_json.utf8_safe(refused.message),
        "instance": f"urn:uuid:{request_id}",
    }
    headers = [("content-type", "application/problem+json"), ("x-request-id", request_id), *retry_after(refused)]
    return HTTPAnswer(refused.status, headers, _encoder.encode(problem))
