"""Requests as bytes: signed by botocore where they are to be good, and bent where a test needs them bad."""

import http.client
import json
import re
import socket
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit
from xml.sax.saxutils import unescape

from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

VERSIONS = {"iam": "2010-05-08", "sts": "2011-06-15"}
FORM = "application/x-www-form-urlencoded"


class Answer:
    """What came back."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, {name.lower(): value for name, value in headers}, body

    @property
    def text(self):
        return self.body.decode()

    @property
    def code(self):
        """The error's code, in whichever protocol the answer is."""
        kind = self.headers.get("content-type", "")
        if kind.startswith("text/xml"):
            found = re.search(r"<Code>([^<]*)</Code>", self.text)
            return found.group(1) if found else None
        if not kind.startswith("application"):
            return None
        error = json.loads(self.text)
        if not isinstance(error, dict):
            return None
        named = error.get("title") or error.get("__type") or self.headers.get("x-amzn-errortype")
        return named.rpartition("#")[2] if named else None

    @property
    def message(self):
        kind = self.headers.get("content-type", "")
        if kind.startswith("text/xml"):
            found = re.search(r"<Message>([^<]*)</Message>", self.text)
            return unescape(found.group(1)) if found else None
        error = json.loads(self.text)
        return error if isinstance(error, str) else error.get("detail") or error.get("message") or error.get("Message")

    def __repr__(self):
        return f"<{self.status} {self.body[:300]!r}>"


class Wire:
    """Talks to one server as one access key; `key` is (id, secret)."""

    def __init__(self, server, key=None):
        self.server = server
        self.key = key or (server.root["access_key_id"], server.root["secret_access_key"])
        self.address = urlsplit(server.endpoint).netloc

    def signed(self, method="POST", path="/", body=b"", headers=None, service="iam", region="us-east-1", presign=None,
               token=None, skew=0):  # fmt: skip
        """A prepared request. `presign` is its life in seconds; `skew` sets the signer's clock."""
        url = f"{self.server.endpoint}{path}"
        request = AWSRequest(method, url, data=body, headers=headers or {})
        credentials = Credentials(*self.key, token)
        signer = (
            SigV4QueryAuth(credentials, service, region, presign)
            if presign is not None
            else SigV4Auth(credentials, service, region)
        )
        with clock(skew) if skew else nullcontext():
            signer.add_auth(request)
        prepared = request.prepare()
        sent = {name: value for name, value in prepared.headers.items() if name.lower() != "content-length"}
        parts = urlsplit(prepared.url)
        return method, parts.path + (f"?{parts.query}" if parts.query else ""), body, sent

    def send(self, method, target, body, headers, timeout=20):
        """Send exactly this."""
        connection = http.client.HTTPConnection(self.address, timeout=timeout)
        try:
            connection.request(
                method, target, body=body, headers=headers, encode_chunked="Transfer-Encoding" in headers
            )
            answer = connection.getresponse()
            return Answer(answer.status, answer.getheaders(), answer.read())
        finally:
            connection.close()

    def ask(self, method="POST", path="/", body=b"", headers=None, **how):
        """Sign and send."""
        return self.send(*self.signed(method, path, body, headers, **how))

    def call(self, action, service="iam", headers=None, **params):
        """A query-protocol call."""
        form = {"Action": action, "Version": VERSIONS[service], **params}
        return self.form(urlencode(form).encode(), service=service, headers=headers)

    def form(self, body, service="iam", headers=None, **how):
        """A query-protocol call with this very body."""
        return self.ask(body=body, headers={"Content-Type": FORM, **(headers or {})}, service=service, **how)

    def native(self, action, params=None, service="iam", body=None, headers=None, **how):
        """A call on the native front."""
        body = json.dumps(params or {}).encode() if body is None else body
        return self.ask(
            path=f"/v1/{service}/{action}",
            body=body,
            headers={"Content-Type": "application/json", **(headers or {})},
            service=how.pop("signed_for", service),
            **how,
        )

    def organizations(self, action, body):
        """A JSON 1.1 call with this very body."""
        target = f"AWSOrganizationsV20161128.{action}"
        headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": target}
        return self.ask(body=body, headers=headers, service="organizations")

    def evaluate(self, body):
        """An AuthZEN evaluation."""
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        return self.ask(path="/access/v1/evaluation", body=body, headers=headers, service="muniment")

    def socket(self, timeout=20):
        """A bare connection."""
        host, _, port = self.address.rpartition(":")
        return socket.create_connection((host, int(port)), timeout=timeout)


class clock:
    """The signer's clock, `skew` seconds off."""

    def __init__(self, skew):
        self.skew = skew

    def __enter__(self):
        import botocore.auth

        self.real = botocore.auth.get_current_datetime
        botocore.auth.get_current_datetime = lambda *_, **__: (
            datetime.now(UTC) + timedelta(seconds=self.skew)
        ).replace(tzinfo=None)

    def __exit__(self, *_):
        import botocore.auth

        botocore.auth.get_current_datetime = self.real


def without(query, *names):
    """A query string less some parameters."""
    return urlencode([(name, value) for name, value in parse_qsl(query, keep_blank_values=True) if name not in names])


def read_all(connection):
    """Everything until the other side closes."""
    parts = []
    while part := connection.recv(65_536):
        parts.append(part)
    return b"".join(parts)
