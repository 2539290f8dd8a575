"""Users: their facts, and what each changes in the account."""

from muniment.domain.account.state import Account, AccountFact, Tags, User
from muniment.domain.ledger import Entry


class UserCreated(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A user came to be."""

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
            state.bounds[self.permissions_boundary] = state.bounds.get(self.permissions_boundary, 0) + 1
