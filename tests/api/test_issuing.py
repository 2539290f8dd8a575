"""Nobody has a session that is not on record: the entry is durable before the answer (SECURITY 14, the issue's section 3)."""

import json

import pytest

from tests.api.house import ACCOUNT

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
        ],
    }
)
ROLE = f"arn:aws:iam::{ACCOUNT}:role/run"


@pytest.fixture
def ana(house):
    house.native("CreateUser", {"UserName": "ana"})
    house.native("CreateRole", {"RoleName": "run", "AssumeRolePolicyDocument": TRUST})
    key = house.native("CreateAccessKey", {"UserName": "ana"})[2]["AccessKey"]
    return key["AccessKeyId"], key["SecretAccessKey"]


def assume(house, key, **params):
    params = {"RoleArn": ROLE, "RoleSessionName": "one", **params}
    return house.native("AssumeRole", params, service="sts", key=key)


def test_a_session_is_on_record_before_it_is_answered(house, ana):
    status, _, body = assume(house, ana, ExternalId="x1")
    assert status == 200
    (issued,) = [entry for entry in house.stream.entries if type(entry.fact).__name__ == "SessionIssued"]
    assert issued.fact.access_key_id == body["Credentials"]["AccessKeyId"]
    assert issued.boundary == f"activity.{ACCOUNT}"
    assert issued.command.parameters["ExternalId"] == "x1"
    text = repr(issued)
    assert body["Credentials"]["SecretAccessKey"] not in text
    assert body["Credentials"]["SessionToken"] not in text


def test_without_a_record_there_is_no_session(house, ana):
    house.stream.away = True
    status, headers, body = assume(house, ana)
    assert (status, body["title"]) == (503, "ServiceUnavailable")
    assert "retry-after" in headers
    assert "Credentials" not in body


def test_a_session_that_is_refused_is_on_record_too(house, ana):
    house.gate.denied.add("sts:AssumeRole")
    assert assume(house, ana)[0] == 403
    assert any(type(entry.fact).__name__ == "CommandRefused" for entry in house.stream.entries)


def test_codes_are_on_no_record(house, ana):
    status, _, _ = assume(house, ana, SerialNumber=f"arn:aws:iam::{ACCOUNT}:mfa/phone", TokenCode="918273")
    assert status in (403, 503)
    assert "918273" not in repr(house.stream.entries)
