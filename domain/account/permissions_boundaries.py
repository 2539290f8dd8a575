"""Permissions boundaries of users and roles: set and removed. The account counts the uses of each policy as a boundary."""

from muniment.domain.account import drafting
from muniment.domain.account.state import Account, AccountFact
from muniment.domain.ledger import Entry


class UserPermissionsBoundarySet(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A user may do no more than this policy allows, whatever else is granted."""

    user_name: str
    permissions_boundary: str

    def evolve(self, state: Account, entry: Entry) -> None:
        drafting.bound(state, state.users, self.user_name, self.permissions_boundary)


class UserPermissionsBoundaryRemoved(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A user has no permissions boundary any more."""

    user_name: str

    def evolve(self, state: Account, entry: Entry) -> None:
        drafting.bound(state, state.users, self.user_name, "")


class RolePermissionsBoundarySet(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A role may do no more than this policy allows, whatever else is granted."""

    role_name: str
    permissions_boundary: str

    def evolve(self, state: Account, entry: Entry) -> None:
        drafting.bound(state, state.roles, self.role_name, self.permissions_boundary)


class RolePermissionsBoundaryRemoved(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A role has no permissions boundary any more."""

    role_name: str

    def evolve(self, state: Account, entry: Entry) -> None:
        drafting.bound(state, state.roles, self.role_name, "")
