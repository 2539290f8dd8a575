"""Applications as their owners see them: registered, listed in pages, and theirs alone (docs/decisions/0018)."""

import json
import time

import pytest

from tests.muniment_server import Muniment
from tests.scenarios.records import ALICE, RECORD_1, allow, ask, do, document, registered
from tests.scenarios.wire import Wire


def query(wire, action, **params):
    answer = wire.native(action, params, service="muniment")
    assert answer.status == 200, answer
    return json.loads(answer.text)


def test_an_application_is_shown_with_its_types_and_policies(wire):
    registered(wire)
    shown = query(wire, "GetApplication", ApplicationName="RECORDS")["Application"]
    assert shown["SubjectTypes"] == ["user"]
    assert shown["ResourceTypes"] == {"record": ["read", "write", "delete"]}
    assert [(policy["PolicyName"], policy["SubjectType"]) for policy in shown["Policies"]] == [("admins", "user")]
    entities = query(wire, "ListApplicationEntities", ApplicationName="records", EntityType="user")["Entities"]
    assert [(each["EntityId"], each["Properties"]) for each in entities] == [
        ("alice", {}),
        ("bob", {"role": ["admin"]}),
    ]
    assert [policy["PolicyName"] for policy in entities[0]["Policies"]] == ["rules"]


def test_lists_come_in_pages(wire):
    for name in "cab":
        do(wire, "RegisterApplication", application=name)
    found, marker = [], {}
    while True:
        page = query(wire, "ListApplications", MaxItems=1, **marker)
        found += [each["ApplicationName"] for each in page["Applications"]]
        if not page["IsTruncated"]:
            break
        marker = {"Marker": page["Marker"]}
    assert found == ["a", "b", "c"]
    assert wire.native("ListApplications", {"Marker": "x"}, service="muniment").status == 400
    assert wire.native("ListApplications", {"MaxItems": 0}, service="muniment").status == 400


def test_who_may_not_sees_and_changes_nothing(wire, iam):
    registered(wire)
    iam.create_user(UserName="eve")
    key = iam.create_access_key(UserName="eve")["AccessKey"]
    eve = Wire(wire.server, (key["AccessKeyId"], key["SecretAccessKey"]))
    mine = {"ApplicationName": "records"}
    for action, params in (
        ("GetApplication", mine),
        ("ListApplications", {}),
        ("ListApplicationEntities", {**mine, "EntityType": "user"}),
        ("RegisterApplication", {"ApplicationName": "other"}),
        ("DeleteApplication", mine),
        ("PutApplicationEntity", {**mine, "EntityType": "user", "EntityId": "eve"}),
        ("SearchSubjects", {"Subject": {"type": "user"}, "Action": {"name": "read"}, "Resource": RECORD_1}),
        ("Evaluate", {"Subject": ALICE, "Action": {"name": "read"}, "Resource": RECORD_1}),
    ):
        assert eve.native(action, params, service="muniment").code == "AccessDenied", action
    statement = allow("muniment:GetApplication", f"arn:muniment:muniment::{wire.server.account}:application/records")
    iam.put_user_policy(UserName="eve", PolicyName="p", PolicyDocument=document(statement))
    assert eve.native("GetApplication", mine, service="muniment").status == 200


def test_what_was_registered_outlives_a_restart(tmp_path):
    question = {"subject": ALICE, "action": {"name": "read"}, "resource": RECORD_1}
    with Muniment(tmp_path / "data") as server:
        registered(Wire(server))
        server.stop()
        server.start()
        assert ask(Wire(server), "evaluation", question)[2]["decision"] is True


@pytest.mark.parametrize(
    "claimed", [{"Host": "evil.example"}, {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}]
)
def test_discovery_names_the_operators_url_whatever_the_request_says(calm, claimed):  # SECURITY CVE row 20
    answer = calm.send("GET", "/.well-known/authzen-configuration", b"", claimed)
    assert answer.status == 200
    assert "evil" not in answer.text
    assert json.loads(answer.text)["policy_decision_point"] == calm.server.endpoint


def test_the_audit_names_the_application_that_was_changed(wire):
    registered(wire)
    give_up = time.monotonic() + 15
    wanted = f"arn:muniment:muniment::{wire.server.account}:application/records"
    while True:
        rows = query(wire, "ListTimeline", Resource=wanted)["Rows"]
        facts = {row["Fact"] for row in rows}
        if {"ApplicationRegistered", "ApplicationEntityPut", "ApplicationPolicyPut"} <= facts:
            return
        assert time.monotonic() < give_up, facts
        time.sleep(0.1)
