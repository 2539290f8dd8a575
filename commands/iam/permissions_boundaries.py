"""Commands on the permissions boundaries of users and roles: one each, a managed policy only (FEATURES 1b)."""

from muniment.commands.command import Decision, Given
from muniment.commands.iam import contexts
from muniment.commands.iam.contexts import Keys
from muniment.commands.iam.entity import RoleCommand, UserCommand
from muniment.commands.iam.managed import check_boundary
from muniment.domain.account.permissions_boundaries import (
    RolePermissionsBoundaryRemoved,
    RolePermissionsBoundarySet,
    UserPermissionsBoundaryRemoved,
    UserPermissionsBoundarySet,
)
from muniment.domain.account.state import Account, Role, User


class PutUserPermissionsBoundary(UserCommand, frozen=True, kw_only=True, rename="pascal"):
    """Set a user's permissions boundary. https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutUserPermissionsBoundary.html"""

    permissions_boundary: str

    def keys(self, user: User | None) -> Keys:
        return contexts.permissions_boundary(self.permissions_boundary)

    def decide(self, state: Account, given: Given) -> Decision:
        user = state.user(self.user_name)
        check_boundary(state, self.permissions_boundary)
        if user.boundary == self.permissions_boundary:
            return None
        return UserPermissionsBoundarySet(user.name, self.permissions_boundary)


class DeleteUserPermissionsBoundary(UserCommand, frozen=True, kw_only=True, rename="pascal"):
    """Remove a user's permissions boundary, if it has one.
    https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteUserPermissionsBoundary.html"""

    def keys(self, user: User | None) -> Keys:
        return contexts.permissions_boundary(user.boundary if user else "")

    def decide(self, state: Account, given: Given) -> Decision:
        user = state.user(self.user_name)
        return UserPermissionsBoundaryRemoved(user.name) if user.boundary else None


class PutRolePermissionsBoundary(RoleCommand, frozen=True, kw_only=True, rename="pascal"):
    """Set a role's permissions boundary. https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePermissionsBoundary.html"""

    permissions_boundary: str

    def keys(self, role: Role | None) -> Keys:
        return contexts.permissions_boundary(self.permissions_boundary)

    def decide(self, state: Account, given: Given) -> Decision:
        role = state.role(self.role_name)
        check_boundary(state, self.permissions_boundary)
        if role.boundary == self.permissions_boundary:
            return None
        return RolePermissionsBoundarySet(role.name, self.permissions_boundary)


class DeleteRolePermissionsBoundary(RoleCommand, frozen=True, kw_only=True, rename="pascal"):
    """Remove a role's permissions boundary, if it has one.
    https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteRolePermissionsBoundary.html"""

    def keys(self, role: Role | None) -> Keys:
        return contexts.permissions_boundary(role.boundary if role else "")

    def decide(self, state: Account, given: Given) -> Decision:
        role = state.role(self.role_name)
        return RolePermissionsBoundaryRemoved(role.name) if role.boundary else None
