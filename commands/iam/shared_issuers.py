"""Issuers that everybody has an account at: trusting one of them without saying whom trusts the whole world (FEATURES 1h).

IAM User Guide, "Create a role for OpenID Connect federation", "Configuring a role for GitHub OIDC identity provider".
"""

from collections.abc import Iterator, Set
from typing import Final

from muniment.domain.errors import MalformedPolicyDocument
from muniment.domain.policy.operators import Comparison, Quantifier
from muniment.domain.policy.statements import Condition, PolicyDocument, Statement, Verdict

ANYBODY: Final = frozenset("*?")
STRINGS: Final = frozenset({Comparison.STRING_EQUALS, Comparison.STRING_EQUALS_IGNORE_CASE, Comparison.STRING_LIKE})

# Issuer → the claims of which one must be demanded. Where everybody's tokens have one audience, only `sub` tells them apart.
SHARED: Final[dict[str, tuple[str, ...]]] = {
    "token.actions.githubusercontent.com": ("sub",),
    "gitlab.com": ("sub",),
    "app.terraform.io": ("sub",),
    "agent.buildkite.com": ("sub",),
    "oidc.fly.io": ("sub",),
    "accounts.google.com": ("sub", "aud"),
    "cognito-identity.amazonaws.com": ("sub", "aud"),
    "graph.facebook.com": ("id", "app_id"),
    "www.amazon.com": ("user_id", "app_id"),
    "appleid.apple.com": ("sub", "aud"),
}


def check_shared_issuers(document: PolicyDocument) -> None:
    """Raises MalformedPolicyDocument where a trust policy lets in whoever has an account at a shared issuer."""
    for statement in document.statements:
        if statement.verdict is not Verdict.ALLOW or not _assumes(statement):
            continue
        for issuer in _issuers(statement):
            demanded = {f"{issuer}:{claim}" for claim in SHARED[issuer]}
            if not any(demands(condition, demanded) for condition in statement.conditions):
                raise MalformedPolicyDocument(
                    f"The trust policy must say whom of {issuer} it trusts: add a condition on {' or '.join(sorted(demanded))}"
                )


def _assumes(statement: Statement) -> bool:
    return statement.actions is None or any(
        action.lower() in ("*", "sts:*", "sts:assumerole*", "sts:assumerolewithwebidentity")
        for action in statement.actions
    )


def _issuers(statement: Statement) -> Iterator[str]:
    for named in statement.principals.federated if statement.principals is not None else ():
        issuer = named.rpartition(":oidc-provider/")[2]
        if issuer in SHARED:
            yield issuer


def demands(condition: Condition, keys: Set[str]) -> bool:
    """Whether a condition can hold only where one of the keys has a value that says something."""
    operator = condition.operator
    positive = operator.comparison in STRINGS and not operator.negated and not operator.if_exists
    if not positive or operator.quantifier is Quantifier.FOR_ALL_VALUES or condition.key.lower() not in keys:
        return False
    like = operator.comparison is Comparison.STRING_LIKE
    return all(value and not (like and set(value) <= ANYBODY) for value in condition.values)
