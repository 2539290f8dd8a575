"""HTTP as only an enemy speaks it: nobody's methods and paths, raw sockets, floods, slow clients."""

import contextlib
import json
import re
import threading
import time

import pytest

from tests.scenarios.wire import FORM, read_all

LIST = b"Action=ListUsers&Version=2010-05-08"


def alive(wire):
    """That the server still answers others, and soon."""
    began = time.monotonic()
    return wire.call("ListUsers").status == 200 and time.monotonic() - began < 2


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE"])
def test_methods_that_nobody_has_get_a_4xx(calm, method):
    for path in ("/", "/v1/iam/ListUsers", "/access/v1/evaluation", "/_muniment/reset", "/nowhere", "/v1", "/v1/"):
        answer = calm.send(method, path, b"", {})
        assert 400 <= answer.status < 500, path
        assert b"Traceback" not in answer.body
        signed = calm.ask(method, path)
        assert 400 <= signed.status < 500, path
    assert alive(calm)


@pytest.mark.parametrize(
    "path",
    [
        "/v1/iam", "/v1/iam/", "/v1//ListUsers", "/v1/iam/ListUsers/x", "/v1/iam/listusers", "/v1/../iam/ListUsers",
        "/v1/iam/%4cistUsers", "/v1/iam/__class__", "/v1/iam/ListUsers%00", "/v1/iam%2fListUsers", "//", "/.", "/..",
        "/%2e%2e/", "/x?y", "/" + "a" * 8_000, "/\u00e9".encode().decode("latin-1"), "/v1/IAM/ListUsers", "/metrics/",
        "/.well-known/none", "/readyz/x", "/openapi.json/x",
    ],
)  # fmt: skip
def test_paths_that_nobody_has_get_a_4xx(calm, path):
    target = path.encode("latin-1").decode("latin-1") if path.isascii() else "/%E9"
    for method in ("GET", "POST"):
        assert 400 <= calm.send(method, target, b"", {}).status < 500
    answer = calm.ask(path=target, body=b"{}", headers={"Content-Type": "application/json"}, service="muniment")
    assert 400 <= answer.status < 500, answer
    assert b"<Users>" not in answer.body


def test_head_of_the_health_pages_has_no_body(calm):
    for path in ("/livez", "/readyz", "/metrics", "/openapi.json"):
        assert calm.send("HEAD", path, b"", {}).body == b""
        assert calm.send("GET", path, b"", {}).status == 200


def test_a_chunked_body_is_read_like_any_other(calm):
    method, target, body, headers = calm.signed(body=LIST, headers={"Content-Type": FORM})
    parts = iter([body[:5], body[5:]])
    assert calm.send(method, target, parts, {**headers, "Transfer-Encoding": "chunked"}).status == 200


def test_a_chunked_body_without_end_is_cut_at_a_mebibyte(calm):
    def endless():
        for _ in range(100):
            yield b"a" * 65_536

    try:
        answer = calm.send("POST", "/", endless(), {"Transfer-Encoding": "chunked"})
        assert answer.status == 413
    except (BrokenPipeError, ConnectionResetError):
        pass  # closed while we were still sending
    assert alive(calm)


@pytest.mark.parametrize(
    "headers",
    [
        {f"X-H{number}": "a" * 100 for number in range(200)},
        {"X-Long": "a" * 17_000},
        {"X-Long": "a" * 60_000},
        {"Cookie": "a=b; " * 4_000},
        {"Authorization": "AWS4-HMAC-SHA256 " + "Credential=a/b/c/d/e," * 700},
        {"Authorization": "AWS4-HMAC-SHA256 SignedHeaders=" + ";".join(f"h{n}" for n in range(2_000))},
    ],
)
def test_a_flood_of_headers_is_refused(calm, headers):
    try:
        answer = calm.send("POST", "/", LIST, headers)
        assert 400 <= answer.status < 500
    except (BrokenPipeError, ConnectionResetError):
        pass
    assert alive(calm)


RAW = {
    "garbage": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)),
    "a line without end": b"A" * 200_000,
    "no version": b"GET /\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/9": b"GET / HTTP/9.9\r\n\r\n",
    "a bare line feed": b"GET / HTTP/1.1\nHost: x\n\n",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "two hosts": b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "a length and chunks": (
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        b"GET /readyz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    ),
    "a length below zero": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
    "a length that is none": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ten\r\n\r\n",
    "a length beyond all": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 999999999999999999999\r\n\r\n",
    "a chunk that is none": b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
    "a header without a name": b"GET / HTTP/1.1\r\n: x\r\nHost: a\r\n\r\n",
    "a header with a NUL": b"GET / HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n",
    "a folded header": b"GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n",
    "an absolute target": b"GET http://elsewhere/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "an asterisk": b"OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "connect": b"CONNECT a:443 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "an upgrade": (
        b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: eHh4eHh4eHh4eHh4eHh4eA==\r\n\r\n"
    ),
    "garbage in the pipe": b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n" * 3 + b"\x00\xff\r\n\r\nGET / HTTP/1.1\r\n\r\n",
    "expect": b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}",
    "ranges": b"GET /readyz HTTP/1.1\r\nHost: a\r\nConnection: close\r\nRange: bytes=" + b"0-1," * 2_000 + b"1-2\r\n\r\n",
}  # fmt: skip


