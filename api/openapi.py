"""The OpenAPI document of the native front, made from the registries: every command, query and step of the sign-in is in it."""

from functools import cache
from typing import Any

import msgspec

from muniment.api.aws.http import HTTPAnswer
from muniment.api.signin.parameters import OPEN, PARAMETERS
from muniment.commands.command import COMMANDS
from muniment.commands.sts.issue import ISSUES
from muniment.projections.query import QUERIES

REF = "#/components/schemas/{name}"


SIGN_IN = "signin"
SIGNATURE = {"type": "apiKey", "in": "header", "name": "Authorization", "description": "AWS Signature Version 4"}
BEARER = {"type": "http", "scheme": "bearer", "description": "The `Token` that a sign-in ends with"}


@cache
def document(public_url: str) -> HTTPAnswer:
    """The document as JSON."""
    actions: dict[tuple[str, str], Any] = {
        **COMMANDS,
        **QUERIES,
        **ISSUES,
        **{(SIGN_IN, name): shape for name, shape in PARAMETERS.items()},
    }
    schemas, components = msgspec.json.schema_components(actions.values(), ref_template=REF)
    paths = {
        f"/v1/{service}/{action}": {"post": _operation(service, action, kind, schema)}
        for ((service, action), kind), schema in sorted(
            zip(actions.items(), schemas, strict=True), key=lambda pair: pair[0][0]
        )
    }
    body = {
        "openapi": "3.1.0",
        "info": {
            "title": "Muniment",
            "version": "1",
            "description": "Requests are signed with AWS Signature Version 4, or carry the token of a sign-in.",
        },
        "servers": [{"url": public_url or "/"}],
        "security": [{"signature": []}, {"bearer": []}],
        "paths": paths,
        "components": {"schemas": components, "securitySchemes": {"signature": SIGNATURE, "bearer": BEARER}},
    }
    return HTTPAnswer(200, [("content-type", "application/json")], msgspec.json.encode(body))


def _operation(service: str, action: str, kind: Any, schema: dict[str, Any]) -> dict[str, Any]:
    description = (kind.__doc__ or "").strip()
    return {
        **_security(service, action, kind),
        "operationId": f"{service}_{action}",
        "summary": description.split("\n", 1)[0],
        "description": description,
        "tags": [service],
        "requestBody": {"content": {"application/json": {"schema": schema}}},
        "responses": {
            "200": {"description": "Done; `X-Muniment-Position` tells from where on it can be read."},
            "default": {"description": "Refused (RFC 9457).", "content": {"application/problem+json": {}}},
        },
    }


def _security(service: str, action: str, kind: Any) -> dict[str, Any]:
    """Where it is not the document's: nobody who signs in has a credential yet, nor whom a provider vouches for."""
    if service == SIGN_IN:
        return {"security": [] if action in OPEN else [{"bearer": []}]}
    return {} if getattr(kind, "signed", True) else {"security": []}
