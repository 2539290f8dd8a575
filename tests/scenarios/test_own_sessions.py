"""GetSessionToken, GetFederationToken, and what their credentials may never do (FEATURES 1d; POLICY_EVALUATION 2.1)."""

import json

import pytest

from tests.scenarios.sessions import allow, deny, holding, policy, refused, role, trust


@pytest.fixture
def ana(member):
    return member("ana", allow(["iam:*", "sts:*", "muniment:*"]))


def test_a_session_token_has_its_users_name_and_rights_outside_of_iam_and_sts(server, ana):
    held = ana("sts").get_session_token(DurationSeconds=900)["Credentials"]
    sts = holding(server, held, "sts")
    assert sts.get_caller_identity()["Arn"] == f"arn:aws:iam::{server.account}:user/ana"
    assert refused(holding(server, held, "iam").list_users)[0] == "InvalidClientTokenId"
    assert refused(sts.get_session_token) == ("AccessDenied", "Cannot call GetSessionToken with session credentials")
    assert refused(sts.get_federation_token, Name="bob")[0] == "AccessDenied"
    assert refused(sts.get_access_key_info, AccessKeyId=held["AccessKeyId"])[0] == "AccessDenied"


def test_a_session_token_may_assume_a_role_and_says_that_no_factor_was_proven(server, iam, ana):
    user = f"arn:aws:iam::{server.account}:user/ana"
    present = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}}
    lenient, strict = role(iam, "lenient", trust(user)), role(iam, "strict", trust(user, **present))
    held = ana("sts").get_session_token()["Credentials"]
    sts = holding(server, held, "sts")
    assert sts.assume_role(RoleArn=lenient, RoleSessionName="one")
    assert refused(sts.assume_role, RoleArn=strict, RoleSessionName="one")[0] == "AccessDenied"  # it is "false"
    assert ana("sts").assume_role(RoleArn=strict, RoleSessionName="one")  # absent, so IfExists lets it pass


def test_no_policy_need_allow_a_session_token_but_one_may_deny_it(server, member):
    assert member("eva")("sts").get_session_token()["Credentials"]["AccessKeyId"].startswith("ASIA")
    code, message = refused(member("leo", deny("sts:GetSessionToken"))("sts").get_session_token)
    assert (code, "explicit deny" in message) == ("AccessDenied", True)


def test_roots_sessions_last_an_hour_at_most(server):
    from datetime import UTC, datetime, timedelta

    for held in (
        server.client("sts").get_session_token(DurationSeconds=129_600),
        server.client("sts").get_federation_token(Name="bob", DurationSeconds=129_600),
    ):
        left = held["Credentials"]["Expiration"] - datetime.now(UTC)
        assert timedelta(minutes=55) < left <= timedelta(hours=1)


def test_a_role_session_gets_neither(server, iam, ana):
    run = role(iam, "run", trust(f"arn:aws:iam::{server.account}:user/ana"), allow("*"))
    held = ana("sts").assume_role(RoleArn=run, RoleSessionName="one")["Credentials"]
    sts = holding(server, held, "sts")
    assert refused(sts.get_session_token)[0] == "AccessDenied"
    assert refused(sts.get_federation_token, Name="bob")[0] == "AccessDenied"


def native(server, credentials, action, params, service="muniment"):
    """A native call of ours with temporary credentials: (status, body)."""
    import urllib.error
    import urllib.request

    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    url, body = f"{server.endpoint}/v1/{service}/{action}", json.dumps(params).encode()
    request = AWSRequest("POST", url, data=body, headers={"Content-Type": "application/json"})
    held = Credentials(credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials.get("SessionToken"))
    SigV4Auth(held, service, "us-east-1").add_auth(request)
    try:
        answer = urllib.request.urlopen(urllib.request.Request(url, body, dict(request.headers), method="POST"))
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)
    return answer.status, json.load(answer)


