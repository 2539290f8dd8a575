"""Resource policies of secrets: GetResourcePolicy, ListResourcePolicies, ValidateResourcePolicy."""

from typing import Any, Final

from muniment.domain.policy.statements import Kind
from muniment.domain.policy.validation.findings import FindingType
from muniment.domain.policy.validation.validate import validate
from muniment.domain.resource import Resource
from muniment.domain.secret import keys
from muniment.domain.secret.errors import SecretPolicyMalformed
from muniment.domain.secret.policy import POLICY_NAME, PUBLIC, checked_policy, lets_strangers_in
from muniment.projections.queries.secretsmanager.query import SecretQuery, SecretsQuery, find, named
from muniment.projections.query import Asked, Views

REFUSING: Final = frozenset({FindingType.ERROR, FindingType.SECURITY_WARNING})


class GetResourcePolicy(SecretQuery, frozen=True, kw_only=True, rename="pascal"):
    """A secret's policy, absent where it has none.
    https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetResourcePolicy.html"""

    policy_name: str = ""

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        secret = self.secret(views, asked)
        shown = bool(secret.policy) and self.policy_name in ("", POLICY_NAME)
        return {**named(secret), **({"ResourcePolicy": secret.policy} if shown else {})}


class ListResourcePolicies(SecretQuery, frozen=True, kw_only=True, rename="pascal"):
    """The policies of a secret: one here, or none.
    https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_ListResourcePolicies.html"""

    max_results: int = 100
    next_token: str = ""

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        secret = self.secret(views, asked)
        return {"ResourcePolicies": [{"PolicyName": POLICY_NAME}] if secret.policy else []}


class ValidateResourcePolicy(SecretsQuery, frozen=True, kw_only=True, rename="pascal"):
    """Whether a policy could be put: its grammar, what Access Analyzer says of it, whether it lets strangers in.
    https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_ValidateResourcePolicy.html"""

    resource_policy: str
    secret_id: str = ""

    def resources(self, views: Views, asked: Asked) -> tuple[Resource, ...]:
        if not self.secret_id:
            return (Resource("*"),)
        return (keys.resource(find(views, asked, self.secret_id), self.secret_id, asked.actor.account),)

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        errors = []
        try:
            if lets_strangers_in(checked_policy(self.resource_policy)):
                errors.append({"CheckName": "BLOCK_PUBLIC_POLICY", "ErrorMessage": PUBLIC})
        except SecretPolicyMalformed as malformed:
            errors.append({"CheckName": "MALFORMED_POLICY", "ErrorMessage": malformed.message})
        errors += [
            {"CheckName": finding.code, "ErrorMessage": finding.details}
            for finding in validate(self.resource_policy, Kind.RESOURCE)
            if finding.type in REFUSING
        ]
        return {"PolicyValidationPassed": not errors, "ValidationErrors": errors}
