"""Users (FEATURES 1b)."""

import pytest

from muniment.commands.iam.tags import Tag
from muniment.commands.iam.users import CreateUser, DeleteUser, TagUser, UntagUser, UpdateUser
from muniment.domain.account.attachments import UserPolicyAttached
from muniment.domain.account.groups import GroupCreated, GroupMemberAdded
from muniment.domain.account.inline import UserInlinePolicyPut
from muniment.domain.account.keys import AccessKeyCreated
from muniment.domain.account.policies import PolicyCreated
from muniment.domain.account.users import UserCreated, UserDeleted, UserMoved, UserRenamed, UserTagged, UserUntagged
from muniment.domain.errors import DeleteConflict, EntityAlreadyExists, InvalidInput, LimitExceeded, NoSuchEntity
from muniment.domain.ledger import Sealed
from tests.commands.given import ALLOW, BOUNDARY, ROOT, House, after, arn, facts_of, now, policy_arn, refused

ANA = UserCreated("ana", "AIDAANA")


def tags(**pairs):
    return tuple(Tag(key, value) for key, value in pairs.items())


def test_a_user_is_created_with_what_was_asked_for():
    account = after(PolicyCreated("limit", "ANPA1", ALLOW))
    command = CreateUser(
        user_name="Ana", path="/staff/", permissions_boundary=policy_arn("limit"), tags=tags(Team="blue")
    )
    house = House(account)
    user = house.do(command)["User"]
    assert user == {
        "Path": "/staff/",
        "UserName": "Ana",
        "UserId": user["UserId"],
        "Arn": arn("user", "Ana", "/staff/"),
        "CreateDate": house.time,
        "PermissionsBoundary": {
            "PermissionsBoundaryType": "Policy",
            "PermissionsBoundaryArn": policy_arn("limit"),
        },
        "Tags": [{"Key": "Team", "Value": "blue"}],
    }
    assert user["UserId"].startswith("AIDA")
    assert len(user["UserId"]) == 21
    assert house.account.bounds == {policy_arn("limit"): 1}


def test_names_that_differ_only_by_case_are_the_same():
    with refused(EntityAlreadyExists, "User with name ANA already exists."):
        CreateUser(user_name="ANA").decide(after(ANA), now())


def test_the_five_thousand_and_first_user_is_refused(monkeypatch):
    monkeypatch.setattr("muniment.commands.iam.users.USERS_PER_ACCOUNT_MAX", 1)
    with refused(LimitExceeded, "Cannot exceed quota for UsersPerAccount: 1"):
        CreateUser(user_name="eva").decide(after(ANA), now())


def test_a_deleted_users_id_is_never_used_again():
    house = House()
    first = house.do(CreateUser(user_name="ana"))["User"]["UserId"]
    house.do(DeleteUser(user_name="ana"))
    second = house.do(CreateUser(user_name="ana"))["User"]["UserId"]
    assert first != second
    assert set(house.account.ids) == {second}


def test_a_boundary_that_does_not_exist_is_refused():
    missing = policy_arn("missing")
    with refused(NoSuchEntity, f"Scope ARN: {missing} does not exist or is not attachable."):
        CreateUser(user_name="ana", permissions_boundary=missing).decide(after(), now())


def test_a_boundary_must_be_a_managed_policy():
    with refused(InvalidInput, f"ARN {arn('user', 'ana')} is not valid."):
        CreateUser(user_name="eva", permissions_boundary=arn("user", "ana")).decide(after(ANA), now())


def test_a_policy_of_aws_may_be_a_boundary():
    boundary = "arn:aws:iam::aws:policy/PowerUserAccess"
    fact = CreateUser(user_name="ana", permissions_boundary=boundary).decide(after(), now())
    assert fact.permissions_boundary == boundary


def test_rename_keeps_the_id_and_the_keys_and_changes_the_arn():
    account = after(ANA, AccessKeyCreated("ana", "AKIA1", Sealed("k", b""), "AIDAANA"))
    house = House(account)
    house.do(UpdateUser(user_name="ANA", new_user_name="anna"))
    renamed = house.account.user("anna")
    assert renamed.id == "AIDAANA"
    assert house.account.user_arn(renamed) == arn("user", "anna")
    assert house.account.keys == {"AKIA1": "anna"}
    assert house.account.ids == {"AIDAANA": "anna"}
    with refused(NoSuchEntity, "The user with name ana cannot be found."):
        house.account.user("ana")


def test_rename_to_a_taken_name_is_refused():
    account = after(ANA, UserCreated("eva", "AIDAEVA"))
    with refused(EntityAlreadyExists, "User with name EVA already exists."):
        UpdateUser(user_name="ana", new_user_name="EVA").decide(account, now())


def test_a_user_may_be_renamed_to_another_case_of_its_name():
    decided = UpdateUser(user_name="ana", new_user_name="Ana").decide(after(ANA), now())
    assert decided == (UserRenamed("ana", "Ana"),)


def test_a_user_may_be_moved_and_renamed_at_once():
    decided = UpdateUser(user_name="ana", new_user_name="eva", new_path="/x/").decide(after(ANA), now())
    assert decided == (UserMoved("ana", "/x/"), UserRenamed("ana", "eva"))


@pytest.mark.parametrize("new", [{}, {"new_user_name": "ana"}, {"new_path": "/"}])
def test_an_update_that_changes_nothing_records_nothing(new):
    assert not facts_of(UpdateUser(user_name="ana", **new).decide(after(ANA), now()))


