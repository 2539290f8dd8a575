"""Managed policies as other commands meet them: which may be attached, which may be changed."""

from typing import Final

from muniment.domain.account.state import Account, Policy
from muniment.domain.arn import ARN
from muniment.domain.errors import AccessDenied, InvalidInput, LimitExceeded, NoSuchEntity
from muniment.domain.policy.managed import MANAGED
from muniment.domain.quotas import (
    ATTACHED_POLICIES_PER_GROUP_MAX,
    ATTACHED_POLICIES_PER_ROLE_MAX,
    ATTACHED_POLICIES_PER_USER_MAX,
)

RESOURCE: Final = "policy/"
AWS: Final = "aws"  # the account part of the ARNs of AWS's own managed policies
ATTACHED_MAX: Final = {
    "User": ATTACHED_POLICIES_PER_USER_MAX,
    "Group": ATTACHED_POLICIES_PER_GROUP_MAX,
    "Role": ATTACHED_POLICIES_PER_ROLE_MAX,
}


def own_policy(account: Account, policy_arn: str) -> Policy:
    """The policy that a command may change. Raises InvalidInput, NoSuchEntity, and AccessDenied for AWS's own."""
    if _policy_arn(policy_arn).account == AWS and policy_arn in MANAGED:
        raise AccessDenied(f"Policy {policy_arn} is managed by AWS: it can be attached, but not changed or deleted.")
    return account.policy(policy_arn)


def check_exists(account: Account, policy_arn: str, scope: str = "Policy") -> None:
    """Raises InvalidInput where the text is no policy's ARN, NoSuchEntity where there is no such policy to attach."""
    _policy_arn(policy_arn)
    if policy_arn not in MANAGED and account.find_policy(policy_arn) is None:
        raise NoSuchEntity(f"{scope} {policy_arn} does not exist or is not attachable.")


def check_boundary(account: Account, policy_arn: str) -> None:
    """May the policy be a permissions boundary? Managed policies only. Raises InvalidInput, NoSuchEntity."""
    check_exists(account, policy_arn, "Scope ARN:")


def may_attach(account: Account, entity: str, attached: tuple[str, ...], policy_arn: str) -> bool:
    """Whether attaching changes anything: it is idempotent. Raises InvalidInput, NoSuchEntity, LimitExceeded."""
    check_exists(account, policy_arn)
    if policy_arn in attached:
        return False
    if len(attached) >= ATTACHED_MAX[entity]:
        raise LimitExceeded(f"Cannot exceed quota for PoliciesPer{entity}: {ATTACHED_MAX[entity]}")
    return True


def check_attached(attached: tuple[str, ...], policy_arn: str) -> None:
    """Raises InvalidInput, and NoSuchEntity where the policy is not attached."""
    _policy_arn(policy_arn)
    if policy_arn not in attached:
        raise NoSuchEntity(f"Policy {policy_arn} was not found.")


def _policy_arn(text: str) -> ARN:
    parsed = ARN.parse(text)
    if parsed is None or parsed.service != "iam" or parsed.region or not parsed.resource.startswith(RESOURCE):
        raise InvalidInput(f"ARN {text} is not valid.")
    return parsed
