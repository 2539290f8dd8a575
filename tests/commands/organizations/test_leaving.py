"""Accounts that leave an organization, and its end."""

import pytest

from muniment.commands.organizations.attachments import AttachPolicy, EnablePolicyType
from muniment.commands.organizations.leaving import (
    DeleteOrganization,
    LeaveOrganization,
    RemoveAccountFromOrganization,
)
from muniment.commands.organizations.organization import CreateOrganization
from muniment.commands.organizations.policies import CreatePolicy
from muniment.commands.organizations.units import CreateOrganizationalUnit
from muniment.domain.ledger import Actor
from muniment.domain.organization.errors import (
    AccountNotFound,
    MasterCannotLeave,
    OrganizationNotEmpty,
    OrganizationsAccessDenied,
    OrganizationsNotInUse,
)
from muniment.domain.organization.policy_types import SCP
from muniment.domain.site.state import SITE
from tests.commands.given import ACCOUNT, DENY, ROOT, refused


@pytest.mark.parametrize("by_itself", [True, False])
def test_an_account_is_out_with_all_that_was_attached_to_it(house, by_itself):
    house.do(EnablePolicyType(root_id=house.root, policy_type=SCP))
    made = house.do(CreatePolicy(content=DENY, description="", name="p", type=SCP))
    policy = made["Policy"]["PolicySummary"]["Id"]
    house.do(AttachPolicy(policy_id=policy, target_id=house.member))
    if by_itself:
        house.do(LeaveOrganization(), house.member_root)
    else:
        house.do(RemoveAccountFromOrganization(account_id=house.member))
    assert house.state(SITE).accounts[house.member].organization == ""
    assert house.organization.attached == {}
    assert house.member not in house.organization.accounts
    assert house.organization.targets_of(policy) == []
    with refused(OrganizationsNotInUse):
        house.do(LeaveOrganization(), house.member_root)
    with refused(AccountNotFound):
        house.do(RemoveAccountFromOrganization(account_id=house.member))
    house.do(CreateOrganization(), house.member_root)  # now it may have one of its own


def test_the_management_account_stays(house):
    with refused(MasterCannotLeave):
        house.do(LeaveOrganization())
    with refused(MasterCannotLeave):
        house.do(RemoveAccountFromOrganization(account_id=ACCOUNT))


def test_only_the_management_account_removes_others_and_ends_it(house):
    for command in (RemoveAccountFromOrganization(account_id=house.member), DeleteOrganization()):
        with refused(OrganizationsAccessDenied, "You don't have permissions to access this resource."):
            house.do(command, house.member_root)
    stranger = Actor("999999999999", "arn:aws:iam::999999999999:root", "999999999999", "Root")
    with refused(OrganizationsNotInUse):
        house.do(LeaveOrganization(), stranger)


def test_an_organization_ends_when_nobody_else_is_in_it(house):
    house.do(CreateOrganizationalUnit(parent_id=house.root, name="x"))
    with refused(OrganizationNotEmpty):
        house.do(DeleteOrganization())
    house.do(RemoveAccountFromOrganization(account_id=house.member))
    boundary = house.organization.id
    house.do(DeleteOrganization())
    ended = house.state(boundary)
    assert (ended.management, ended.accounts, ended.units, ended.attached) == ("", {}, {}, {})
    assert house.state(SITE).organizations == {}
    with refused(OrganizationsNotInUse):
        house.do(CreateOrganizationalUnit(parent_id="r-abcd", name="x"))
    house.do(CreateOrganization())
    assert house.organization.id != boundary


def test_the_gate_is_asked_about_the_account_that_is_removed(house):
    command = RemoveAccountFromOrganization(account_id=house.member)
    (resource,) = command.resources(house.state(SITE), ROOT)
    assert resource.arn == house.organization.account_arn(house.member)
    (theirs,) = command.resources(house.state(SITE), house.member_root)
    assert theirs.arn == "*"
