"""The site: what must be unique across all accounts: numbers, e-mail addresses, aliases, organizations (DESIGN §2)."""

from typing import ClassVar, Final

import msgspec

from muniment.domain.boundary import State
from muniment.domain.ledger import Entry, Fact

SITE: Final = "site.muniment"  # the one boundary of this kind


class SiteFact(Fact, frozen=True, gc=False, omit_defaults=True):
    """A fact of the `site` boundary."""

    kind: ClassVar[str] = "site"


class SiteAccount(msgspec.Struct, frozen=True, gc=False):
    """What the site knows of an account."""

    number: str  # 12 digits
    name: str
    email: str
    created: int  # microseconds
    alias: str = ""
    organization: str = ""  # o-…; empty where it is in none


class Site(State, kw_only=True):
    """Everything that exists once in all the site."""

    kind = "site"

    accounts: dict[str, SiteAccount] = {}  # by number
    emails: dict[str, str] = {}  # lower-cased address → account number
    aliases: dict[str, str] = {}  # alias → account number
    organizations: dict[str, str] = {}  # o-… → the number of its management account


class AccountRegistered(SiteFact, frozen=True, gc=False, omit_defaults=True):
    """An account's number and e-mail address are taken. The first one founds the site."""

    account_id: str
    account_name: str
    email: str
    organization_id: str = ""
    request_id: str = ""  # car-…, where CreateAccount asked for it

    def evolve(self, state: Site, entry: Entry) -> None:
        state.accounts[self.account_id] = SiteAccount(
            self.account_id, self.account_name, self.email, entry.time, organization=self.organization_id
        )
        state.emails[self.email.lower()] = self.account_id


class AccountRegistrationDeclined(SiteFact, frozen=True, gc=False, omit_defaults=True):
    """An account was asked for and none was made; the organization's request says why. The site stays as it is."""

    request_id: str  # car-…
    account_name: str


class AliasReserved(SiteFact, frozen=True, gc=False, omit_defaults=True):
    """An account holds this alias; one that it held before is free."""

    account_alias: str
    account_id: str

    def evolve(self, state: Site, entry: Entry) -> None:
        account = state.accounts[self.account_id]
        if account.alias:
            del state.aliases[account.alias]
        state.aliases[self.account_alias] = self.account_id
        state.accounts[self.account_id] = msgspec.structs.replace(account, alias=self.account_alias)


class AliasReleased(SiteFact, frozen=True, gc=False, omit_defaults=True):
    """An alias is free for any account."""

    account_alias: str
    account_id: str

    def evolve(self, state: Site, entry: Entry) -> None:
        del state.aliases[self.account_alias]
        state.accounts[self.account_id] = msgspec.structs.replace(state.accounts[self.account_id], alias="")


class OrganizationRegistered(SiteFact, frozen=True, gc=False, omit_defaults=True):
    """An organization exists, and this account manages it."""

    organization_id: str
    account_id: str
    feature_set: str = "ALL"

    def evolve(self, state: Site, entry: Entry) -> None:
        state.organizations[self.organization_id] = self.account_id
        account = msgspec.structs.replace(state.accounts[self.account_id], organization=self.organization_id)
        state.accounts[self.account_id] = account


class OrganizationMembershipEnded(SiteFact, frozen=True, gc=False, omit_defaults=True):
    """An account is in no organization any more: it left, or it was removed."""

    account_id: str
    organization_id: str

    def evolve(self, state: Site, entry: Entry) -> None:
        _leave(state, self.account_id)


class OrganizationUnregistered(SiteFact, frozen=True, gc=False, omit_defaults=True):
    """An organization is no more, and the account that managed it is in none."""

    organization_id: str
    account_id: str

    def evolve(self, state: Site, entry: Entry) -> None:
        del state.organizations[self.organization_id]
        _leave(state, self.account_id)


def _leave(state: Site, account_id: str) -> None:
    accounts = state.accounts
    accounts[account_id] = msgspec.structs.replace(accounts[account_id], organization="")
