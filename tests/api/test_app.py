"""Which path goes to which front, and what no front takes."""

import json

import pytest

from tests.api.house import House


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics", "/openapi.json"])
def test_what_operators_ask_needs_no_signature(house, path):
    assert house.send("GET", path)[0] == 200


@pytest.mark.parametrize("path", ["/", "/nowhere", "/v1/iam/ListUsers", "/access/v1/evaluation"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE"])
def test_everything_else_needs_one(house, method, path):
    status, _, body = house.send(method, path)
    assert status in (401, 403, 404, 405)
    assert b"Users" not in body


def test_reset_is_there_for_ephemeral_servers_alone(house):
    assert house.send("POST", "/_muniment/reset")[0] == 403
    resets = []
    ephemeral = House(reset=lambda: resets.append(1) or {"reset": True})
    assert house.send("GET", "/_muniment/reset")[0] in (403, 405)
    assert ephemeral.send("POST", "/_muniment/reset")[0] == 200
    assert resets == [1]
    ephemeral.close()


def test_a_body_that_is_too_large_is_refused_in_the_form_of_its_front(house):
    big = b"a" * (1_048_576 + 1)
    assert b"<Code>RequestEntityTooLarge</Code>" in house.send("POST", "/", big)[2]
    assert json.loads(house.send("POST", "/v1/iam/ListUsers", big)[2])["title"] == "RequestEntityTooLarge"
    assert house.send("POST", "/access/v1/evaluation", big)[0] == 400  # AuthZEN knows no 413


def test_a_head_that_is_too_large_is_refused(house):
    assert house.send("POST", "/", b"", {"x-long": "a" * 20_000})[0] == 413


def test_answers_tell_their_length(house):
    _, headers, body = house.call("ListUsers")
    assert headers["content-length"] == str(len(body))


def test_a_fault_of_healths_own_is_a_500_in_our_words(house):
    house.ready.report = lambda: 1 / 0
    status, headers, body = house.send("GET", "/readyz")
    assert (status, headers["content-type"]) == (500, "application/problem+json")
    assert b"division" not in body


def test_who_comes_while_the_server_is_put_back_is_told_to_come_again(house):
    """The closed pool's RuntimeError went out as a bare 500."""
    house.app.close()
    status, headers, body = house.native("ListUsers")
    assert (status, body["title"], headers["retry-after"]) == (503, "ServiceUnavailable", "1")
