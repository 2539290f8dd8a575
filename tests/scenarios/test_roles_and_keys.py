"""Roles with trust policies, access keys, and who a key is, through boto3 (FEATURES 1b)."""

import json
import time
import urllib.request

import pytest

from tests.scenarios.refusing import refused

READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"


def trusting(*principals, **more):
    """A trust policy."""
    statement = {"Effect": "Allow", "Principal": {"AWS": list(principals)}, "Action": "sts:AssumeRole", **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


SERVICE_TRUST = trusting(Principal={"Service": "ec2.amazonaws.com"})


def trusted(role):
    """Who the one statement of a role trusts."""
    principal = role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["AWS"]
    return [principal] if isinstance(principal, str) else principal


def test_a_role_has_the_members_that_clients_know(iam, server):
    made = iam.create_role(
        RoleName="Reader",
        Path="/a/",
        AssumeRolePolicyDocument=SERVICE_TRUST,
        Description="reads",
        MaxSessionDuration=7_200,
        PermissionsBoundary=READ_ONLY,
        Tags=[{"Key": "k", "Value": "v"}],
    )["Role"]
    assert made["Arn"] == f"arn:aws:iam::{server.account}:role/a/Reader"
    assert made["RoleId"].startswith("AROA")
    read = iam.get_role(RoleName="reader")["Role"]
    assert {name: read[name] for name in made} == made
    assert read["AssumeRolePolicyDocument"] == json.loads(SERVICE_TRUST)
    (listed,) = iam.list_roles(PathPrefix="/a/")["Roles"]
    assert listed["RoleName"] == "Reader"
    assert "Tags" not in listed
    with refused("EntityAlreadyExists", 409, r"Role with name READER already exists\."):
        iam.create_role(RoleName="READER", AssumeRolePolicyDocument=SERVICE_TRUST)


def test_a_role_changes(iam):
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=SERVICE_TRUST)
    iam.update_role(RoleName="r", Description="one", MaxSessionDuration=43_200)
    assert iam.update_role_description(RoleName="r", Description="two")["Role"]["Description"] == "two"
    iam.tag_role(RoleName="r", Tags=[{"Key": "k", "Value": "v"}])
    assert iam.list_role_tags(RoleName="R")["Tags"] == [{"Key": "k", "Value": "v"}]
    iam.untag_role(RoleName="r", TagKeys=["K"])
    role = iam.get_role(RoleName="r")["Role"]
    assert (role["Description"], role["MaxSessionDuration"]) == ("two", 43_200)
    assert "Tags" not in role
    assert iam.list_instance_profiles_for_role(RoleName="r")["InstanceProfiles"] == []


def test_a_role_is_not_deleted_while_policies_hang_on_it(iam):
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=SERVICE_TRUST)
    document = json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}})
    iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=document)
    iam.attach_role_policy(RoleName="r", PolicyArn=READ_ONLY)
    with refused("DeleteConflict", 409, r"Cannot delete entity, must detach all policies first\."):
        iam.delete_role(RoleName="r")
    iam.detach_role_policy(RoleName="r", PolicyArn=READ_ONLY)
    with refused("DeleteConflict", 409, r"Cannot delete entity, must delete policies first\."):
        iam.delete_role(RoleName="r")
    iam.delete_role_policy(RoleName="r", PolicyName="p")
    iam.delete_role(RoleName="r")
    with refused("NoSuchEntity", 404, r"The role with name r cannot be found\."):
        iam.get_role(RoleName="r")


@pytest.mark.parametrize("seconds", [0, 3_599, 43_201])
def test_a_session_lasts_an_hour_at_least_and_twelve_at_most(server, seconds):
    iam = server.client("iam", parameter_validation=False)
    with refused("ValidationError", 400):
        iam.create_role(RoleName="r", AssumeRolePolicyDocument=SERVICE_TRUST, MaxSessionDuration=seconds)


def test_trust_follows_the_id_and_not_the_name(iam, server):  # FEATURES 1b
    ana = iam.create_user(UserName="ana")["User"]
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=trusting(ana["Arn"], f"arn:aws:iam::{server.account}:root"))
    iam.update_user(UserName="ana", NewUserName="anna")
    assert f"arn:aws:iam::{server.account}:user/anna" in trusted(iam.get_role(RoleName="r")["Role"])
    iam.delete_user(UserName="anna")
    assert ana["UserId"] in trusted(iam.get_role(RoleName="r")["Role"])
    iam.create_user(UserName="ana")
    assert ana["Arn"] not in trusted(iam.get_role(RoleName="r")["Role"])


def test_trust_names_only_who_is_there(iam, server):
    ghost = f"arn:aws:iam::{server.account}:user/ghost"
    with refused("MalformedPolicyDocument", 400, f'Invalid principal in policy: "AWS":"{ghost}"'):
        iam.create_role(RoleName="r", AssumeRolePolicyDocument=trusting(ghost))
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=trusting(server.account))
    assert trusted(iam.get_role(RoleName="r")["Role"]) == [f"arn:aws:iam::{server.account}:root"]
    iam.update_assume_role_policy(RoleName="r", PolicyDocument=SERVICE_TRUST)
    assert iam.get_role(RoleName="r")["Role"]["AssumeRolePolicyDocument"] == json.loads(SERVICE_TRUST)
    with refused("MalformedPolicyDocument", 400):
        iam.update_assume_role_policy(RoleName="r", PolicyDocument=trusting(Resource="*", Principal="*"))


