"""The AWS front in one place: HTTP bytes to a call, a call's result or refusal to HTTP bytes.

claimed = parse_authorization(http)            # signature.py: who says so
verify(claimed, http, key, now)                #               and proves it
call = parse(http, claimed)                    # what is asked; parameters by model names, not yet validated
params = validate(call.operation, call.params) # validation.py
render(call, result, request_id)  |  render_error(identify(http), …)
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from muniment.api.aws import json as aws_json
from muniment.api.aws import query, rest_json
from muniment.api.aws.http import HTTPAnswer, HTTPRequest
from muniment.api.aws.models import OperationModel, Protocol, ServiceModel, all_services, service, service_for
from muniment.api.aws.signature import Claimed, parse_authorization
from muniment.domain.errors import (
    MissingAction,
    Refused,
    RequestEntityTooLarge,
    SignatureDoesNotMatch,
    UnknownOperation,
)

BODY_BYTES_MAX = 1_048_576

__all__ = [
    "Call",
    "HTTPAnswer",
    "HTTPRequest",
    "Target",
    "identify",
    "parse",
    "render",
    "render_error",
    "render_refusal",
]

# How AWS's JSON services spell what its query services call otherwise (the "Common errors" page of each API reference).
NO_MEMBERS: Final = aws_json.NO_MEMBERS
_JSON_CODES = {
    "AccessDenied": "AccessDeniedException",
    "ExpiredToken": "ExpiredTokenException",
    "IncompleteSignature": "IncompleteSignatureException",
    "InvalidAction": "UnknownOperationException",
    "InvalidClientTokenId": "UnrecognizedClientException",
    "MalformedInput": "SerializationException",
    "MalformedQueryString": "SerializationException",
    "MissingAction": "UnknownOperationException",
    "MissingAuthenticationToken": "MissingAuthenticationTokenException",
    "RequestEntityTooLarge": "RequestEntityTooLargeException",
    "ServiceFailure": "InternalFailure",
    "ServiceUnavailable": "ServiceUnavailableException",
    "SignatureDoesNotMatch": "InvalidSignatureException",
    "Throttling": "ThrottlingException",
    "ValidationError": "ValidationException",
}
# JSON services answer every fault of the caller with 400, a refusal of the policies and a bad signature included (AWS
# Organizations API Reference and DynamoDB Developer Guide, "Common errors" and "Error handling"); these are HTTP's own.
_JSON_STATUSES_KEPT = frozenset({413, 415})
# Organizations has no ValidationException: its model lists InvalidInputException for every operation.
_SERVICE_CODES = {("organizations", "ValidationError"): "InvalidInputException"}


class Target(msgspec.Struct, frozen=True):
    """What is known of a call before it is parsed: enough to answer an error in the caller's own protocol."""

    service: str | None
    protocol: Protocol
    action: str | None = None


class Call(msgspec.Struct, frozen=True):
    """A parsed call. `service` is botocore's name of it, `params` are spelled and typed as the model has them."""

    service: str
    action: str
    params: dict[str, Any]
    protocol: Protocol

    @property
    def operation(self) -> OperationModel:
        model = service(self.service)
        operation = model.operation(self.action) if model is not None else None
        assert operation is not None
        return operation


def parse(http: HTTPRequest, claimed: Claimed | None = None) -> Call:
    """The call that a request makes. `claimed` is the verified claim, or None for an unsigned request.

    Raises MissingAction, InvalidAction, UnknownOperation for a call that cannot be named; MalformedQueryString,
    MalformedInput, SerializationError, UnsupportedMediaType, RequestEntityTooLarge for one that cannot be read.
    """
    if len(http.body) > BODY_BYTES_MAX:
        raise RequestEntityTooLarge(f"The body is larger than {BODY_BYTES_MAX} bytes")
    if claimed is None:
        claimed = parse_authorization(http)
    model = _service(http, claimed.service if claimed is not None else None)
    match model.protocol:
        case "query":
            fields = query.parameters(http)
            operation = query.operation_of(model, fields)
            params = query.parse(operation, fields)
        case "json":
            operation = aws_json.operation_of(model, http)
            params = aws_json.parse(operation, http)
        case "rest-json":
            operation = rest_json.operation_of(model, http)
            params = rest_json.parse(operation, http)
    return Call(model.name, operation.name, params, model.protocol)


