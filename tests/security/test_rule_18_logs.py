"""SECURITY rule 18: a line of the log has the fields it may have, and no others."""

import json

from tests.scenarios.wire import read_all

REQUEST = {"request_id", "service", "action", "code", "status", "ms", "event", "level", "timestamp"}


def lines(server):
    text = server.fresh_output()
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")], text


def test_a_request_is_logged_by_the_allowed_fields_alone(wire, keyed):
    wire.server.fresh_output()
    keyed("ana").call("ListUsers", headers={"User-Agent": "agent-canary", "X-Other": "other-canary"})
    wire.call("CreateUser", UserName="name-canary")
    wire.call("CreateUser", UserName="bad name-canary")
    wire.form(b"Action=action-canary&Version=2010-05-08")
    wire.native("native-canary")
    wire.send("POST", "/path-canary?query-canary=1", b"body-canary", {})
    logged, text = lines(wire.server)
    requests = [line for line in logged if line["event"] == "request"]
    assert len(requests) >= 8
    assert all(set(line) == REQUEST for line in requests)
    assert "canary" not in text.replace("native-canary", "")


def test_an_action_that_nobody_has_is_not_a_log_line_of_the_senders_making(wire):
    wire.server.fresh_output()
    for name in ('x","event":"forged', "x\n{forged", "x" * 5_000):
        wire.native(name.encode().hex() if "\n" in name else name.replace('"', "%22"))
    _, text = lines(wire.server)
    assert '"forged' not in text
    assert all(len(line) < 2_000 for line in text.splitlines())


def test_garbage_on_the_wire_is_no_line_at_all(calm):
    """The HTTP server logged a line for each, in words of its own and unstructured: a stranger could fill the disk."""
    calm.server.fresh_output()
    for raw in (
        b"\x00\xff" * 50 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade, close\r\nHost: a\r\n\r\n",
    ):
        with calm.socket() as connection:
            connection.sendall(raw)
            connection.shutdown(1)
            read_all(connection)
    _, text = lines(calm.server)
    assert all(line.startswith("{") for line in text.splitlines())
    assert "WebSocket" not in text
    assert "Invalid HTTP" not in text
