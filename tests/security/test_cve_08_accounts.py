"""SECURITY part 2, row 8: two accounts with the same names everywhere; no decision, answer, cache or audit row crosses."""

import json
import re

import pytest

from tests.scenarios.wire import Wire
from tests.security.timeline import rows

ADMIN = json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})
TRUST = json.dumps(
    {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}}
)


class Tenant:
    """One account with a user, group, role and policy called `same`; `ana` may do everything, or nothing, in it."""

    def __init__(self, server, number, key, powerful):
        self.number, self.root = number, Wire(server, key)
        self.iam = server.client("iam", {"AccessKeyId": key[0], "SecretAccessKey": key[1]})
        self.arn = f"arn:aws:iam::{number}:"
        self.iam.create_group(GroupName="same")
        self.iam.create_role(RoleName="same", AssumeRolePolicyDocument=TRUST)
        self.iam.create_policy(PolicyName="same", PolicyDocument=ADMIN)
        self.iam.create_user(UserName="ana")
        if powerful:
            self.iam.attach_user_policy(UserName="ana", PolicyArn=f"{self.arn}policy/same")
        self.key = self.iam.create_access_key(UserName="ana")["AccessKey"]
        self.ana = Wire(server, (self.key["AccessKeyId"], self.key["SecretAccessKey"]))


@pytest.fixture
def tenants(server, another_account):
    other = another_account()
    root = (server.root["access_key_id"], server.root["secret_access_key"])
    return Tenant(server, server.account, root, powerful=True), Tenant(server, *other, powerful=False)


def test_the_same_name_in_another_account_has_none_of_its_rights(tenants):
    ours, theirs = tenants
    for _ in range(3):  # whatever a cache holds by now
        assert ours.ana.call("ListUsers").status == 200
        assert theirs.ana.call("ListUsers").code == "AccessDenied"


def test_what_is_foreign_reads_as_what_is_missing(tenants):
    ours, theirs = tenants
    mask = lambda answer: re.sub(r"<RequestId>[^<]+|there|same", "", answer.text.replace(theirs.number, ours.number))  # noqa: E731
    for action in ("GetPolicy", "ListPolicyVersions", "DeletePolicy", "ListEntitiesForPolicy", "ListPolicyTags"):
        foreign = ours.ana.call(action, PolicyArn=f"{theirs.arn}policy/same")
        missing = ours.ana.call(action, PolicyArn=f"{ours.arn}policy/not-there".replace("not-", ""))
        assert foreign.status in (403, 404), foreign
        if foreign.code == missing.code:
            assert mask(foreign) == mask(missing)
        nowhere = ours.ana.call(action, PolicyArn="arn:aws:iam::999999999999:policy/same")
        assert (foreign.status, foreign.code) == (nowhere.status, nowhere.code)
    for action, params in (
        ("GetAccessKeyLastUsed", {"AccessKeyId": theirs.key["AccessKeyId"]}),
        ("DeleteAccessKey", {"AccessKeyId": theirs.key["AccessKeyId"], "UserName": "ana"}),
        ("UpdateAccessKey", {"AccessKeyId": theirs.key["AccessKeyId"], "UserName": "ana", "Status": "Inactive"}),
    ):
        assert ours.ana.call(action, **params).code == "NoSuchEntity"
    assert theirs.ana.call("GetCallerIdentity", service="sts").status == 200


def test_policies_of_another_account_cannot_be_attached(tenants):
    ours, theirs = tenants
    arn = f"{ours.arn}policy/same"
    for operation, params in (
        ("AttachUserPolicy", {"UserName": "ana", "PolicyArn": arn}),
        ("AttachGroupPolicy", {"GroupName": "same", "PolicyArn": arn}),
        ("AttachRolePolicy", {"RoleName": "same", "PolicyArn": arn}),
        ("PutUserPermissionsBoundary", {"UserName": "ana", "PermissionsBoundary": arn}),
    ):
        assert theirs.root.call(operation, **params).code == "NoSuchEntity"
    assert theirs.ana.call("ListUsers").code == "AccessDenied"