@pytest.mark.parametrize("case", RAW)
def test_bytes_that_are_no_request_end_the_connection_and_nothing_else(calm, case):
    with calm.socket(timeout=8) as connection:
        try:
            connection.sendall(RAW[case])
            with contextlib.suppress(OSError):  # the server may have ended it before us
                connection.shutdown(1)
            answer = read_all(connection)
        except OSError:  # closed while we were still sending
            answer = b""
    assert b" 500 " not in answer
    assert b"Traceback" not in answer
    assert b"<Users>" not in answer
    if case == "a length and chunks":
        assert answer.count(b"HTTP/1.1 ") <= 1, "a request was smuggled in"
    assert alive(calm)


def test_requests_in_a_pipe_are_answered_in_their_order(calm):
    with calm.socket() as connection:
        paths = [b"/livez", b"/nowhere", b"/livez"]
        head = b"GET %s HTTP/1.1\r\nHost: a\r\n\r\n"
        connection.sendall(b"".join(head % path for path in paths[:-1]))
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        answer = read_all(connection)
    assert re.findall(rb"HTTP/1.1 (\d+)", answer) == [b"200", b"403", b"200"]


def test_slow_clients_hold_nobody_up(calm):
    """A hundred connections that have sent half a request each; others are served as ever."""
    held = [calm.socket() for _ in range(100)]
    try:
        for number, connection in enumerate(held):
            half = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n"
            connection.sendall(half if number % 2 else half + b"\r\nAction=")
        assert all(alive(calm) for _ in range(10))
    finally:
        for connection in held:
            connection.close()
    assert alive(calm)


def test_who_says_nothing_for_five_seconds_is_cut_off(calm):  # SECURITY 17
    """Connections without a request, and with half of one, were kept for ever."""
    halves = [b"", b"POST / HTTP/1.1\r\nHost: a\r\n", b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\nGET /livez HTTP/1.1\r\n"]
    held = [calm.socket(timeout=15) for _ in halves]
    for connection, half in zip(held, halves, strict=True):
        connection.sendall(half)
    began = time.monotonic()
    answers = [read_all(connection) for connection in held]
    assert 3 < time.monotonic() - began < 12
    assert [answer.count(b" 408 ") for answer in answers] == [1, 1, 1]
    assert answers[2].startswith(b"HTTP/1.1 200")
    for connection in held:
        connection.close()


def test_a_head_without_end_is_cut_off_before_it_fills_the_memory(calm):
    """It was kept as long as it came."""
    for piece in (b"X-A: " + b"a" * 8_000 + b"\r\n", b"a" * 8_192):
        with calm.socket() as connection:
            sent = 0
            try:
                connection.sendall(b"GET /livez HTTP/1.1\r\nHost: a\r\n")
                while sent < 50_000_000:
                    connection.sendall(piece)
                    sent += len(piece)
            except (BrokenPipeError, ConnectionResetError):
                pass
            assert sent < 20_000_000
    assert alive(calm)


def test_a_client_that_goes_away_leaves_nothing_half_done(wire):
    """The body says CreateUser and is cut one byte short."""
    body = b"Action=CreateUser&Version=2010-05-08&UserName=ana"
    method, target, body, headers = wire.signed(body=body, headers={"Content-Type": FORM})
    lines = [f"{method} {target} HTTP/1.1", f"Host: {wire.address}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items() if name.lower() != "host"]
    with wire.socket() as connection:
        connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body[:-1])
    time.sleep(0.2)
    assert b"<UserName>" not in wire.call("ListUsers").body


def test_the_answer_to_everybody_stays_quick_under_a_flood_of_strangers(calm):
    stop = threading.Event()
    counted = []

    def flood():
        while not stop.is_set():
            counted.append(calm.send("POST", "/", LIST, {"Content-Type": FORM}).status)

    threads = [threading.Thread(target=flood) for _ in range(4)]
    for thread in threads:
        thread.start()
    times = []
    for _ in range(20):
        began = time.monotonic()
        assert calm.call("ListUsers").status == 200
        times.append(time.monotonic() - began)
    stop.set()
    for thread in threads:
        thread.join()
    assert set(counted) == {403}
    assert sorted(times)[10] < 1.0


def test_what_browsers_may_do_is_nothing(calm):
    """No CORS: a page of another origin reads nothing here, and no answer is guessed to be HTML."""
    for path in ("/", "/readyz", "/v1/iam/ListUsers", "/nowhere"):
        answer = calm.send("POST" if path[1:3] == "v1" else "GET", path, b"", {"Origin": "https://evil.example"})
        assert "access-control-allow-origin" not in answer.headers
        assert answer.headers["content-type"].split(";")[0] != "text/html"


def test_errors_have_the_headers_that_clients_read(calm):
    for answer in (calm.call("GetUser", UserName="nobody"), calm.call("Nope"), calm.send("POST", "/", LIST, {})):
        assert answer.headers["content-type"] == "text/xml"
        assert answer.headers["x-amzn-requestid"] in answer.text
        assert int(answer.headers["content-length"]) == len(answer.body)
        assert "server" not in answer.headers
    native = calm.native("GetUser", {"UserName": "nobody"})
    assert native.headers["content-type"] == "application/problem+json"
    problem = json.loads(native.text)
    assert problem["status"] == native.status == 404
    assert problem["instance"] == f"urn:uuid:{native.headers['x-request-id']}"
