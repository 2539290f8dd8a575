"""`accessanalyzer:ValidatePolicy`: findings about a policy, in pages."""

import hashlib
from typing import Any, Final

from muniment.domain.errors import ValidationError
from muniment.domain.policy.json_text import Place
from muniment.domain.policy.statements import Kind
from muniment.domain.policy.validation.catalogue import ISSUES, OURS
from muniment.domain.policy.validation.findings import Finding, FindingType, Location, Step
from muniment.domain.policy.validation.validate import is_trust_policy, validate
from muniment.domain.quotas import PAGE_ITEMS_DEFAULT, PAGE_ITEMS_MAX
from muniment.projections.queries.accessanalyzer.query import PolicyQuery, check_size
from muniment.projections.queries.pagination import BadCursor, Cursors, key_of
from muniment.projections.query import Asked, Views

KINDS: Final = {
    "IDENTITY_POLICY": Kind.IDENTITY,
    "RESOURCE_POLICY": Kind.RESOURCE,
    "SERVICE_CONTROL_POLICY": Kind.SCP,
    "RESOURCE_CONTROL_POLICY": Kind.RCP,
}
TRUST: Final = "AWS::IAM::AssumeRolePolicyDocument"
REFERENCE: Final = "https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html"
ANCHORS: Final = {
    FindingType.ERROR: "error",
    FindingType.SECURITY_WARNING: "security-warning",
    FindingType.WARNING: "general-warning",
    FindingType.SUGGESTION: "suggestion",
}
GRAMMAR: Final = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html"


class ValidatePolicy(PolicyQuery, frozen=True, kw_only=True, rename="camel"):
    """https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_ValidatePolicy.html

    A resource policy without a resource type that names no resource, and actions of STS alone, is taken for a role's trust policy.
    Every locale is answered in English.
    """

    policy_document: str
    policy_type: str
    validate_policy_resource_type: str = ""
    locale: str = "EN"
    max_results: int = PAGE_ITEMS_DEFAULT
    next_token: str = ""

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        check_size("policyDocument", self.policy_document)
        if not 1 <= self.max_results <= PAGE_ITEMS_MAX:
            raise ValidationError(
                f"1 validation error detected: maxResults must be between 1 and {PAGE_ITEMS_MAX}, inclusive"
            )
        findings = validate(self.policy_document, self._kind(), self.validate_policy_resource_type)
        digest = hashlib.sha256(self.policy_document.encode()).digest()
        question = (digest, self.policy_type, self.validate_policy_resource_type)
        cursors = Cursors.about(views.cursor_key, asked.now, self.action(), asked.actor.account, *question)
        rows = ((key_of(index), finding) for index, finding in enumerate(findings))
        try:
            page = cursors.page(rows, self.next_token, self.max_results)
        except BadCursor:
            raise ValidationError("Invalid nextToken: it was not given out for this policy") from None
        shown = [finding_shown(finding) for finding in page.items]
        return {"findings": shown, **({"nextToken": page.marker} if page.marker else {})}

    def _kind(self) -> Kind:
        """What the document is for. Raises ValidationError where type and resource type contradict each other."""
        kind = KINDS[self.policy_type]
        if self.validate_policy_resource_type and kind is not Kind.RESOURCE:
            raise ValidationError(
                "1 validation error detected: validatePolicyResourceType is only for policies of the type RESOURCE_POLICY"
            )
        if self.validate_policy_resource_type == TRUST:
            return Kind.TRUST
        if kind is Kind.RESOURCE and not self.validate_policy_resource_type and is_trust_policy(self.policy_document):
            return Kind.TRUST
        return kind


def finding_shown(finding: Finding) -> dict[str, Any]:
    """ValidatePolicyFinding."""
    return {
        "findingDetails": finding.details,
        "findingType": finding.type.value,
        "issueCode": finding.code,
        "learnMoreLink": _link(finding),
        "locations": [_location(location) for location in finding.locations],
    }


def _link(finding: Finding) -> str:
    """AWS's page about the issue; about our own, the grammar."""
    if finding.code in OURS:
        return GRAMMAR
    anchor = f"{ANCHORS[ISSUES[finding.code].type]}-{finding.code.lower().replace('_', '-')}"
    return f"{REFERENCE}#access-analyzer-reference-policy-checks-{anchor}"


def _location(location: Location) -> dict[str, Any]:
    return {
        "path": [_step(step) for step in location.path],
        "span": {"start": _position(location.start), "end": _position(location.end)},
    }


def _step(step: Step) -> dict[str, Any]:
    """PathElement: a union of which one member is given."""
    if step.substring is not None:
        return {"substring": {"start": step.substring[0], "length": step.substring[1]}}
    if step.index is not None:
        return {"index": step.index}
    return {"key": step.key} if step.key is not None else {"value": step.value}


def _position(place: Place) -> dict[str, int]:
    """Lines count from 1, columns and offsets from 0."""
    return {"line": place.line, "column": place.column - 1, "offset": place.offset}
