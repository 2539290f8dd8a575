"""Commands on the versions of managed policies: at most five, numbers never given twice, one of them the default."""

from typing import Any

from muniment.commands.command import Decision, Given
from muniment.commands.iam.documents import check_managed
from muniment.commands.iam.entity import PolicyCommand
from muniment.commands.iam.managed import own_policy
from muniment.domain.account.policies import PolicyDefaultVersionSet, PolicyVersionCreated, PolicyVersionDeleted
from muniment.domain.account.state import Account, Policy
from muniment.domain.errors import DeleteConflict, LimitExceeded, NoSuchEntity
from muniment.domain.ledger import Entry, Fact
from muniment.domain.quotas import VERSIONS_PER_POLICY_MAX


class CreatePolicyVersion(PolicyCommand, frozen=True, kw_only=True, rename="pascal"):
    """Give a policy another document. https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicyVersion.html"""

    policy_document: str
    set_as_default: bool = False

    def decide(self, state: Account, given: Given) -> Fact:
        policy = own_policy(state, self.policy_arn)
        check_managed(self.policy_document)
        if len(policy.versions) >= VERSIONS_PER_POLICY_MAX:
            raise LimitExceeded(
                f"A managed policy can have up to {VERSIONS_PER_POLICY_MAX} versions. Before you create a new version, "
                "you must delete an existing version."
            )
        return PolicyVersionCreated(policy.arn, f"v{policy.latest + 1}", self.policy_document, self.set_as_default)

    def answer(self, state: Account, entries: tuple[Entry, ...], given: Given) -> dict[str, Any]:
        fact = entries[0].fact
        assert isinstance(fact, PolicyVersionCreated)
        return {
            "PolicyVersion": {
                "VersionId": fact.version_id,
                "IsDefaultVersion": fact.set_as_default,
                "CreateDate": entries[0].time,
            }
        }


class DeletePolicyVersion(PolicyCommand, frozen=True, kw_only=True, rename="pascal"):
    """Delete a version that is not the default. https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeletePolicyVersion.html"""

    version_id: str

    def decide(self, state: Account, given: Given) -> Fact:
        policy = own_policy(state, self.policy_arn)
        check_version(policy, self.version_id)
        if self.version_id == policy.default:
            raise DeleteConflict("Cannot delete the default version of a policy.")
        return PolicyVersionDeleted(policy.arn, self.version_id)


class SetDefaultPolicyVersion(PolicyCommand, frozen=True, kw_only=True, rename="pascal"):
    """Choose the version that counts. https://docs.aws.amazon.com/IAM/latest/APIReference/API_SetDefaultPolicyVersion.html"""

    version_id: str

    def decide(self, state: Account, given: Given) -> Decision:
        policy = own_policy(state, self.policy_arn)
        check_version(policy, self.version_id)
        return None if self.version_id == policy.default else PolicyDefaultVersionSet(policy.arn, self.version_id)


def check_version(policy: Policy, version_id: str) -> None:
    """Raises NoSuchEntity."""
    if version_id not in policy.versions:
        raise NoSuchEntity(f"Policy {policy.arn} version {version_id} does not exist or is not attachable.")
