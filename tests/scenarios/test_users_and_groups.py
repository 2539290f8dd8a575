"""Users, groups and memberships through boto3 (FEATURES 1b)."""

import json

import pytest

from tests.scenarios.refusing import refused

NOBODY = r"The user with name {} cannot be found\."
NO_GROUP = r"The group with name {} cannot be found\."
ALLOW = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iam:ListUsers", "Resource": "*"}]}
)
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"


def test_a_user_has_the_members_that_clients_know(iam, server):
    made = iam.create_user(UserName="Ana", Path="/staff/", Tags=[{"Key": "team", "Value": "blue"}])["User"]
    assert made["Arn"] == f"arn:aws:iam::{server.account}:user/staff/Ana"
    assert made["UserId"].startswith("AIDA")
    assert len(made["UserId"]) == 21
    assert made["Tags"] == [{"Key": "team", "Value": "blue"}]
    (listed,) = iam.list_users()["Users"]
    assert listed == {name: value for name, value in made.items() if name != "Tags"}  # lists leave tags out


def test_names_differing_only_by_case_are_one_name(iam):  # FEATURES 1b
    iam.create_user(UserName="Ana")
    with refused("EntityAlreadyExists", 409, r"User with name ANA already exists\."):
        iam.create_user(UserName="ANA")
    iam.create_group(GroupName="Staff")
    with refused("EntityAlreadyExists", 409, r"Group with name staff already exists\."):
        iam.create_group(GroupName="staff")
    assert iam.get_user(UserName="aNA")["User"]["UserName"] == "Ana"


def test_a_rename_keeps_the_id_and_changes_the_arn(iam):
    before = iam.create_user(UserName="ana")["User"]
    iam.update_user(UserName="ana", NewUserName="Ana.B", NewPath="/new/")
    after = iam.get_user(UserName="ana.b")["User"]
    assert after["UserId"] == before["UserId"]
    assert after["Arn"].endswith(":user/new/Ana.B")
    with refused("NoSuchEntity", 404, NOBODY.format("ana")):
        iam.get_user(UserName="ana")
    iam.create_user(UserName="bob")
    with refused("EntityAlreadyExists", 409):
        iam.update_user(UserName="bob", NewUserName="ANA.b")
    iam.update_user(UserName="Ana.B", NewUserName="ANA.B")  # only the case: its own name is not taken


def test_a_user_is_not_deleted_while_anything_hangs_on_it(iam):
    iam.create_user(UserName="ana")
    iam.create_group(GroupName="staff")
    iam.add_user_to_group(GroupName="staff", UserName="ana")
    key = iam.create_access_key(UserName="ana")["AccessKey"]["AccessKeyId"]
    iam.put_user_policy(UserName="ana", PolicyName="p", PolicyDocument=ALLOW)
    iam.attach_user_policy(UserName="ana", PolicyArn=READ_ONLY)
    steps = (
        ("must detach all policies first", lambda: iam.detach_user_policy(UserName="ana", PolicyArn=READ_ONLY)),
        ("must delete policies first", lambda: iam.delete_user_policy(UserName="ana", PolicyName="p")),
        ("must delete access keys first", lambda: iam.delete_access_key(UserName="ana", AccessKeyId=key)),
        ("must remove users from group first", lambda: iam.remove_user_from_group(GroupName="staff", UserName="ana")),
    )
    for must, mend in steps:
        with refused("DeleteConflict", 409, rf"Cannot delete entity, {must}\."):
            iam.delete_user(UserName="ana")
        mend()
    iam.delete_user(UserName="ana")
    with refused("NoSuchEntity", 404, NOBODY.format("ana")):
        iam.delete_user(UserName="ana")


def test_a_group_is_not_deleted_while_anything_hangs_on_it(iam):
    iam.create_group(GroupName="staff", Path="/a/")
    iam.create_user(UserName="ana")
    iam.add_user_to_group(GroupName="staff", UserName="ana")
    iam.put_group_policy(GroupName="staff", PolicyName="p", PolicyDocument=ALLOW)
    iam.attach_group_policy(GroupName="staff", PolicyArn=READ_ONLY)
    steps = (
        lambda: iam.detach_group_policy(GroupName="staff", PolicyArn=READ_ONLY),
        lambda: iam.delete_group_policy(GroupName="staff", PolicyName="p"),
        lambda: iam.remove_user_from_group(GroupName="staff", UserName="ana"),
    )
    for mend in steps:
        with refused("DeleteConflict", 409):
            iam.delete_group(GroupName="staff")
        mend()
    iam.delete_group(GroupName="staff")
    assert iam.list_groups()["Groups"] == []


def test_members_come_and_go(iam):
    iam.create_group(GroupName="staff")
    for name in ("ana", "bob"):
        iam.create_user(UserName=name)
        iam.add_user_to_group(GroupName="staff", UserName=name)
        iam.add_user_to_group(GroupName="staff", UserName=name)  # twice is once
    group = iam.get_group(GroupName="STAFF")
    assert [user["UserName"] for user in group["Users"]] == ["ana", "bob"]
    assert group["Group"]["GroupId"].startswith("AGPA")
    assert [each["GroupName"] for each in iam.list_groups_for_user(UserName="ana")["Groups"]] == ["staff"]
    iam.remove_user_from_group(GroupName="staff", UserName="ana")
    assert iam.list_groups_for_user(UserName="ana")["Groups"] == []
    iam.update_group(GroupName="staff", NewGroupName="people", NewPath="/p/")
    assert iam.list_groups_for_user(UserName="bob")["Groups"][0]["Arn"].endswith(":group/p/people")


