"""SECURITY rule 5: external ids that an account may demand of all others, chains of an hour, tags that cannot be overridden.

Chains and tags are tried in tests/scenarios/test_assume_role.py; trusting by name in tests/security/test_cve_22_recycled_names.py.
"""

import json

import pytest

from tests.muniment_server import SESSION
from tests.scenarios.sessions import allow, refused, role, trust
from tests.scenarios.test_own_sessions import native
from tests.scenarios.test_revocation import root_key

HANDSHAKE = {"StringEquals": {"sts:ExternalId": "handshake"}}


@pytest.fixture
def stranger(server, another_account):
    """A user of another account, who may assume any role: its STS client, and the account's number."""
    number, (key, secret) = another_account("stranger")
    iam = SESSION.client("iam", aws_access_key_id=key, aws_secret_access_key=secret, endpoint_url=server.endpoint)
    iam.create_user(UserName="eva")
    document = json.dumps({"Version": "2012-10-17", "Statement": [allow("sts:AssumeRole")]})
    iam.put_user_policy(UserName="eva", PolicyName="p", PolicyDocument=document)
    made = iam.create_access_key(UserName="eva")["AccessKey"]
    return server.client("sts", made), number


def test_by_default_trusting_a_foreign_account_needs_no_external_id_as_with_aws(iam, stranger):
    sts, number = stranger
    assert sts.assume_role(RoleArn=role(iam, "open", trust(number)), RoleSessionName="one")


def test_an_account_may_demand_one_of_new_trust_policies_and_of_old_ones(server, iam, stranger):
    sts, number = stranger
    old = role(iam, "old", trust(number))
    assert native(server, root_key(server), "RequireExternalIds", {})[0] == 200
    assert refused(sts.assume_role, RoleArn=old, RoleSessionName="one")[0] == "AccessDenied"
    lenient = {"StringEqualsIfExists": {"sts:ExternalId": "handshake"}}
    for document in (trust(number), trust("*"), trust(f"arn:aws:iam::{number}:root"), trust(number, **lenient)):
        found = refused(iam.create_role, RoleName="new", AssumeRolePolicyDocument=document)
        assert found[0] == "MalformedPolicyDocument"
        assert refused(iam.update_assume_role_policy, RoleName="old", PolicyDocument=document)[0] == found[0]
    new = role(iam, "new", trust(number, **HANDSHAKE))
    assert sts.assume_role(RoleArn=new, RoleSessionName="one", ExternalId="handshake")
    assert refused(sts.assume_role, RoleArn=new, RoleSessionName="one", ExternalId="guess")[0] == "AccessDenied"


def test_ones_own_account_needs_none_and_the_demand_can_be_taken_back(server, iam, member, stranger):
    sts, number = stranger
    open_ = role(iam, "open", trust(number))
    native(server, root_key(server), "RequireExternalIds", {})
    own = role(iam, "own", trust(server.account))
    assert member("ana", allow("sts:AssumeRole"))("sts").assume_role(RoleArn=own, RoleSessionName="one")
    assert native(server, root_key(server), "RequireExternalIds", {"Required": False})[0] == 200
    assert sts.assume_role(RoleArn=open_, RoleSessionName="one")


def test_the_demand_is_for_who_may_make_it(server, iam, member):
    member("ana")
    key = iam.create_access_key(UserName="ana")["AccessKey"]
    assert native(server, key, "RequireExternalIds", {"Required": False})[0] == 403
