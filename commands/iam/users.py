"""Commands on users: CreateUser and its kin (FEATURES 1b)."""

from typing import Any

from muniment.commands.command import Decision, Given
from muniment.commands.iam import tags as tag_rules
from muniment.commands.iam.contexts import Keys, permissions_boundary, request_tags, tag_keys
from muniment.commands.iam.entity import IAMCommand, UserCommand
from muniment.commands.iam.managed import check_boundary
from muniment.commands.iam.tags import Tag
from muniment.domain import arn, ids
from muniment.domain.account.mfa import devices_of
from muniment.domain.account.state import Account, User
from muniment.domain.account.users import UserCreated, UserDeleted, UserMoved, UserRenamed, UserTagged, UserUntagged
from muniment.domain.errors import DeleteConflict, EntityAlreadyExists, LimitExceeded
from muniment.domain.ledger import Actor, Entry, Fact
from muniment.domain.quotas import USERS_PER_ACCOUNT_MAX
from muniment.domain.resource import Resource


class CreateUser(IAMCommand, frozen=True, kw_only=True, rename="pascal"):
    """Create a user. https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateUser.html"""

    user_name: str
    path: str = "/"
    permissions_boundary: str = ""
    tags: tuple[Tag, ...] = ()

    def resources(self, state: Account, actor: Actor) -> tuple[Resource, ...]:
        keys = request_tags(tag_rules.as_tags(self.tags)) | permissions_boundary(self.permissions_boundary)
        return (Resource(arn.iam(state.number, "user", self.path, self.user_name), keys),)

    def decide(self, state: Account, given: Given) -> Fact:
        check_user_name(state, self.user_name)
        if len(state.users) >= USERS_PER_ACCOUNT_MAX:
            raise LimitExceeded(f"Cannot exceed quota for UsersPerAccount: {USERS_PER_ACCOUNT_MAX}")
        tags = tag_rules.checked(self.tags, fold_case=True)
        if self.permissions_boundary:
            check_boundary(state, self.permissions_boundary)
        return UserCreated(self.user_name, given.unique_id(ids.USER), self.path, self.permissions_boundary, tags)

    def answer(self, state: Account, entries: tuple[Entry, ...], given: Given) -> dict[str, Any]:
        fact = entries[0].fact
        assert isinstance(fact, UserCreated)
        return {"User": _shown(state, fact.user(entries[0]))}


class UpdateUser(UserCommand, frozen=True, kw_only=True, rename="pascal"):
    """Rename a user, or move it to another path. https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateUser.html"""

    new_user_name: str | None = None
    new_path: str | None = None

    def resources(self, state: Account, actor: Actor) -> tuple[Resource, ...]:
        """AWS asks for the permission on the user before and after."""
        (before,) = super().resources(state, actor)
        user = state.users.get(self.user_name.lower())
        path = self.new_path or (user.path if user else "/")
        after = Resource(
            arn.iam(state.number, "user", path, self.new_user_name or (user.name if user else self.user_name)),
            before.context,
        )
        return (before,) if after.arn == before.arn else (before, after)

    def decide(self, state: Account, given: Given) -> Decision:
        user = state.user(self.user_name)
        facts: list[Fact] = []
        if self.new_path and self.new_path != user.path:
            facts.append(UserMoved(user.name, self.new_path))
        if self.new_user_name and self.new_user_name != user.name:
            if self.new_user_name.lower() != user.name.lower():
                check_user_name(state, self.new_user_name)
            facts.append(UserRenamed(user.name, self.new_user_name))
        return tuple(facts)


class DeleteUser(UserCommand, frozen=True, kw_only=True, rename="pascal"):
    """Delete a user that nothing hangs on. https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteUser.html"""

    def decide(self, state: Account, given: Given) -> Fact:
        user = state.user(self.user_name)
        if user.attached:
            raise DeleteConflict("Cannot delete entity, must detach all policies first.")
        if user.inline:
            raise DeleteConflict("Cannot delete entity, must delete policies first.")
        if user.keys:
            raise DeleteConflict("Cannot delete entity, must delete access keys first.")
        if user.login is not None:
            raise DeleteConflict("Cannot delete entity, must delete login profile first.")
        if devices_of(state, user.id):
            raise DeleteConflict("Cannot delete entity, must delete MFA device first.")
        if user.groups:
            raise DeleteConflict("Cannot delete entity, must remove users from group first.")
        return UserDeleted(user.name)


class TagUser(UserCommand, frozen=True, kw_only=True, rename="pascal"):
    """Add tags to a user. https://docs.aws.amazon.com/IAM/latest/APIReference/API_TagUser.html"""

    tags: tuple[Tag, ...]

    def keys(self, user: User | None) -> Keys:
        return request_tags(tag_rules.as_tags(self.tags))

    def decide(self, state: Account, given: Given) -> Decision:
        user = state.user(self.user_name)
        tags = tag_rules.added(user.tags, self.tags, fold_case=True)
        return UserTagged(user.name, tags) if tags else None


class UntagUser(UserCommand, frozen=True, kw_only=True, rename="pascal"):
    """Take tags from a user. https://docs.aws.amazon.com/IAM/latest/APIReference/API_UntagUser.html"""

    tag_keys: tuple[str, ...]

    def keys(self, user: User | None) -> Keys:
        return tag_keys(self.tag_keys)

    def decide(self, state: Account, given: Given) -> Decision:
        user = state.user(self.user_name)
        keys = tag_rules.removed(user.tags, self.tag_keys, fold_case=True)
        return UserUntagged(user.name, keys) if keys else None


def check_user_name(account: Account, name: str) -> None:
    """Raises EntityAlreadyExists where the name is taken, in any case."""
    if name.lower() in account.users:
        raise EntityAlreadyExists(f"User with name {name} already exists.")


def _shown(account: Account, user: User) -> dict[str, Any]:
    member: dict[str, Any] = {
        "Path": user.path,
        "UserName": user.name,
        "UserId": user.id,
        "Arn": account.user_arn(user),
        "CreateDate": user.created,
    }
    if user.boundary:
        member["PermissionsBoundary"] = {
            "PermissionsBoundaryType": "Policy",
            "PermissionsBoundaryArn": user.boundary,
        }
    if user.tags:
        member["Tags"] = tag_rules.shown(user.tags)
    return member
