"""AuthZEN Authorization API 1.0, evaluation: what is asked wrongly gets 400, a denial is an answer (INTERFACES)."""

import json

import pytest

GOOD = {"subject": {"type": "user", "id": "ana"}, "action": {"name": "a:b"}, "resource": {"type": "t", "id": "i"}}


def ask(house, body, headers=None, **how):
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", **(headers or {})}
    return house.ask("POST", "/access/v1/evaluation", body, headers, service=how.pop("service", "muniment"), **how)


@pytest.mark.parametrize(
    "change",
    [
        {"subject": None},
        {"subject": "ana"},
        {"subject": {"type": "user"}},
        {"subject": {"id": "ana"}},
        {"subject": {"type": "user", "id": 5}},
        {"action": {}},
        {"action": {"name": ["a"]}},
        {"resource": {"type": "t"}},
        {"context": []},
        {"context": "x"},
    ],
)
def test_what_is_required_is_required(house, change):
    status, _, body = ask(house, {**GOOD, **change})
    assert status == 400
    assert isinstance(json.loads(body), str)


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"null"])
def test_a_question_is_an_object(house, body):
    assert ask(house, body)[0] == 400


def test_the_request_id_of_the_caller_comes_back(house):
    status, headers, _ = ask(house, {}, {"X-Request-ID": "abc"})
    assert (status, headers["x-request-id"]) == (400, "abc")


def test_who_is_not_authenticated_gets_401(house):
    status, _, _ = house.send("POST", "/access/v1/evaluation", json.dumps(GOOD).encode())
    assert status == 401


def test_who_may_not_ask_gets_403(house):
    house.gate.denied.add("muniment:Evaluate")
    assert ask(house, GOOD)[0] == 403


def test_a_signature_for_another_service_does_not_ask(house):
    assert ask(house, GOOD, service="iam")[0] == 403
