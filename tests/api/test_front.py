"""Around a call: who is let in, and what is logged and counted of it."""

import json

import structlog
from structlog.testing import capture_logs

from muniment.api.front import POSITION_HEADER

FIELDS = {"request_id", "service", "action", "code", "status", "ms", "event", "log_level"}


def test_a_line_has_the_allowed_fields_alone(house):
    structlog.reset_defaults()
    with capture_logs() as lines:
        house.native("CreateUser", {"UserName": "ana"}, headers={"User-Agent": "secret-agent"})
        house.native("Nope" * 100)
        house.send("POST", "/", b"Action=ListUsers&token=secret")
    assert len(lines) == 3
    assert all(set(line) == FIELDS for line in lines)
    assert [line["action"] for line in lines] == ["CreateUser", "", ""]
    assert "secret" not in str(lines)


def test_a_fault_is_logged_by_its_place_without_values(house, monkeypatch):
    def fail(*_):
        raise KeyError("a-secret-value")

    monkeypatch.setattr(house.ledger, "execute", fail)
    structlog.reset_defaults()
    with capture_logs() as lines:
        house.native("CreateUser", {"UserName": "another-secret"})
    (failed,) = [line for line in lines if line["event"] == "request failed"]
    assert failed["error"] == "KeyError"
    assert any("dispatch.py" in place for place in failed["exc_info"])
    assert "secret" not in str(lines)


def test_names_that_nobody_has_are_no_labels(house):
    for number in range(20):
        house.native(f"Nope{number}")
        house.ask("POST", f"/v1/service{number}/Nope", b"{}", service="muniment")
    names = {sample.labels.get("action") for metric in house.registry.collect() for sample in metric.samples}
    services = {sample.labels.get("service") for metric in house.registry.collect() for sample in metric.samples}
    assert names <= {None, ""}
    assert services <= {None, ""}


def test_the_position_that_comes_back_is_the_one_to_ask_with(house):
    _, headers, _ = house.native("CreateUser", {"UserName": "ana"})
    assert house.native("GetUser", {"UserName": "ana"}, headers={POSITION_HEADER: headers[POSITION_HEADER]})[0] == 200
    assert house.reads.waited[-1] == house.ledger.seen


def test_a_position_that_cannot_be_read_is_refused(house):
    status, _, body = house.native("ListUsers", headers={POSITION_HEADER: "zzz"})
    assert (status, body["title"]) == (400, "ValidationError")


def test_refusals_have_the_form_of_their_front(house):
    status, headers, body = house.call("GetUser", UserName="nobody")
    assert (status, headers["content-type"]) == (404, "text/xml")
    assert b"<Code>NoSuchEntity</Code>" in body
    status, headers, problem = house.native("GetUser", {"UserName": "nobody"})
    assert (status, headers["content-type"], problem["title"]) == (404, "application/problem+json", "NoSuchEntity")
    status, headers, body = house.ask(
        "POST", "/access/v1/evaluation", b"{}", {"Content-Type": "application/json"}, service="muniment"
    )
    assert (status, headers["content-type"]) == (400, "application/json")
    assert isinstance(json.loads(body), str)
