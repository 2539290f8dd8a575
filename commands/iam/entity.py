"""Commands on one IAM entity: what they ask the gate about. A missing entity has its would-be ARN, so that a caller who lacks
the permission cannot tell (SECURITY 16)."""

from muniment.commands.command import Command
from muniment.commands.iam.contexts import Keys, resource_tags
from muniment.domain import arn
from muniment.domain.account.state import Account, Group, Policy, Role, User
from muniment.domain.ledger import Actor
from muniment.domain.resource import Resource


class IAMCommand(Command[Account], frozen=True, kw_only=True, rename="pascal"):
    """A command on one account's IAM entities."""

    service = "iam"
    boundary = Account


class UserCommand(IAMCommand, frozen=True, kw_only=True, rename="pascal"):
    """A command on one user."""

    user_name: str

    def resources(self, state: Account, actor: Actor) -> tuple[Resource, ...]:
        user = state.users.get(self.user_name.lower())
        if user is None:
            return (Resource(arn.iam(state.number, "user", "/", self.user_name), self.keys(None)),)
        return (Resource(state.user_arn(user), resource_tags(user.tags) | self.keys(user)),)

    def keys(self, user: User | None) -> Keys:
        """The action's own condition keys."""
        return {}


class GroupCommand(IAMCommand, frozen=True, kw_only=True, rename="pascal"):
    """A command on one group. Groups carry no tags."""

    group_name: str

    def resources(self, state: Account, actor: Actor) -> tuple[Resource, ...]:
        group = state.groups.get(self.group_name.lower())
        if group is None:
            return (Resource(arn.iam(state.number, "group", "/", self.group_name), self.keys(None)),)
        return (Resource(state.group_arn(group), self.keys(group)),)

    def keys(self, group: Group | None) -> Keys:
        """The action's own condition keys."""
        return {}


class RoleCommand(IAMCommand, frozen=True, kw_only=True, rename="pascal"):
    """A command on one role."""

    role_name: str

    def resources(self, state: Account, actor: Actor) -> tuple[Resource, ...]:
        role = state.roles.get(self.role_name.lower())
        if role is None:
            return (Resource(arn.iam(state.number, "role", "/", self.role_name), self.keys(None)),)
        return (Resource(state.role_arn(role), resource_tags(role.tags) | self.keys(role)),)

    def keys(self, role: Role | None) -> Keys:
        """The action's own condition keys."""
        return {}


class PolicyCommand(IAMCommand, frozen=True, kw_only=True, rename="pascal"):
    """A command on one managed policy."""

    policy_arn: str

    def resources(self, state: Account, actor: Actor) -> tuple[Resource, ...]:
        policy = state.find_policy(self.policy_arn)
        tags = {} if policy is None else resource_tags(policy.tags)
        return (Resource(self.policy_arn, tags | self.keys(policy)),)

    def keys(self, policy: Policy | None) -> Keys:
        """The action's own condition keys."""
        return {}
