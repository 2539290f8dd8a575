"""One call, from any front: authorized, done, and on record whatever becomes of it (DESIGN §6, SECURITY 14)."""

import base64

import msgspec
import pytest

from muniment.domain.activity.requests import CommandConfirmed, CommandRefused, QueryAnswered, QueryRefused
from tests.api.house import House

FOUNDING = 3  # entries of the first account's beginning


def token(epoch, sequence):
    return base64.urlsafe_b64encode(msgspec.msgpack.encode([epoch, sequence])).rstrip(b"=").decode()


def facts(house):
    return [entry.fact for entry in house.recorded()]


def test_a_command_answers_what_it_did_and_where(house):
    status, headers, body = house.native("CreateUser", {"UserName": "ana"})
    assert status == 200
    assert body["User"]["Arn"].endswith(":user/ana")
    raw = base64.urlsafe_b64decode(headers["x-muniment-position"] + "==")
    epoch, sequence = msgspec.msgpack.decode(raw)
    assert epoch == "epoch"
    assert FOUNDING < sequence <= house.ledger.seen


def test_a_command_that_was_recorded_leaves_no_activity_besides(house):
    house.native("CreateUser", {"UserName": "ana"})
    assert facts(house) == []


def test_a_command_that_changes_nothing_is_confirmed_on_record(house):
    house.native("CreateUser", {"UserName": "ana"}, headers={"Idempotency-Key": "k"})
    house.native("CreateUser", {"UserName": "ana"}, headers={"Idempotency-Key": "k"})
    assert facts(house) == [CommandConfirmed(repeated=True)]


def test_a_denied_command_is_refused_and_recorded_before_the_answer(house):
    house.gate.denied.add("iam:CreateUser")
    status, _, body = house.native("CreateUser", {"UserName": "ana"})
    assert (status, body["title"]) == (403, "AccessDenied")
    (entry,) = house.stream.entries  # without closing: it was there when the answer came
    assert entry.fact == CommandRefused("AccessDenied", "not iam:CreateUser")
    assert entry.command.parameters == {"UserName": "ana"}


@pytest.mark.parametrize(
    ("action", "params", "code"),
    [
        ("CreateUser", {}, "ValidationError"),
        ("CreateUser", {"UserName": "a b"}, "ValidationError"),
        ("GetUser", {"UserName": "nobody"}, "NoSuchEntity"),
        ("NoSuchAction", {}, "InvalidAction"),
    ],
)
def test_every_refusal_is_on_record(house, action, params, code):
    assert house.native(action, params)[2]["title"] == code
    (fact,) = facts(house)
    assert fact.code == code


def test_what_cannot_be_read_is_on_record_without_its_text(house):
    status, _, _ = house.ask("POST", "/v1/iam/CreateUser", b'{"secret', {"Content-Type": "application/json"})
    assert status == 400
    (entry,) = house.recorded()
    assert isinstance(entry.fact, QueryRefused)
    assert entry.command.parameters == {}
    assert "secret" not in repr(entry)


def test_a_query_is_on_record_after_its_answer(house):
    house.native("ListUsers")
    (fact,) = facts(house)
    assert isinstance(fact, QueryAnswered)
    assert fact.resources == ("arn:aws:iam::123456789012:user/",)


def test_an_operator_may_switch_the_recording_of_reads_off():
    house = House(log_reads=False)
    house.native("ListUsers")
    assert facts(house) == []
    house.close()


def test_a_refusal_that_cannot_be_recorded_is_no_answer(house):
    house.gate.denied.add("iam:ListUsers")
    house.stream.away = True
    status, headers, body = house.native("ListUsers")
    assert (status, body["title"]) == (503, "ServiceUnavailable")
    assert headers["retry-after"] == "1"


def test_a_fault_is_a_500_that_says_nothing_and_is_on_record(house, monkeypatch):
    def fail(*_):
        raise KeyError("inner workings")

    monkeypatch.setattr(house.ledger, "execute", fail)
    status, _, body = house.native("CreateUser", {"UserName": "ana"})
    assert (status, body["title"]) == (500, "ServiceFailure")
    assert "inner" not in str(body)
    assert [fact.code for fact in facts(house)] == ["ServiceFailure"]


def test_a_record_stays_small_whatever_was_sent(house):
    """Unknown names and long values made an entry that could not be appended, and others with it."""
    house.native("GetUser", {"UserName": "a" * 100_000, "b" * 100_000: 1, "c": "d" * 100_000})
    house.native("ListUsers", {"MaxItems": 10**40})
    house.native("n" * 4_000)
    assert all(len(data) < 20_000 for _, data in house.stream.messages)
    assert len(house.recorded()) == 3


def test_a_position_that_is_known_is_waited_for_outside_the_lane(house):
    house.reads.reached = 100
    status, _, body = house.native(
        "CreateUser", {"UserName": "ana"}, headers={"X-Muniment-Position": token("epoch", 101)}
    )
    assert (status, body["title"]) == (503, "ServiceUnavailable")
    assert house.reads.waited == [101]
    assert house.native("CreateUser", {"UserName": "ana"})[0] == 200


def test_a_position_of_another_epoch_is_refused(house):
    for action in ("ListUsers", "CreateUser"):
        status, _, body = house.native(
            action,
            {"UserName": "ana"} if action == "CreateUser" else {},
            headers={"X-Muniment-Position": token("x", 1)},
        )
        assert (status, body["title"]) == (400, "ValidationError")


def test_a_key_with_another_body_is_a_mismatch(house):
    house.native("CreateUser", {"UserName": "ana"}, headers={"Idempotency-Key": "k"})
    status, _, body = house.native("CreateUser", {"UserName": "bob"}, headers={"Idempotency-Key": "k"})
    assert (status, body["title"]) == (422, "IdempotentParameterMismatch")


def test_a_process_without_a_ledger_has_no_front_for_commands():
    house = House(ledger=None, activity=None)
    assert house.native("CreateUser", {"UserName": "ana"})[0] == 404
    house.close()


def test_how_old_a_state_may_be_depends_on_the_action_asked_about(house):  # SECURITY 2
    house.gate.stale.add("iam:CreateUser")
    body = b'{"subject":{"type":"user","id":"x"},"action":{"name":"iam:CreateUser"},"resource":{"type":"t","id":"i"}}'
    status, _, _ = house.ask(
        "POST", "/access/v1/evaluation", body, {"Content-Type": "application/json"}, service="muniment"
    )
    assert status == 503
