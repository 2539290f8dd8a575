"""Roles for whom identity providers vouch, by boto3 and the aws CLI as they are (FEATURES 1h)."""

import json
import os
import subprocess
import time

import boto3
import botocore
import pytest
from botocore import UNSIGNED
from botocore.config import Config

from tests.muniment_server import AWS, SESSION, Muniment
from tests.ops.federation.assertions import IdentityProvider, attribute, message
from tests.ops.federation.issuer_server import Issuer
from tests.scenarios.conftest import reset
from tests.scenarios.sessions import allow, holding, policy, refused, role, trust
from tests.scenarios.test_cross_account import records
from tests.scenarios.test_own_sessions import native
from tests.scenarios.test_revocation import root_key, works


@pytest.fixture(scope="module")
def issuer(tmp_path_factory):
    made = Issuer(tmp_path_factory.mktemp("issuer"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def federated(issuer):
    with Muniment(None, "--federation-allow", issuer.place, "--federation-ca", str(issuer.ca)) as running:
        yield running
        assert "request failed" not in running.output(), "the server answered 500"


@pytest.fixture
def server(federated):
    return reset(federated)


@pytest.fixture
def anybody(server):
    """STS for somebody without credentials."""
    return SESSION.client("sts", endpoint_url=server.endpoint, config=Config(signature_version=UNSIGNED))


def now():
    return int(time.time())


@pytest.fixture
def provider(iam, issuer):
    return iam.create_open_id_connect_provider(Url=issuer.url, ClientIDList=["app"])["OpenIDConnectProviderArn"]


@pytest.fixture
def run(iam, issuer, provider):
    sub = {"StringEquals": {f"{issuer.place}:sub": "ana", f"{issuer.place}:aud": "app"}}
    actions = ("sts:AssumeRoleWithWebIdentity", "sts:TagSession", "sts:SetSourceIdentity")
    return role(iam, "run", trust({"Federated": provider}, *actions, **sub), allow("iam:ListUsers"))


def token(issuer, **claims):
    return issuer.token({"aud": "app", "sub": "ana", "iat": now(), "exp": now() + 600, **claims})


def test_the_bearer_of_an_id_token_assumes_a_role(server, anybody, issuer, provider, run):
    answer = anybody.assume_role_with_web_identity(
        RoleArn=run, RoleSessionName="build-7", WebIdentityToken=token(issuer)
    )
    assert answer["SubjectFromWebIdentityToken"] == "ana"
    assert (answer["Audience"], answer["Provider"]) == ("app", provider)
    held = answer["Credentials"]
    assert holding(server, held, "sts").get_caller_identity()["Arn"].endswith("assumed-role/run/build-7")
    assert holding(server, held, "iam").list_users()["Users"] == []


def test_what_the_trust_policy_does_not_name_is_refused_and_says_nothing(anybody, issuer, run):
    text = token(issuer, sub="eva")
    found = refused(anybody.assume_role_with_web_identity, RoleArn=run, RoleSessionName="one", WebIdentityToken=text)
    assert found == ("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")
    missing = refused(
        anybody.assume_role_with_web_identity, RoleArn=run + "2", RoleSessionName="one", WebIdentityToken=token(issuer)
    )
    assert missing == found


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"aud": "other"}, "InvalidIdentityToken"),
        ({"exp": 1}, "ExpiredTokenException"),
        ({"iss": "https://other.example.com"}, "InvalidIdentityToken"),
        ({"sub": ""}, "IDPRejectedClaim"),
    ],
)
def test_a_token_that_does_not_hold_is_refused(anybody, issuer, run, claims, code):
    text = token(issuer, **claims)
    found = refused(anybody.assume_role_with_web_identity, RoleArn=run, RoleSessionName="one", WebIdentityToken=text)
    assert found[0] == code


