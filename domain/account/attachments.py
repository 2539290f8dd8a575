"""Managed policies on users, groups and roles: attached and detached. The account counts the uses of each policy."""

from muniment.domain.account import drafting
from muniment.domain.account.state import Account, AccountFact
from muniment.domain.ledger import Entry


class UserPolicyAttached(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A managed policy counts for a user."""

    user_name: str
    policy_arn: str

    def evolve(self, state: Account, entry: Entry) -> None:
        drafting.attach(state, state.users, self.user_name, self.policy_arn)


class UserPolicyDetached(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A managed policy no longer counts for a user."""

    user_name: str
    policy_arn: str

    def evolve(self, state: Account, entry: Entry) -> None:
        drafting.detach(state, state.users, self.user_name, self.policy_arn)


class GroupPolicyAttached(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A managed policy counts for a group."""

    group_name: str
    policy_arn: str

    def evolve(self, state: Account, entry: Entry) -> None:
        drafting.attach(state, state.groups, self.group_name, self.policy_arn)


class GroupPolicyDetached(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A managed policy no longer counts for a group."""

    group_name: str
    policy_arn: str

    def evolve(self, state: Account, entry: Entry) -> None:
        drafting.detach(state, state.groups, self.group_name, self.policy_arn)


class RolePolicyAttached(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A managed policy counts for a role."""

    role_name: str
    policy_arn: str

    def evolve(self, state: Account, entry: Entry) -> None:
        drafting.attach(state, state.roles, self.role_name, self.policy_arn)


class RolePolicyDetached(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A managed policy no longer counts for a role."""

    role_name: str
    policy_arn: str

    def evolve(self, state: Account, entry: Entry) -> None:
        drafting.detach(state, state.roles, self.role_name, self.policy_arn)
