"""Groups and their members: facts, and what each changes in the account."""

from typing import ClassVar

from muniment.domain.account import drafting
from muniment.domain.account.state import Account, AccountFact, Group
from muniment.domain.ledger import Entry


class GroupCreated(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A group came to be."""

    changes: ClassVar[frozenset[str]] = frozenset()

    group_name: str
    group_id: str
    path: str = "/"

    def group(self, entry: Entry) -> Group:
        """The group as it was at its beginning."""
        return Group(self.group_name, self.group_id, self.path, entry.time)

    def evolve(self, state: Account, entry: Entry) -> None:
        state.groups[self.group_name.lower()] = self.group(entry)
        state.ids[self.group_id] = self.group_name.lower()


class GroupRenamed(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A group has another name, hence another ARN; its members stay."""

    group_name: str
    new_group_name: str

    def evolve(self, state: Account, entry: Entry) -> None:
        group = state.group(self.group_name)
        drafting.rename(state, state.groups, self.group_name, self.new_group_name, group.id)


class GroupMoved(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A group has another path, hence another ARN."""

    group_name: str
    new_path: str

    def evolve(self, state: Account, entry: Entry) -> None:
        drafting.change(state.groups, self.group_name, path=self.new_path)


class GroupDeleted(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A group is gone; it had no members and no policies."""

    group_name: str

    def evolve(self, state: Account, entry: Entry) -> None:
        group = state.groups.pop(self.group_name.lower())
        del state.ids[group.id]


class GroupMemberAdded(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A user is in a group and has what the group is allowed."""

    group_name: str
    user_name: str

    def evolve(self, state: Account, entry: Entry) -> None:
        group, user = state.group(self.group_name), state.user(self.user_name)
        drafting.change(state.users, self.user_name, groups=(*user.groups, group.id))


class GroupMemberRemoved(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A user is no longer in a group."""

    group_name: str
    user_name: str

    def evolve(self, state: Account, entry: Entry) -> None:
        group, user = state.group(self.group_name), state.user(self.user_name)
        drafting.change(state.users, self.user_name, groups=tuple(held for held in user.groups if held != group.id))