def test_every_list_and_get_shows_ones_own(tenants):
    ours, theirs = tenants
    for reader in tenants:
        other = theirs if reader is ours else ours
        for action in (
            "ListUsers", "ListGroups", "ListRoles", "ListPolicies", "ListAccessKeys", "GetAccountAuthorizationDetails",
            "ListAccountAliases", "GetUser", "GetAccountSummary",
        ):  # fmt: skip
            answer = reader.root.call(action)
            assert answer.status == 200
            assert other.number not in answer.text, action
        for action, params in (("GetUser", {"UserName": "ana"}), ("GetGroup", {"GroupName": "same"})):
            assert f"{reader.arn}" in reader.root.call(action, **params).text


def test_a_subject_of_another_account_is_nobody(tenants):
    """Decisions about others' principals are theirs to ask for (SECURITY 16)."""
    ours, theirs = tenants
    for subject in (f"{ours.arn}user/ana", f"{ours.arn}role/same", f"{ours.arn}root"):
        question = {
            "subject": {"type": "user", "id": subject},
            "action": {"name": "iam:ListUsers"},
            "resource": {"type": "any", "id": f"{ours.arn}user/"},
        }
        answer = theirs.root.evaluate(question)
        assert answer.status == 403 or json.loads(answer.text)["decision"] is False, subject
    named = {
        "subject": {"type": "user", "id": "ana"},
        "action": {"name": "app:Read"},
        "resource": {"type": "r", "id": "1"},
    }
    assert json.loads(ours.root.evaluate(named).text)["decision"] is True
    assert json.loads(theirs.root.evaluate(named).text)["decision"] is False


def test_one_idempotency_key_in_two_accounts_is_two(tenants):
    key = {"Idempotency-Key": "the same"}
    made = [tenant.root.call("CreateUser", UserName="twin", headers=key) for tenant in tenants]
    assert [answer.status for answer in made] == [200, 200]
    for tenant, answer in zip(tenants, made, strict=True):
        assert f"{tenant.arn}user/twin" in answer.text


def test_markers_of_one_account_are_worth_nothing_in_another(tenants):
    ours, theirs = tenants
    for tenant in tenants:
        tenant.iam.create_user(UserName="bob")
    marker = ours.iam.list_users(MaxItems=1)["Marker"]
    assert theirs.root.call("ListUsers", Marker=marker).code == "ValidationError"
    page = json.loads(ours.root.native("ListTimeline", {"MaxResults": 1}, service="muniment").text)
    stolen = theirs.root.native("ListTimeline", {"MaxResults": 1, "NextToken": page["NextToken"]}, service="muniment")
    assert stolen.code == "ValidationError"


def test_no_audit_row_crosses(tenants, audited, server):
    ours, theirs = tenants
    theirs.ana.call("DeleteUser", UserName="ana")
    audited(asker=theirs.root, Refused=True)
    for tenant, other in ((ours, theirs), (theirs, ours)):
        text = json.dumps(rows(tenant.root))
        assert tenant.key["AccessKeyId"] in text
        assert other.key["AccessKeyId"] not in text
        for question in ({"Principal": f"{other.arn}user/ana"}, {"Credential": other.key["AccessKeyId"]}):
            assert rows(tenant.root, **question) == []
        key = {"AccessKeyId": tenant.root.key[0], "SecretAccessKey": tenant.root.key[1]}
        found = server.client("cloudtrail", key).lookup_events(MaxResults=50)["Events"]
        events = [event for event in found if event["EventName"] != "ListTimeline"]  # our own questions, just now
        assert events
        assert all(f"{other.arn}user/ana" not in event["CloudTrailEvent"] for event in events)


def test_commands_on_another_account_by_its_number_are_refused(tenants):
    ours, theirs = tenants
    for action, params in (
        ("ResetRootCredentials", {}),
        ("ErasePrincipal", {"UniqueId": ours.number}),
        ("NoteCredentialUse", {"AccessKeyId": "x", "Time": 1, "UsedService": "x", "UsedRegion": "y"}),
    ):
        for number in (ours.number, "999999999999"):
            answer = theirs.root.native(action, {"AccountId": number, **params}, service="muniment")
            assert (answer.status, answer.code) == (400, "InvalidAction"), answer
