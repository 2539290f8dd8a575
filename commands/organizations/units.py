"""Commands on the tree: units are created, renamed and deleted, accounts are moved (FEATURES 1a)."""

from typing import Any

from muniment.commands.command import Decision, Given
from muniment.commands.iam import tags as tag_rules
from muniment.commands.iam.contexts import request_tags
from muniment.commands.iam.tags import Tag
from muniment.commands.organizations.command import OrganizationCommand, checked_tags, managed, node_resource
from muniment.domain.ledger import Entry, Fact
from muniment.domain.organization import shown
from muniment.domain.organization.errors import (
    AccountNotFound,
    ConstraintViolation,
    DestinationParentNotFound,
    DuplicateAccount,
    DuplicateOrganizationalUnit,
    OrganizationalUnitNotEmpty,
    OrganizationalUnitNotFound,
    ParentNotFound,
    SourceParentNotFound,
)
from muniment.domain.organization.state import Organization, Unit
from muniment.domain.organization.units import (
    AccountMoved,
    OrganizationalUnitCreated,
    OrganizationalUnitDeleted,
    OrganizationalUnitRenamed,
)
from muniment.domain.quotas import UNIT_DEPTH_MAX, UNITS_PER_ORGANIZATION_MAX
from muniment.domain.resource import Resource


class CreateOrganizationalUnit(OrganizationCommand, frozen=True, kw_only=True, rename="pascal"):
    """Make a unit under the root or another unit.
    https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateOrganizationalUnit.html"""

    parent_id: str
    name: str
    tags: tuple[Tag, ...] = ()

    def named(self, state: Organization) -> tuple[Resource, ...]:
        return (node_resource(state, self.parent_id, request_tags(tag_rules.as_tags(self.tags))),)

    def decide(self, state: Organization, given: Given) -> Fact:
        managed(state, given)
        if not state.is_container(self.parent_id):
            raise ParentNotFound
        check_name_is_free(state, self.parent_id, self.name)
        if len(state.path_to(self.parent_id)) > UNIT_DEPTH_MAX:
            raise ConstraintViolation(
                f"You have exceeded the allowed number of levels of OUs: {UNIT_DEPTH_MAX}.", "OU_DEPTH_LIMIT_EXCEEDED"
            )
        if len(state.units) >= UNITS_PER_ORGANIZATION_MAX:
            raise ConstraintViolation("You have exceeded the allowed number of OUs.", "OU_NUMBER_LIMIT_EXCEEDED")
        tags = checked_tags({}, self.tags)
        unit_id = given.unique_id(f"ou-{state.root[2:]}-").lower()
        return OrganizationalUnitCreated(unit_id, self.name, self.parent_id, tags)

    def answer(self, state: Organization, entries: tuple[Entry, ...], given: Given) -> dict[str, Any]:
        fact = entries[0].fact
        assert isinstance(fact, OrganizationalUnitCreated)
        made = Unit(fact.unit_id, fact.unit_name, fact.parent_id, entries[0].time)
        return {"OrganizationalUnit": shown.unit(state, made)}


class UpdateOrganizationalUnit(OrganizationCommand, frozen=True, kw_only=True, rename="pascal"):
    """Give a unit another name.
    https://docs.aws.amazon.com/organizations/latest/APIReference/API_UpdateOrganizationalUnit.html"""

    organizational_unit_id: str
    name: str = ""

    def named(self, state: Organization) -> tuple[Resource, ...]:
        return (node_resource(state, self.organizational_unit_id),)

    def decide(self, state: Organization, given: Given) -> Decision:
        unit = unit_of(managed(state, given), self.organizational_unit_id)
        if self.name in ("", unit.name):
            return None
        check_name_is_free(state, unit.parent, self.name)
        return OrganizationalUnitRenamed(unit.id, self.name)

    def answer(self, state: Organization, entries: tuple[Entry, ...], given: Given) -> dict[str, Any]:
        return {"OrganizationalUnit": shown.unit(state, unit_of(state, self.organizational_unit_id))}


class DeleteOrganizationalUnit(OrganizationCommand, frozen=True, kw_only=True, rename="pascal"):
    """Delete a unit that nothing is under.
    https://docs.aws.amazon.com/organizations/latest/APIReference/API_DeleteOrganizationalUnit.html"""

    organizational_unit_id: str

    def named(self, state: Organization) -> tuple[Resource, ...]:
        return (node_resource(state, self.organizational_unit_id),)

    def decide(self, state: Organization, given: Given) -> Fact:
        unit = unit_of(managed(state, given), self.organizational_unit_id)
        if any(each.parent == unit.id for table in (state.units, state.accounts) for each in table.values()):
            raise OrganizationalUnitNotEmpty
        return OrganizationalUnitDeleted(unit.id)


class MoveAccount(OrganizationCommand, frozen=True, kw_only=True, rename="pascal"):
    """Put an account under another parent: that one's policies count for it from now on.
    https://docs.aws.amazon.com/organizations/latest/APIReference/API_MoveAccount.html"""

    account_id: str
    source_parent_id: str
    destination_parent_id: str

    def named(self, state: Organization) -> tuple[Resource, ...]:
        nodes = (self.account_id, self.source_parent_id, self.destination_parent_id)
        return tuple(node_resource(state, node) for node in nodes)

    def decide(self, state: Organization, given: Given) -> Fact:
        managed(state, given)
        if self.account_id not in state.accounts:
            raise AccountNotFound("You specified an account that doesn't exist.")
        if state.parent_of(self.account_id) != self.source_parent_id:
            raise SourceParentNotFound
        if not state.is_container(self.destination_parent_id):
            raise DestinationParentNotFound
        if self.destination_parent_id == self.source_parent_id:
            raise DuplicateAccount
        return AccountMoved(self.account_id, self.source_parent_id, self.destination_parent_id)


def unit_of(state: Organization, unit_id: str) -> Unit:
    """The unit with this id. Raises OrganizationalUnitNotFound."""
    if (found := state.units.get(unit_id)) is None:
        raise OrganizationalUnitNotFound
    return found


def check_name_is_free(state: Organization, parent: str, name: str) -> None:
    """Raises DuplicateOrganizationalUnit where the parent has a unit of this name."""
    if any(unit.parent == parent and unit.name == name for unit in state.units.values()):
        raise DuplicateOrganizationalUnit