def identify(http: HTTPRequest) -> Target:
    """The service and protocol of a request, however broken it is; never raises."""
    try:
        claimed = parse_authorization(http)
        model = _service(http, claimed.service if claimed is not None else None)
        return Target(model.name, model.protocol, _action(model, http))
    except Refused:
        if http.header("x-amz-target") is not None:
            return Target(None, "json")
        is_json = (http.header("content-type") or "").startswith("application/json") or http.raw_path not in ("", "/")
        return Target(None, "rest-json" if is_json else "query")


def render(call: Call, result: dict[str, Any], request_id: str) -> HTTPAnswer:
    """The answer of a call that went well.

    `result` is spelled as the output shape; None and unknown members are left out; timestamps are microseconds, blobs
    bytes, policy documents plain text (IAM's are percent-encoded here).
    """
    operation = call.operation
    match call.protocol:
        case "query":
            return query.render(operation, result, request_id)
        case "json":
            return aws_json.render(operation, result, request_id)
        case "rest-json":
            return rest_json.render(operation, result, request_id)


def render_error(
    target: Call | Target | Protocol,
    code: str,
    message: str,
    status: int,
    request_id: str,
    fault: str | None = None,
    members: Mapping[str, str] = NO_MEMBERS,
) -> HTTPAnswer:
    """The answer of a call that was refused. `fault` is Sender or Receiver; by default the status decides. `members` are what
    the error's shape holds beside its message; the JSON protocols have them."""
    name = None if isinstance(target, str) else target.service
    protocol: Protocol = target if isinstance(target, str) else target.protocol
    model = service(name) if name is not None else None
    if protocol == "query":
        fault = fault or ("Receiver" if status >= 500 else "Sender")
        return query.render_error(model, code, message, status, request_id, fault)
    code = _SERVICE_CODES.get((name or "", code)) or _JSON_CODES.get(code, code)
    message_name = _message_name(model, target.action if not isinstance(target, str) else None, code)
    if protocol == "json":
        if 400 <= status < 500 and status not in _JSON_STATUSES_KEPT:
            status = 400
        return aws_json.render_error(model, code, message, status, request_id, message_name, members)
    return rest_json.render_error(code, message, status, request_id, message_name)


def render_refusal(target: Call | Target | Protocol, refused: Refused, request_id: str) -> HTTPAnswer:
    """`render_error` of a Refused."""
    fault = "Sender" if refused.sender else "Receiver"
    return render_error(target, refused.code, refused.message, refused.status, request_id, fault, refused.members)


def _service(http: HTTPRequest, signing_name: str | None) -> ServiceModel:
    if signing_name is not None:
        if (found := service_for(signing_name)) is None:
            raise SignatureDoesNotMatch("Credential should be scoped to correct service.")
        return found
    target = http.header("x-amz-target")
    if target is not None:
        if (found := service_for(None, target)) is None:
            raise UnknownOperation("X-Amz-Target names no service that is known here")
        return found
    if http.raw_path not in ("", "/"):
        for each in all_services():
            if each.protocol == "rest-json" and rest_json.route(each, http) is not None:
                return each
        raise UnknownOperation("No operation has this method and path")
    fields = query.peek(http)
    if (found := service_for(None, None, fields.get("Action"), fields.get("Version"))) is None:
        raise MissingAction("The request is missing an action or a version: add the parameters Action and Version")
    return found


def _action(model: ServiceModel, http: HTTPRequest) -> str | None:
    """The action, where it stands outside the body."""
    if model.protocol == "json":
        return (http.header("x-amz-target") or "").rpartition(".")[2]
    operation = rest_json.route(model, http) if model.protocol == "rest-json" else None
    return operation.name if operation is not None else None


def _message_name(model: ServiceModel | None, action: str | None, code: str) -> str:
    """`Message` or `message`: the models of JSON services differ, and SDKs look for the member that the model has."""
    operation = model.operation(action) if model is not None and action is not None else None
    shape = operation.errors.get(code) if operation is not None else None
    return "Message" if shape is not None and "Message" in shape.members else "message"