def test_a_federated_user_has_the_intersection_of_the_users_rights_and_the_policies_passed(server, member):
    eva = member("eva", allow(["muniment:GetApplication", "muniment:ListApplications", "sts:GetFederationToken"]))
    passed = policy(allow(["muniment:ListApplications", "muniment:CreateApplication"]))
    answer = eva("sts").get_federation_token(Name="bob", Policy=passed)
    held = answer["Credentials"]
    assert answer["FederatedUser"] == {
        "FederatedUserId": f"{server.account}:bob",
        "Arn": f"arn:aws:sts::{server.account}:federated-user/bob",
    }
    sts = holding(server, held, "sts")
    assert sts.get_caller_identity()["Arn"] == answer["FederatedUser"]["Arn"]
    assert native(server, held, "ListApplications", {})[0] == 200
    assert native(server, held, "CreateApplication", {"ApplicationName": "x"})[0] in (400, 403)
    nothing = eva("sts").get_federation_token(Name="bob")["Credentials"]
    assert native(server, nothing, "ListApplications", {})[0] == 403  # without a session policy it may nothing


def test_whom_root_vouches_for_may_what_was_passed_and_nothing_without(server):
    """Root may everything, so the session policies alone say what is left (2.2 step 9)."""
    sts, secrets = server.client("sts"), server.client("secretsmanager")
    secrets.create_secret(Name="shop", SecretString="x")
    passed = policy(allow("secretsmanager:DescribeSecret"))
    held = sts.get_federation_token(Name="bob", Policy=passed)["Credentials"]
    bob = holding(server, held, "secretsmanager")
    assert bob.describe_secret(SecretId="shop")["Name"] == "shop"
    assert refused(bob.get_secret_value, SecretId="shop")[0] == "AccessDeniedException"
    nothing = sts.get_federation_token(Name="bob")["Credentials"]
    assert (
        refused(holding(server, nothing, "secretsmanager").describe_secret, SecretId="shop")[0]
        == "AccessDeniedException"
    )


def test_a_federated_user_calls_no_iam_and_no_sts(server, iam, ana):
    run = role(iam, "run", trust(server.account))
    held = ana("sts").get_federation_token(Name="bob", Policy=policy(allow("*")))["Credentials"]
    assert refused(holding(server, held, "iam").list_users)[0] == "InvalidClientTokenId"
    assert refused(holding(server, held, "sts").assume_role, RoleArn=run, RoleSessionName="one")[0] == "AccessDenied"
    assert refused(holding(server, held, "sts").get_session_token)[0] == "AccessDenied"


def test_federation_needs_permission_and_so_do_its_tags(server, member):
    tags = [{"Key": "team", "Value": "blue"}]
    assert refused(member("eva")("sts").get_federation_token, Name="bob")[0] == "AccessDenied"
    leo = member("leo", allow("sts:GetFederationToken"))("sts")
    assert leo.get_federation_token(Name="bob")
    assert refused(leo.get_federation_token, Name="bob", Tags=tags)[0] == "AccessDenied"
    max_ = member("max", allow(["sts:GetFederationToken", "sts:TagSession"]))("sts")
    assert max_.get_federation_token(Name="bob", Tags=tags)["PackedPolicySize"] >= 1


def test_a_name_narrows_whom_one_may_vouch_for(server, member):
    own = f"arn:aws:sts::{server.account}:federated-user/eva-*"
    eva = member("eva", allow("sts:GetFederationToken", own))("sts")
    assert eva.get_federation_token(Name="eva-1")
    assert refused(eva.get_federation_token, Name="bob")[0] == "AccessDenied"


@pytest.mark.parametrize("minutes", [10, -10])
def test_session_credentials_are_bound_to_the_clock_as_keys_are(server, ana, minutes):
    """Clock skew (SECURITY rule 6): five minutes, in both directions."""
    from datetime import UTC, datetime, timedelta

    import botocore.auth

    held = ana("sts").get_session_token()["Credentials"]
    moment = datetime.now(UTC).replace(tzinfo=None) + timedelta(minutes=minutes)
    original = botocore.auth.get_current_datetime
    botocore.auth.get_current_datetime = lambda remove_tzinfo=True: moment
    try:
        assert refused(holding(server, held, "sts").get_caller_identity)[0] == "SignatureDoesNotMatch"
    finally:
        botocore.auth.get_current_datetime = original
