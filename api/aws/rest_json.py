"""The AWS REST-JSON protocol: operations found by method and path, parameters in path, query string, headers and body.

Source: https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html
"""

from functools import cache
from typing import Any
from urllib.parse import unquote_to_bytes

import msgspec

from muniment.api.aws import json as aws_json
from muniment.api.aws import query
from muniment.api.aws.http import HTTPAnswer, HTTPRequest
from muniment.api.aws.models import OperationModel, ServiceModel
from muniment.api.aws.shapes import LIST, Shape
from muniment.api.aws.signature import QUERY_PARTS
from muniment.domain.errors import MalformedQueryString, SerializationError, UnknownOperation, UnsupportedMediaType

_DOTS = frozenset({"", ".", ".."})


class Route(msgspec.Struct, frozen=True):
    """How one operation is found: its method, the segments of its path, and query parameters it must have."""

    method: str
    segments: tuple[str, ...]
    constants: tuple[tuple[str, str], ...]
    operation: str

    @property
    def rank(self) -> tuple[int, int]:
        """Literal segments and constants before labels: the more specific route is tried first."""
        return -len(self.constants), sum(segment.startswith("{") for segment in self.segments)


def route(service: ServiceModel, http: HTTPRequest) -> OperationModel | None:
    """The operation of the service that this method and path call, or None."""
    for candidate in _routes(service.name, service):
        if candidate.method == http.method and _fits(candidate, http.raw_path):
            given = http.query_string.split("&") if candidate.constants else []
            if all(f"{name}={value}" in given for name, value in candidate.constants):
                return service.operation(candidate.operation)
    return None


def operation_of(service: ServiceModel, http: HTTPRequest) -> OperationModel:
    """The operation that is called, or the refusal."""
    if (operation := route(service, http)) is None:
        raise UnknownOperation("The operation does not exist: no path and method of this service is like the request's")
    return operation


def parse(operation: OperationModel, http: HTTPRequest) -> dict[str, Any]:
    """The parameters of a call by their model names; unknown ones are ignored."""
    shape = operation.input
    if shape is None:
        return {}
    chosen = next(
        each for each in _routes(operation.service.name, operation.service) if each.operation == operation.name
    )
    labels = _labels(chosen, http.raw_path)
    params = _body(shape, http)
    given = _query(http.query_string)
    for name, wire_name, member in shape.wire_members:
        match member.location:
            case "uri":
                params[name] = query.scalar(member, labels[wire_name], wire_name)
            case "querystring" if wire_name in given:
                params[name] = _from_query(member, given[wire_name], wire_name)
            case "header" if (text := _header(http, wire_name.lower())) is not None:
                params[name] = query.scalar(member, text, wire_name)
    return params


def render(operation: OperationModel, result: dict[str, Any], request_id: str) -> HTTPAnswer:
    """The answer of a call that went well. No model of ours puts outputs into headers (a test holds that)."""
    headers = [("content-type", "application/json"), ("x-amzn-requestid", request_id)]
    if (shape := operation.output) is None:
        return HTTPAnswer(operation.success, headers, b"{}")
    if (payload := shape.payload) is not None:
        return HTTPAnswer(operation.success, headers, aws_json.encode(shape.members[payload], result.get(payload, {})))
    return HTTPAnswer(operation.success, headers, aws_json.encode(shape, result))


def render_error(code: str, message: str, status: int, request_id: str, message_name: str = "message") -> HTTPAnswer:
    """The answer of a call that was refused."""
    headers = [
        ("content-type", "application/json"),
        ("x-amzn-requestid", request_id),
        ("x-amzn-errortype", aws_json.header_safe(code)),
    ]
    body = msgspec.json.encode({"__type": code, message_name: aws_json.utf8_safe(message)})
    return HTTPAnswer(status, headers, body)


@cache
def _routes(name: str, service: ServiceModel) -> tuple[Route, ...]:
    routes = []
    for operation_name in service.operation_names:
        operation = service.operation(operation_name)
        assert operation is not None
        path, _, constants = operation.uri.partition("?")
        pairs = tuple((key, value) for key, _, value in (each.partition("=") for each in constants.split("&") if each))
        routes.append(Route(operation.method, tuple(path.split("/")[1:]), pairs, operation_name))
    return tuple(sorted(routes, key=lambda each: each.rank))


def _fits(candidate: Route, raw_path: str) -> bool:
    """A path is like a route's when each segment is the same, or a label's: never empty, never dots."""
    segments = raw_path.split("/")[1:]
    return len(segments) == len(candidate.segments) and all(
        segment not in _DOTS if pattern.startswith("{") else segment == pattern
        for pattern, segment in zip(candidate.segments, segments, strict=True)
    )


def _labels(candidate: Route, raw_path: str) -> dict[str, str]:
    pairs = zip(candidate.segments, raw_path.split("/")[1:], strict=True)
    return {pattern.strip("{}"): _decoded(segment) for pattern, segment in pairs if pattern.startswith("{")}


def _decoded(text: str) -> str:
    try:
        return unquote_to_bytes(text.encode("latin-1")).decode("utf-8")
    except UnicodeDecodeError:
        raise SerializationError("The request is not UTF-8") from None


def _query(query_string: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    if query_string.count("&") >= query.PARAMETERS_MAX:
        raise MalformedQueryString(f"The request has more than {query.PARAMETERS_MAX} parameters")
    for part in query_string.split("&"):
        name, _, value = part.replace("+", " ").partition("=")
        if part and name.lower() not in QUERY_PARTS:
            found.setdefault(_decoded(name), []).append(_decoded(value))
    return found


def _from_query(member: Shape, values: list[str], name: str) -> Any:
    if member.kind == LIST:
        return [query.scalar(member.member, value, name) for value in values]
    if len(values) > 1:
        raise MalformedQueryString(f"The parameter {name} occurs more than once")
    return query.scalar(member, values[0], name)


def _header(http: HTTPRequest, name: str) -> str | None:
    values = [value for key, value in http.headers if key == name]
    if len(values) > 1:
        raise MalformedQueryString(f"The header {name} occurs more than once")
    return values[0] if values else None


def _body(shape: Shape, http: HTTPRequest) -> dict[str, Any]:
    if not http.body:
        return {}
    content_type = (http.header("content-type") or "application/json").partition(";")[0].strip().lower()
    if content_type != "application/json":
        raise UnsupportedMediaType("The body must be application/json")
    value = aws_json.decode(http.body)
    if shape.payload is not None:
        return {shape.payload: aws_json.from_json(shape.members[shape.payload], value)}
    params: dict[str, Any] = aws_json.from_json(shape, value)
    return {name: inner for name, inner in params.items() if shape.members[name].location is None}
