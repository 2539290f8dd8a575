"""The official certification scenario of AuthZEN Authorization API 1.0, against a real server: its numbers are its test ids
(certification/authorization-api-1_0-scenario.md of the working group): Basic, Batch and Search, Core and Properties, and Discovery.
"""

import json
import urllib.request

import pytest

from tests.scenarios.conftest import reset
from tests.scenarios.records import (
    ACTIVE,
    ADMIN,
    ALICE,
    ARCHIVED,
    BOB,
    RECORD_1,
    RECORD_2,
    ask,
    registered,
    with_iam_users,
)
from tests.scenarios.wire import Wire

READ, WRITE, DELETE = {"name": "read"}, {"name": "write"}, {"name": "delete"}
ARCHIVED_2 = {**RECORD_2, "properties": ARCHIVED}
ADMIN_BOB = {**BOB, "properties": ADMIN}
GOOD = {"subject": ALICE, "action": READ, "resource": RECORD_1}
CONTEXT = {"time": "2025-06-27T18:03-07:00", "ip": "192.168.1.1"}


def soft(yes):
    return {**DELETE, "properties": {"soft": yes}}


@pytest.fixture(scope="module", params=["own subjects", "IAM users"])
def pdp(request, running):
    """The fixture of the scenario, in both ways that Muniment has for it."""
    wire = Wire(reset(running))
    if request.param == "own subjects":
        registered(wire)
    else:
        with_iam_users(wire, running.client("iam"))
    return wire


DECISIONS = {  # c-1-4; of the ids those that ask exactly this
    "rule 1, c-2-2-1": (ALICE, READ, RECORD_1, True),
    "rule 2": (ALICE, WRITE, RECORD_1, True),
    "rule 3": (BOB, READ, RECORD_1, True),
    "rule 4, c-2-2-2": (BOB, WRITE, RECORD_1, False),
    "rule 5, c-2-2-4": (ALICE, WRITE, ARCHIVED_2, False),
    "rule 5 on what is archived only in the request": (ALICE, WRITE, {**RECORD_1, "properties": ARCHIVED}, False),
    "rule 6, c-2-2-5": (ADMIN_BOB, WRITE, ARCHIVED_2, True),
    "rule 7, c-2-2-6": (ALICE, soft(True), RECORD_1, True),
    "rule 8, c-2-2-7": (ALICE, soft(False), RECORD_1, False),
}


@pytest.mark.parametrize("rule", DECISIONS)
def test_the_eight_decisions_of_the_fixture(pdp, rule):
    subject, action, resource, expected = DECISIONS[rule]
    status, headers, body = ask(pdp, "evaluation", {"subject": subject, "action": action, "resource": resource})
    assert (status, headers["content-type"], body["decision"]) == (200, "application/json", expected)
    assert isinstance(body.get("context", {}), dict)


def test_c_2_2_3_a_context_changes_nothing(pdp):
    assert ask(pdp, "evaluation", {**GOOD, "context": CONTEXT})[2]["decision"] is True


def test_c_2_2_8_more_properties_are_accepted(pdp):
    question = {
        "subject": {**ALICE, "properties": {"department": "Sales", "role": "manager"}},
        "action": {**READ, "properties": {"method": "GET"}},
        "resource": {**RECORD_1, "properties": {**ACTIVE, "owner": "bob"}},
    }
    assert ask(pdp, "evaluation", question)[2]["decision"] is True


def test_c_2_2_9_unknown_fields_are_ignored(pdp):
    answer = ask(pdp, "evaluation", {**GOOD, "foo": "bar", "futureField": {"nested": True}})
    assert (answer[0], answer[2]["decision"]) == (200, True)


BAD = {
    "c-2-4-1 no subject": {"action": READ, "resource": RECORD_1},
    "c-2-4-1 no action": {"subject": ALICE, "resource": RECORD_1},
    "c-2-4-1 no resource": {"subject": ALICE, "action": READ},
    "c-2-4-2 subject without type": {**GOOD, "subject": {"id": "alice"}},
    "c-2-4-2 subject without id": {**GOOD, "subject": {"type": "user"}},
    "c-2-4-2 action without name": {**GOOD, "action": {}},
    "c-2-4-2 resource without type": {**GOOD, "resource": {"id": "record-1"}},
    "c-2-4-2 resource without id": {**GOOD, "resource": {"type": "record"}},
    "c-2-4-4 no JSON": b'{"subject":',
    "c-2-4-5 nothing": b"",
    "c-2-4-6 subject is a text": {**GOOD, "subject": "alice"},
    "c-2-4-6 name is a number": {**GOOD, "action": {"name": 123}},
}