def test_a_user_is_in_ten_groups_at_most(iam):
    iam.create_user(UserName="ana")
    for number in range(11):
        iam.create_group(GroupName=f"g{number}")
    for number in range(10):
        iam.add_user_to_group(GroupName=f"g{number}", UserName="ana")
    with refused("LimitExceeded", 409, "Cannot exceed quota for GroupsPerUser: 10"):
        iam.add_user_to_group(GroupName="g10", UserName="ana")


def test_tags_come_and_go_and_are_limited(iam):
    iam.create_user(UserName="ana")
    iam.tag_user(UserName="ana", Tags=[{"Key": f"k{number}", "Value": ""} for number in range(50)])
    with refused("LimitExceeded", 409):
        iam.tag_user(UserName="ana", Tags=[{"Key": "one more", "Value": "v"}])
    iam.tag_user(UserName="ana", Tags=[{"Key": "K1", "Value": "new"}])  # the same key, for case does not count
    iam.untag_user(UserName="ana", TagKeys=[f"k{number}" for number in range(2, 50)])
    tags = {tag["Key"]: tag["Value"] for tag in iam.list_user_tags(UserName="ana")["Tags"]}
    assert len(tags) == 2
    assert sorted(tags.values()) == ["", "new"]
    with refused("InvalidInput", 400):
        iam.tag_user(UserName="ana", Tags=[{"Key": "a", "Value": "1"}, {"Key": "A", "Value": "2"}])
    with refused("InvalidInput", 400):
        iam.tag_user(UserName="ana", Tags=[{"Key": "aws:mine", "Value": "1"}])


@pytest.mark.parametrize(
    ("operation", "params", "missing"),
    [
        ("get_user", {"UserName": "x"}, NOBODY),
        ("update_user", {"UserName": "x", "NewUserName": "y"}, NOBODY),
        ("tag_user", {"UserName": "x", "Tags": [{"Key": "k", "Value": "v"}]}, NOBODY),
        ("untag_user", {"UserName": "x", "TagKeys": ["k"]}, NOBODY),
        ("list_user_tags", {"UserName": "x"}, NOBODY),
        ("create_access_key", {"UserName": "x"}, NOBODY),
        ("list_access_keys", {"UserName": "x"}, NOBODY),
        ("list_groups_for_user", {"UserName": "x"}, NOBODY),
        ("list_user_policies", {"UserName": "x"}, NOBODY),
        ("list_attached_user_policies", {"UserName": "x"}, NOBODY),
        ("put_user_policy", {"UserName": "x", "PolicyName": "p", "PolicyDocument": ALLOW}, NOBODY),
        ("attach_user_policy", {"UserName": "x", "PolicyArn": READ_ONLY}, NOBODY),
        ("put_user_permissions_boundary", {"UserName": "x", "PermissionsBoundary": READ_ONLY}, NOBODY),
        ("delete_user_permissions_boundary", {"UserName": "x"}, NOBODY),
        ("get_group", {"GroupName": "x"}, NO_GROUP),
        ("update_group", {"GroupName": "x", "NewGroupName": "y"}, NO_GROUP),
        ("delete_group", {"GroupName": "x"}, NO_GROUP),
        ("add_user_to_group", {"GroupName": "x", "UserName": "y"}, NO_GROUP),
        ("remove_user_from_group", {"GroupName": "x", "UserName": "y"}, NO_GROUP),
        ("list_group_policies", {"GroupName": "x"}, NO_GROUP),
        ("list_attached_group_policies", {"GroupName": "x"}, NO_GROUP),
        ("put_group_policy", {"GroupName": "x", "PolicyName": "p", "PolicyDocument": ALLOW}, NO_GROUP),
        ("attach_group_policy", {"GroupName": "x", "PolicyArn": READ_ONLY}, NO_GROUP),
    ],
)
def test_what_is_not_there_is_named_in_the_refusal(iam, operation, params, missing):
    with refused("NoSuchEntity", 404, missing.format("x")):
        getattr(iam, operation)(**params)


@pytest.mark.parametrize(
    ("name", "broken"),
    [
        ("", "length greater than or equal to 1"),
        ("a" * 65, "length less than or equal to 64"),
        ("a b", "regular expression pattern"),
        ("a/b", "regular expression pattern"),
        ("ä", "regular expression pattern"),
        ("ana\n", "regular expression pattern"),
        ("a;DROP TABLE users", "regular expression pattern"),
        ("../../etc/passwd", "regular expression pattern"),
        ("<script>", "regular expression pattern"),
        ("a\x00b", "regular expression pattern"),
        ("😀", "regular expression pattern"),
        ("*", "regular expression pattern"),
        (">", "regular expression pattern"),
    ],
)
def test_a_name_that_is_none_is_refused(calm, name, broken):
    iam = calm.server.client("iam", parameter_validation=False)
    with refused("ValidationError", 400, rf"(?s)\d validation errors? detected: .*{broken}.*"):
        iam.create_user(UserName=name)
    assert iam.list_users()["Users"] == []


@pytest.mark.parametrize("path", ["", "x", "/x", "x/", "//" + "a" * 512, "/a b/", "/\u00e9/"])
def test_a_path_that_is_none_is_refused(calm, path):
    iam = calm.server.client("iam", parameter_validation=False)
    with refused("ValidationError", 400):
        iam.create_user(UserName="ana", Path=path)


def test_lists_take_a_path_prefix(iam):
    for path in ("/", "/a/", "/a/b/", "/ab/"):
        iam.create_user(UserName=f"user{path.replace('/', '-')}", Path=path)
        iam.create_group(GroupName=f"group{path.replace('/', '-')}", Path=path)
    assert len(iam.list_users(PathPrefix="/a/")["Users"]) == 2
    assert len(iam.list_users(PathPrefix="/a")["Users"]) == 3
    assert len(iam.list_groups(PathPrefix="/a/b/")["Groups"]) == 1
