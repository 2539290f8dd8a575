"""SECURITY part 2, row 22: whoever takes a deleted one's name inherits nothing of it."""

import json

from tests.scenarios.wire import Wire

ADMIN = json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})


def trusting(arn):
    statement = {"Effect": "Allow", "Principal": {"AWS": arn}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def decision(wire, subject, action, resource="*"):
    question = {
        "subject": {"type": "user", "id": subject},
        "action": {"name": action},
        "resource": {"type": "any", "id": resource},
    }
    return json.loads(wire.evaluate(question).text)["decision"]


def test_a_user_of_the_same_name_has_no_grant_of_the_former(iam, wire, keyed):
    before = keyed("ana", ADMIN)
    iam.create_group(GroupName="admins")
    iam.put_group_policy(GroupName="admins", PolicyName="p", PolicyDocument=ADMIN)
    iam.add_user_to_group(GroupName="admins", UserName="ana")
    arn = iam.create_policy(PolicyName="admin", PolicyDocument=ADMIN)["Policy"]["Arn"]
    iam.attach_user_policy(UserName="ana", PolicyArn=arn)
    assert decision(wire, "ana", "iam:CreateUser")
    iam.detach_user_policy(UserName="ana", PolicyArn=arn)
    iam.remove_user_from_group(GroupName="admins", UserName="ana")
    iam.delete_user_policy(UserName="ana", PolicyName="p")
    iam.delete_access_key(UserName="ana", AccessKeyId=before.key[0])
    iam.delete_user(UserName="ana")
    assert not decision(wire, "ana", "iam:CreateUser")
    after = keyed("ana")
    assert not decision(wire, "ana", "iam:CreateUser")
    assert after.call("ListUsers").code == "AccessDenied"
    assert before.call("ListUsers").code == "InvalidClientTokenId"
    assert iam.list_groups_for_user(UserName="ana")["Groups"] == []
    assert iam.list_user_policies(UserName="ana")["PolicyNames"] == []
    assert iam.list_attached_user_policies(UserName="ana")["AttachedPolicies"] == []
    assert iam.get_group(GroupName="admins")["Users"] == []


def test_the_trust_in_a_deleted_principal_is_not_its_successors(iam, wire, server):
    ana = iam.create_user(UserName="ana")["User"]
    role = iam.create_role(RoleName="vault", AssumeRolePolicyDocument=trusting(ana["Arn"]))["Role"]
    iam.put_user_policy(UserName="ana", PolicyName="p", PolicyDocument=ADMIN)
    assert decision(wire, "ana", "sts:AssumeRole", role["Arn"])
    iam.delete_user_policy(UserName="ana", PolicyName="p")
    iam.delete_user(UserName="ana")
    iam.create_user(UserName="ana")
    iam.put_user_policy(UserName="ana", PolicyName="p", PolicyDocument=ADMIN)
    assert not decision(wire, "ana", "sts:AssumeRole", role["Arn"])
    stored = iam.get_role(RoleName="vault")["Role"]["AssumeRolePolicyDocument"]
    assert stored["Statement"][0]["Principal"]["AWS"] == ana["UserId"]


def test_a_role_of_the_same_name_is_another_role(iam, wire):
    first = iam.create_role(RoleName="r", AssumeRolePolicyDocument=trusting("*"))["Role"]
    iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=ADMIN)
    iam.create_role(RoleName="truster", AssumeRolePolicyDocument=trusting(first["Arn"]))
    iam.delete_role_policy(RoleName="r", PolicyName="p")
    iam.delete_role(RoleName="r")
    second = iam.create_role(RoleName="r", AssumeRolePolicyDocument=trusting("*"))["Role"]
    assert second["RoleId"] != first["RoleId"]
    principal = iam.get_role(RoleName="truster")["Role"]["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["AWS"]
    assert principal == first["RoleId"]
    question = {
        "subject": {"type": "role", "id": "r"},
        "action": {"name": "iam:ListUsers"},
        "resource": {"type": "any", "id": "*"},
    }
    assert json.loads(wire.evaluate(question).text)["decision"] is False


def test_a_policy_of_the_same_name_counts_for_nobody(iam, wire):
    for _ in range(2):
        arn = iam.create_policy(PolicyName="p", PolicyDocument=ADMIN)["Policy"]["Arn"]
        assert iam.list_entities_for_policy(PolicyArn=arn)["PolicyUsers"] == []
        if not iam.list_users()["Users"]:
            iam.create_user(UserName="ana")
        assert not decision(wire, "ana", "iam:ListUsers")
        iam.attach_user_policy(UserName="ana", PolicyArn=arn)
        assert decision(wire, "ana", "iam:ListUsers")
        iam.detach_user_policy(UserName="ana", PolicyArn=arn)
        iam.delete_policy(PolicyArn=arn)


def test_a_group_of_the_same_name_has_none_of_the_members(iam):
    iam.create_user(UserName="ana")
    iam.create_group(GroupName="g")
    iam.add_user_to_group(GroupName="g", UserName="ana")
    iam.remove_user_from_group(GroupName="g", UserName="ana")
    iam.delete_group(GroupName="g")
    iam.create_group(GroupName="g")
    assert iam.get_group(GroupName="g")["Users"] == []


def test_a_renamed_user_leaves_its_name_without_rights(iam, wire, keyed):
    ana = keyed("ana", ADMIN)
    iam.update_user(UserName="ana", NewUserName="anna")
    bob = keyed("ana")
    assert bob.call("ListUsers").code == "AccessDenied"
    assert ana.call("ListUsers").status == 200
    assert "user/anna</Arn>" in ana.call("GetCallerIdentity", service="sts").text


def test_an_access_key_of_a_deleted_user_never_wakes_again(iam, server, keyed):
    first = keyed("ana")
    iam.delete_access_key(UserName="ana", AccessKeyId=first.key[0])
    iam.delete_user(UserName="ana")
    second = keyed("ana")
    assert first.call("GetUser").code == "InvalidClientTokenId"
    mixed = Wire(server, (second.key[0], first.key[1]))
    assert mixed.call("GetUser").code == "SignatureDoesNotMatch"
    assert second.key[0] != first.key[0]
