"""The reading actions on the organization and its accounts: DescribeOrganization, ListAccounts, DescribeAccount,
DescribeCreateAccountStatus, ListCreateAccountStatus."""

from typing import Any

from muniment.domain.organization.errors import AccountNotFound, CreateAccountStatusNotFound
from muniment.domain.organization.state import AccountRequest, Member, Organization
from muniment.domain.resource import Resource
from muniment.projections.queries.organizations.query import PAGE_MAX, OrganizationsQuery, node_resource
from muniment.projections.query import Asked, Views


def account_shown(organization: Organization, member: Member) -> dict[str, Any]:
    """An account, in describes and lists alike."""
    return {
        "Id": member.number,
        "Arn": organization.account_arn(member.number),
        "Email": member.email,
        "Name": member.name,
        "Status": member.status,
        "State": member.status,
        "Paths": [organization.path_text(member.number)],
        "JoinedMethod": member.method,
        "JoinedTimestamp": member.joined,
    }


def oldest_first(member: Member) -> tuple[int, str]:
    """The place of an account in lists."""
    return member.joined, member.number


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
    max_results: int = PAGE_MAX

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        organization = self.managed(views, asked)
        everybody = organization.accounts.values()
        found, rest = self.page(views, asked, everybody, oldest_first, organization.number)
        return {"Accounts": [account_shown(organization, member) for member in found], **rest}


class DescribeAccount(OrganizationsQuery, frozen=True, kw_only=True, rename="pascal"):
    """https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribeAccount.html"""

    account_id: str

    def named(self, organization: Organization) -> tuple[Resource, ...]:
        return (node_resource(organization, self.account_id),)

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


class ListCreateAccountStatus(OrganizationsQuery, frozen=True, kw_only=True, rename="pascal"):
    """Oldest first, of these states where any are named.
    https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListCreateAccountStatus.html"""

    states: tuple[str, ...] = ()
    next_token: str = ""
    max_results: int = PAGE_MAX

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        organization = self.managed(views, asked)
        wanted = [each for each in organization.requests.values() if not self.states or each.state in self.states]
        question = (organization.number, *sorted(self.states))
        found, rest = self.page(views, asked, wanted, lambda each: (each.requested, each.id), *question)
        return {"CreateAccountStatuses": [request_shown(each) for each in found], **rest}
