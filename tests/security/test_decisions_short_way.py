"""The short way of decisions answers nothing that the long one would refuse, never from an older state (SECURITY 2, 6, 14, 16)."""

import json

import pytest

from tests.scenarios.records import ALICE, BOB, RECORD_1, RECORD_2, allow, ask, document, registered
from tests.scenarios.wire import Wire

GOOD = {"subject": ALICE, "action": {"name": "read"}, "resource": RECORD_1}
LONG = {"options": {"explain": True}}
MAY_ASK = allow("muniment:Evaluate", "*")


@pytest.fixture
def pdp(wire):
    registered(wire)
    return wire


@pytest.fixture
def pep(pdp, iam):
    """A user who may ask, with its key."""
    iam.create_user(UserName="pep")
    iam.put_user_policy(UserName="pep", PolicyName="asks", PolicyDocument=document(MAY_ASK))
    key = iam.create_access_key(UserName="pep")["AccessKey"]
    made = Wire(pdp.server, (key["AccessKeyId"], key["SecretAccessKey"]))
    assert ask(made, "evaluation", GOOD)[0] == 200  # the long way: its signing key is derived now
    return made


def lines(server):
    return [line for line in server.fresh_output().splitlines() if '"Evaluat' in line or "action=Evaluat" in line]


def test_there_is_a_short_way_and_it_answers_as_the_long_one(pep):
    """A request that went the long way is logged one by one."""
    subjects = (ALICE, BOB, {"type": "user", "id": "eve"}, {"type": "spaceship", "id": "1"})
    records = (RECORD_1, {**RECORD_2, "properties": {"status": "archived"}})
    for subject in subjects:
        for resource in records:
            for name in ("read", "write", "delete", "iam:CreateUser", "sts:GetCallerIdentity"):
                question = {"subject": subject, "action": {"name": name}, "resource": resource}
                pep.server.fresh_output()
                status, _, short = ask(pep, "evaluation", question)
                assert lines(pep.server) == []
                long_status, _, long = ask(pep, "evaluation", {**question, **LONG})
                assert len(lines(pep.server)) == 1
                assert (status, short["decision"]) == (long_status, long["decision"])
                assert long["context"].get("revision", 0) >= short["context"].get(
                    "revision", 0
                )  # the key's use is an entry too
                for member in ("effect", "layer", "reason_admin"):
                    assert short["context"].get(member) == long["context"].get(member), question
                batch = {"evaluations": [question]}
                (many,) = ask(pep, "evaluations", batch)[2]["evaluations"]
                assert many["decision"] == short["decision"]
                assert lines(pep.server) == []


def test_who_may_not_ask_is_refused_and_on_record(pep, iam, audited):
    iam.put_user_policy(
        UserName="pep",
        PolicyName="asks",
        PolicyDocument=document(allow("muniment:Evaluate", "arn:muniment:app::*:user/bob")),
    )
    assert ask(pep, "evaluation", GOOD)[0] == 403
    assert ask(pep, "evaluations", {**GOOD, "evaluations": [{"subject": BOB}, {}]})[0] == 403
    assert ask(pep, "evaluation", {**GOOD, "subject": BOB})[0] == 200
    refused = [row for row in audited(2, Refused=True) if row["ErrorCode"] == "AccessDenied"]
    assert [row["Action"] for row in refused].count("muniment:Evaluate") == 1
    assert [row["Action"] for row in refused].count("muniment:Evaluations") == 1


def test_a_change_counts_from_the_next_question_on(pep, iam):
    """Read your writes: this process has written, so it waits for its own models (SECURITY 2)."""
    policy = {"ApplicationName": "records", "SubjectType": "user", "SubjectId": "alice", "PolicyName": "rules"}
    for number in range(20):
        root = Wire(pep.server)
        text = document(allow("app:read", "*")) if number % 2 else document(allow("app:none", "*"))
        assert root.native("PutApplicationPolicy", {**policy, "PolicyDocument": text}, service="muniment").status == 200
        assert ask(pep, "evaluation", GOOD)[2]["decision"] is bool(number % 2)


