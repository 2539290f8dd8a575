"""The path inside a managed policy's ARN: `/job-function/` of `arn:aws:iam::aws:policy/job-function/Billing`."""

from typing import Final

KIND: Final = ":policy"


def path_of(policy_arn: str) -> str:
    """The path, beginning and ending with `/`; `/` where the ARN is not a policy's."""
    _, found, rest = policy_arn.partition(KIND)
    return rest[: rest.rfind("/") + 1] if found and rest.startswith("/") else "/"
