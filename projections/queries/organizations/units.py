"""The reading actions on the tree: roots, units, parents, children, and the accounts under a parent."""

from typing import Any

from muniment.domain.organization import shown
from muniment.domain.organization.errors import ChildNotFound, OrganizationalUnitNotFound, ParentNotFound
from muniment.domain.organization.state import Organization, Unit
from muniment.domain.resource import Resource
from muniment.projections.queries.organizations.accounts import account_shown, oldest_first
from muniment.projections.queries.organizations.query import PAGE_MAX, OrganizationsQuery, node_resource
from muniment.projections.query import Asked, Views

ACCOUNT, UNIT, ROOT = "ACCOUNT", "ORGANIZATIONAL_UNIT", "ROOT"


class ListRoots(OrganizationsQuery, frozen=True, kw_only=True, rename="pascal"):
    """The one root. https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListRoots.html"""

    next_token: str = ""
    max_results: int = PAGE_MAX

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        organization = self.managed(views, asked)
        found, rest = self.page(views, asked, [organization.root], lambda root: (root,), organization.number)
        return {"Roots": [shown.root(organization) for _ in found], **rest}


class DescribeOrganizationalUnit(OrganizationsQuery, frozen=True, kw_only=True, rename="pascal"):
    """https://docs.aws.amazon.com/organizations/latest/APIReference/API_DescribeOrganizationalUnit.html"""

    organizational_unit_id: str

    def named(self, organization: Organization) -> tuple[Resource, ...]:
        return (node_resource(organization, self.organizational_unit_id),)

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        organization = self.managed(views, asked)
        if (unit := organization.units.get(self.organizational_unit_id)) is None:
            raise OrganizationalUnitNotFound
        return {"OrganizationalUnit": shown.unit(organization, unit)}


class OfParentQuery(OrganizationsQuery, frozen=True, kw_only=True, rename="pascal"):
    """What is under a root or unit, but not deeper."""

    parent_id: str

    def named(self, organization: Organization) -> tuple[Resource, ...]:
        return (node_resource(organization, self.parent_id),)

    def parent(self, views: Views, asked: Asked) -> Organization:
        """The organization, which has that parent. Raises ParentNotFound."""
        organization = self.managed(views, asked)
        if not organization.is_container(self.parent_id):
            raise ParentNotFound
        return organization


class ListOrganizationalUnitsForParent(OfParentQuery, frozen=True, kw_only=True, rename="pascal"):
    """Oldest first. https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListOrganizationalUnitsForParent.html"""

    next_token: str = ""
    max_results: int = PAGE_MAX

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        organization = self.parent(views, asked)
        below = [unit for unit in organization.units.values() if unit.parent == self.parent_id]
        found, rest = self.page(views, asked, below, eldest, organization.number, self.parent_id)
        return {"OrganizationalUnits": [shown.unit(organization, unit) for unit in found], **rest}


class ListAccountsForParent(OfParentQuery, frozen=True, kw_only=True, rename="pascal"):
    """Oldest first. https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccountsForParent.html"""

    next_token: str = ""
    max_results: int = PAGE_MAX

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        organization = self.parent(views, asked)
        below = [member for member in organization.accounts.values() if member.parent == self.parent_id]
        found, rest = self.page(views, asked, below, oldest_first, organization.number, self.parent_id)
        return {"Accounts": [account_shown(organization, member) for member in found], **rest}


class ListChildren(OfParentQuery, frozen=True, kw_only=True, rename="pascal"):
    """https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListChildren.html"""

    child_type: str
    next_token: str = ""
    max_results: int = PAGE_MAX

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        organization = self.parent(views, asked)
        if self.child_type == ACCOUNT:
            below = [each.number for each in organization.accounts.values() if each.parent == self.parent_id]
        else:
            below = [each.id for each in organization.units.values() if each.parent == self.parent_id]
        question = (organization.number, self.parent_id, self.child_type)
        found, rest = self.page(views, asked, below, lambda child: (child,), *question)
        return {"Children": [{"Id": child, "Type": self.child_type} for child in found], **rest}


class ListParents(OrganizationsQuery, frozen=True, kw_only=True, rename="pascal"):
    """The one parent of a unit or account. https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListParents.html"""

    child_id: str
    next_token: str = ""
    max_results: int = PAGE_MAX

    def named(self, organization: Organization) -> tuple[Resource, ...]:
        return (node_resource(organization, self.child_id),)

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        organization = self.managed(views, asked)
        if not (parent := organization.parent_of(self.child_id)):
            raise ChildNotFound
        question = (organization.number, self.child_id)
        found, rest = self.page(views, asked, [parent], lambda each: (each,), *question)
        return {"Parents": [{"Id": each, "Type": kind_of(organization, each)} for each in found], **rest}


def eldest(unit: Unit) -> tuple[int, str]:
    """The place of a unit in lists."""
    return unit.created, unit.id


def kind_of(organization: Organization, node: str) -> str:
    """ROOT, ORGANIZATIONAL_UNIT or ACCOUNT."""
    if node == organization.root:
        return ROOT
    return UNIT if node in organization.units else ACCOUNT