def test_claims_stay_with_the_session_and_tags_are_passed(server, iam, anybody, issuer, run):
    mine = {
        "StringEquals": {f"{issuer.place}:sub": "ana", "aws:PrincipalTag/team": "blue", "aws:SourceIdentity": "ana.s"}
    }
    iam.put_role_policy(RoleName="run", PolicyName="inline", PolicyDocument=policy(allow("iam:ListRoles", **mine)))
    tags = {"principal_tags": {"team": ["blue"]}, "transitive_tag_keys": ["team"]}
    text = token(issuer, **{"https://aws.amazon.com/tags": tags, "https://aws.amazon.com/source_identity": "ana.s"})
    held = anybody.assume_role_with_web_identity(RoleArn=run, RoleSessionName="one", WebIdentityToken=text)
    assert held["SourceIdentity"] == "ana.s"
    assert holding(server, held["Credentials"], "iam").list_roles()
    plain = anybody.assume_role_with_web_identity(RoleArn=run, RoleSessionName="one", WebIdentityToken=token(issuer))
    assert refused(holding(server, plain["Credentials"], "iam").list_roles)[0] == "AccessDenied"


def test_a_provider_of_another_account_vouches_for_nobody_here(server, issuer, anybody, run, another_account):
    _, (key, secret) = another_account()
    theirs = SESSION.client("iam", aws_access_key_id=key, aws_secret_access_key=secret, endpoint_url=server.endpoint)
    other = theirs.create_role(RoleName="run", AssumeRolePolicyDocument=trust({"AWS": "*"}))["Role"]["Arn"]
    found = refused(
        anybody.assume_role_with_web_identity, RoleArn=other, RoleSessionName="one", WebIdentityToken=token(issuer)
    )
    assert found[0] == "InvalidIdentityToken"


def test_deleting_the_provider_or_revoking_its_sessions_ends_them(server, iam, anybody, issuer, provider, run):
    """SECURITY CVE row 23."""
    call = anybody.assume_role_with_web_identity
    one = call(RoleArn=run, RoleSessionName="one", WebIdentityToken=token(issuer))["Credentials"]
    assert native(server, root_key(server), "RevokeSessions", {"ProviderArn": provider})[0] == 200
    assert not works(server, one)
    two = call(RoleArn=run, RoleSessionName="two", WebIdentityToken=token(issuer))["Credentials"]
    assert works(server, two)
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=provider)
    assert not works(server, two)
    found = refused(call, RoleArn=run, RoleSessionName="three", WebIdentityToken=token(issuer))
    assert found[0] == "InvalidIdentityToken"


def test_a_web_identity_is_on_record_without_its_token(server, anybody, issuer, run):
    text = token(issuer)
    anybody.assume_role_with_web_identity(RoleArn=run, RoleSessionName="one", WebIdentityToken=text)
    (record,) = records(server.client("cloudtrail"), "AssumeRoleWithWebIdentity")
    assert record["userIdentity"]["type"] == "WebIdentityUser"
    assert record["userIdentity"]["userName"] == "ana"
    assert text not in json.dumps(record)
    assert text not in server.output()


def test_a_signed_request_with_a_token_counts_as_its_bearers(server, issuer, run):
    """No SDK signs these, but some clients may: whoever brings the token is whom it names, not the signer."""
    params = {"RoleArn": run, "RoleSessionName": "one", "WebIdentityToken": token(issuer)}
    status, body = native(server, root_key(server), "AssumeRoleWithWebIdentity", params, service="sts")
    assert (status, body["SubjectFromWebIdentityToken"]) == (200, "ana")
    params["WebIdentityToken"] = token(issuer, sub="eva")
    assert native(server, root_key(server), "AssumeRoleWithWebIdentity", params, service="sts")[0] == 403
    params["WebIdentityToken"] = "x.y.z"
    assert native(server, root_key(server), "AssumeRoleWithWebIdentity", params, service="sts")[0] == 400