@pytest.mark.parametrize("path", ["evaluation", "evaluations"])
@pytest.mark.parametrize("case", BAD)
def test_c_2_4_what_cannot_be_asked_is_400_with_a_text(pdp, path, case):
    status, _, body = ask(pdp, path, BAD[case])
    assert (status, type(body)) == (400, str)


def test_c_2_4_3_another_content_type_is_400(pdp):
    assert ask(pdp, "evaluation", GOOD, {"Content-Type": "text/plain"})[0] == 400


def test_c_2_5_the_request_id_comes_back(pdp):
    for path in ("evaluation", "evaluations"):
        assert ask(pdp, path, GOOD, {"X-Request-ID": "bfe9eb29"})[1]["x-request-id"] == "bfe9eb29"
    assert ask(pdp, "search/action", GOOD, {"X-Request-ID": "x"})[1]["x-request-id"] == "x"
    assert ask(pdp, "evaluation", GOOD)[0] == 200  # c-2-5-2


def test_c_2_6_the_same_question_has_the_same_answer(pdp):
    assert {ask(pdp, "evaluation", GOOD)[2]["decision"] for _ in range(5)} == {True}


BATCHES = {
    "c-3-2-1": (
        {"subject": ALICE, "action": READ, "evaluations": [{"resource": RECORD_1}, {"resource": RECORD_2}]},
        None,
    ),
    "c-3-2-2": (
        {"subject": BOB, "resource": RECORD_1, "evaluations": [{"action": READ}, {"action": WRITE}]},
        [True, False],
    ),
    "c-3-2-3": (
        {
            "subject": ALICE,
            "action": WRITE,
            "evaluations": [{"resource": {**RECORD_1, "properties": ACTIVE}}, {"resource": ARCHIVED_2}],
        },
        [True, False],
    ),
    "c-3-2-4": (
        {"action": WRITE, "resource": ARCHIVED_2, "evaluations": [{"subject": ALICE}, {"subject": ADMIN_BOB}]},
        [False, True],
    ),
    "c-3-2-5": (
        {"evaluations": [GOOD, {"subject": BOB, "action": WRITE, "resource": RECORD_1}]},
        [True, False],
    ),
    "c-3-2-6": (
        {
            "subject": ALICE,
            "action": READ,
            "context": CONTEXT,
            "evaluations": [{"resource": RECORD_1}, {"resource": RECORD_2, "context": {"source": "batch-override"}}],
        },
        None,
    ),
    "c-3-2-7": (
        {
            "subject": ALICE,
            "action": WRITE,
            "resource": {"type": "record"},
            "evaluations": [{"resource": {"id": "record-1", "properties": ACTIVE}}, {"resource": ARCHIVED_2}],
        },
        [True, False],
    ),
    "c-3-4-1": ({"subject": ALICE, "action": READ, "evaluations": [{"resource": RECORD_1}, {}]}, [True, False]),
}


@pytest.mark.parametrize("case", BATCHES)
def test_c_3_batches_answer_in_order_one_decision_each(pdp, case):
    body, expected = BATCHES[case]
    status, headers, answer = ask(pdp, "evaluations", body)
    assert (status, headers["content-type"]) == (200, "application/json")
    assert "decision" not in answer  # c-3-3-4
    decisions = [each["decision"] for each in answer["evaluations"]]
    assert all(type(each) is bool for each in decisions)
    assert len(decisions) == len(body["evaluations"])
    assert expected in (None, decisions)


@pytest.mark.parametrize("more", [{}, {"evaluations": []}], ids=["c-3-4-2", "c-3-4-3"])
def test_c_3_4_without_evaluations_it_is_a_single_one(pdp, more):
    answer = ask(pdp, "evaluations", {**GOOD, **more})[2]
    assert answer["decision"] is True
    assert "evaluations" not in answer


def found(pdp, what, body):
    status, headers, answer = ask(pdp, f"search/{what}", body)
    assert (status, headers["content-type"]) == (200, "application/json")
    assert answer["page"]["next_token"] == ""
    return answer["results"]


def test_c_4_2_subjects_who_may_read(pdp):
    question = {"subject": {"type": "user"}, "action": READ, "resource": RECORD_1}
    assert found(pdp, "subject", question) == [ALICE, BOB]
    assert found(pdp, "subject", {**question, "context": CONTEXT}) == [ALICE, BOB]  # c-4-2-2


