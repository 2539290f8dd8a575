"""The reading actions of Organizations: DescribeOrganization, ListAccounts, DescribeAccount, DescribeCreateAccountStatus."""

from typing import Any, Final

from muniment.domain.boundary import as_state
from muniment.domain.organization.errors import (
    AccountNotFound,
    CreateAccountStatusNotFound,
    InvalidOrganizationsInput,
    OrganizationsAccessDenied,
    OrganizationsNotInUse,
)
from muniment.domain.organization.state import AccountRequest, Member, Organization
from muniment.domain.resource import Resource
from muniment.domain.site.state import SITE, Site
from muniment.projections.queries.pagination import BadCursor, Cursors, key_of
from muniment.projections.query import Asked, Query, Views

PAGE_ACCOUNTS_MAX: Final = 20  # botocore's MaxResults


class OrganizationsQuery(Query, frozen=True, kw_only=True, rename="pascal"):
    """A question about the organization that the caller's account is in."""

    service = "organizations"

    def resources(self, views: Views, asked: Asked) -> tuple[Resource, ...]:
        return (Resource("*"),)

    @staticmethod
    def find(views: Views, asked: Asked) -> Organization | None:
        """The organization of the caller's account, or None."""
        known = as_state(views.state(SITE), SITE, Site).accounts.get(asked.actor.account)
        if known is None or not known.organization:
            return None
        boundary = f"{Organization.kind}.{known.organization}"
        return as_state(views.state(boundary), boundary, Organization)

    def organization(self, views: Views, asked: Asked) -> Organization:
        """The organization of the caller's account. Raises OrganizationsNotInUse."""
        if (found := self.find(views, asked)) is None:
            raise OrganizationsNotInUse("Your account is not a member of an organization.")
        return found

    def managed(self, views: Views, asked: Asked) -> Organization:
        """The organization that the caller's account manages. Raises OrganizationsAccessDenied for its other members."""
        found = self.organization(views, asked)
        if found.management != asked.actor.account:
            raise OrganizationsAccessDenied("You don't have permissions to access this resource.")
        return found


def account_shown(organization: Organization, member: Member) -> dict[str, Any]:
    """An account, in describes and lists alike."""
    return {
        "Id": member.number,
        "Arn": organization.account_arn(member.number),
        "Email": member.email,
        "Name": member.name,
        "Status": member.status,
        "State": member.status,
        "Paths": [f"{organization.number}/{organization.root}/{member.number}/"],
        "JoinedMethod": member.method,
        "JoinedTimestamp": member.joined,
    }


def request_shown(request: AccountRequest) -> dict[str, Any]:
    """What became of a CreateAccount call."""
    outcome = {"AccountId": request.account} if request.account else {"FailureReason": request.failure}
    return {
        "Id": request.id,
        "AccountName": request.name,
        "State": request.state,
        "RequestedTimestamp": request.requested,
        "CompletedTimestamp": request.completed,
        **outcome,
    }


class DescribeOrganization(OrganizationsQuery, frozen=True, kw_only=True, rename="pascal"):
    """https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribeOrganization.html"""

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        organization = self.organization(views, asked)
        management = organization.management
        return {
            "Organization": {
                "Id": organization.number,
                "Arn": organization.arn(),
                "FeatureSet": organization.feature_set,
                "MasterAccountArn": organization.account_arn(management),
                "MasterAccountId": management,
                "MasterAccountEmail": organization.accounts[management].email,
                "AvailablePolicyTypes": [],
            }
        }


class ListAccounts(OrganizationsQuery, frozen=True, kw_only=True, rename="pascal"):
    """Oldest first. https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccounts.html"""

    next_token: str = ""
    max_results: int = PAGE_ACCOUNTS_MAX

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        organization = self.managed(views, asked)
        cursors = Cursors.about(views.cursor_key, asked.now, self.action(), organization.number)
        rows = ((key_of(member.joined, member.number), member) for member in organization.accounts.values())
        try:
            page = cursors.page(rows, self.next_token, self.max_results)
        except BadCursor:
            raise InvalidOrganizationsInput("You specified an invalid value for NextToken.") from None
        shown = [account_shown(organization, member) for member in page.items]
        return {"Accounts": shown, **({"NextToken": page.marker} if page.marker else {})}


class DescribeAccount(OrganizationsQuery, frozen=True, kw_only=True, rename="pascal"):
    """https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribeAccount.html"""

    account_id: str

    def resources(self, views: Views, asked: Asked) -> tuple[Resource, ...]:
        organization = self.find(views, asked)
        if organization is None:
            return (Resource("*"),)
        member = organization.accounts.get(self.account_id)
        tags = {} if member is None else member.tags
        context = {f"aws:ResourceTag/{key}": (value,) for key, value in tags.items()}
        return (Resource(organization.account_arn(self.account_id), context),)

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        organization = self.managed(views, asked)
        if (member := organization.accounts.get(self.account_id)) is None:
            raise AccountNotFound("You specified an account that doesn't exist.")
        return {"Account": account_shown(organization, member)}


class DescribeCreateAccountStatus(OrganizationsQuery, frozen=True, kw_only=True, rename="pascal"):
    """https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribeCreateAccountStatus.html"""

    create_account_request_id: str

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        organization = self.managed(views, asked)
        if (request := organization.requests.get(self.create_account_request_id)) is None:
            raise CreateAccountStatusNotFound("You specified a create account request that doesn't exist.")
        return {"CreateAccountStatus": request_shown(request)}