def test_a_key_that_was_deactivated_asks_no_more(pep, iam):
    iam.update_access_key(UserName="pep", AccessKeyId=pep.key[0], Status="Inactive")
    assert ask(pep, "evaluation", GOOD)[0] == 401
    iam.update_access_key(UserName="pep", AccessKeyId=pep.key[0], Status="Active")
    assert ask(pep, "evaluation", GOOD)[0] == 200


@pytest.mark.parametrize("path", ["evaluation", "evaluations"])
def test_signatures_are_checked_on_the_short_way_too(pep, path):
    body = GOOD if path == "evaluation" else {**GOOD, "evaluations": [{}]}
    assert ask(pep, path, body)[0] == 200
    wrong = Wire(pep.server, (pep.key[0], "x" * 40))
    assert ask(wrong, path, body)[0] == 403
    assert ask(pep, path, body, skew=3_600)[0] in (400, 403)
    assert ask(pep, path, body, service="iam")[0] == 403
    method, target, raw, headers = pep.signed(
        path=f"/access/v1/{path}",
        body=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
        service="muniment",
    )
    assert pep.send(method, target, raw.replace(b"alice", b"bobby"), headers).status == 403
    assert pep.send(method, target, raw, {**headers, "X-Amz-Extra": "1"}).status == 403
    bare = {name: value for name, value in headers.items() if name.lower() != "authorization"}
    assert pep.send(method, target, raw, bare).status == 401


def test_a_position_that_is_not_reached_is_waited_for_and_then_503(pep):
    _, headers, _ = ask(pep, "evaluation", GOOD)
    assert ask(pep, "evaluation", GOOD, {"X-Muniment-Position": headers["x-muniment-position"]})[0] == 200
    assert ask(pep, "evaluation", {**GOOD, "min_revision": 10**9})[0] == 503
    assert ask(pep, "evaluation", GOOD, {"X-Muniment-Position": "nonsense"})[0] == 400


def test_another_accounts_point_asks_about_its_own_subjects_only(pdp, another_account):
    _, key = another_account()
    theirs = Wire(pdp.server, key)
    assert ask(theirs, "evaluation", GOOD)[2]["decision"] is False
    ours = f"arn:muniment:app::{pdp.server.account}:user/alice"
    assert ask(theirs, "evaluation", {**GOOD, "subject": {"type": "user", "id": ours}})[0] == 403
    found = ask(theirs, "search/subject", {**GOOD, "subject": {"type": "user"}})[2]
    assert found["results"] == []


def test_ids_with_delimiters_are_nobody_elses(pdp):
    """SECURITY CVE row 25: `user` + `a/b` is not `user/a` + `b`."""
    for entity in ({"type": "user", "id": "alice/x"}, {"type": "user/alice", "id": "x"}, {"type": "user", "id": ""}):
        status, _, answer = ask(pdp, "evaluation", {**GOOD, "subject": entity})
        assert status == 400 or answer["decision"] is False
    assert ask(pdp, "evaluation", {**GOOD, "resource": {"type": "record/record-1", "id": "x"}})[0] == 400


def test_a_thousand_evaluations_are_one_request_and_one_more_is_400(pep):
    many = {"subject": ALICE, "action": {"name": "read"}, "evaluations": [{"resource": RECORD_1}] * 1_000}
    status, _, answer = ask(pep, "evaluations", many)
    assert (status, len(answer["evaluations"])) == (200, 1_000)
    many["evaluations"].append({})
    assert ask(pep, "evaluations", many)[0] == 400


def test_questions_nested_too_deeply_are_400(pep):
    deep = {}
    for _ in range(40):
        deep = {"a": deep}
    for body in ({**GOOD, "context": deep}, {**GOOD, "future": deep}, {**GOOD, "evaluations": [{"context": deep}]}):
        for path in ("evaluation", "evaluations", "search/action"):
            assert ask(pep, path, body)[0] in (400, 403)