def test_c_4_2_4_subjects_who_may_write_what_is_archived(pdp):
    question = {"subject": {"type": "user"}, "action": WRITE, "resource": ARCHIVED_2}
    assert found(pdp, "subject", question) == [BOB]


def test_c_4_3_resources_that_alice_may_read(pdp):
    assert found(pdp, "resource", {"subject": ALICE, "action": READ, "resource": {"type": "record"}}) == [
        RECORD_1,
        RECORD_2,
    ]


def test_c_4_3_3_resources_that_an_admin_may_write(pdp):
    question = {"subject": ADMIN_BOB, "action": WRITE, "resource": {"type": "record"}}
    assert found(pdp, "resource", question) == [RECORD_2]


def test_c_4_4_actions_of_alice(pdp):
    assert found(pdp, "action", {"subject": ALICE, "resource": RECORD_1}) == [READ, WRITE]
    assert found(pdp, "action", {"subject": ALICE, "resource": RECORD_1, "context": CONTEXT}) == [
        READ,
        WRITE,
    ]  # c-4-4-2


def test_c_4_4_3_actions_of_an_admin_on_what_is_archived(pdp):
    assert WRITE in found(pdp, "action", {"subject": ADMIN_BOB, "resource": ARCHIVED_2})


def test_c_4_5_pages(pdp):
    question = {"subject": {"type": "user"}, "action": READ, "resource": RECORD_1}
    first = ask(pdp, "search/subject", {**question, "page": {"limit": 1}})[2]
    assert first["results"] == [ALICE]
    assert first["page"]["count"] == 1
    token = first["page"]["next_token"]
    second = ask(pdp, "search/subject", {**question, "page": {"token": token}})[2]  # c-4-5-2: the limit is not repeated
    assert second["results"] == [BOB]
    assert second["page"]["next_token"] == ""


def test_c_4_6_what_nobody_knows_is_found_nowhere(pdp):
    nobody = {"type": "user", "id": "nonexistent-user"}
    assert found(pdp, "action", {"subject": nobody, "resource": RECORD_1}) == []
    for kind in ("spaceship", "space ship", "a/b", ""):
        assert found(pdp, "subject", {"subject": {"type": kind}, "action": READ, "resource": RECORD_1}) == []
        assert found(pdp, "resource", {"subject": ALICE, "action": READ, "resource": {"type": kind}}) == []


BAD_SEARCHES = {
    "c-4-7-1 subject without action": ("subject", {"subject": {"type": "user"}, "resource": RECORD_1}),
    "c-4-7-1 resource without subject": ("resource", {"action": READ, "resource": {"type": "record"}}),
    "c-4-7-1 action without resource": ("action", {"subject": ALICE}),
    "c-4-7-2 resource without id": (
        "subject",
        {"subject": {"type": "user"}, "action": READ, "resource": {"type": "record"}},
    ),
    "c-4-7-2 subject without id": (
        "resource",
        {"subject": {"type": "user"}, "action": READ, "resource": {"type": "record"}},
    ),
    "no type": ("subject", {"subject": {}, "action": READ, "resource": RECORD_1}),
    "page is a list": ("action", {**GOOD, "page": []}),
    "limit is zero": ("action", {**GOOD, "page": {"limit": 0}}),
    "limit is a text": ("action", {**GOOD, "page": {"limit": "1"}}),
}


@pytest.mark.parametrize("case", BAD_SEARCHES)
def test_c_4_7_searches_that_cannot_be_made_are_400(pdp, case):
    what, body = BAD_SEARCHES[case]
    status, _, answer = ask(pdp, f"search/{what}", body)
    assert (status, type(answer)) == (400, str)


def test_c_6_discovery_needs_nobody_and_names_every_endpoint(pdp):
    endpoint = pdp.server.endpoint
    with urllib.request.urlopen(f"{endpoint}/.well-known/authzen-configuration") as answer:
        assert answer.headers["content-type"] == "application/json"
        document = json.load(answer)
    assert document == {
        "policy_decision_point": endpoint,
        "access_evaluation_endpoint": f"{endpoint}/access/v1/evaluation",
        "access_evaluations_endpoint": f"{endpoint}/access/v1/evaluations",
        "search_subject_endpoint": f"{endpoint}/access/v1/search/subject",
        "search_resource_endpoint": f"{endpoint}/access/v1/search/resource",
        "search_action_endpoint": f"{endpoint}/access/v1/search/action",
    }
