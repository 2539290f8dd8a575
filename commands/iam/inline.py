"""Commands on the inline policies of users, groups and roles (FEATURES 1b)."""

from muniment.commands.command import Decision, Given
from muniment.commands.iam.contexts import Keys, permissions_boundary
from muniment.commands.iam.documents import check_inline
from muniment.commands.iam.entity import GroupCommand, RoleCommand, UserCommand
from muniment.domain.account.inline import (
    GroupInlinePolicyDeleted,
    GroupInlinePolicyPut,
    RoleInlinePolicyDeleted,
    RoleInlinePolicyPut,
    UserInlinePolicyDeleted,
    UserInlinePolicyPut,
)
from muniment.domain.account.state import Account, Role, User
from muniment.domain.errors import NoSuchEntity
from muniment.domain.ledger import Fact


class PutUserPolicy(UserCommand, frozen=True, kw_only=True, rename="pascal"):
    """Write an inline policy of a user. https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutUserPolicy.html"""

    policy_name: str
    policy_document: str

    def keys(self, user: User | None) -> Keys:
        return permissions_boundary(user.boundary if user else "")

    def decide(self, state: Account, given: Given) -> Decision:
        user = state.user(self.user_name)
        check_inline("user", user.name, user.inline, self.policy_name, self.policy_document)
        if user.inline.get(self.policy_name) == self.policy_document:
            return None
        return UserInlinePolicyPut(user.name, self.policy_name, self.policy_document)


class DeleteUserPolicy(UserCommand, frozen=True, kw_only=True, rename="pascal"):
    """Delete an inline policy of a user. https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteUserPolicy.html"""

    policy_name: str

    def keys(self, user: User | None) -> Keys:
        return permissions_boundary(user.boundary if user else "")

    def decide(self, state: Account, given: Given) -> Fact:
        user = state.user(self.user_name)
        if self.policy_name not in user.inline:
            raise NoSuchEntity(f"The user policy with name {self.policy_name} cannot be found.")
        return UserInlinePolicyDeleted(user.name, self.policy_name)


class PutGroupPolicy(GroupCommand, frozen=True, kw_only=True, rename="pascal"):
    """Write an inline policy of a group. https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutGroupPolicy.html"""

    policy_name: str
    policy_document: str

    def decide(self, state: Account, given: Given) -> Decision:
        group = state.group(self.group_name)
        check_inline("group", group.name, group.inline, self.policy_name, self.policy_document)
        if group.inline.get(self.policy_name) == self.policy_document:
            return None
        return GroupInlinePolicyPut(group.name, self.policy_name, self.policy_document)


class DeleteGroupPolicy(GroupCommand, frozen=True, kw_only=True, rename="pascal"):
    """Delete an inline policy of a group. https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteGroupPolicy.html"""

    policy_name: str

    def decide(self, state: Account, given: Given) -> Fact:
        group = state.group(self.group_name)
        if self.policy_name not in group.inline:
            raise NoSuchEntity(f"The group policy with name {self.policy_name} cannot be found.")
        return GroupInlinePolicyDeleted(group.name, self.policy_name)


class PutRolePolicy(RoleCommand, frozen=True, kw_only=True, rename="pascal"):
    """Write an inline policy of a role. https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePolicy.html"""

    policy_name: str
    policy_document: str

    def keys(self, role: Role | None) -> Keys:
        return permissions_boundary(role.boundary if role else "")

    def decide(self, state: Account, given: Given) -> Decision:
        role = state.role(self.role_name)
        check_inline("role", role.name, role.inline, self.policy_name, self.policy_document)
        if role.inline.get(self.policy_name) == self.policy_document:
            return None
        return RoleInlinePolicyPut(role.name, self.policy_name, self.policy_document)


class DeleteRolePolicy(RoleCommand, frozen=True, kw_only=True, rename="pascal"):
    """Delete an inline policy of a role. https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteRolePolicy.html"""

    policy_name: str

    def keys(self, role: Role | None) -> Keys:
        return permissions_boundary(role.boundary if role else "")

    def decide(self, state: Account, given: Given) -> Fact:
        role = state.role(self.role_name)
        if self.policy_name not in role.inline:
            raise NoSuchEntity(f"The role policy with name {self.policy_name} cannot be found.")
        return RoleInlinePolicyDeleted(role.name, self.policy_name)
