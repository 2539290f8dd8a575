"""A role of another account: both sides decide, both have it on record (FEATURES 1i; POLICY_EVALUATION 2.3)."""

import json

import pytest

from tests.muniment_server import SESSION
from tests.scenarios.sessions import allow, deny, holding, policy, refused, role, trust


@pytest.fixture
def other(server, another_account):
    """Another account: its number, and root clients of its own."""
    number, (key, secret) = another_account("target")

    def client(service):
        return SESSION.client(
            service, aws_access_key_id=key, aws_secret_access_key=secret, endpoint_url=server.endpoint
        )

    client.account = number
    return client


@pytest.fixture
def ana(member, other):
    return member("ana", allow("sts:AssumeRole", f"arn:aws:iam::{other.account}:role/*"))


def test_both_accounts_must_allow(server, other, ana, member):
    here = server.account
    trusted = role(other("iam"), "trusted", trust(here), allow("iam:ListUsers"))
    closed = role(other("iam"), "closed", trust(other.account))
    held = ana("sts").assume_role(RoleArn=trusted, RoleSessionName="one")["Credentials"]
    assert holding(server, held, "iam").list_users()["Users"] == []  # the other account's
    assert refused(ana("sts").assume_role, RoleArn=closed, RoleSessionName="one")[0] == "AccessDenied"
    code, message = refused(member("eva")("sts").assume_role, RoleArn=trusted, RoleSessionName="one")
    assert (code, "no identity-based policy allows" in message) == ("AccessDenied", True)


def test_a_trust_policy_that_names_the_user_is_not_enough_across_accounts(server, other, member):
    member("eva")
    named = role(other("iam"), "named", trust(f"arn:aws:iam::{server.account}:user/eva"))
    eva = server.client("sts", server.client("iam").create_access_key(UserName="eva")["AccessKey"])
    assert refused(eva.assume_role, RoleArn=named, RoleSessionName="one")[0] == "AccessDenied"


def test_a_deny_on_either_side_wins(server, iam, other, ana):
    trusted = role(other("iam"), "trusted", trust(server.account))
    assert ana("sts").assume_role(RoleArn=trusted, RoleSessionName="one")
    iam.put_user_policy(UserName="ana", PolicyName="deny", PolicyDocument=policy(deny("sts:AssumeRole")))
    assert "explicit deny" in refused(ana("sts").assume_role, RoleArn=trusted, RoleSessionName="one")[1]


def test_a_permissions_boundary_of_the_caller_bites_across_accounts(server, iam, other, ana):
    trusted = role(other("iam"), "trusted", trust(server.account))
    boundary = iam.create_policy(PolicyName="b", PolicyDocument=policy(allow("iam:*")))["Policy"]["Arn"]
    iam.put_user_permissions_boundary(UserName="ana", PermissionsBoundary=boundary)
    assert "permissions boundary" in refused(ana("sts").assume_role, RoleArn=trusted, RoleSessionName="one")[1]


def test_the_confused_deputy_is_stopped_by_the_external_id(server, other, ana):
    """SECURITY rule 5: a service that assumes roles for its customers names the customer it acts for."""
    ours = role(other("iam"), "ours", trust(server.account, StringEquals={"sts:ExternalId": "customer-1"}))
    call = ana("sts").assume_role
    assert refused(call, RoleArn=ours, RoleSessionName="one", ExternalId="customer-2")[0] == "AccessDenied"
    assert call(RoleArn=ours, RoleSessionName="one", ExternalId="customer-1")


def test_the_organization_of_the_caller_is_known_to_the_trust_policy(server, other, ana):
    org = server.client("organizations").describe_organization()["Organization"]["Id"]
    inside = role(other("iam"), "inside", trust("*", StringEquals={"aws:PrincipalOrgID": org}))
    outside = role(other("iam"), "outside", trust("*", StringEquals={"aws:PrincipalOrgID": "o-elsewhere00"}))
    assert ana("sts").assume_role(RoleArn=inside, RoleSessionName="one")
    assert refused(ana("sts").assume_role, RoleArn=outside, RoleSessionName="one")[0] == "AccessDenied"


def test_either_account_may_end_the_session(server, iam, other, ana):
    trusted = role(other("iam"), "trusted", trust(server.account))
    held = ana("sts").assume_role(RoleArn=trusted, RoleSessionName="one")["Credentials"]
    key = iam.list_access_keys(UserName="ana")["AccessKeyMetadata"][0]["AccessKeyId"]
    assert holding(server, held, "sts").get_caller_identity()["Account"] == other.account
    iam.update_access_key(UserName="ana", AccessKeyId=key, Status="Inactive")
    assert refused(holding(server, held, "sts").get_caller_identity)[0] == "InvalidClientTokenId"


