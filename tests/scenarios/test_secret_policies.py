"""Resource policies of secrets: who else may read, across accounts too, and who never may (FEATURES 1f; POLICY_EVALUATION 2.3)."""

import json

import pytest

from tests.muniment_server import SESSION
from tests.scenarios import refusing


def refused(code, status=400, part=""):
    return refusing.refused(code, status, f".*{part}.*" if part else None)


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(principal, action="secretsmanager:GetSecretValue", **more):
    return {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": "*", **more}


def deny(principal, action="secretsmanager:GetSecretValue", **more):
    return {**allow(principal, action, **more), "Effect": "Deny"}


READ = {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}
PUBLIC = policy(allow("*"))


@pytest.fixture
def secrets(server):
    return server.client("secretsmanager")


@pytest.fixture
def other(server, another_account):
    """Another account: its number, and root clients of its own."""
    number, (key, secret) = another_account("reader")

    def client(service, key_id=key, secret_key=secret):
        return SESSION.client(
            service, aws_access_key_id=key_id, aws_secret_access_key=secret_key, endpoint_url=server.endpoint
        )

    client.account = number
    return client


@pytest.fixture
def their_user(other):
    """Makes a user of the other account with statements of its own; answers its client."""

    def make(name, *statements):
        iam = other("iam")
        iam.create_user(UserName=name)
        if statements:
            iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=policy(*statements))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return other("secretsmanager", key["AccessKeyId"], key["SecretAccessKey"])

    return make


def test_a_policy_is_put_told_and_taken_away(secrets):
    made = secrets.create_secret(Name="s", SecretString="1")
    assert "ResourcePolicy" not in secrets.get_resource_policy(SecretId="s")
    document = policy(allow({"AWS": "arn:aws:iam::123456789012:root"}))
    assert secrets.put_resource_policy(SecretId="s", ResourcePolicy=document)["ARN"] == made["ARN"]
    assert secrets.get_resource_policy(SecretId="s")["ResourcePolicy"] == document
    secrets.delete_resource_policy(SecretId="s")
    secrets.delete_resource_policy(SecretId="s")
    assert "ResourcePolicy" not in secrets.get_resource_policy(SecretId="s")


def test_another_account_reads_where_both_sides_allow(secrets, other, their_user):
    arn = secrets.create_secret(Name="s", SecretString="shared")["ARN"]
    ana, eva = their_user("ana", READ), their_user("eva")
    for reader in (ana, eva):
        with refused("AccessDeniedException"):
            reader.get_secret_value(SecretId=arn)
    secrets.put_resource_policy(
        SecretId="s", ResourcePolicy=policy(allow({"AWS": f"arn:aws:iam::{other.account}:root"}))
    )
    assert ana.get_secret_value(SecretId=arn)["SecretString"] == "shared"
    assert ana.get_secret_value(SecretId=arn[:-7])["SecretString"] == "shared"
    with refused("AccessDeniedException", part="no identity-based policy allows"):
        eva.get_secret_value(SecretId=arn)
    with refused("ResourceNotFoundException"):
        ana.get_secret_value(SecretId="s")  # a name is one of the caller's own account
    with refused("AccessDeniedException"):
        ana.put_secret_value(SecretId=arn, SecretString="theirs")
    secrets.delete_resource_policy(SecretId="s")
    with refused("AccessDeniedException", part="no resource-based policy allows"):
        ana.get_secret_value(SecretId=arn)


def test_both_accounts_have_a_shared_read_on_record(secrets, other, their_user, server):
    arn = secrets.create_secret(Name="s", SecretString="shared")["ARN"]
    ana = their_user("ana", READ)
    secrets.put_resource_policy(
        SecretId="s", ResourcePolicy=policy(allow({"AWS": f"arn:aws:iam::{other.account}:root"}))
    )
    ana.get_secret_value(SecretId=arn)
    records = []
    for client in (server.client("cloudtrail"), other("cloudtrail")):
        for _ in range(100):
            events = client.lookup_events(
                LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "GetSecretValue"}]
            )["Events"]
            if events:
                break
        (event,) = events
        records.append(json.loads(event["CloudTrailEvent"]))
    ours, theirs = records
    assert ours["sharedEventID"] == theirs["sharedEventID"]
    assert ours["eventID"] != theirs["eventID"]
    assert ours["userIdentity"]["accountId"] == theirs["userIdentity"]["accountId"] == other.account


def test_both_accounts_have_a_change_from_outside_on_record(secrets, other, their_user, server):
    arn = secrets.create_secret(Name="s", SecretString="1")["ARN"]
    put = {"Effect": "Allow", "Action": "secretsmanager:PutSecretValue", "Resource": "*"}
    ana = their_user("ana", put)
    allowed = allow({"AWS": f"arn:aws:iam::{other.account}:root"}, "secretsmanager:PutSecretValue")
    secrets.put_resource_policy(SecretId="s", ResourcePolicy=policy(allowed))
    ana.put_secret_value(SecretId=arn, SecretString="canary")
    secrets.put_secret_value(SecretId="s", SecretString="2")  # one's own is on record once
    asked = [{"AttributeKey": "ResourceName", "AttributeValue": arn}]
    records = {}
    for number, client in ((server.account, server.client("cloudtrail")), (other.account, other("cloudtrail"))):
        for _ in range(100):
            events = client.lookup_events(LookupAttributes=asked)["Events"]
            found = [json.loads(each["CloudTrailEvent"]) for each in events if each["EventName"] == "PutSecretValue"]
            if len(found) == (4 if number == server.account else 1):  # a version made, and promoted, twice
                break
        records[number] = found
    (theirs,) = records[other.account]
    ours = [each for each in records[server.account] if each["userIdentity"]["accountId"] == other.account]
    own = [each for each in records[server.account] if each not in ours]
    assert (len(ours), len(own)) == (2, 2)
    for each in ours:
        assert each["sharedEventID"] == theirs["sharedEventID"]
        assert each["eventID"] != theirs["eventID"]
        assert each["userIdentity"] == theirs["userIdentity"]
        assert (each["recipientAccountId"], theirs["recipientAccountId"]) == (server.account, other.account)
    assert not any("sharedEventID" in each for each in own)
    assert "canary" not in json.dumps(records)


