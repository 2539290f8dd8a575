"""Commands on users: CreateUser and its kin (FEATURES 1b)."""

from typing import Any

from muniment.commands.command import Command, Given
from muniment.domain import arn, ids
from muniment.domain.account.state import Account
from muniment.domain.account.users import UserCreated
from muniment.domain.errors import EntityAlreadyExists, LimitExceeded
from muniment.domain.ledger import Actor, Entry, Fact
from muniment.domain.quotas import USERS_PER_ACCOUNT_MAX
from muniment.domain.resource import Resource


class IAMCommand(Command[Account], frozen=True, kw_only=True, rename="pascal"):
    """A command on one account's IAM entities."""

    service = "iam"
    boundary = Account


class CreateUser(IAMCommand, frozen=True, kw_only=True, rename="pascal"):
    """Create a user. https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateUser.html"""

    user_name: str
    path: str = "/"

    def resources(self, state: Account, actor: Actor) -> tuple[Resource, ...]:
        return (Resource(arn.iam(state.number, "user", self.path, self.user_name)),)

    def decide(self, state: Account, given: Given) -> Fact:
        if self.user_name.lower() in state.users:
            raise EntityAlreadyExists(f"User with name {self.user_name} already exists.")
        if len(state.users) >= USERS_PER_ACCOUNT_MAX:
            raise LimitExceeded(f"Cannot exceed quota for UsersPerAccount: {USERS_PER_ACCOUNT_MAX}")
        return UserCreated(self.user_name, given.unique_id(ids.USER), self.path)

    def answer(self, state: Account, entries: tuple[Entry, ...], given: Given) -> dict[str, Any]:
        fact = entries[0].fact
        return {"User": {"UserName": fact.user_name}}
