"""Commands on organizations and the accounts made for them (FEATURES 1a). The site decides: it knows every account and e-mail."""

import json
from typing import Any, Final

from muniment.commands.command import At, Command, Decision, Given
from muniment.commands.iam import tags as tag_rules
from muniment.commands.iam.contexts import request_tags
from muniment.commands.iam.tags import Tag
from muniment.commands.organizations import founding
from muniment.domain import arn, ids
from muniment.domain.account.attachments import RolePolicyAttached
from muniment.domain.account.roles import RoleCreated
from muniment.domain.ledger import Actor, Entry
from muniment.domain.organization.errors import (
    AlreadyInOrganization,
    OrganizationsAccessDenied,
    OrganizationsNotInUse,
)
from muniment.domain.organization.state import AccountCreationFailed, AccountJoined
from muniment.domain.quotas import ACCOUNTS_PER_ORGANIZATION_MAX
from muniment.domain.resource import Resource
from muniment.domain.site.state import (
    SITE,
    AccountRegistered,
    AccountRegistrationDeclined,
    OrganizationRegistered,
    Site,
    SiteAccount,
)

ADMINISTRATOR: Final = "arn:aws:iam::aws:policy/AdministratorAccess"
NOT_IN_USE: Final = "Your account is not a member of an organization."


class OrganizationsCommand(Command[Site], frozen=True, kw_only=True, rename="pascal"):
    """A command that the site decides."""

    service = "organizations"
    boundary = Site

    def target(self, actor: Actor) -> str:
        return SITE

    def resources(self, state: Site, actor: Actor) -> tuple[Resource, ...]:
        """The actions have no resource type."""
        return (Resource("*"),)


class CreateOrganization(OrganizationsCommand, frozen=True, kw_only=True, rename="pascal"):
    """Make the caller's account the management account of a new organization.
    https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateOrganization.html"""

    feature_set: str = "ALL"

    def decide(self, state: Site, given: Given) -> Decision:
        management = own_account(state, given.actor)
        if management.organization:
            raise AlreadyInOrganization("The AWS account is already a member of an organization.")
        organization_id = founding.new_organization_id(given)
        return (
            OrganizationRegistered(organization_id, management.number, self.feature_set),
            founding.organization_created(organization_id, management, self.feature_set, given),
        )

    def answer(self, state: Site, entries: tuple[Entry, ...], given: Given) -> dict[str, Any]:
        fact = entries[0].fact
        assert isinstance(fact, OrganizationRegistered)
        organization, management = fact.organization_id, state.accounts[fact.account_id]
        prefix = f"arn:aws:organizations::{management.number}"
        return {
            "Organization": {
                "Id": organization,
                "Arn": f"{prefix}:organization/{organization}",
                "FeatureSet": fact.feature_set,
                "MasterAccountArn": f"{prefix}:account/{organization}/{management.number}",
                "MasterAccountId": management.number,
                "MasterAccountEmail": management.email,
                "AvailablePolicyTypes": [],
            }
        }


class CreateAccount(OrganizationsCommand, frozen=True, kw_only=True, rename="pascal"):
    """Make an account in the caller's organization, with a role that the management account may assume.

    The answer says IN_PROGRESS, as AWS's does; by then the log already holds the outcome, which the status tells.
    https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateAccount.html
    """

    email: str
    account_name: str
    role_name: str = "OrganizationAccountAccessRole"
    iam_user_access_to_billing: str = "ALLOW"
    tags: tuple[Tag, ...] = ()

    def resources(self, state: Site, actor: Actor) -> tuple[Resource, ...]:
        return (Resource("*", request_tags(tag_rules.as_tags(self.tags))),)

    def decide(self, state: Site, given: Given) -> Decision:
        management = managing_account(state, given.actor)
        tags = tag_rules.checked(self.tags, fold_case=False)
        request = given.unique_id("car-").lower()
        organization = founding.organization_boundary(management.organization)
        if failure := why_not(state, self.email, management.organization):
            failed = AccountCreationFailed(self.account_name, self.email, request, failure)
            return (AccountRegistrationDeclined(request, self.account_name), At(organization, failed))
        number = founding.free_number(state, given)
        return (
            AccountRegistered(number, self.account_name, self.email, management.organization, request),
            founding.account_created(number, self.account_name, self.email),
            *access_role(number, self.role_name, management.number, given),
            At(organization, AccountJoined(number, self.account_name, self.email, request, tags)),
        )

    def answer(self, state: Site, entries: tuple[Entry, ...], given: Given) -> dict[str, Any]:
        fact = entries[0].fact
        assert isinstance(fact, AccountRegistered | AccountRegistrationDeclined)
        return {
            "CreateAccountStatus": {
                "Id": fact.request_id,
                "AccountName": fact.account_name,
                "State": "IN_PROGRESS",
                "RequestedTimestamp": entries[0].time,
            }
        }


def own_account(site: Site, actor: Actor) -> SiteAccount:
    """The caller's account. Raises OrganizationsNotInUse for an account that the site does not know."""
    if (found := site.accounts.get(actor.account)) is None:
        raise OrganizationsNotInUse(NOT_IN_USE)
    return found


def managing_account(site: Site, actor: Actor) -> SiteAccount:
    """The caller's account, which must manage its organization. Raises OrganizationsNotInUse, OrganizationsAccessDenied."""
    account = own_account(site, actor)
    if not account.organization:
        raise OrganizationsNotInUse(NOT_IN_USE)
    if site.organizations[account.organization] != account.number:
        raise OrganizationsAccessDenied("You don't have permissions to access this resource.")
    return account


def why_not(site: Site, email: str, organization_id: str) -> str:
    """AWS's reason why no account is made for this e-mail address; empty where one may be."""
    if email.lower() in site.emails:
        return "EMAIL_ALREADY_EXISTS"
    members = sum(1 for account in site.accounts.values() if account.organization == organization_id)
    return "ACCOUNT_LIMIT_EXCEEDED" if members >= ACCOUNTS_PER_ORGANIZATION_MAX else ""


def access_role(number: str, role_name: str, management: str, given: Given) -> tuple[At, At]:
    """The role in a new account through which the management account administers it, as AWS makes it."""
    trust = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": arn.root(management)}, "Action": "sts:AssumeRole"}],
    }
    boundary = founding.account_boundary(number)
    created = RoleCreated(role_name, given.unique_id(ids.ROLE), json.dumps(trust, separators=(",", ":")))
    return At(boundary, created), At(boundary, RolePolicyAttached(role_name, ADMINISTRATOR))
