"""SECURITY part 2, row 11: every front × every way to sign or seem to; no valid signature, no answer."""

import json

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}
ORGANIZATIONS = {
    "Content-Type": "application/x-amz-json-1.1",
    "X-Amz-Target": "AWSOrganizationsV20161128.DescribeOrganization",
}
QUESTION = json.dumps(
    {"subject": {"type": "user", "id": "x"}, "action": {"name": "a:b"}, "resource": {"type": "t", "id": "i"}}
).encode()

# front: path, body, headers, service, what only a served answer holds
FRONTS = {
    "query": ("/", b"Action=GetCallerIdentity&Version=2011-06-15", FORM, "sts", b"GetCallerIdentityResult"),
    "query by GET": ("/?Action=GetCallerIdentity&Version=2011-06-15", b"", {}, "sts", b"GetCallerIdentityResult"),
    "json": ("/", b"{}", ORGANIZATIONS, "organizations", b"MasterAccountId"),
    "native": ("/v1/sts/GetCallerIdentity", b"{}", JSON, "sts", b'"Account"'),
    "native for muniment": ("/v1/muniment/ListTimeline", b"{}", JSON, "muniment", b'"Rows"'),
    "decisions": ("/access/v1/evaluation", QUESTION, JSON, "muniment", b'"decision"'),
}
BODY_HASHES = [
    "UNSIGNED-PAYLOAD",
    "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
    "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD",
    "unsigned-payload",
    "",
    "0" * 64,
]


@pytest.fixture(scope="module")
def organized(calm):
    calm.organizations("CreateOrganization", b"{}")
    return calm


def signed(wire, front, **how):
    path, body, headers, service, _ = FRONTS[front]
    return wire.signed("GET" if "GET" in front else "POST", path, body, headers, service=service, **how)


def with_body_hash(wire, front, declared, key=None):
    """Signed for real, over a body hash that says it is none."""
    path, body, headers, service, _ = FRONTS[front]
    method = "GET" if "GET" in front else "POST"
    request = AWSRequest(method, f"{wire.server.endpoint}{path}", data=body, headers=headers)
    request.headers["X-Amz-Content-SHA256"] = declared
    SigV4Auth(Credentials(*(key or wire.key)), service, "us-east-1").add_auth(request)
    sent = {name: value for name, value in request.prepare().headers.items() if name.lower() != "content-length"}
    return method, path, body, sent


@pytest.mark.parametrize("front", FRONTS)
def test_a_true_signature_is_served(organized, front):
    served = FRONTS[front][-1]
    for presign in (None, 60) if "GET" in front else (None,):  # a body cannot be presigned by any SDK
        answer = organized.send(*signed(organized, front, presign=presign))
        assert answer.status == 200, (presign, answer)
        assert served in answer.body


@pytest.mark.parametrize("front", FRONTS)
def test_a_body_whose_hash_is_not_signed_is_not_read(organized, front):
    served = FRONTS[front][-1]
    for declared in BODY_HASHES:
        method, path, body, headers = with_body_hash(organized, front, declared)
        for chunks in (body, b"4;chunk-signature=" + b"0" * 64 + b"\r\n" + body[:4] + b"\r\n0\r\n\r\n"):
            answer = organized.send(method, path, chunks, headers)
            assert answer.status in (400, 403), (declared, answer)
            assert served not in answer.body
        encoded = {**headers, "Content-Encoding": "aws-chunked", "X-Amz-Decoded-Content-Length": str(len(body))}
        assert organized.send(method, path, body, encoded).status in (400, 403)


@pytest.mark.parametrize("front", FRONTS)
def test_without_a_true_signature_nothing_is_served(organized, front):
    path, body, plain, service, served = FRONTS[front]
    method, _, _, headers = signed(organized, front)
    presigned = organized.signed("GET", f"{path}{'&' if '?' in path else '?'}x=y", service=service, presign=60)[1]
    forged = (organized.key[0], "x" * 40)
    query = presigned.partition("?")[2]
    cases = {
        "none": (method, path, body, plain),
        "both": (method, presigned, body, headers),
        "forged": organized.__class__(organized.server, forged).signed(method, path, body, plain, service=service),
        "forged, presigned": organized.__class__(organized.server, forged).signed(
            "GET", FRONTS["query by GET"][0], service="sts", presign=60
        ),
        "forged, unsigned body": with_body_hash(organized, front, "UNSIGNED-PAYLOAD", forged),
        "presigned, cut": (method, presigned[:-1], body, plain),
        "presigned, without its signature": (method, presigned.split("&X-Amz-Signature")[0], body, plain),
        "presigned, in the body": ("POST", path, body + b"&" + query.encode(), plain),
        "header, twice": (method, path, body, {**headers, "authorization ": "x"}),
        "empty": (method, path, body, {**plain, "Authorization": ""}),
        "credential alone": (method, path, body, {**plain, "Authorization": headers["Authorization"].split(",")[0]}),
        "another's scheme": (method, path, body, {**headers, "Authorization": "Bearer " + headers["Authorization"]}),
        "a token beside it": (method, path, body, {**headers, "X-Amz-Security-Token": "x"}),
        "a body that is another": (method, path, body + b" ", headers),
        "an override of the method": (method, path, body + b"&_method=x", {**plain, "X-HTTP-Method-Override": "PUT"}),
    }
    for case, request in cases.items():
        try:
            answer = organized.send(*request)
        except ValueError:
            continue  # the client itself will not send it
        assert answer.status in (400, 401, 403), (case, answer)
        assert served not in answer.body, case


@pytest.mark.parametrize("service", ["iam", "sts", "organizations", "muniment", "s3", "secretsmanager"])
def test_a_signature_for_one_service_opens_no_other(organized, service):
    for front, (path, body, headers, own, served) in FRONTS.items():
        if service in (own, "muniment") and front not in ("query", "query by GET", "json"):
            continue  # the native front takes signatures for `muniment` and for the service itself
        if service == own:
            continue
        method = "GET" if "GET" in front else "POST"
        answer = organized.send(*organized.signed(method, path, body, headers, service=service))
        assert answer.status in (400, 403), (front, answer)
        assert served not in answer.body