def test_boto3_uses_a_web_identity_token_file_by_itself(server, issuer, run, tmp_path, monkeypatch):
    """As in a pod: AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE, and nothing else."""
    (tmp_path / "token").write_text(token(issuer))
    settings = {
        "AWS_ROLE_ARN": run,
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "token"),
        "AWS_ROLE_SESSION_NAME": "pod",
        "AWS_ENDPOINT_URL": server.endpoint,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    session = boto3.Session()
    assert session.client("sts").get_caller_identity()["Arn"].endswith("assumed-role/run/pod")
    assert session.client("iam").list_users()
    shown = subprocess.run(
        [AWS, "sts", "get-caller-identity", "--query", "Arn", "--output", "text"],
        env={**os.environ, "AWS_PAGER": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout.strip().endswith("assumed-role/run/pod")


def test_other_unsigned_requests_lack_their_token(server, anybody):
    for call in (anybody.get_caller_identity, anybody.get_session_token):
        assert refused(call)[0] == "MissingAuthenticationToken"


@pytest.fixture(scope="module")
def idp():
    return IdentityProvider()


@pytest.fixture
def corporate(iam, idp):
    return iam.create_saml_provider(SAMLMetadataDocument=idp.metadata(), Name="corporate")["SAMLProviderArn"]


@pytest.fixture
def saml_role(server, iam, corporate):
    audience = {"StringEquals": {"saml:aud": f"{server.endpoint}/saml", "saml:iss": "https://idp.example.com/metadata"}}
    actions = ("sts:AssumeRoleWithSAML", "sts:TagSession")
    return role(iam, "corporate", trust({"Federated": corporate}, *actions, **audience), allow("iam:ListUsers"))


def assertion(server, idp, provider, role_arn, more="", **changes):
    audience = f"{server.endpoint}/saml"
    return message(
        idp.response(
            now(),
            recipient=f'Recipient="{audience}"',
            audience=f"<AudienceRestriction><Audience>{audience}</Audience></AudienceRestriction>",
            attributes=attribute("Role", f"{role_arn},{provider}") + attribute("RoleSessionName", "ana") + more,
            **changes,
        )
    )


def test_whom_an_assertion_speaks_of_assumes_a_role_once(server, anybody, idp, corporate, saml_role):
    text = assertion(server, idp, corporate, saml_role)
    call = {"RoleArn": saml_role, "PrincipalArn": corporate, "SAMLAssertion": text}
    answer = anybody.assume_role_with_saml(**call)
    assert (answer["Subject"], answer["SubjectType"]) == ("ana@example.com", "persistent")
    assert answer["Issuer"] == "https://idp.example.com/metadata"
    assert holding(server, answer["Credentials"], "iam").list_users()["Users"] == []
    assert refused(anybody.assume_role_with_saml, **call)[0] == "InvalidIdentityToken"  # replayed


def test_one_assertion_in_parallel_from_many_sockets_is_taken_once(server, idp, corporate, saml_role):
    from concurrent.futures import ThreadPoolExecutor

    text = assertion(server, idp, corporate, saml_role)

    def attempt(_):
        client = SESSION.client(
            "sts",
            endpoint_url=server.endpoint,
            config=Config(signature_version=UNSIGNED, retries={"max_attempts": 1}),
        )
        try:
            client.assume_role_with_saml(RoleArn=saml_role, PrincipalArn=corporate, SAMLAssertion=text)
        except botocore.exceptions.ClientError as error:
            return error.response["Error"]["Code"]
        return "taken"

    clients = 12
    with ThreadPoolExecutor(clients) as threads:
        outcomes = list(threads.map(attempt, range(clients)))
    assert outcomes.count("taken") == 1
    assert set(outcomes) == {"taken", "InvalidIdentityToken"}


def test_the_assertions_tags_need_permission_and_its_duration_counts(server, iam, anybody, idp, corporate, saml_role):
    from datetime import UTC, datetime, timedelta

    more = attribute("PrincipalTag:team", "blue") + attribute("SessionDuration", "900")
    text = assertion(server, idp, corporate, saml_role, more)
    answer = anybody.assume_role_with_saml(RoleArn=saml_role, PrincipalArn=corporate, SAMLAssertion=text)
    assert answer["Credentials"]["Expiration"] - datetime.now(UTC) < timedelta(seconds=901)
    iam.update_assume_role_policy(
        RoleName="corporate", PolicyDocument=trust({"Federated": corporate}, "sts:AssumeRoleWithSAML")
    )
    text = assertion(server, idp, corporate, saml_role, more)
    found = refused(anybody.assume_role_with_saml, RoleArn=saml_role, PrincipalArn=corporate, SAMLAssertion=text)
    assert found[0] == "AccessDenied"


def test_replaced_metadata_ends_the_old_certificate(server, iam, anybody, idp, corporate, saml_role):
    text = assertion(server, idp, corporate, saml_role)
    iam.update_saml_provider(SAMLProviderArn=corporate, SAMLMetadataDocument=IdentityProvider().metadata())
    found = refused(anybody.assume_role_with_saml, RoleArn=saml_role, PrincipalArn=corporate, SAMLAssertion=text)
    assert found[0] == "InvalidIdentityToken"


def test_providers_are_kept_shown_and_deleted(iam, issuer, provider, corporate, idp):
    iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=provider, ClientID="other")
    iam.remove_client_id_from_open_id_connect_provider(OpenIDConnectProviderArn=provider, ClientID="app")
    iam.update_open_id_connect_provider_thumbprint(OpenIDConnectProviderArn=provider, ThumbprintList=["AB" * 20])
    iam.tag_open_id_connect_provider(OpenIDConnectProviderArn=provider, Tags=[{"Key": "team", "Value": "blue"}])
    shown = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=provider)
    assert (shown["Url"], shown["ClientIDList"], shown["ThumbprintList"]) == (issuer.place, ["other"], ["ab" * 20])
    assert shown["Tags"] == [{"Key": "team", "Value": "blue"}]
    assert iam.list_open_id_connect_provider_tags(OpenIDConnectProviderArn=provider)["Tags"] == shown["Tags"]
    iam.untag_open_id_connect_provider(OpenIDConnectProviderArn=provider, TagKeys=["team"])
    assert iam.get_open_id_connect_provider(OpenIDConnectProviderArn=provider)["Tags"] == []
    assert refused(iam.create_open_id_connect_provider, Url=issuer.url)[0] == "EntityAlreadyExists"
    assert refused(iam.create_open_id_connect_provider, Url="http://id.example.com")[0] == "InvalidInput"
    assert [each["Arn"] for each in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]] == [provider]
    assert iam.get_saml_provider(SAMLProviderArn=corporate)["SAMLMetadataDocument"] == idp.metadata()
    assert [each["Arn"] for each in iam.list_saml_providers()["SAMLProviderList"]] == [corporate]
    iam.tag_saml_provider(SAMLProviderArn=corporate, Tags=[{"Key": "team", "Value": "blue"}])
    assert iam.list_saml_provider_tags(SAMLProviderArn=corporate)["Tags"] == [{"Key": "team", "Value": "blue"}]
    iam.untag_saml_provider(SAMLProviderArn=corporate, TagKeys=["team"])
    bad = "<!DOCTYPE x>" + idp.metadata()
    assert refused(iam.create_saml_provider, Name="bad", SAMLMetadataDocument=bad)[0] == "InvalidInput"
    iam.delete_saml_provider(SAMLProviderArn=corporate)
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=provider)
    assert refused(iam.get_saml_provider, SAMLProviderArn=corporate)[0] == "NoSuchEntity"
    assert refused(iam.get_open_id_connect_provider, OpenIDConnectProviderArn=provider)[0] == "NoSuchEntity"
