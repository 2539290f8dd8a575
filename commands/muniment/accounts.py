"""Our own commands on accounts: what AWS's do, and the root credentials that AWS's cannot return (FEATURES 1a)."""

from typing import Annotated, Any

import msgspec

from muniment.commands.command import At, Command, Decision, Given
from muniment.commands.iam.access_keys import new_key, opened
from muniment.commands.muniment.operator import boundary_of, check_operator
from muniment.commands.organizations import founding
from muniment.commands.organizations.organization import managing_account, own_account, why_not
from muniment.domain import arn
from muniment.domain.account.account import RootCredentialsReset
from muniment.domain.account.keys import AccessKeyCreated
from muniment.domain.account.state import Account
from muniment.domain.errors import EntityAlreadyExists, InvalidInput, LimitExceeded, NoSuchEntity
from muniment.domain.ids import is_account_number
from muniment.domain.ledger import Actor, Entry, Fact
from muniment.domain.organization.state import AccountJoined
from muniment.domain.quotas import ACCOUNTS_PER_ORGANIZATION_MAX
from muniment.domain.resource import Resource
from muniment.domain.site.state import SITE, AccountRegistered, OrganizationRegistered, Site

# What Organizations' CreateAccount takes: its API reference, parameters AccountName and Email.
AccountName = Annotated[str, msgspec.Meta(min_length=1, max_length=50, pattern=r"^[ -~]+\Z")]
Email = Annotated[str, msgspec.Meta(min_length=6, max_length=64, pattern=r"^[^\s@]+@[^\s@]+\.[^\s@]+\Z")]


class SiteCommand(Command[Site], frozen=True, kw_only=True, rename="pascal"):
    """A command that the site decides and that makes an account."""

    service = "muniment"
    boundary = Site

    def target(self, actor: Actor) -> str:
        return SITE

    def resources(self, state: Site, actor: Actor) -> tuple[Resource, ...]:
        return (Resource("*"),)

    def elsewhere(self, entries: tuple[Entry, ...]) -> tuple[str, ...]:
        """The root key is recorded in the new account."""
        return tuple(
            founding.account_boundary(entry.fact.account_id)
            for entry in entries
            if isinstance(entry.fact, AccountRegistered)
        )

    def answer(self, state: Site, entries: tuple[Entry, ...], given: Given) -> dict[str, Any]:
        """The account's number and its root key: shown in this answer, and in that of a repeat, only."""
        facts = [entry.fact for entry in entries]
        registered = next(fact for fact in facts if isinstance(fact, AccountRegistered))
        key = next(fact for fact in facts if isinstance(fact, AccessKeyCreated))
        return {"AccountId": registered.account_id, "Root": root_shown(registered.account_id, key, given)}


class FoundSite(SiteCommand, frozen=True, kw_only=True, rename="pascal"):
    """Make the very first account, with a key for its root user. Done once, by the operator."""

    operator_only = True

    email: str
    account_name: str = "Management"
    account_id: str = ""  # a number of the operator's choice; a random one where it is empty

    def decide(self, state: Site, given: Given) -> Decision:
        check_operator(given.actor, self.action())
        if state.accounts:
            raise EntityAlreadyExists("The site has its first account already.")
        if self.account_id and not is_account_number(self.account_id):
            raise InvalidInput("The account number must be 12 digits.")
        number = self.account_id or founding.free_number(state, given)
        return (
            AccountRegistered(number, self.account_name, self.email),
            founding.account_created(number, self.account_name, self.email),
            founding.root_key_created(number, given),
        )


class CreateAccount(SiteCommand, frozen=True, kw_only=True, rename="pascal"):
    """Make an account in the caller's organization, which is made where there is none, with a key for its root user."""

    email: Email
    account_name: AccountName

    def decide(self, state: Site, given: Given) -> Decision:
        management = own_account(state, given.actor)
        founded: tuple[Fact | At, ...] = ()
        organization_id = management.organization
        if organization_id:
            managing_account(state, given.actor)
        else:
            organization_id = founding.new_organization_id(given)
            founded = (
                OrganizationRegistered(organization_id, management.number),
                founding.organization_created(organization_id, management, "ALL", given),
            )
        check_may_make(state, self.email, organization_id)
        number = founding.free_number(state, given)
        request = given.unique_id("car-").lower()
        return (
            *founded,
            AccountRegistered(number, self.account_name, self.email, organization_id, request),
            founding.account_created(number, self.account_name, self.email),
            founding.root_key_created(number, given),
            At(
                founding.organization_boundary(organization_id),
                AccountJoined(number, self.account_name, self.email, request),
            ),
        )


class RootCommand(Command[Account], frozen=True, kw_only=True, rename="pascal"):
    """A command of ours on the root user of any account."""

    service = "muniment"
    boundary = Account

    account_id: str

    def target(self, actor: Actor) -> str:
        return boundary_of(self.account_id)

    def resources(self, state: Account, actor: Actor) -> tuple[Resource, ...]:
        return (Resource(arn.root(self.account_id)),)


class ResetRootCredentials(RootCommand, frozen=True, kw_only=True, rename="pascal"):
    """Give an account's root user one new key in place of those it has. For lost credentials, on the host itself; an alarm."""

    operator_only = True

    def decide(self, state: Account, given: Given) -> Fact:
        check_operator(given.actor, self.action())
        if not state.version:
            raise NoSuchEntity(f"The account {self.account_id} cannot be found.")
        key = new_key(state.number, founding.ROOT, state.number, given)
        old = tuple(key.id for key in state.root_keys)
        return RootCredentialsReset(key.access_key_id, key.secret, old)

    def answer(self, state: Account, entries: tuple[Entry, ...], given: Given) -> dict[str, Any]:
        fact = entries[0].fact
        assert isinstance(fact, RootCredentialsReset)
        key = AccessKeyCreated(founding.ROOT, fact.access_key_id, fact.secret, state.number)
        return {"AccountId": state.number, "Root": root_shown(state.number, key, given)}


def check_may_make(site: Site, email: str, organization_id: str) -> None:
    """Raises EntityAlreadyExists where the e-mail address is taken, LimitExceeded where the organization is full."""
    match why_not(site, email, organization_id):
        case "EMAIL_ALREADY_EXISTS":
            raise EntityAlreadyExists(f"An account with the e-mail address {email} already exists.")
        case "ACCOUNT_LIMIT_EXCEEDED":
            raise LimitExceeded(f"Cannot exceed quota for AccountsPerOrganization: {ACCOUNTS_PER_ORGANIZATION_MAX}")


def root_shown(account: str, key: AccessKeyCreated, given: Given) -> dict[str, str]:
    """The root user's key as it is handed out."""
    return {"AccessKeyId": key.access_key_id, "SecretAccessKey": opened(account, key, given)}
