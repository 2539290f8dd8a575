"""Commands on the account's alias: one for each account, and no two accounts have the same (FEATURES 1a)."""

from muniment.commands.command import At, Decision, Given
from muniment.commands.iam.entity import IAMCommand
from muniment.domain.account.account import AccountAliasCreated, AccountAliasDeleted
from muniment.domain.account.state import Account
from muniment.domain.boundary import as_state
from muniment.domain.errors import EntityAlreadyExists, InvalidInput, NoSuchEntity
from muniment.domain.ids import is_account_number
from muniment.domain.ledger import Actor
from muniment.domain.resource import Resource
from muniment.domain.site.state import SITE, AliasReleased, AliasReserved, Site


class AccountAliasCommand(IAMCommand, frozen=True, kw_only=True, rename="pascal"):
    """A command on the alias: the account's and the site's facts are appended together."""

    account_alias: str

    def also(self, actor: Actor) -> tuple[str, ...]:
        return (SITE,)

    def resources(self, state: Account, actor: Actor) -> tuple[Resource, ...]:
        """The action has no resource type."""
        return (Resource("*"),)


class CreateAccountAlias(AccountAliasCommand, frozen=True, kw_only=True, rename="pascal"):
    """Give the account an alias, in place of the one it had.
    https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateAccountAlias.html"""

    def decide(self, state: Account, given: Given) -> Decision:
        if state.alias == self.account_alias:
            return None
        site = as_state(given.also[SITE], SITE, Site)
        if is_account_number(self.account_alias):
            raise InvalidInput("The account alias must not be a 12-digit number.")
        if self.account_alias in site.aliases:
            raise EntityAlreadyExists(f"The account alias {self.account_alias} already exists.")
        return (
            AccountAliasCreated(self.account_alias),
            At(SITE, AliasReserved(self.account_alias, state.number)),
        )


class DeleteAccountAlias(AccountAliasCommand, frozen=True, kw_only=True, rename="pascal"):
    """Take the account's alias away. https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteAccountAlias.html"""

    def decide(self, state: Account, given: Given) -> Decision:
        if state.alias != self.account_alias:
            raise NoSuchEntity(f"The account alias {self.account_alias} cannot be found.")
        return (
            AccountAliasDeleted(self.account_alias),
            At(SITE, AliasReleased(self.account_alias, state.number)),
        )
