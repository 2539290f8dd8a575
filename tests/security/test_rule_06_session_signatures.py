"""Session credentials and Signature Version 4 (SECURITY rule 6; CVE rows 11, 19): on every front a session counts only with its own
key, its own secret, and its own token as it was given, signed."""

import json

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.scenarios.sessions import allow, policy, role, trust
from tests.scenarios.wire import Wire
from tests.security.test_cve_11_signatures import FRONTS, signed


@pytest.fixture(scope="module")
def sessions(calm):
    """Two sessions as (id, secret, token), and the root key."""
    calm.organizations("CreateOrganization", b"{}")
    iam = calm.server.client("iam")
    iam.create_user(UserName="ana")
    iam.put_user_policy(UserName="ana", PolicyName="p", PolicyDocument=policy(allow("*")))
    key = iam.create_access_key(UserName="ana")["AccessKey"]
    sts = calm.server.client("sts", key)
    run = role(iam, "run", trust(f"arn:aws:iam::{calm.server.account}:user/ana"), allow("*"))
    made = [sts.assume_role(RoleArn=run, RoleSessionName=name)["Credentials"] for name in ("one", "two")]
    return [(each["AccessKeyId"], each["SecretAccessKey"], each["SessionToken"]) for each in made] + [
        (key["AccessKeyId"], key["SecretAccessKey"])
    ]


def ask(calm, front, key, **how):
    wire, token = Wire(calm.server, key[:2]), key[2] if len(key) > 2 else None
    return wire.send(*signed(wire, front, token=token, **how))


@pytest.mark.parametrize("front", FRONTS)
def test_every_front_lets_a_session_in(calm, sessions, front):
    answer = ask(calm, front, sessions[0])
    assert answer.status == 200, answer
    assert FRONTS[front][4] in answer.body


@pytest.mark.parametrize("front", FRONTS)
def test_no_front_mixes_sessions_keys_and_tokens(calm, sessions, front):
    one, two, key = sessions
    mixed = {
        "a session's key without its token": one[:2],
        "a long-term key with a token": (*key, one[2]),
        "another session's token": (one[0], one[1], two[2]),
        "another session's secret": (one[0], two[1], one[2]),
        "another session's id": (two[0], one[1], one[2]),
        "a made-up token": (one[0], one[1], "FwoGZXIvYXdzEBYaDH"),
        "an empty token": (one[0], one[1], " "),
    }
    for what, credentials in mixed.items():
        answer = ask(calm, front, credentials)
        assert answer.status in (400, 401, 403), (what, answer)
        assert FRONTS[front][4] not in answer.body, what


def with_token_header(calm, credentials, token, sign=True):
    """GetCallerIdentity whose X-Amz-Security-Token is `token`, signed for it or not."""
    path, body, headers, service, _ = FRONTS["query"]
    request = AWSRequest("POST", f"{calm.server.endpoint}{path}", data=body, headers=dict(headers))
    SigV4Auth(Credentials(credentials[0], credentials[1], token if sign else None), service, "us-east-1").add_auth(
        request
    )
    sent = {name: value for name, value in request.prepare().headers.items() if name.lower() != "content-length"}
    if not sign:
        sent["X-Amz-Security-Token"] = token
    return calm.send("POST", path, body, sent)


def test_a_token_that_is_not_signed_is_refused(calm, sessions):
    """SECURITY rule 6: X-Amz-Security-Token signed."""
    answer = with_token_header(calm, sessions[0], sessions[0][2], sign=False)
    assert (answer.status, answer.code) == (403, "SignatureDoesNotMatch")


def test_every_way_to_spell_a_token_otherwise_is_refused_alike(calm, sessions):
    """SECURITY CVE row 19, over HTTP; every byte, without HTTP: tests/ops/keys/test_tokens.py."""
    one = sessions[0]
    token = one[2]
    others = [token[:cut] for cut in (1, 10, len(token) // 2, len(token) - 1)]
    others += [token[1:], token.swapcase(), token.lower(), token + "=", token + "A", token * 2, f"{token},{token}"]
    others += [
        token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :] for place in range(0, len(token), 50)
    ]
    answers = {
        (answer.status, answer.code, answer.message)
        for answer in (with_token_header(calm, one, each) for each in others)
    }
    assert answers == {(403, "InvalidClientTokenId", "The security token included in the request is invalid.")}


def test_a_presigned_request_of_a_session_carries_its_token_in_the_query(calm, sessions):
    answer = ask(calm, "query by GET", sessions[0], presign=300)
    assert answer.status == 200, answer
    without = ask(calm, "query by GET", sessions[0][:2], presign=300)
    assert (without.status, without.code) == (403, "InvalidClientTokenId")


def test_nothing_about_a_session_is_logged(calm, sessions):
    one = sessions[0]
    for front in FRONTS:
        ask(calm, front, one)
        ask(calm, front, (one[0], one[1], one[2][:-1]))
    output = calm.server.output()
    assert one[1] not in output
    assert one[2][:40] not in output
    assert json.dumps(one[2]) not in output
