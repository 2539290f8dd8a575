"""SECURITY part 2, row 30: markers are MACed; forged, altered, foreign ones and those of another question are refused."""

import base64
import json

import pytest


@pytest.fixture
def marker(iam):
    for number in range(4):
        iam.create_user(UserName=f"u{number}")
    return iam.list_users(MaxItems=2)["Marker"]


def test_every_altered_marker_is_refused(wire, marker):
    assert wire.call("ListUsers", MaxItems=2, Marker=marker).status == 200
    raw = bytearray(base64.urlsafe_b64decode(marker + "=="))
    forged = {
        marker[:-1],
        marker + "A",
        marker + "=",
        marker[1:],
        marker[:10],
        "",
        " " + marker,
        marker.lower(),
        marker * 4,
    }
    for index in range(len(raw)):
        altered = bytearray(raw)
        altered[index] ^= 1
        forged.add(base64.urlsafe_b64encode(altered).decode().rstrip("="))
    forged |= {"u1", "1", "0", "-1", "' OR 1=1 --", '"; DROP TABLE rows; --', "..", "%00", "é", "AAAA", "{}", "null"}
    for text in forged - {marker}:
        answer = wire.call("ListUsers", MaxItems=2, Marker=text)
        assert (answer.status, answer.code) == (400, "ValidationError"), text


def test_a_marker_is_good_for_its_question_alone(wire, marker):
    for action, params in (
        ("ListUsers", {"PathPrefix": "/u"}),
        ("ListRoles", {}),
        ("ListGroups", {}),
        ("ListPolicies", {}),
        ("ListAccessKeys", {"UserName": "u1"}),
        ("GetAccountAuthorizationDetails", {}),
    ):
        assert wire.call(action, Marker=marker, **params).code == "ValidationError", action


def test_tokens_of_the_timeline_are_good_for_their_question_alone(wire, iam):
    for number in range(4):
        iam.create_user(UserName=f"u{number}")
    page = json.loads(wire.native("ListTimeline", {"MaxResults": 1}, service="muniment").text)
    token = page["NextToken"]
    assert wire.native("ListTimeline", {"MaxResults": 2, "NextToken": token}, service="muniment").status == 200
    for changed in (
        {"UserName": "u1"},
        {"Text": "u1"},
        {"OldestFirst": True},
        {"Refused": False},
        {"NextToken": token[:-2]},
        {"NextToken": token[:-1] + ("A" if token[-1] != "A" else "B")},
        {"NextToken": "' OR '1'='1"},
        {"NextToken": "x" * 500_000},
    ):
        answer = wire.native("ListTimeline", {"NextToken": token, **changed}, service="muniment")
        assert (answer.status, answer.code) == (400, "ValidationError"), changed


@pytest.mark.parametrize(
    "text",
    [
        "'", '"', "' OR 1=1 --", "a AND b", "NEAR(a b)", "a*b", "*", "^a", "-a", "col:x", "(", "{", "\x00", "\ud7ff", "%",
        "_", "a" * 10_000, " ", "é", "\U0001f600",
    ],
)  # fmt: skip
def test_what_is_searched_for_is_text_and_nothing_else(wire, iam, text):
    iam.create_user(UserName="ana")
    for field in (
        "Text",
        "Principal",
        "UserName",
        "Credential",
        "Resource",
        "ActionName",
        "Fact",
        "EntryId",
        "RequestId",
    ):
        answer = wire.native("ListTimeline", {field: text}, service="muniment")
        assert answer.status in (200, 400), (field, answer)
        if answer.status == 200 and text.strip():
            assert "UserCreated" not in answer.text, (field, answer)


@pytest.mark.parametrize(
    "params",
    [
        {"Since": 2**70},
        {"Until": -1},
        {"MaxResults": 0},
        {"MaxResults": 10**9},
        {"Since": "now"},
        {"Refused": "yes"},
        {"Text": 1},
    ],
)
def test_what_is_no_question_is_refused(calm, params):
    """Times beyond 64 bits gave 500."""
    answer = calm.native("ListTimeline", params, service="muniment")
    assert (answer.status, answer.code) == (400, "ValidationError"), answer


@pytest.mark.parametrize("key", ["EventName", "Username", "ResourceName", "EventId", "AccessKeyId", "ReadOnly", "Zork"])
def test_lookups_take_hostile_values(server, key):
    from botocore.exceptions import ClientError

    client = server.client("cloudtrail", parameter_validation=False)
    for value in ("' OR 1=1 --", "*", "", "x" * 2_000, "\U0001f600", "true"):
        try:
            found = client.lookup_events(LookupAttributes=[{"AttributeKey": key, "AttributeValue": value}])["Events"]
        except ClientError as refused:
            assert refused.response["ResponseMetadata"]["HTTPStatusCode"] == 400
        else:
            assert found == [] or key == "ReadOnly"
