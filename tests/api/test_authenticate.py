"""Who is calling: the key behind a signature, and what is known of the request besides."""

import pytest

from muniment.api.context_keys import context_keys
from muniment.api.peer import Peer
from muniment.domain.ledger import Actor


@pytest.fixture
def ana(house):
    house.native("CreateUser", {"UserName": "ana"})
    key = house.native("CreateAccessKey", {"UserName": "ana"})[2]["AccessKey"]
    return key["AccessKeyId"], key["SecretAccessKey"]


def test_the_key_says_who_it_is(house, ana):
    assert house.native("GetCallerIdentity", service="sts", key=ana)[2]["Arn"] == "arn:aws:iam::123456789012:user/ana"
    assert house.native("GetCallerIdentity", service="sts")[2]["Arn"] == "arn:aws:iam::123456789012:root"


def test_a_wrong_secret_and_an_unknown_key_are_refused(house, ana):
    assert house.native("ListUsers", key=(ana[0], "x" * 40))[2]["title"] == "SignatureDoesNotMatch"
    assert house.native("ListUsers", key=("AKIAAAAAAAAAAAAAAAAA", ana[1]))[2]["title"] == "InvalidClientTokenId"


def test_a_key_is_refused_as_soon_as_it_is_inactive(house, ana):
    assert house.native("ListUsers", key=ana)[0] == 200  # its signing key is cached by now
    house.native("UpdateAccessKey", {"UserName": "ana", "AccessKeyId": ana[0], "Status": "Inactive"})
    inactive = house.native("ListUsers", key=ana)
    assert inactive[2]["title"] == "InvalidClientTokenId"
    house.native("DeleteAccessKey", {"UserName": "ana", "AccessKeyId": ana[0]})
    assert house.native("ListUsers", key=ana)[2]["detail"] == inactive[2]["detail"]


def test_no_credentials_are_their_own_refusal(house):
    status, _, body = house.send("POST", "/", b"Action=ListUsers&Version=2010-05-08")
    assert status == 403
    assert b"<Code>MissingAuthenticationToken</Code>" in body


def test_a_session_token_is_of_no_session_here(house, ana):
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    request = AWSRequest("POST", "http://house/v1/iam/ListUsers", data=b"{}", headers={"Host": "house"})
    SigV4Auth(Credentials(*ana, "token"), "iam", "us-east-1").add_auth(request)
    status, _, body = house.send("POST", "/v1/iam/ListUsers", b"{}", request.headers.items())
    assert status == 403
    assert b"InvalidClientTokenId" in body


def test_condition_keys_come_from_the_request_and_the_key():
    actor = Actor("123456789012", "arn:aws:iam::123456789012:user/ana", "AIDAANA", "IAMUser", "ana", "AKIA")
    keys = context_keys(actor, Peer("192.0.2.7", True), "agent", "us-east-1", 1_700_000_000_000_000)
    assert keys["aws:SourceIp"] == ("192.0.2.7",)
    assert keys["aws:SecureTransport"] == ("true",)
    assert keys["aws:username"] == ("ana",)
    assert keys["aws:CurrentTime"] == ("2023-11-14T22:13:20Z",)
    assert "aws:MultiFactorAuthPresent" not in keys  # absent, not false, for a long-term key (FEATURES 1e)
    root = Actor("123456789012", "arn:aws:iam::123456789012:root", "123456789012", "Root")
    assert "aws:username" not in context_keys(root, Peer("", False), "", "us-east-1", 0)
    assert "aws:SourceIp" not in context_keys(root, Peer("", False), "", "us-east-1", 0)
