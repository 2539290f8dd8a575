"""The condition keys that a document asks for, in its conditions and its variables: what GetContextKeysForCustomPolicy and
GetContextKeysForPrincipalPolicy answer. IAM API reference; POLICY_EVALUATION 2.4, 2.5.
"""

from collections.abc import Iterator

from muniment.domain.policy.statements import PolicyDocument, Statement
from muniment.domain.policy.variables import VARIABLES_SINCE, keys_of, parts, resource_parts


def context_keys(document: PolicyDocument) -> tuple[str, ...]:
    """Every key once, sorted without regard to case; of two spellings the one in lower case."""
    found: dict[str, str] = {}
    for statement in document.statements:
        for key in _keys(statement, document.version):
            lower = key.lower()
            found[lower] = max(key, found.get(lower, key))
    return tuple(found[lower] for lower in sorted(found))


def _keys(statement: Statement, version: str) -> Iterator[str]:
    """The keys of one statement, some of them more than once."""
    for resource in (*(statement.resources or ()), *(statement.not_resources or ())):
        yield from keys_of(resource_parts(resource, version))
    for condition in statement.conditions:
        yield condition.key
        if condition.operator.takes_variables and version == VARIABLES_SINCE:
            for value in condition.values:
                yield from keys_of(parts(value, variables=True, wildcards=False))