def test_within_the_account_the_resource_policy_is_enough_for_whom_it_names(secrets, member, server):
    secrets.create_secret(Name="s", SecretString="1")
    ana, eva = member("ana")("secretsmanager"), member("eva")("secretsmanager")
    secrets.put_resource_policy(
        SecretId="s", ResourcePolicy=policy(allow({"AWS": f"arn:aws:iam::{server.account}:user/ana"}))
    )
    assert ana.get_secret_value(SecretId="s")["SecretString"] == "1"
    with refused("AccessDeniedException"):
        eva.get_secret_value(SecretId="s")


def test_a_deny_of_the_resource_policy_wins(secrets, member):
    secrets.create_secret(Name="s", SecretString="1")
    ana = member("ana", READ)("secretsmanager")
    assert ana.get_secret_value(SecretId="s")["SecretString"] == "1"
    secrets.put_resource_policy(SecretId="s", ResourcePolicy=policy(deny("*")))
    with refused("AccessDeniedException", part="explicit deny in a resource-based policy"):
        ana.get_secret_value(SecretId="s")


def test_a_new_secret_of_the_same_name_has_no_policy(secrets, member, server):
    secrets.create_secret(Name="s", SecretString="1")
    ana = member("ana")("secretsmanager")
    secrets.put_resource_policy(
        SecretId="s", ResourcePolicy=policy(allow({"AWS": f"arn:aws:iam::{server.account}:user/ana"}))
    )
    secrets.delete_secret(SecretId="s", ForceDeleteWithoutRecovery=True)
    secrets.create_secret(Name="s", SecretString="2")
    with refused("AccessDeniedException"):
        ana.get_secret_value(SecretId="s")


def test_public_policies_are_blocked_where_asked_for(secrets):
    secrets.create_secret(Name="s", SecretString="1")
    with refused("PublicPolicyException"):
        secrets.put_resource_policy(SecretId="s", ResourcePolicy=PUBLIC, BlockPublicPolicy=True)
    assert "ResourcePolicy" not in secrets.get_resource_policy(SecretId="s")
    fixed = policy(allow("*", Condition={"StringEquals": {"aws:PrincipalAccount": "123456789012"}}))
    secrets.put_resource_policy(SecretId="s", ResourcePolicy=fixed, BlockPublicPolicy=True)
    secrets.put_resource_policy(SecretId="s", ResourcePolicy=PUBLIC)  # nothing was asked for


def test_policies_are_validated_before_they_are_put(secrets):
    good = secrets.validate_resource_policy(ResourcePolicy=policy(allow({"AWS": "arn:aws:iam::123456789012:root"})))
    assert (good["PolicyValidationPassed"], good["ValidationErrors"]) == (True, [])
    for bad, check in (
        (PUBLIC, "BLOCK_PUBLIC_POLICY"),
        ("{", "MALFORMED_POLICY"),
        ('{"Version": 1}', "MALFORMED_POLICY"),
    ):
        found = secrets.validate_resource_policy(ResourcePolicy=bad)
        assert found["PolicyValidationPassed"] is False
        assert check in [each["CheckName"] for each in found["ValidationErrors"]]
    secrets.create_secret(Name="s", SecretString="1")
    for bad in ("{", policy({"Effect": "Allow", "Action": "secretsmanager:*", "Resource": "*"})):
        with refused("MalformedPolicyDocumentException"):
            secrets.put_resource_policy(SecretId="s", ResourcePolicy=bad)


def test_conditions_see_tags_stages_and_names(secrets, member):
    for team in ("blue", "red"):
        secrets.create_secret(Name=team, SecretString=team, Tags=[{"Key": "team", "Value": team}])
    secrets.put_secret_value(SecretId="blue", SecretString="next", VersionStages=["AWSPENDING"])
    ana = member(
        "ana",
        {
            **READ,
            "Condition": {
                "StringEquals": {"aws:ResourceTag/team": "blue", "secretsmanager:VersionStage": "AWSCURRENT"}
            },
        },
        {
            "Effect": "Allow",
            "Action": "secretsmanager:CreateSecret",
            "Resource": "arn:aws:secretsmanager:*:*:secret:dev/*-??????",
            "Condition": {"StringLike": {"secretsmanager:Name": "dev/*"}},
        },
    )("secretsmanager")
    assert ana.get_secret_value(SecretId="blue")["SecretString"] == "blue"
    for asked in ({"SecretId": "red"}, {"SecretId": "blue", "VersionStage": "AWSPENDING"}):
        with refused("AccessDeniedException"):
            ana.get_secret_value(**asked)
    ana.create_secret(Name="dev/x", SecretString="1")
    with refused("AccessDeniedException"):
        ana.create_secret(Name="prod/x", SecretString="1")


def test_who_may_not_read_does_not_learn_whether_there_is_such_a_secret(secrets, member):
    arn = secrets.create_secret(Name="s", SecretString="1")["ARN"]
    ana = member("ana")("secretsmanager")
    for name in ("s", "none", arn, f"{arn[:-6]}zzzzzz"):
        with refused("AccessDeniedException"):
            ana.get_secret_value(SecretId=name)
