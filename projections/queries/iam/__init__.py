"""The reading actions of IAM, by noun. Importing this package registers every one of them (projections/query.py)."""

from muniment.projections.queries.iam import (
    access_keys,
    attached,
    authorization_details,
    entities,
    groups,
    inline,
    policies,
    policy_versions,
    roles,
    summary,
    unissued,
    users,
)

__all__ = [
    "access_keys",
    "attached",
    "authorization_details",
    "entities",
    "groups",
    "inline",
    "policies",
    "policy_versions",
    "roles",
    "summary",
    "unissued",
    "users",
]
