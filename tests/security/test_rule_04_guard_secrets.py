"""Rule 4: the guard on secrets, by boto3: who is let in by a policy, shown the value by a rotator, or let in by tags."""

import pytest

from tests.scenarios.conftest import another_account, iam, member, no_fault, running, server
from tests.scenarios.sessions import allow, policy, refused
from tests.scenarios.wire import Wire

__all__ = ["another_account", "iam", "member", "no_fault", "running", "server"]

MANAGE = ["TagResource", "UntagResource", "RotateSecret", "PutResourcePolicy", "DeleteResourcePolicy", "DescribeSecret"]
READ = "secretsmanager:GetSecretValue"


@pytest.fixture
def secret(server):
    """A secret that root made, in an account whose guard is on."""
    assert Wire(server).native("SetEscalationGuard", {"Mode": "on"}, service="muniment").status == 200
    return server.client("secretsmanager").create_secret(Name="db", SecretString="letters")["ARN"]


@pytest.fixture
def keeper(member):
    """Makes whoever manages secrets, with what else it may."""
    return lambda *more: member("keeper", allow([f"secretsmanager:{one}" for one in MANAGE]), *more)("secretsmanager")


def door(server, action, name="keeper", **condition):
    return policy(
        {**allow(action, "*", **condition), "Principal": {"AWS": f"arn:aws:iam::{server.account}:user/{name}"}}
    )


def guard_refuses(call, **parameters):
    code, message = refused(call, **parameters)
    return code == "AccessDeniedException" and "guard against escalation is on" in message


def test_a_policy_that_lets_oneself_read(server, secret, keeper):
    assert guard_refuses(keeper().put_resource_policy, SecretId="db", ResourcePolicy=door(server, READ))


def test_a_policy_that_lets_others_do_what_one_may(server, secret, keeper):
    keeper(allow(READ, secret)).put_resource_policy(SecretId="db", ResourcePolicy=door(server, READ))


def test_a_policy_that_lets_in_fewer_than_before_and_one_that_goes(server, secret, keeper):
    server.client("secretsmanager").put_resource_policy(SecretId="db", ResourcePolicy=door(server, "secretsmanager:*"))
    keeper = keeper()
    narrow = door(server, "secretsmanager:*", IpAddress={"aws:SourceIp": "127.0.0.0/8"})
    keeper.put_resource_policy(SecretId="db", ResourcePolicy=narrow)
    keeper.delete_resource_policy(SecretId="db")


def test_a_rotator_that_is_shown_the_value(server, secret, keeper):
    told = [{"Key": "url", "Value": "https://evil.example/"}]
    rotation = {
        "SecretId": "db",
        "RotationLambdaARN": "muniment-webhook",
        "ExternalSecretRotationMetadata": told,
        "RotateImmediately": False,
        "RotationRules": {"AutomaticallyAfterDays": 30},
    }
    assert guard_refuses(keeper().rotate_secret, **rotation)
    server.client("secretsmanager").rotate_secret(**{**rotation, "RotationLambdaARN": "muniment-generated"})


def test_a_tag_that_policies_ask_for(server, secret, iam, keeper):
    reader = allow(READ, "*", StringEquals={"secretsmanager:ResourceTag/team": "red"})
    keeper = keeper(reader)
    red = {"SecretId": "db", "Tags": [{"Key": "Team", "Value": "red"}]}
    assert guard_refuses(keeper.tag_resource, **red)
    keeper.tag_resource(SecretId="db", Tags=[{"Key": "colour", "Value": "red"}])
    assert refused(keeper.get_secret_value, SecretId="db")[0] == "AccessDeniedException"


def test_without_the_guard_all_of_it_is_as_with_aws(server, secret, keeper):
    Wire(server).native("SetEscalationGuard", {"Mode": "off"}, service="muniment")
    keeper = keeper()
    keeper.put_resource_policy(SecretId="db", ResourcePolicy=door(server, READ))
    assert keeper.get_secret_value(SecretId="db")["SecretString"] == "letters"