def records(client, name):
    """LookupEvents' records of one action, once they are there."""
    import time

    give_up = time.monotonic() + 5
    while time.monotonic() < give_up:
        events = client.lookup_events(LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": name}])[
            "Events"
        ]
        if events:
            return [json.loads(event["CloudTrailEvent"]) for event in events]
        time.sleep(0.05)
    raise AssertionError(f"no {name} on record")


def test_both_accounts_have_it_on_record_joined_by_the_shared_event_id(server, other, ana):
    trusted = role(other("iam"), "trusted", trust(server.account))
    held = ana("sts").assume_role(RoleArn=trusted, RoleSessionName="one", ExternalId="customer-1")["Credentials"]
    (here,), (there,) = (records(client("cloudtrail"), "AssumeRole") for client in (server.client, other))
    assert here["sharedEventID"] == there["sharedEventID"]
    assert here["eventID"] != there["eventID"]
    assert (here["recipientAccountId"], there["recipientAccountId"]) == (server.account, other.account)
    for record in (here, there):
        assert record["eventSource"] == "sts.amazonaws.com"
        assert record["userIdentity"]["arn"] == f"arn:aws:iam::{server.account}:user/ana"
        assert record["requestParameters"]["roleArn"] == trusted
        assert record["requestParameters"]["externalId"] == "customer-1"
        assert record["responseElements"]["credentials"]["accessKeyId"] == held["AccessKeyId"]
        assert held["SessionToken"] not in json.dumps(record)
        assert held["SecretAccessKey"] not in json.dumps(record)
        assert trusted in [resource.get("ARN") for resource in record["resources"]]


def test_a_session_within_one_account_has_one_record_and_no_shared_id(server, iam, member):
    eva = member("eva", allow(["sts:AssumeRole", "sts:SetSourceIdentity"]))
    run = role(iam, "run", trust(server.account), allow("iam:ListUsers"))
    held = eva("sts").assume_role(RoleArn=run, RoleSessionName="nightly", SourceIdentity="eva.smith")["Credentials"]
    (record,) = records(server.client("cloudtrail"), "AssumeRole")
    assert "sharedEventID" not in record
    holding(server, held, "iam").list_users()
    (used,) = records(server.client("cloudtrail"), "ListUsers")
    identity = used["userIdentity"]
    assert identity["type"] == "AssumedRole"
    assert identity["principalId"].endswith(":nightly")
    assert identity["sessionContext"]["sessionIssuer"]["arn"] == run
    assert identity["sessionContext"]["sourceIdentity"] == "eva.smith"
    assert identity["sessionContext"]["attributes"]["creationDate"].endswith("Z")


def test_a_refused_assumption_is_on_record_where_the_caller_is(server, other, ana):
    closed = role(other("iam"), "closed", trust(other.account))
    refused(ana("sts").assume_role, RoleArn=closed, RoleSessionName="one")
    (record,) = records(server.client("cloudtrail"), "AssumeRole")
    assert record["errorCode"] == "AccessDenied"
    assert record["readOnly"] is False


def test_the_same_names_in_two_accounts_are_two_of_everything(server, iam, other, member):
    """SECURITY CVE row 8, for sessions: names never stand for principals of another account."""
    here = member("eva", allow("sts:AssumeRole"))("sts")
    run_here = role(iam, "run", trust(f"arn:aws:iam::{server.account}:user/eva"), allow("iam:*"))
    there = other("iam")
    there.create_user(UserName="eva")
    run_there = role(there, "run", trust(f"arn:aws:iam::{other.account}:user/eva"), allow("iam:*"))
    key = there.create_access_key(UserName="eva")["AccessKey"]
    theirs = server.client("sts", key)
    held = {}
    for name, client, own, foreign in (("here", here, run_here, run_there), ("there", theirs, run_there, run_here)):
        assert refused(client.assume_role, RoleArn=foreign, RoleSessionName="one")[0] == "AccessDenied"
        held[name] = client.assume_role(RoleArn=own, RoleSessionName="one")["Credentials"]
    holding(server, held["here"], "iam").create_user(UserName="mine")
    assert "mine" not in [user["UserName"] for user in holding(server, held["there"], "iam").list_users()["Users"]]
    mixed = {**held["here"], "SessionToken": held["there"]["SessionToken"]}
    assert refused(holding(server, mixed, "iam").list_users)[0] == "InvalidClientTokenId"
    (own,) = records(server.client("cloudtrail"), "CreateUser")[:1]
    assert own["recipientAccountId"] == server.account
    assert all(
        record["requestParameters"]["userName"] != "mine" for record in records(other("cloudtrail"), "CreateUser")
    )
