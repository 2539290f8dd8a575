"""The reading actions of IAM, by noun. Importing this package registers every one of them (projections/query.py)."""

from muniment.projections.queries.iam import (
    access_keys,
    attached,
    authorization_details,
    credential_report,
    entities,
    groups,
    inline,
    mfa,
    passwords,
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
    "credential_report",
    "entities",
    "groups",
    "inline",
    "mfa",
    "passwords",
    "policies",
    "policy_versions",
    "roles",
    "summary",
    "unissued",
    "users",
]
