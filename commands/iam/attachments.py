"""Commands that attach managed policies to users, groups and roles, and detach them. Attaching is idempotent (FEATURES 1b)."""

from muniment.commands.command import Decision, Given
from muniment.commands.iam.contexts import Keys, permissions_boundary, policy_arn
from muniment.commands.iam.entity import GroupCommand, RoleCommand, UserCommand
from muniment.commands.iam.managed import check_attached, may_attach
from muniment.domain.account.attachments import (
    GroupPolicyAttached,
    GroupPolicyDetached,
    RolePolicyAttached,
    RolePolicyDetached,
    UserPolicyAttached,
    UserPolicyDetached,
)
from muniment.domain.account.state import Account, Group, Role, User
from muniment.domain.ledger import Fact


class AttachUserPolicy(UserCommand, frozen=True, kw_only=True, rename="pascal"):
    """Attach a managed policy to a user. https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachUserPolicy.html"""

    policy_arn: str

    def keys(self, user: User | None) -> Keys:
        return policy_arn(self.policy_arn) | permissions_boundary(user.boundary if user else "")

    def decide(self, state: Account, given: Given) -> Decision:
        user = state.user(self.user_name)
        if not may_attach(state, "User", user.attached, self.policy_arn):
            return None
        return UserPolicyAttached(user.name, self.policy_arn)


class DetachUserPolicy(UserCommand, frozen=True, kw_only=True, rename="pascal"):
    """Detach a managed policy from a user. https://docs.aws.amazon.com/IAM/latest/APIReference/API_DetachUserPolicy.html"""

    policy_arn: str

    def keys(self, user: User | None) -> Keys:
        return policy_arn(self.policy_arn) | permissions_boundary(user.boundary if user else "")

    def decide(self, state: Account, given: Given) -> Fact:
        user = state.user(self.user_name)
        check_attached(user.attached, self.policy_arn)
        return UserPolicyDetached(user.name, self.policy_arn)


class AttachGroupPolicy(GroupCommand, frozen=True, kw_only=True, rename="pascal"):
    """Attach a managed policy to a group. https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachGroupPolicy.html"""

    policy_arn: str

    def keys(self, group: Group | None) -> Keys:
        return policy_arn(self.policy_arn)

    def decide(self, state: Account, given: Given) -> Decision:
        group = state.group(self.group_name)
        if not may_attach(state, "Group", group.attached, self.policy_arn):
            return None
        return GroupPolicyAttached(group.name, self.policy_arn)


class DetachGroupPolicy(GroupCommand, frozen=True, kw_only=True, rename="pascal"):
    """Detach a managed policy from a group. https://docs.aws.amazon.com/IAM/latest/APIReference/API_DetachGroupPolicy.html"""

    policy_arn: str

    def keys(self, group: Group | None) -> Keys:
        return policy_arn(self.policy_arn)

    def decide(self, state: Account, given: Given) -> Fact:
        group = state.group(self.group_name)
        check_attached(group.attached, self.policy_arn)
        return GroupPolicyDetached(group.name, self.policy_arn)


class AttachRolePolicy(RoleCommand, frozen=True, kw_only=True, rename="pascal"):
    """Attach a managed policy to a role. https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachRolePolicy.html"""

    policy_arn: str

    def keys(self, role: Role | None) -> Keys:
        return policy_arn(self.policy_arn) | permissions_boundary(role.boundary if role else "")

    def decide(self, state: Account, given: Given) -> Decision:
        role = state.role(self.role_name)
        if not may_attach(state, "Role", role.attached, self.policy_arn):
            return None
        return RolePolicyAttached(role.name, self.policy_arn)


class DetachRolePolicy(RoleCommand, frozen=True, kw_only=True, rename="pascal"):
    """Detach a managed policy from a role. https://docs.aws.amazon.com/IAM/latest/APIReference/API_DetachRolePolicy.html"""

    policy_arn: str

    def keys(self, role: Role | None) -> Keys:
        return policy_arn(self.policy_arn) | permissions_boundary(role.boundary if role else "")

    def decide(self, state: Account, given: Given) -> Fact:
        role = state.role(self.role_name)
        check_attached(role.attached, self.policy_arn)
        return RolePolicyDetached(role.name, self.policy_arn)
