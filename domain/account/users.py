"""Users: their facts, and what each changes in the account."""

from typing import ClassVar

from muniment.domain.account import drafting
from muniment.domain.account.state import Account, AccountFact, Tags, User
from muniment.domain.account.tags import merged, without
from muniment.domain.ledger import Entry


class UserCreated(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A user came to be."""

    changes: ClassVar[frozenset[str]] = frozenset()

    user_name: str
    user_id: str
    path: str = "/"
    permissions_boundary: str = ""
    tags: Tags = {}

    def user(self, entry: Entry) -> User:
        """The user as it was at its beginning."""
        return User(self.user_name, self.user_id, self.path, entry.time, self.tags, self.permissions_boundary)

    def evolve(self, state: Account, entry: Entry) -> None:
        state.users[self.user_name.lower()] = self.user(entry)
        state.ids[self.user_id] = self.user_name.lower()
        if self.permissions_boundary:
            drafting.count(state.bounds, self.permissions_boundary, +1)


class UserRenamed(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A user has another name, hence another ARN; its unique id, keys and memberships stay."""

    user_name: str
    new_user_name: str

    def evolve(self, state: Account, entry: Entry) -> None:
        user = state.user(self.user_name)
        drafting.rename(state, state.users, self.user_name, self.new_user_name, user.id)
        for key in user.keys:
            state.keys[key.id] = self.new_user_name.lower()


class UserMoved(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A user has another path, hence another ARN."""

    user_name: str
    new_path: str

    def evolve(self, state: Account, entry: Entry) -> None:
        drafting.change(state.users, self.user_name, path=self.new_path)


class UserDeleted(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A user is gone. Nothing hung on it but, perhaps, a permissions boundary."""

    user_name: str

    def evolve(self, state: Account, entry: Entry) -> None:
        user = state.users.pop(self.user_name.lower())
        del state.ids[user.id]
        for digest in [digest for digest, session in state.sign_ins.items() if session.owner == user.id]:
            del state.sign_ins[digest]
        if user.boundary:
            drafting.count(state.bounds, user.boundary, -1)


class UserTagged(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A user has these tags, besides those it had."""

    user_name: str
    tags: Tags

    def evolve(self, state: Account, entry: Entry) -> None:
        old = state.user(self.user_name).tags
        drafting.change(state.users, self.user_name, tags=merged(old, self.tags, fold_case=True))


class UserUntagged(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A user no longer has these tags."""

    user_name: str
    tag_keys: tuple[str, ...]

    def evolve(self, state: Account, entry: Entry) -> None:
        old = state.user(self.user_name).tags
        drafting.change(state.users, self.user_name, tags=without(old, self.tag_keys, fold_case=True))
