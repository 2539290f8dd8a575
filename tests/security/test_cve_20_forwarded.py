"""SECURITY part 2, row 20: forwarded headers change nothing unless a configured proxy sent them."""

import json
import urllib.request

import pytest

from tests.muniment_server import Muniment
from tests.scenarios.wire import Wire
from tests.security.timeline import rows

ELSEWHERE = "203.0.113.9"
FORGED = {
    "X-Forwarded-For": ELSEWHERE,
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Port": "443",
    "Forwarded": f"for={ELSEWHERE};proto=https;host=evil.example",
    "X-Real-IP": ELSEWHERE,
    "X-Client-IP": ELSEWHERE,
    "True-Client-IP": ELSEWHERE,
    "CF-Connecting-IP": ELSEWHERE,
    "X-Original-URL": "/v1/iam/DeleteUser",
    "X-Rewrite-URL": "/v1/iam/DeleteUser",
    "Via": "1.1 evil.example",
}


def only(**condition):
    statement = {"Effect": "Allow", "Action": "iam:ListUsers", "Resource": "*", "Condition": condition}
    return json.dumps({"Version": "2012-10-17", "Statement": statement})


FROM_ELSEWHERE = only(IpAddress={"aws:SourceIp": f"{ELSEWHERE}/32"})
OVER_TLS = only(Bool={"aws:SecureTransport": "true"})


@pytest.mark.parametrize("document", [FROM_ELSEWHERE, OVER_TLS])
def test_forged_headers_satisfy_no_condition(keyed, document):
    ana = keyed("ana", document)
    assert ana.call("ListUsers").code == "AccessDenied"
    assert ana.call("ListUsers", headers=FORGED).code == "AccessDenied"


def test_the_audit_says_where_a_request_really_came_from(wire, audited):
    wire.call("CreateUser", UserName="ana", headers=FORGED)
    (row,) = audited(ActionName="iam:CreateUser")
    assert row["SourceAddress"] == "127.0.0.1"


def test_links_do_not_follow_the_host_that_a_request_names(calm):
    request = urllib.request.Request(f"{calm.server.endpoint}/openapi.json", headers={**FORGED, "Host": "evil.example"})
    with urllib.request.urlopen(request) as answer:
        assert b"evil.example" not in answer.read()
        assert "evil.example" not in str(answer.headers)


def test_of_a_trusted_proxy_the_rightmost_address_counts():
    """What stands left of the proxy's own entry, the client may have written."""
    with Muniment(None, "--trusted-proxy", "127.0.0.0/8") as server:
        iam = server.client("iam")
        iam.create_user(UserName="ana")
        iam.put_user_policy(UserName="ana", PolicyName="p", PolicyDocument=FROM_ELSEWHERE)
        key = iam.create_access_key(UserName="ana")["AccessKey"]
        ana = Wire(server, (key["AccessKeyId"], key["SecretAccessKey"]))
        assert ana.call("ListUsers", headers={"X-Forwarded-For": ELSEWHERE}).status == 200
        assert ana.call("ListUsers", headers={"X-Forwarded-For": f"198.51.100.1, {ELSEWHERE}"}).status == 200
        for spoofed in (
            f"{ELSEWHERE}, 198.51.100.1",
            "",
            "nonsense",
            f"{ELSEWHERE}, nonsense",
            "203.0.113.9:80",
            "a" * 5_000,
        ):
            assert ana.call("ListUsers", headers={"X-Forwarded-For": spoofed}).code == "AccessDenied", spoofed
        iam.put_user_policy(UserName="ana", PolicyName="p", PolicyDocument=OVER_TLS)
        assert ana.call("ListUsers", headers={"X-Forwarded-Proto": "https"}).status == 200
        assert ana.call("ListUsers", headers={"X-Forwarded-Proto": "http"}).code == "AccessDenied"
        Wire(server).call("CreateUser", UserName="bob", headers={"X-Forwarded-For": ELSEWHERE})
        (row,) = rows(Wire(server), ActionName="iam:CreateUser", Resource="bob")
        assert row["SourceAddress"] == ELSEWHERE
