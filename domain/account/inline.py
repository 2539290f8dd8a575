"""Inline policies of users, groups and roles: written and deleted."""

from muniment.domain.account import drafting
from muniment.domain.account.state import Account, AccountFact
from muniment.domain.ledger import Entry


class UserInlinePolicyPut(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A user has this inline policy, in place of one of the same name."""

    user_name: str
    policy_name: str
    policy_document: str

    def evolve(self, state: Account, entry: Entry) -> None:
        drafting.put_inline(state.users, self.user_name, self.policy_name, self.policy_document)


class UserInlinePolicyDeleted(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A user no longer has this inline policy."""

    user_name: str
    policy_name: str

    def evolve(self, state: Account, entry: Entry) -> None:
        drafting.delete_inline(state.users, self.user_name, self.policy_name)


class GroupInlinePolicyPut(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A group has this inline policy, in place of one of the same name."""

    group_name: str
    policy_name: str
    policy_document: str

    def evolve(self, state: Account, entry: Entry) -> None:
        drafting.put_inline(state.groups, self.group_name, self.policy_name, self.policy_document)


class GroupInlinePolicyDeleted(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A group no longer has this inline policy."""

    group_name: str
    policy_name: str

    def evolve(self, state: Account, entry: Entry) -> None:
        drafting.delete_inline(state.groups, self.group_name, self.policy_name)


class RoleInlinePolicyPut(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A role has this inline policy, in place of one of the same name."""

    role_name: str
    policy_name: str
    policy_document: str

    def evolve(self, state: Account, entry: Entry) -> None:
        drafting.put_inline(state.roles, self.role_name, self.policy_name, self.policy_document)


class RoleInlinePolicyDeleted(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A role no longer has this inline policy."""

    role_name: str
    policy_name: str

    def evolve(self, state: Account, entry: Entry) -> None:
        drafting.delete_inline(state.roles, self.role_name, self.policy_name)
