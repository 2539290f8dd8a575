"""Commands on the account's password policy (FEATURES 1a)."""

from muniment.commands.command import Decision, Given
from muniment.commands.iam.entity import IAMCommand
from muniment.domain.account.passwords import PasswordPolicyDeleted, PasswordPolicySet
from muniment.domain.account.proving import PasswordPolicy
from muniment.domain.account.state import Account
from muniment.domain.errors import NoSuchEntity
from muniment.domain.ledger import Actor
from muniment.domain.quotas import PASSWORD_CHARACTERS_MIN
from muniment.domain.resource import Resource


class UpdateAccountPasswordPolicy(IAMCommand, frozen=True, kw_only=True, rename="pascal"):
    """Set the password policy; a parameter that is left out has its default again.
    https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAccountPasswordPolicy.html"""

    minimum_password_length: int = PASSWORD_CHARACTERS_MIN
    require_symbols: bool = False
    require_numbers: bool = False
    require_uppercase_characters: bool = False
    require_lowercase_characters: bool = False
    allow_users_to_change_password: bool = False
    max_password_age: int = 0
    password_reuse_prevention: int = 0
    hard_expiry: bool = False

    def resources(self, state: Account, actor: Actor) -> tuple[Resource, ...]:
        return (Resource("*"),)

    def decide(self, state: Account, given: Given) -> Decision:
        values = [getattr(self, name) for name in self.__struct_fields__]
        return None if state.password_policy == PasswordPolicy(*values) else PasswordPolicySet(*values)


class DeleteAccountPasswordPolicy(IAMCommand, frozen=True, kw_only=True, rename="pascal"):
    """Delete the password policy. https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteAccountPasswordPolicy.html"""

    def resources(self, state: Account, actor: Actor) -> tuple[Resource, ...]:
        return (Resource("*"),)

    def decide(self, state: Account, given: Given) -> Decision:
        if state.password_policy is None:
            raise NoSuchEntity(no_policy(state.number))
        return PasswordPolicyDeleted()


def no_policy(account: str) -> str:
    """How AWS says that there is none."""
    return f"The Password Policy with domain name {account} cannot be found."
