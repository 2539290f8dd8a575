"""The AWS JSON protocols 1.0 and 1.1, and the values of REST-JSON bodies.

Source: https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html; the texts of SerializationException are AWS's.
"""

import base64
import binascii
import math
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from muniment.api.aws import strict_json, timestamps
from muniment.api.aws.http import HTTPAnswer, HTTPRequest
from muniment.api.aws.models import OperationModel, ServiceModel
from muniment.api.aws.shapes import LIST, MAP, STRUCTURE, Shape
from muniment.domain.errors import SerializationError, UnknownOperation, UnsupportedMediaType

_CONTENT_TYPES = frozenset({"application/x-amz-json-1.0", "application/x-amz-json-1.1"})
_TYPE_NAMES = {"string": "a String", "integer": "an Integer", "long": "a Long", "boolean": "a Boolean", "float": "a Float",
               "double": "a Double", "timestamp": "a Timestamp", "blob": "a Blob"}  # fmt: skip
_SPECIAL_FLOATS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_encoder = msgspec.json.Encoder()
NO_MEMBERS: Final[Mapping[str, str]] = {}


def operation_of(service: ServiceModel, http: HTTPRequest) -> OperationModel:
    """The operation that X-Amz-Target names, or the refusal."""
    prefix, _, name = (http.header("x-amz-target") or "").rpartition(".")
    operation = service.operation(name) if prefix == service.target_prefix else None
    if operation is None:
        raise UnknownOperation(f"The operation {name[:128]} does not exist" if name else "X-Amz-Target is missing")
    return operation


def parse(operation: OperationModel, http: HTTPRequest) -> dict[str, Any]:
    """The parameters of a call by their model names. Unknown members are ignored, as AWS's JSON services do."""
    content_type = (http.header("content-type") or "").partition(";")[0].strip().lower()
    if content_type not in _CONTENT_TYPES:
        raise UnsupportedMediaType(f"The body must be application/x-amz-json-{operation.service.json_version}")
    body = decode(http.body) if http.body else {}
    if operation.input is None:
        return {}
    value: dict[str, Any] = from_json(operation.input, body)
    return value


def render(operation: OperationModel, result: dict[str, Any], request_id: str) -> HTTPAnswer:
    """The answer of a call that went well; timestamps in `result` are microseconds. No output shape: an empty body."""
    body = encode(operation.output, result) if operation.output is not None else b""
    return HTTPAnswer(200, _headers(operation.service, request_id), body)


def render_error(
    service: ServiceModel | None,
    code: str,
    message: str,
    status: int,
    request_id: str,
    message_name: str = "message",
    members: Mapping[str, str] = NO_MEMBERS,
) -> HTTPAnswer:
    """The answer of a call that was refused."""
    headers = [*_headers(service, request_id), ("x-amzn-errortype", header_safe(code))]
    return HTTPAnswer(status, headers, _encoder.encode({"__type": code, message_name: utf8_safe(message), **members}))


def decode(body: bytes) -> Any:
    """A JSON body within its limits, or SerializationException."""
    try:
        return strict_json.decode(body)
    except strict_json.BadJSON as error:
        raise SerializationError(str(error)) from None


def encode(shape: Shape, value: Any) -> bytes:
    """The JSON text of a value of that shape."""
    return _encoder.encode(to_json(shape, value))


def from_json(shape: Shape, value: Any) -> Any:
    """A decoded JSON value as the shape has it: bytes for blobs, microseconds for timestamps; null members left out."""
    if shape.document:
        return value
    match shape.kind, value:
        case "structure", dict():
            return {
                name: from_json(member, inner)
                for name, wire_name, member in shape.wire_members
                if (inner := value.get(wire_name)) is not None
            }
        case "list", list():
            return [from_json(shape.member, inner) for inner in value]
        case "map", dict():
            return {key: from_json(shape.value, inner) for key, inner in value.items()}
        case (("structure" | "list" | "map"), _):
            raise SerializationError(f"{_found(value)} found where {_article(shape.kind)} was expected")
        case _, (dict() | list()):
            raise SerializationError("Start of structure or map found where not expected.")
    return _scalar_from_json(shape, value)


def to_json(shape: Shape, value: Any) -> Any:
    """A value as JSON can carry it; None and members that the shape does not know are left out."""
    if shape.document:
        return value
    match shape.kind:
        case "structure":
            return {
                wire_name: to_json(member, inner)
                for name, wire_name, member in shape.wire_members
                if (inner := value.get(name)) is not None
            }
        case "list":
            return [to_json(shape.member, inner) for inner in value]
        case "map":
            return {utf8_safe(key): to_json(shape.value, inner) for key, inner in value.items()}
        case "timestamp":
            return timestamp_to_json(shape, value)
        case "blob":
            return base64.b64encode(value).decode("ascii")
        case "string":
            return utf8_safe(value)
        case "float" | "double" if not math.isfinite(value):
            return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def timestamp_to_json(shape: Shape, microseconds: int) -> int | float | str:
    """Epoch seconds, or ISO 8601 where the model asks for it."""
    if shape.timestamp_format == "iso8601":
        return timestamps.iso8601_exact(microseconds)
    return timestamps.epoch_seconds(microseconds)


def utf8_safe(text: str) -> str:
    """Text with every lone surrogate replaced: those have no UTF-8."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def header_safe(text: str) -> str:
    """Text that cannot break out of a header's value."""
    return "".join(character if "!" <= character <= "~" else "_" for character in text[:128])


def _scalar_from_json(shape: Shape, value: Any) -> Any:
    match shape.kind, value:
        case "string", str():
            return value
        case "boolean", bool():
            return value
        case "timestamp", str() if (moment := timestamps.from_iso8601(value)) is not None:
            return moment
        case "timestamp", int() | float() if not isinstance(value, bool):
            if (moment := timestamps.from_number(value)) is not None:
                return moment
        case "integer" | "long", int() if not isinstance(value, bool):
            return value
        case "integer" | "long", float() if value.is_integer() and abs(value) < 2**53:
            return int(value)
        case "float" | "double", int() | float() if not isinstance(value, bool) and abs(value) < 1e300:
            return float(value)
        case "float" | "double", str() if value in _SPECIAL_FLOATS:
            return _SPECIAL_FLOATS[value]
        case "blob", str():
            try:
                return base64.b64decode(value.encode("ascii"), validate=True)
            except (binascii.Error, UnicodeEncodeError):
                pass
    raise SerializationError(f"{_found(value)} can not be converted to {_TYPE_NAMES[shape.kind]}")


def _found(value: Any) -> str:
    match value:
        case None:
            return "NULL_VALUE"
        case bool():
            return "TRUE_VALUE" if value else "FALSE_VALUE"
        case str():
            return "STRING_VALUE"
        case int() | float():
            return "NUMBER_VALUE"
        case list():
            return "Start of list"
    return "Start of structure or map"


def _article(kind: str) -> str:
    return {STRUCTURE: "a structure", LIST: "a list", MAP: "a map"}[kind]


def _headers(service: ServiceModel | None, request_id: str) -> list[tuple[str, str]]:
    version = service.json_version if service is not None else "1.1"
    return [("content-type", f"application/x-amz-json-{version}"), ("x-amzn-requestid", request_id)]
