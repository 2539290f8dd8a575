"""A line against a real server, and against one that misbehaves: every request ends as soon as its fate is known."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from muniment.ops.jetstream import errors, line
from muniment.ops.jetstream.embedded import EmbeddedServer
from muniment.ops.jetstream.line import Line
from muniment.ops.jetstream.loop import NatsLoop
from muniment.ops.jetstream.settings import ConnectionSettings
from muniment.ops.jetstream.wire import pub

INFO = b'INFO {"server_id":"S","max_payload":1048576,"headers":true}\r\n'


@pytest.fixture
def ours(streams: EmbeddedServer) -> Iterator[Line]:
    """A line as the role `api`."""
    settings = streams.credentials("api")
    found = Line(settings)
    found.open(settings.addresses[0])
    yield found
    found.close()


class Peer:
    """A server that greets as NATS does, and then does what a test makes it do with what comes."""

    def __init__(self, act: Callable[[socket.socket, bytes], None]) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address: tuple[str, int] = self._listener.getsockname()[:2]
        self.connections: list[socket.socket] = []
        self._act = act
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        with contextlib.suppress(OSError):  # a test ends it where it stands
            self._serve()

    def _serve(self) -> None:
        connection, _ = self._listener.accept()
        self.connections.append(connection)
        connection.sendall(INFO)
        heard = b""
        while not heard.endswith(b"PING\r\n"):
            heard += connection.recv(65_536)
        connection.sendall(b"PONG\r\n")
        while data := connection.recv(65_536):
            self._act(connection, data)

    def close(self) -> None:
        """End it."""
        for connection in self.connections:
            connection.close()
        self._listener.close()


def line_to(peer: Peer) -> Line:
    found = Line(ConnectionSettings((f"nats://127.0.0.1:{peer.address[1]}",)))
    found.open(peer.address)
    return found


def ask(found: Line, subject: str = "somebody", seconds: float = 5.0) -> bytes:
    return found.ask(subject, lambda reply: pub(subject, b"?", reply), seconds)[4]


def info_of(found: Line, seconds: float = 5.0) -> bytes:
    subject = "$JS.API.STREAM.INFO.IAM"
    return found.ask(subject, lambda reply: pub(subject, b"", reply), seconds)[4]


def test_an_answer_is_read_by_who_waits_for_it(ours: Line) -> None:
    assert b'"name":"IAM"' in info_of(ours)


def test_many_threads_at_once_each_get_their_own_answer(ours: Line) -> None:
    wrong: list[object] = []

    def work(stream: str) -> None:
        subject = f"$JS.API.STREAM.INFO.{stream}"
        for _ in range(40):
            try:
                answer = ours.ask(subject, lambda reply: pub(subject, b"", reply), 5.0)[4]
            except Exception as error:
                wrong.append(error)
                return
            if f'"name":"{stream}"'.encode() not in answer:
                wrong.append(answer)

    threads = [threading.Thread(target=work, args=(("IAM", "IAM_ACTIVITY")[n % 2],)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_nobody_there_to_answer_is_told_at_once() -> None:
    block = b"NATS/1.0 503\r\n\r\n"

    def act(connection: socket.socket, data: bytes) -> None:
        connection.sendall(b"HMSG %b 1 %d %d\r\n%b\r\n" % (data.split(b" ")[2], len(block), len(block), block))

    peer = Peer(act)
    found = line_to(peer)
    with pytest.raises(errors.NoResponders):
        ask(found)
    assert found.up
    found.close()
    peer.close()


def test_a_forbidden_subject_is_told_to_who_asked(ours: Line) -> None:
    with pytest.raises(errors.PermissionDenied):
        ask(ours, "$JS.API.STREAM.DELETE.IAM")
    assert ours.up


def test_wrong_credentials_are_refused_while_connecting(streams: EmbeddedServer) -> None:
    settings = streams.credentials("api")
    stranger = Line(ConnectionSettings(settings.urls))
    with pytest.raises((errors.Refused, errors.Lost)):
        stranger.open(settings.addresses[0])
    assert not stranger.up


def test_whoever_waits_is_told_when_the_connection_breaks() -> None:
    peer = Peer(lambda connection, data: connection.close())
    found = line_to(peer)
    began = time.monotonic()
    with pytest.raises(errors.Lost):
        ask(found)
    assert time.monotonic() - began < 2
    with pytest.raises(errors.NotSent):
        ask(found)
    found.close()
    peer.close()


def test_no_answer_is_a_timeout_and_the_next_request_is_served() -> None:
    def act(connection: socket.socket, data: bytes) -> None:
        if b"PUB second" in data:
            connection.sendall(b"MSG %b 1 2\r\nok\r\n" % data.split(b" ")[2])

    peer = Peer(act)
    found = line_to(peer)
    with pytest.raises(errors.TimedOut):
        ask(found, "first", 0.2)
    assert ask(found, "second") == b"ok"
    found.close()
    peer.close()


def test_who_reads_for_others_hands_the_reading_on_when_its_own_answer_came() -> None:
    waiting: list[bytes] = []

    def act(connection: socket.socket, data: bytes) -> None:
        for command in data.split(b"PUB ")[1:]:
            waiting.append(command.split(b" ")[1])
        if len(waiting) == 2:  # the first to ask reads, and is answered first
            connection.sendall(b"MSG %b 1 1\r\n1\r\n" % waiting[0])
            time.sleep(0.3)
            connection.sendall(b"MSG %b 1 1\r\n2\r\n" % waiting[1])

    peer = Peer(act)
    found = line_to(peer)
    answers: list[bytes] = []
    first = threading.Thread(target=lambda: answers.append(ask(found, "first")))
    first.start()
    while not waiting:
        time.sleep(0.01)
    assert ask(found, "second") == b"2"
    first.join()
    assert answers == [b"1"]
    found.close()
    peer.close()


def test_a_ping_is_answered_while_nobody_waits() -> None:
    heard: list[bytes] = []
    peer = Peer(lambda connection, data: heard.append(data))
    found = line_to(peer)
    peer.connections[0].sendall(b"PING\r\n")
    give_up = time.monotonic() + 5
    while not heard and time.monotonic() < give_up:
        found.attend()
        time.sleep(0.01)
    assert heard == [b"PONG\r\n"]
    found.close()
    peer.close()


def test_what_is_not_the_protocol_ends_the_line() -> None:
    peer = Peer(lambda connection, data: connection.sendall(b"MSG nonsense\r\n"))
    found = line_to(peer)
    with pytest.raises(errors.Lost, match="protocol"):
        ask(found)
    assert not found.up
    found.close()
    peer.close()


def test_a_server_that_takes_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line, "SEND_SECONDS_MAX", 0.2)
    held = threading.Event()

    def hold(connection: socket.socket, data: bytes) -> None:
        held.wait(10)

    peer = Peer(hold)
    found = line_to(peer)
    with pytest.raises(errors.Lost):
        found.ask("somebody", lambda reply: pub("somebody", b"x" * (64 << 20), reply), 5.0)
    assert not found.up
    held.set()
    found.close()
    peer.close()


def test_a_line_that_broke_is_opened_again(streams: EmbeddedServer) -> None:
    with NatsLoop(streams.credentials("api")) as connected:
        connected.wait_ready(5)
        assert connected.line is None
        connected.keep_line()
        first = until(lambda: connected.line)
        first._break("as if the server had gone")
        assert b'"name":"IAM"' in info_of(until(lambda: connected.line))
    assert connected.line is None


def test_over_tls_no_line_is_kept(streams: EmbeddedServer) -> None:
    with NatsLoop(streams.credentials("api")) as connected:
        object.__setattr__(connected.settings, "tls", object())
        connected.keep_line()
        assert connected._kept is None


def until(found: Callable[[], Line | None]) -> Line:
    give_up = time.monotonic() + 5
    while (there := found()) is None:
        assert time.monotonic() < give_up, "there is no line"
        time.sleep(0.01)
    return there
