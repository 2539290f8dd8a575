"""The permissions boundary of a user or role, as gets show it."""

from typing import Any, Final

# The prose of the API reference and real answers say `Policy`; botocore's enum has only `PermissionsBoundaryPolicy`.
BOUNDARY_TYPE: Final = "Policy"


def boundary_shown(policy_arn: str) -> dict[str, Any]:
    """The PermissionsBoundary member, where there is a boundary."""
    if not policy_arn:
        return {}
    return {"PermissionsBoundary": {"PermissionsBoundaryType": BOUNDARY_TYPE, "PermissionsBoundaryArn": policy_arn}}
