"""Groups and memberships (FEATURES 1b)."""

import pytest

from muniment.commands.iam.groups import AddUserToGroup, CreateGroup, DeleteGroup, RemoveUserFromGroup, UpdateGroup
from muniment.domain.account.attachments import GroupPolicyAttached
from muniment.domain.account.groups import GroupCreated, GroupDeleted, GroupMemberAdded, GroupMemberRemoved
from muniment.domain.account.inline import GroupInlinePolicyPut
from muniment.domain.account.policies import PolicyCreated
from muniment.domain.account.users import UserCreated
from muniment.domain.errors import DeleteConflict, EntityAlreadyExists, LimitExceeded, NoSuchEntity
from tests.commands.given import ALLOW, ROOT, House, after, arn, now, policy_arn, refused

OPS, ANA = GroupCreated("Ops", "AGPAOPS"), UserCreated("ana", "AIDAANA")


def test_a_group_is_created():
    house = House()
    group = house.do(CreateGroup(group_name="Ops", path="/x/"))["Group"]
    assert group == {
        "Path": "/x/",
        "GroupName": "Ops",
        "GroupId": group["GroupId"],
        "Arn": arn("group", "Ops", "/x/"),
        "CreateDate": house.time,
    }
    assert group["GroupId"].startswith("AGPA")


def test_group_names_are_unique_in_any_case():
    with refused(EntityAlreadyExists, "Group with name ops already exists."):
        CreateGroup(group_name="ops").decide(after(OPS), now())


def test_one_group_more_than_the_quota_is_refused(monkeypatch):
    monkeypatch.setattr("muniment.commands.iam.groups.GROUPS_PER_ACCOUNT_MAX", 1)
    with refused(LimitExceeded, "Cannot exceed quota for GroupsPerAccount: 1"):
        CreateGroup(group_name="dev").decide(after(OPS), now())


def test_members_stay_when_their_group_is_renamed_and_moved():
    house = House(after(OPS, ANA, GroupMemberAdded("Ops", "ana")))
    house.do(UpdateGroup(group_name="ops", new_group_name="Dev", new_path="/x/"))
    group = house.account.group("dev")
    assert house.account.group_arn(group) == arn("group", "Dev", "/x/")
    assert [user.name for user in house.account.members(group)] == ["ana"]


def test_a_group_is_not_renamed_to_a_taken_name():
    with refused(EntityAlreadyExists, "Group with name dev already exists."):
        UpdateGroup(group_name="Ops", new_group_name="dev").decide(after(OPS, GroupCreated("Dev", "AGPADEV")), now())


def test_an_update_of_a_group_asks_for_both_arns():
    asked = UpdateGroup(group_name="ops", new_path="/x/").resources(after(OPS), ROOT)
    assert [resource.arn for resource in asked] == [arn("group", "Ops"), arn("group", "Ops", "/x/")]


@pytest.mark.parametrize(
    ("hanging", "message"),
    [
        (
            (PolicyCreated("p", "ANPA1", ALLOW), GroupPolicyAttached("Ops", policy_arn("p"))),
            "must detach all policies first.",
        ),
        ((GroupInlinePolicyPut("Ops", "p", ALLOW),), "must delete policies first."),
        ((ANA, GroupMemberAdded("Ops", "ana")), "must remove users from group first."),
    ],
)
def test_a_group_is_not_deleted_while_something_hangs_on_it(hanging, message):
    with refused(DeleteConflict, f"Cannot delete entity, {message}"):
        DeleteGroup(group_name="ops").decide(after(OPS, *hanging), now())


def test_an_empty_group_is_deleted():
    assert DeleteGroup(group_name="ops").decide(after(OPS), now()) == GroupDeleted("Ops")


def test_a_user_is_added_once():
    account = after(OPS, ANA)
    assert AddUserToGroup(group_name="ops", user_name="ANA").decide(account, now()) == GroupMemberAdded("Ops", "ana")
    member = after(OPS, ANA, GroupMemberAdded("Ops", "ana"))
    assert AddUserToGroup(group_name="ops", user_name="ana").decide(member, now()) is None


def test_a_user_is_in_ten_groups_at_most():
    groups = [GroupCreated(f"g{n}", f"AGPA{n}") for n in range(11)]
    account = after(ANA, *groups, *(GroupMemberAdded(f"g{n}", "ana") for n in range(10)))
    with refused(LimitExceeded, "Cannot exceed quota for GroupsPerUser: 10"):
        AddUserToGroup(group_name="g10", user_name="ana").decide(account, now())


def test_both_group_and_user_must_exist():
    with refused(NoSuchEntity, "The group with name dev cannot be found."):
        AddUserToGroup(group_name="dev", user_name="ana").decide(after(OPS, ANA), now())
    with refused(NoSuchEntity, "The user with name eva cannot be found."):
        RemoveUserFromGroup(group_name="ops", user_name="eva").decide(after(OPS, ANA), now())


def test_removing_who_is_not_a_member_is_forgiven():  # as AWS does: no error, nothing changed
    assert RemoveUserFromGroup(group_name="ops", user_name="ana").decide(after(OPS, ANA), now()) is None
    member = after(OPS, ANA, GroupMemberAdded("Ops", "ana"))
    decided = RemoveUserFromGroup(group_name="ops", user_name="ana").decide(member, now())
    assert decided == GroupMemberRemoved("Ops", "ana")


def test_membership_is_a_matter_of_the_group():
    (resource,) = AddUserToGroup(group_name="ops", user_name="ana").resources(after(OPS, ANA), ROOT)
    assert resource.arn == arn("group", "Ops")