def test_a_trust_policy_has_4096_characters_at_most(iam):
    with refused("LimitExceeded", 409, "Cannot exceed quota for ACLSizePerRole: 4096"):
        iam.create_role(RoleName="r", AssumeRolePolicyDocument=trusting("*", Sid="a" * 4_096))


def test_two_keys_a_user_and_secrets_shown_once(iam, server):
    iam.create_user(UserName="ana")
    keys = [iam.create_access_key(UserName="ana")["AccessKey"] for _ in range(2)]
    assert all(key["AccessKeyId"].startswith("AKIA") and len(key["AccessKeyId"]) == 20 for key in keys)
    assert all(len(key["SecretAccessKey"]) == 40 for key in keys)
    with refused("LimitExceeded", 409, "Cannot exceed quota for AccessKeysPerUser: 2"):
        iam.create_access_key(UserName="ana")
    listed = iam.list_access_keys(UserName="ana")["AccessKeyMetadata"]
    assert [each["AccessKeyId"] for each in listed] == [key["AccessKeyId"] for key in keys]
    assert all("SecretAccessKey" not in each for each in listed)


def test_a_key_is_known_by_its_account(server, iam, member):
    ana = member("ana")
    key = iam.list_access_keys(UserName="ana")["AccessKeyMetadata"][0]["AccessKeyId"]
    identity = ana("sts").get_caller_identity()
    assert identity["Arn"] == f"arn:aws:iam::{server.account}:user/ana"
    assert identity["UserId"] == iam.get_user(UserName="ana")["User"]["UserId"]
    assert server.client("sts").get_access_key_info(AccessKeyId=key)["Account"] == server.account
    with refused("AccessDenied", 403):
        ana("sts").get_access_key_info(AccessKeyId=key)


def test_nobody_can_be_denied_to_know_who_it_is(member, server):  # FEATURES 1d
    ana = member("ana", {"Effect": "Deny", "Action": "*", "Resource": "*"})
    assert ana("sts").get_caller_identity()["Account"] == server.account


def test_an_inactive_key_opens_nothing_and_a_deleted_one_neither(iam, member):
    ana = member("ana")
    key = iam.list_access_keys(UserName="ana")["AccessKeyMetadata"][0]["AccessKeyId"]
    invalid = r"The security token included in the request is invalid\."
    iam.update_access_key(UserName="ana", AccessKeyId=key, Status="Inactive")
    with refused("InvalidClientTokenId", 403, invalid):
        ana("sts").get_caller_identity()
    iam.update_access_key(UserName="ana", AccessKeyId=key, Status="Active")
    ana("sts").get_caller_identity()
    iam.delete_access_key(UserName="ana", AccessKeyId=key)
    with refused("InvalidClientTokenId", 403, invalid):
        ana("sts").get_caller_identity()
    with refused("NoSuchEntity", 404, rf"The Access Key with id {key} cannot be found\."):
        iam.delete_access_key(UserName="ana", AccessKeyId=key)


def test_the_last_use_of_a_key_is_known(iam, member):
    ana = member("ana")
    key = iam.list_access_keys(UserName="ana")["AccessKeyMetadata"][0]["AccessKeyId"]
    never = iam.get_access_key_last_used(AccessKeyId=key)["AccessKeyLastUsed"]
    assert (never["ServiceName"], never["Region"]) == ("N/A", "N/A")
    ana("sts").get_caller_identity()
    give_up = time.monotonic() + 5
    while "LastUsedDate" not in (used := iam.get_access_key_last_used(AccessKeyId=key))["AccessKeyLastUsed"]:
        assert time.monotonic() < give_up
        time.sleep(0.02)
    assert used["UserName"] == "ana"
    assert (used["AccessKeyLastUsed"]["ServiceName"], used["AccessKeyLastUsed"]["Region"]) == ("sts", "us-east-1")


def test_a_user_with_no_name_given_is_the_caller(iam, member):
    ana = member("ana", {"Effect": "Allow", "Action": "iam:*AccessKey*", "Resource": "*"})("iam")
    made = ana.create_access_key()["AccessKey"]
    assert made["UserName"] == "ana"
    assert len(ana.list_access_keys()["AccessKeyMetadata"]) == 2
    ana.update_access_key(AccessKeyId=made["AccessKeyId"], Status="Inactive")
    ana.delete_access_key(AccessKeyId=made["AccessKeyId"])
    assert "UserName" not in iam.create_access_key()["AccessKey"]  # root's own


def test_a_presigned_question_is_answered_to_whoever_holds_it(server):  # as Vault and EKS use it
    url = server.client("sts").generate_presigned_url("get_caller_identity", ExpiresIn=60, HttpMethod="GET")
    with urllib.request.urlopen(url) as answer:
        assert f"<Account>{server.account}</Account>" in answer.read().decode()
