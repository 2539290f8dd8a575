"""SECURITY rule 14: accepted, denied, failed and unauthenticated, everything is on record; without a record, no answer."""

import json
import time

from tests.security.timeline import rows

DENY = json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}})


def test_every_accepted_command_is_on_record_with_what_it_changed(wire, audited):
    answer = wire.call("CreateUser", UserName="ana", headers={"User-Agent": "an-agent/1.0"})
    request_id = answer.headers["x-amzn-requestid"]
    (row,) = audited(RequestId=request_id)
    assert (row["Action"], row["Fact"], row["Refused"]) == ("iam:CreateUser", "UserCreated", False)
    assert row["Principal"].endswith(":root")
    assert row["AccessKeyId"] == wire.key[0]
    assert row["SourceAddress"] == "127.0.0.1"
    assert row["UserAgent"] == "an-agent/1.0"
    assert any("ana" in (resource["Name"] or "") for resource in row["Resources"])


def test_every_refusal_is_on_record_by_its_request(wire, keyed, audited):
    """Of rules, of the gate, of parameters, of what cannot be read, of actions nobody has."""
    nobody = keyed("nobody")
    refusals = {
        "rule": wire.call("CreateUser", UserName="nobody"),
        "missing": wire.call("GetUser", UserName="not-there"),
        "denied command": nobody.call("CreateUser", UserName="x"),
        "denied query": nobody.call("ListUsers"),
        "bad parameter": wire.call("CreateUser", UserName="a b"),
        "bad parameter of a query": wire.call("ListUsers", MaxItems=0),
        "bad document": wire.call("CreatePolicy", PolicyName="p", PolicyDocument="{"),
        "no action": wire.call("Nope"),
        "no action, natively": wire.native("Nope"),
        "no service": wire.native("Nope", service="zork", signed_for="muniment"),
        "twice": wire.form(b"Action=ListUsers&Action=ListUsers&Version=2010-05-08"),
        "no JSON": wire.native("CreateUser", body=b"{"),
        "no JSON, in organizations": wire.organizations("CreateAccount", b"{"),
        "no question": wire.evaluate(b"{}"),
        "no position": wire.call("ListUsers", headers={"X-Muniment-Position": "zzz"}),
        "another body": _mismatch(wire),
    }
    for case, answer in refusals.items():
        assert 400 <= answer.status < 500, case
        found = audited(RequestId=_id(answer)) if _id(answer) else audited(Refused=True, ActionName="muniment:Evaluate")
        assert found[0]["Refused"] is True, case
        assert found[0]["ErrorCode"], case


def _mismatch(wire):
    key = {"Idempotency-Key": "k"}
    wire.call("CreateUser", UserName="first", headers=key)
    return wire.call("CreateUser", UserName="second", headers=key)


def _id(answer):
    return answer.headers.get("x-amzn-requestid") or answer.headers.get("x-request-id")


def test_what_changes_nothing_is_on_record_too(wire, audited, iam):
    iam.create_user(UserName="ana")
    arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    wire.call("AttachUserPolicy", UserName="ana", PolicyArn=arn)
    again = wire.call("AttachUserPolicy", UserName="ana", PolicyArn=arn)
    (row,) = audited(RequestId=again.headers["x-amzn-requestid"])
    assert row["Fact"] == "CommandConfirmed"
    first = wire.call("CreateUser", UserName="bob", headers={"Idempotency-Key": "b"})
    repeat = wire.call("CreateUser", UserName="bob", headers={"Idempotency-Key": "b"})
    assert first.headers["x-amzn-requestid"] != repeat.headers["x-amzn-requestid"]
    assert audited(RequestId=repeat.headers["x-amzn-requestid"])[0]["Fact"] == "CommandConfirmed"


def test_reads_are_on_record_and_marked_so(wire, audited):
    answer = wire.call("ListUsers")
    (row,) = audited(RequestId=answer.headers["x-amzn-requestid"])
    assert (row["Fact"], row["ReadOnly"]) == ("QueryAnswered", True)


def test_refusals_are_durable_when_they_are_answered(wire, keyed):
    """A refusal is appended before its answer: it is in the log as soon as the caller knows (only its reading may lag)."""
    nobody = keyed("nobody")
    for _ in range(10):
        nobody.call("ListUsers")
    give_up = time.monotonic() + 10
    while len(rows(wire, Credential=nobody.key[0], Refused=True)) < 10:
        assert time.monotonic() < give_up
        time.sleep(0.02)


def test_who_is_denied_to_read_the_audit_cannot(keyed, server):
    for document in (None, DENY):
        nobody = keyed("nobody" if document is None else "denied", document)
        assert nobody.native("ListTimeline", service="muniment").code == "AccessDenied"
        answer = nobody.ask(
            body=b"{}",
            headers={
                "Content-Type": "application/x-amz-json-1.1",
                "X-Amz-Target": "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents",
            },
            service="cloudtrail",
        )
        assert answer.code in ("AccessDenied", "AccessDeniedException")


def test_the_audit_holds_no_secret_of_a_key(wire, iam, audited):
    iam.create_user(UserName="ana")
    secret = iam.create_access_key(UserName="ana")["AccessKey"]["SecretAccessKey"]
    audited(ActionName="iam:CreateAccessKey")
    assert secret not in json.dumps(rows(wire))
    details = wire.ask(
        body=b"{}",
        headers={
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents",
        },
        service="cloudtrail",
    )
    assert details.status == 200
    assert secret not in details.text
