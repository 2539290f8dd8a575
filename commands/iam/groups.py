"""Commands on groups and their members (FEATURES 1b)."""

from typing import Any

from muniment.commands.command import Decision, Given
from muniment.commands.iam.entity import GroupCommand, IAMCommand
from muniment.domain import arn, ids
from muniment.domain.account.groups import (
    GroupCreated,
    GroupDeleted,
    GroupMemberAdded,
    GroupMemberRemoved,
    GroupMoved,
    GroupRenamed,
)
from muniment.domain.account.state import Account
from muniment.domain.errors import DeleteConflict, EntityAlreadyExists, LimitExceeded
from muniment.domain.ledger import Actor, Entry, Fact
from muniment.domain.quotas import GROUPS_PER_ACCOUNT_MAX, GROUPS_PER_USER_MAX
from muniment.domain.resource import Resource


class CreateGroup(IAMCommand, frozen=True, kw_only=True, rename="pascal"):
    """Create a group. https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateGroup.html"""

    group_name: str
    path: str = "/"

    def resources(self, state: Account, actor: Actor) -> tuple[Resource, ...]:
        return (Resource(arn.iam(state.number, "group", self.path, self.group_name)),)

    def decide(self, state: Account, given: Given) -> Fact:
        check_group_name(state, self.group_name)
        if len(state.groups) >= GROUPS_PER_ACCOUNT_MAX:
            raise LimitExceeded(f"Cannot exceed quota for GroupsPerAccount: {GROUPS_PER_ACCOUNT_MAX}")
        return GroupCreated(self.group_name, given.unique_id(ids.GROUP), self.path)

    def answer(self, state: Account, entries: tuple[Entry, ...], given: Given) -> dict[str, Any]:
        fact = entries[0].fact
        assert isinstance(fact, GroupCreated)
        group = fact.group(entries[0])
        return {
            "Group": {
                "Path": group.path,
                "GroupName": group.name,
                "GroupId": group.id,
                "Arn": state.group_arn(group),
                "CreateDate": group.created,
            }
        }


class UpdateGroup(GroupCommand, frozen=True, kw_only=True, rename="pascal"):
    """Rename a group, or move it to another path. https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateGroup.html"""

    new_group_name: str | None = None
    new_path: str | None = None

    def resources(self, state: Account, actor: Actor) -> tuple[Resource, ...]:
        """AWS asks for the permission on the group before and after."""
        (before,) = super().resources(state, actor)
        group = state.groups.get(self.group_name.lower())
        path = self.new_path or (group.path if group else "/")
        name = self.new_group_name or (group.name if group else self.group_name)
        after = Resource(arn.iam(state.number, "group", path, name))
        return (before,) if after.arn == before.arn else (before, after)

    def decide(self, state: Account, given: Given) -> Decision:
        group = state.group(self.group_name)
        facts: list[Fact] = []
        if self.new_path and self.new_path != group.path:
            facts.append(GroupMoved(group.name, self.new_path))
        if self.new_group_name and self.new_group_name != group.name:
            if self.new_group_name.lower() != group.name.lower():
                check_group_name(state, self.new_group_name)
            facts.append(GroupRenamed(group.name, self.new_group_name))
        return tuple(facts)


class DeleteGroup(GroupCommand, frozen=True, kw_only=True, rename="pascal"):
    """Delete a group without members and policies. https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteGroup.html"""

    def decide(self, state: Account, given: Given) -> Fact:
        group = state.group(self.group_name)
        if group.attached:
            raise DeleteConflict("Cannot delete entity, must detach all policies first.")
        if group.inline:
            raise DeleteConflict("Cannot delete entity, must delete policies first.")
        if state.members(group):
            raise DeleteConflict("Cannot delete entity, must remove users from group first.")
        return GroupDeleted(group.name)


class AddUserToGroup(GroupCommand, frozen=True, kw_only=True, rename="pascal"):
    """Add a user to a group. https://docs.aws.amazon.com/IAM/latest/APIReference/API_AddUserToGroup.html"""

    user_name: str

    def decide(self, state: Account, given: Given) -> Decision:
        group, user = state.group(self.group_name), state.user(self.user_name)
        if group.id in user.groups:
            return None
        if len(user.groups) >= GROUPS_PER_USER_MAX:
            raise LimitExceeded(f"Cannot exceed quota for GroupsPerUser: {GROUPS_PER_USER_MAX}")
        return GroupMemberAdded(group.name, user.name)


class RemoveUserFromGroup(GroupCommand, frozen=True, kw_only=True, rename="pascal"):
    """Remove a user from a group; it need not be in it.
    https://docs.aws.amazon.com/IAM/latest/APIReference/API_RemoveUserFromGroup.html"""

    user_name: str

    def decide(self, state: Account, given: Given) -> Decision:
        group, user = state.group(self.group_name), state.user(self.user_name)
        return GroupMemberRemoved(group.name, user.name) if group.id in user.groups else None


def check_group_name(account: Account, name: str) -> None:
    """Raises EntityAlreadyExists where the name is taken, in any case."""
    if name.lower() in account.groups:
        raise EntityAlreadyExists(f"Group with name {name} already exists.")
