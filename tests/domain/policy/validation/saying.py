"""Statements as tests say them, and the codes of what is found in them."""

from typing import Any

from muniment.domain.policy.document import Kind
from muniment.domain.policy.validation.validate import validate
from tests.domain.policy.people import A, statement, text

ROLE = f"arn:aws:iam::{A}:role/r"
OIDC = f"arn:aws:iam::{A}:oidc-provider/token.actions.githubusercontent.com"
SAML = f"arn:aws:iam::{A}:saml-provider/corp"


def codes(written: str, kind: Kind = Kind.IDENTITY) -> list[str]:
    return [finding.code for finding in validate(written, kind)]


def of(*statements: Any, kind: Kind = Kind.IDENTITY, **more: Any) -> set[str]:
    return set(codes(text(*statements, **more), kind))


def identity(**more: Any) -> dict[str, Any]:
    return statement(**{"action": "s3:GetObject", "resource": "arn:aws:s3:::b/*", **more})


def when(**condition: Any) -> set[str]:
    return of(identity(Condition=condition))


def trusting(principal: Any, action: Any = "sts:AssumeRole", **more: Any) -> set[str]:
    return of(statement(action=action, resource=None, Principal=principal, **more), kind=Kind.TRUST)


def resource(principal: Any, **more: Any) -> set[str]:
    return of(identity(Principal=principal, **more), kind=Kind.RESOURCE)
