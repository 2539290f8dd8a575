"""Requesters, resources and documents for the tests of the policy language."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from muniment.domain.errors import MalformedPolicyDocument
from muniment.domain.policy.decision import Decision, Effect, Layer, SourceType
from muniment.domain.policy.document import Kind, parse_for_writing, parse_stored
from muniment.domain.policy.evaluate import PolicySet, evaluate
from muniment.domain.policy.layers import Level, Source
from muniment.domain.policy.request import AccessRequest, Principal, PrincipalKind, principal_keys

SYNTAX = "Syntax errors in policy."
A, B = "111111111111", "222222222222"
ROOT = Principal(kind=PrincipalKind.ROOT, arn=f"arn:aws:iam::{A}:root", account=A)
ANA = Principal(
    kind=PrincipalKind.USER, arn=f"arn:aws:iam::{A}:user/team/ana", account=A, unique_id="AIDAAAAAAAAAAAAAAAANA"
)
ROLE_ARN = f"arn:aws:iam::{A}:role/service/builder"
SESSION = Principal(
    kind=PrincipalKind.ROLE_SESSION,
    arn=f"arn:aws:sts::{A}:assumed-role/builder/build-7",
    account=A,
    issuer_arn=ROLE_ARN,
    issuer_id="AROAAAAAAAAAAAAAAROLE",
)
FEDERATED = Principal(
    kind=PrincipalKind.FEDERATED_USER,
    arn=f"arn:aws:sts::{A}:federated-user/fred",
    account=A,
    issuer_arn=ANA.arn,
    issuer_id=ANA.unique_id,
)
SERVICE = Principal(kind=PrincipalKind.SERVICE, service="rotation.amazonaws.com")
SAML = Principal(kind=PrincipalKind.WEB_IDENTITY, provider=f"arn:aws:iam::{A}:saml-provider/corp")
CUSTOMER = Principal(
    kind=PrincipalKind.APPLICATION,
    arn=f"arn:muniment:app::{A}:customer/c3",
    account=A,
    unique_id=f"arn:muniment:app::{A}:customer/",
)
ANONYMOUS = Principal(kind=PrincipalKind.ANONYMOUS)

SECRET = f"arn:aws:secretsmanager:eu-central-1:{A}:secret:db/main-AbCdEf"
READ = "secretsmanager:GetSecretValue"


def statement(effect: str = "Allow", action: Any = "*", resource: Any = "*", **more: Any) -> dict[str, Any]:
    """A statement of an identity policy; None leaves an element out."""
    said = {"Effect": effect, "Action": action, "Resource": resource, **more}
    return {name: value for name, value in said.items() if value is not None}


def text(*statements: Any, version: Any = "2012-10-17", **more: Any) -> str:
    """A document's text."""
    return json.dumps({"Version": version, "Statement": list(statements), **more})


def source(*statements: Any, kind: Kind = Kind.IDENTITY, id: str = "policy", **more: Any) -> Source:
    """A well-formed document."""
    return Source(parse_for_writing(text(*statements, **more), kind), id, SourceType.USER)


def stored(*statements: Any, kind: Kind = Kind.IDENTITY, id: str = "policy", **more: Any) -> Source:
    """A document that need not be well formed."""
    return Source(parse_stored(text(*statements, **more), kind), id, SourceType.USER)


def resource_policy(principal: Any, effect: str = "Allow", action: Any = "*", **more: Any) -> Source:
    """A resource policy that names somebody."""
    return source(statement(effect, action, Principal=principal, **more), kind=Kind.RESOURCE)


def trust(principal: Any, effect: str = "Allow", action: Any = "sts:AssumeRole", **more: Any) -> Source:
    """A role's trust policy."""
    return source(statement(effect, action, None, Principal=principal, **more), kind=Kind.TRUST)


def level(*sources: Source, name: str = "root") -> Level:
    """A level of the organization."""
    return Level(name, sources)


ALLOW_ALL = source(statement(), id="all")
DENY_ALL = source(statement("Deny"), id="none")
ALLOW_NOTHING = source(statement(action="nothing:AtAll"), id="nothing")
RCP_FULL = stored(statement(Principal="*"), kind=Kind.RCP, id="RCPFullAWSAccess")


def ask(
    principal: Principal = ANA,
    action: str = READ,
    on: str = SECRET,
    context: Mapping[str, tuple[str, ...]] | None = None,
    owner: str = "",
    **policies: Any,
) -> Decision:
    """The decision on a request with the keys its principal brings."""
    keys = principal_keys(principal) | dict(context or {})
    request = AccessRequest(action=action, resource=on, principal=principal, context=keys, resource_account=owner)
    return evaluate(request, PolicySet(**policies))


def outcome(decision: Decision) -> tuple[Effect, Layer]:
    """What was answered, and by which layer."""
    return decision.effect, decision.layer


ALLOWED, EXPLICIT, IMPLICIT = Effect.ALLOWED, Effect.EXPLICIT_DENY, Effect.IMPLICIT_DENY


def refusal(document: Any, kind: Kind = Kind.IDENTITY) -> str:
    """The message with which a document is refused; the stored door lets it through without raising."""
    written = document if isinstance(document, str) else json.dumps(document)
    with pytest.raises(MalformedPolicyDocument) as caught:
        parse_for_writing(written, kind)
    parse_stored(written, kind)
    return caught.value.message
