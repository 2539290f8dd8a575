"""Commands by which accounts leave an organization, and that end it. The site decides: it knows who is in which organization."""

from muniment.commands.command import At, Decision, Given
from muniment.commands.organizations.command import NOT_IN_USE
from muniment.commands.organizations.founding import organization_boundary
from muniment.commands.organizations.organization import OrganizationsCommand, managing_account, own_account
from muniment.domain.ledger import Actor
from muniment.domain.organization.errors import (
    AccountNotFound,
    MasterCannotLeave,
    OrganizationNotEmpty,
    OrganizationsNotInUse,
)
from muniment.domain.organization.leaving import AccountRemoved, OrganizationDissolved
from muniment.domain.resource import Resource
from muniment.domain.site.state import OrganizationMembershipEnded, OrganizationUnregistered, Site, SiteAccount


class LeaveOrganization(OrganizationsCommand, frozen=True, kw_only=True, rename="pascal"):
    """Take the caller's account out of its organization, whose policies bind it no more.
    https://docs.aws.amazon.com/organizations/latest/APIReference/API_LeaveOrganization.html"""

    def decide(self, state: Site, given: Given) -> Decision:
        account = own_account(state, given.actor)
        if not account.organization:
            raise OrganizationsNotInUse(NOT_IN_USE)
        return left(state, account)


class RemoveAccountFromOrganization(OrganizationsCommand, frozen=True, kw_only=True, rename="pascal"):
    """Take a member account out of the organization, whose policies bind it no more.
    https://docs.aws.amazon.com/organizations/latest/APIReference/API_RemoveAccountFromOrganization.html"""

    account_id: str

    def resources(self, state: Site, actor: Actor) -> tuple[Resource, ...]:
        own = state.accounts.get(actor.account)
        organization = own.organization if own is not None else ""
        if not organization or state.organizations[organization] != actor.account:
            return (Resource("*"),)
        return (Resource(f"arn:aws:organizations::{actor.account}:account/{organization}/{self.account_id}"),)

    def decide(self, state: Site, given: Given) -> Decision:
        management = managing_account(state, given.actor)
        account = state.accounts.get(self.account_id)
        if account is None or account.organization != management.organization:
            raise AccountNotFound("You specified an account that doesn't exist.")
        return left(state, account)


class DeleteOrganization(OrganizationsCommand, frozen=True, kw_only=True, rename="pascal"):
    """End the organization, with its units and policies, when no account but the management account is in it.
    https://docs.aws.amazon.com/organizations/latest/APIReference/API_DeleteOrganization.html"""

    def decide(self, state: Site, given: Given) -> Decision:
        management = managing_account(state, given.actor)
        organization = management.organization
        if any(
            each.organization == organization and each.number != management.number for each in state.accounts.values()
        ):
            raise OrganizationNotEmpty
        return (
            OrganizationUnregistered(organization, management.number),
            At(organization_boundary(organization), OrganizationDissolved(management.number)),
        )


def left(state: Site, account: SiteAccount) -> Decision:
    """The facts of an account that leaves. Raises MasterCannotLeave."""
    organization = account.organization
    if state.organizations[organization] == account.number:
        raise MasterCannotLeave
    return (
        OrganizationMembershipEnded(account.number, organization),
        At(organization_boundary(organization), AccountRemoved(account.number)),
    )
