"""Managed policies by ARN: the account's own, and AWS's, which look the same to every query."""

from typing import Final

from muniment.domain.account.state import Account, Policy, PolicyVersion
from muniment.domain.arn import ARN
from muniment.domain.errors import InvalidInput, NoSuchEntity
from muniment.domain.policy.managed import MANAGED, ManagedPolicy

RESOURCE: Final = "policy/"


def _as_policy(managed: ManagedPolicy) -> Policy:
    """A policy of AWS in the shape of a customer's."""
    version = PolicyVersion(managed.version_id, managed.document, managed.created)
    return Policy(
        managed.name,
        managed.id,
        managed.arn,
        managed.path,
        managed.created,
        managed.created,
        {version.id: version},
        version.id,
        description=managed.description,
    )


AWS_POLICIES: Final[dict[str, Policy]] = {arn: _as_policy(managed) for arn, managed in MANAGED.items()}


def find_policy(account: Account, policy_arn: str) -> Policy | None:
    """The managed policy with this ARN that the account may use, or None: its own, or AWS's."""
    return AWS_POLICIES.get(policy_arn) or account.find_policy(policy_arn)


def policy_at(account: Account, policy_arn: str) -> Policy:
    """The managed policy with this ARN. Raises InvalidInput where the text is no policy's ARN, NoSuchEntity where there is none;
    policies of other accounts are not told from missing ones (SECURITY 16)."""
    if (found := find_policy(account, policy_arn)) is not None:
        return found
    parsed = ARN.parse(policy_arn)
    if parsed is None or parsed.service != "iam" or parsed.region or not parsed.resource.startswith(RESOURCE):
        raise InvalidInput(f"ARN {policy_arn} is not valid.")
    raise NoSuchEntity(f"Policy {policy_arn} was not found.")
