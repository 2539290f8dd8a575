"""Calls from the command line: what a user reads where there is no server."""

import http.server
import socket
import threading

import pytest

from muniment.ops.api_client import call
from muniment.ops.settings import BadSetting


@pytest.fixture(autouse=True)
def credentials(monkeypatch):
    for name, value in (
        ("AWS_ACCESS_KEY_ID", "AKIAX"),
        ("AWS_SECRET_ACCESS_KEY", "x"),
        ("AWS_CONFIG_FILE", "/dev/null"),
    ):
        monkeypatch.setenv(name, value)


def test_where_nobody_listens_it_is_said_in_one_line(monkeypatch):
    """It once was a traceback through the HTTP library."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    with pytest.raises(BadSetting, match="is `muniment serve` running there"):
        call("muniment", "WhoCan", {"Action": "s3:GetObject"})


def test_what_is_no_muniment_is_said_to_be_none(monkeypatch):
    class Page(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.send_response(502)
            self.end_headers()
            self.wfile.write(b"<html>")

        def log_message(self, *_):
            """Say nothing."""

    with http.server.HTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        with pytest.raises(BadSetting, match="answers 502 and no JSON"):
            call("muniment", "WhoCan", {"Action": "s3:GetObject"})
        thread.join()
