"""Organizational units, and accounts that move between them (FEATURES 1a, "Org, root, nested OUs, accounts")."""

import re

import pytest

from muniment.commands.iam.tags import Tag
from muniment.commands.organizations.units import (
    CreateOrganizationalUnit,
    DeleteOrganizationalUnit,
    MoveAccount,
    UpdateOrganizationalUnit,
)
from muniment.domain.organization.errors import (
    AccountNotFound,
    ConstraintViolation,
    DestinationParentNotFound,
    DuplicateAccount,
    DuplicateOrganizationalUnit,
    InvalidOrganizationsInput,
    OrganizationalUnitNotEmpty,
    OrganizationalUnitNotFound,
    OrganizationsAccessDenied,
    OrganizationsNotInUse,
    ParentNotFound,
    SourceParentNotFound,
)
from muniment.domain.site.state import SITE, AccountRegistered
from tests.commands.given import ACCOUNT, ROOT, House, after, refused


def unit(house, name="Production", parent=None):
    command = CreateOrganizationalUnit(parent_id=parent or house.root, name=name)
    return house.do(command)["OrganizationalUnit"]["Id"]


def test_a_unit_is_made_under_the_root(house):
    command = CreateOrganizationalUnit(parent_id=house.root, name="Production", tags=(Tag("a", "1"),))
    entries, answer = house.run(command)
    made, found = answer["OrganizationalUnit"], house.organization
    assert re.fullmatch(r"ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}", made["Id"])
    assert made == {
        "Id": made["Id"],
        "Arn": f"arn:aws:organizations::{ACCOUNT}:ou/{found.number}/{made['Id']}",
        "Name": "Production",
        "Path": f"{found.number}/{found.root}/{made['Id']}/",
    }
    assert found.units[made["Id"]].tags == {"a": "1"}
    assert house.again(command, entries) == answer


def test_units_nest_five_deep_and_no_deeper(house):
    parent = house.root
    for level in range(5):
        parent = unit(house, f"L{level}", parent)
    assert len(house.organization.path_to(parent)) == 6
    with refused(ConstraintViolation) as caught:
        unit(house, "L5", parent)
    assert caught.value.reason == "OU_DEPTH_LIMIT_EXCEEDED"


def test_two_units_of_one_parent_have_two_names(house):
    first = unit(house)
    with refused(DuplicateOrganizationalUnit, "An OU with the same name already exists."):
        unit(house)
    assert unit(house, "Production", first) != first
    other = unit(house, "Test")
    with refused(DuplicateOrganizationalUnit):
        house.do(UpdateOrganizationalUnit(organizational_unit_id=other, name="Production"))


def test_a_unit_is_renamed_and_stays_where_it_is(house):
    made = unit(house)
    command = UpdateOrganizationalUnit(organizational_unit_id=made, name="Live")
    entries, answer = house.run(command)
    assert answer["OrganizationalUnit"]["Name"] == "Live"
    assert len(entries) == 1
    assert house.run(command)[0] == ()
    assert house.run(UpdateOrganizationalUnit(organizational_unit_id=made))[0] == ()
    assert house.organization.units[made].parent == house.root


def test_only_an_empty_unit_is_deleted(house):
    made = unit(house)
    inner = unit(house, "Inner", made)
    with refused(OrganizationalUnitNotEmpty):
        house.do(DeleteOrganizationalUnit(organizational_unit_id=made))
    house.do(MoveAccount(account_id=house.member, source_parent_id=house.root, destination_parent_id=inner))
    with refused(OrganizationalUnitNotEmpty):
        house.do(DeleteOrganizationalUnit(organizational_unit_id=inner))
    house.do(MoveAccount(account_id=house.member, source_parent_id=inner, destination_parent_id=house.root))
    house.do(DeleteOrganizationalUnit(organizational_unit_id=inner))
    house.do(DeleteOrganizationalUnit(organizational_unit_id=made))
    assert house.organization.units == {}


def test_an_account_moves_and_its_path_with_it(house):
    made = unit(house)
    assert house.organization.parent_of(house.member) == house.root
    house.do(MoveAccount(account_id=house.member, source_parent_id=house.root, destination_parent_id=made))
    found = house.organization
    assert found.path_to(house.member) == (found.root, made, house.member)
    assert found.path_text(made) == f"{found.number}/{found.root}/{made}/"


@pytest.mark.parametrize(
    ("account", "source", "destination", "kind"),
    [
        ("999999999999", "root", "unit", AccountNotFound),
        ("member", "unit", "root", SourceParentNotFound),
        ("member", "ou-none-none1234", "unit", SourceParentNotFound),
        ("member", "root", "ou-none-none1234", DestinationParentNotFound),
        ("member", "root", "root", DuplicateAccount),
    ],
)
def test_a_move_that_makes_no_sense_is_refused(house, account, source, destination, kind):
    names = {"root": house.root, "unit": unit(house), "member": house.member}
    with refused(kind):
        house.do(
            MoveAccount(
                account_id=names.get(account, account),
                source_parent_id=names.get(source, source),
                destination_parent_id=names.get(destination, destination),
            )
        )


def test_what_is_not_there_is_refused_by_name(house):
    with refused(ParentNotFound, "You specified parent that doesn't exist."):
        unit(house, parent="ou-none-none1234")
    with refused(OrganizationalUnitNotFound, "You specified an organizational unit that doesn't exist."):
        house.do(UpdateOrganizationalUnit(organizational_unit_id="ou-none-none1234", name="x"))
    with refused(OrganizationalUnitNotFound):
        house.do(DeleteOrganizationalUnit(organizational_unit_id="ou-none-none1234"))


def test_only_the_management_account_changes_the_tree(house):
    with refused(OrganizationsAccessDenied, "You don't have permissions to access this resource."):
        house.do(CreateOrganizationalUnit(parent_id=house.root, name="Ours"), house.member_root)


def test_without_an_organization_there_is_no_tree():
    house = House(after(AccountRegistered(ACCOUNT, "Management", "root@example.com"), boundary=SITE))
    with refused(OrganizationsNotInUse, "Your account is not a member of an organization."):
        house.do(CreateOrganizationalUnit(parent_id="r-abcd", name="Ours"), ROOT)


def test_a_full_organization_takes_no_unit(house, monkeypatch):
    monkeypatch.setattr("muniment.commands.organizations.units.UNITS_PER_ORGANIZATION_MAX", 1)
    unit(house)
    with refused(ConstraintViolation) as caught:
        unit(house, "Test")
    assert caught.value.reason == "OU_NUMBER_LIMIT_EXCEEDED"


def test_a_tag_key_given_twice_is_refused_as_organizations_does(house):
    with refused(InvalidOrganizationsInput) as caught:
        house.do(CreateOrganizationalUnit(parent_id=house.root, name="x", tags=(Tag("a", ""), Tag("a", ""))))
    assert caught.value.reason == "DUPLICATE_TAG_KEY"


def test_the_gate_is_asked_about_the_parent_with_its_tags_and_those_of_the_request(house):
    made = unit(house)
    command = CreateOrganizationalUnit(parent_id=made, name="x", tags=(Tag("a", "1"),))
    (resource,) = command.resources(house.organization, ROOT)
    assert resource.arn == house.organization.unit_arn(made)
    assert resource.context == {"aws:RequestTag/a": ("1",), "aws:TagKeys": ("a",)}
    moving = MoveAccount(account_id=house.member, source_parent_id=house.root, destination_parent_id=made)
    assert [one.arn.split(":")[5].split("/")[0] for one in moving.resources(house.organization, ROOT)] == [
        "account",
        "root",
        "ou",
    ]
