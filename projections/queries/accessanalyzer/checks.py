"""Checks of Access Analyzer, which compare policies with each other or with a list: PASS where it is certain, else FAIL and why."""

from typing import Annotated, Any, Final

import msgspec

from muniment.domain.errors import MalformedPolicyDocument
from muniment.domain.policy.checks.granted import granted
from muniment.domain.policy.checks.new_access import new_access
from muniment.domain.policy.checks.public import public_access
from muniment.domain.policy.checks.result import Reason
from muniment.domain.policy.document import Kind, PolicyDocument, parse_for_writing
from muniment.domain.policy.patterns import resource_pattern
from muniment.domain.policy.validation.validate import is_trust_policy
from muniment.domain.policy.variables import VARIABLES_SINCE, MalformedVariable
from muniment.projections.queries.accessanalyzer.errors import InvalidParameter
from muniment.projections.queries.accessanalyzer.query import PolicyQuery, check_size
from muniment.projections.query import Asked, Views

TRUST: Final = "AWS::IAM::AssumeRolePolicyDocument"
ACTION_CHARACTERS_MAX: Final = 256

ActionPattern = Annotated[str, msgspec.Meta(min_length=1, max_length=ACTION_CHARACTERS_MAX)]


class CheckNoNewAccess(PolicyQuery, frozen=True, kw_only=True, rename="camel"):
    """https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_CheckNoNewAccess.html"""

    new_policy_document: str
    existing_policy_document: str
    policy_type: str

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        both = (self.new_policy_document, self.existing_policy_document)
        trust = self.policy_type == "RESOURCE_POLICY" and all(is_trust_policy(text) for text in both)
        new = _read("newPolicyDocument", both[0], _kind(self.policy_type, trust))
        existing = _read("existingPolicyDocument", both[1], _kind(self.policy_type, trust))
        reasons = new_access(new, existing)
        return _answer(
            reasons,
            "The modified permissions grant new access compared to your existing policy.",
            "The modified permissions do not grant new access compared to your existing policy.",
        )


class Access(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Actions and resources that should not be granted; none are all."""

    actions: tuple[ActionPattern, ...] = ()
    resources: tuple[str, ...] = ()


class CheckAccessNotGranted(PolicyQuery, frozen=True, kw_only=True, rename="camel"):
    """https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_CheckAccessNotGranted.html"""

    policy_document: str
    access: tuple[Access, ...]
    policy_type: str

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        trust = self.policy_type == "RESOURCE_POLICY" and is_trust_policy(self.policy_document)
        policy = _read("policyDocument", self.policy_document, _kind(self.policy_type, trust))
        actions = tuple(action for access in self.access for action in access.actions)
        resources = tuple(resource for access in self.access for resource in access.resources)
        if not actions and not resources:
            raise InvalidParameter("access must name at least one action or resource")
        for action in actions:
            _check_action(action)
        for resource in resources:
            _check_resource(resource)
        return _answer(
            granted(policy, actions, resources),
            "The policy document grants access to perform one or more of the listed actions or resources.",
            "The policy document does not grant access to perform the listed actions or resources.",
        )


class CheckNoPublicAccess(PolicyQuery, frozen=True, kw_only=True, rename="camel"):
    """https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_CheckNoPublicAccess.html"""

    policy_document: str
    resource_type: str

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        kind = Kind.TRUST if self.resource_type == TRUST else Kind.RESOURCE
        return _answer(
            public_access(_read("policyDocument", self.policy_document, kind)),
            "The resource policy grants public access for the given resource type.",
            "The resource policy does not grant public access for the given resource type.",
        )


def _kind(policy_type: str, trust: bool) -> Kind:
    """What a document of this type is. A trust policy is a resource policy that names no resource."""
    if policy_type == "IDENTITY_POLICY":
        return Kind.IDENTITY
    return Kind.TRUST if trust else Kind.RESOURCE


def _read(name: str, text: str, kind: Kind) -> PolicyDocument:
    """The document. Raises InvalidParameter, which names the place; ValidationError for one that is too long."""
    check_size(name, text)
    try:
        return parse_for_writing(text, kind)
    except MalformedPolicyDocument as malformed:
        raise InvalidParameter(f"{name} is not a valid policy: {malformed.message}") from None


def _check_action(action: str) -> None:
    """Raise InvalidParameter for what could not stand in a policy."""
    service, colon, name = action.partition(":")
    if action != "*" and (not colon or not service or not name or ":" in name or "*" in service or "?" in service):
        raise InvalidParameter(f"The action {action} is not valid: use the form service:Name")


def _check_resource(resource: str) -> None:
    """Raise InvalidParameter for what could not stand in a policy, and for wildcards elsewhere than in the resource ID."""
    segments = resource.split(":", 5)
    is_arn = len(segments) == 6 and segments[0] == "arn"
    is_open = is_arn and any(mark in segment for segment in segments[:5] for mark in ("*", "?"))
    if resource != "*" and (not is_arn or is_open or "${" in resource):
        raise InvalidParameter(
            f"The resource {resource} is not valid: use an ARN, with wildcards only in its resource ID, or *"
        )
    try:
        resource_pattern(resource, VARIABLES_SINCE)
    except MalformedVariable as fault:
        raise InvalidParameter(f"The resource {resource} is not valid: {fault}") from None


def _answer(reasons: tuple[Reason, ...], failed: str, passed: str) -> dict[str, Any]:
    return {
        "result": "FAIL" if reasons else "PASS",
        "message": failed if reasons else passed,
        "reasons": [_shown(reason) for reason in reasons],
    }


def _shown(reason: Reason) -> dict[str, Any]:
    """ReasonSummary."""
    return {
        "description": reason.description,
        **({"statementIndex": reason.index} if reason.index is not None else {}),
        **({"statementId": reason.sid} if reason.sid else {}),
    }