def test_rename_asks_for_the_permission_on_both_names():
    # API_UpdateUser: permission on both the source object and the target object
    asked = UpdateUser(user_name="ana", new_user_name="eva").resources(after(ANA), ROOT)
    assert [resource.arn for resource in asked] == [arn("user", "ana"), arn("user", "eva")]


def test_a_user_with_nothing_left_is_deleted():
    assert DeleteUser(user_name="ANA").decide(after(ANA), now()) == UserDeleted("ana")


@pytest.mark.parametrize(
    ("hanging", "message"),
    [
        (
            (PolicyCreated("p", "ANPA1", ALLOW), UserPolicyAttached("ana", policy_arn("p"))),
            "must detach all policies first.",
        ),
        ((UserInlinePolicyPut("ana", "p", ALLOW),), "must delete policies first."),
        ((AccessKeyCreated("ana", "AKIA1", Sealed("k", b""), "AIDAANA"),), "must delete access keys first."),
        ((GroupCreated("g", "AGPA1"), GroupMemberAdded("g", "ana")), "must remove users from group first."),
    ],
)
def test_a_user_is_not_deleted_while_something_hangs_on_it(hanging, message):
    with refused(DeleteConflict, f"Cannot delete entity, {message}"):
        DeleteUser(user_name="ana").decide(after(ANA, *hanging), now())


def test_deleting_a_user_gives_its_boundary_free():
    account = after(
        PolicyCreated("p", "ANPA1", ALLOW), UserCreated("ana", "AIDAANA", permissions_boundary=policy_arn("p"))
    )
    house = House(account)
    house.do(DeleteUser(user_name="ana"))
    assert house.account.bounds == {}


def test_a_missing_user_cannot_be_deleted():
    with refused(NoSuchEntity, "The user with name ana cannot be found."):
        DeleteUser(user_name="ana").decide(after(), now())


def test_a_tag_key_in_another_case_replaces_the_first():  # POLICY_EVALUATION 2.6
    house = House(after(UserCreated("ana", "AIDAANA", tags={"Team": "blue", "Cost": "1"})))
    house.do(TagUser(user_name="ana", tags=tags(team="red")))
    assert house.account.user("ana").tags == {"Cost": "1", "team": "red"}


def test_tag_keys_that_differ_only_by_case_are_duplicates():
    with refused(InvalidInput, "Duplicate tag keys found. Please note that Tag keys are case insensitive."):
        TagUser(user_name="ana", tags=tags(Team="blue", team="red")).decide(after(ANA), now())


@pytest.mark.parametrize("key", ["aws:owner", "AWS:owner"])
def test_reserved_tag_keys_are_refused(key):
    with refused(InvalidInput):
        TagUser(user_name="ana", tags=(Tag(key, "x"),)).decide(after(ANA), now())


def test_the_fifty_first_tag_is_refused():
    full = after(UserCreated("ana", "AIDAANA", tags={f"k{n}": "v" for n in range(50)}))
    with refused(LimitExceeded, "The number of tags has reached the maximum limit."):
        TagUser(user_name="ana", tags=tags(one="more")).decide(full, now())
    assert TagUser(user_name="ana", tags=tags(K1="new")).decide(full, now()) == UserTagged("ana", {"K1": "new"})


def test_tags_that_are_there_already_record_nothing():
    account = after(UserCreated("ana", "AIDAANA", tags={"Team": "blue"}))
    assert TagUser(user_name="ana", tags=tags(Team="blue")).decide(account, now()) is None


def test_untag_takes_keys_in_any_case_and_forgives_missing_ones():
    account = after(UserCreated("ana", "AIDAANA", tags={"Team": "blue"}))
    assert UntagUser(user_name="ana", tag_keys=("TEAM", "no")).decide(account, now()) == UserUntagged("ana", ("Team",))
    assert UntagUser(user_name="ana", tag_keys=("no",)).decide(account, now()) is None


def test_the_gate_is_told_the_tags_of_the_user_and_of_the_request():
    account = after(UserCreated("ana", "AIDAANA", path="/x/", tags={"Team": "blue"}))
    (resource,) = TagUser(user_name="ana", tags=tags(Cost="1")).resources(account, ROOT)
    assert resource.arn == arn("user", "ana", "/x/")
    assert resource.context == {
        "aws:ResourceTag/Team": ("blue",),
        "iam:ResourceTag/Team": ("blue",),
        "aws:RequestTag/Cost": ("1",),
        "aws:TagKeys": ("Cost",),
    }
    (untag,) = UntagUser(user_name="ana", tag_keys=("Team",)).resources(account, ROOT)
    assert untag.context["aws:TagKeys"] == ("Team",)


def test_the_gate_is_told_the_boundary_that_a_new_user_gets():
    (resource,) = CreateUser(user_name="ana", permissions_boundary=policy_arn("p")).resources(after(), ROOT)
    assert resource.context == {"iam:PermissionsBoundary": (policy_arn("p"),)}


def test_a_missing_user_has_its_would_be_arn():
    (resource,) = DeleteUser(user_name="ghost").resources(after(), ROOT)
    assert (resource.arn, resource.context) == (arn("user", "ghost"), {})


def test_a_repeat_gets_the_first_answer_even_after_changes():  # DESIGN §3
    house = House()
    command = CreateUser(user_name="ana", tags=tags(Team="blue"))
    entries, first = house.run(command)
    house.do(UpdateUser(user_name="ana", new_user_name="eva", new_path="/x/"))
    house.do(TagUser(user_name="eva", tags=tags(Team="red")))
    assert house.again(command, entries) == first
    assert house.states[BOUNDARY].version == 4
