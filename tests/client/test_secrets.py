"""`Secrets`: what is kept and for how long, what makes it ask again, and the one further try."""

import json
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.client import NoSecret, NotFetched, Secrets
from muniment.client.secrets import PAUSES
from muniment.client.signing import Keys, signed
from muniment.client.vault import Fetched
from muniment.domain.secret.state import boundary_of
from tests.muniment_server import MUNIMENT, Muniment

ACCOUNT = "123456789012"
BOUNDARY = boundary_of(ACCOUNT, "db")


class Refused(Exception):
    """What a target says to a wrong password."""


class Asked:
    """A server that has one secret."""

    def __init__(self):
        self.version, self.asked, self.failure = 1, 0, None
        self.delay = 0.0

    def fetch(self, secret_id):
        self.asked += 1
        time.sleep(self.delay)
        if self.failure is not None:
            raise self.failure
        text = json.dumps({"password": f"p{self.version}"})
        return Fetched(f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:db-abcdef", "db", f"v{self.version}", text)


@pytest.fixture
def server():
    return Asked()


class Time:
    def __init__(self):
        self.now = 1_000.0

    def __call__(self):
        self.now += 1e-6  # two looks at a clock are two times
        return self.now


@pytest.fixture
def clock():
    return Time()


@pytest.fixture
def kept(server, clock):
    return Secrets(server, age_seconds=60, stale_seconds=300, monotonic=clock)


def password(kept):
    return kept.get_json("db")["password"]


def test_a_value_is_asked_for_once_while_it_is_young(kept, server, clock):
    assert [password(kept) for _ in range(5)] == ["p1"] * 5
    clock.now += 59
    assert password(kept) == "p1"
    assert server.asked == 1
    server.version, clock.now = 2, clock.now + 2
    assert password(kept) == "p2"
    assert server.asked == 2


def test_a_value_that_was_replaced_is_asked_for_at_the_next_call(kept, server):
    password(kept)
    server.version = 2
    assert password(kept) == "p1"
    kept._changed(BOUNDARY)
    assert password(kept) == "p2"
    kept._changed("secret.of-another")
    password(kept)
    assert server.asked == 2


def test_a_reader_that_may_have_missed_an_event_asks_again(kept, server):
    password(kept)
    server.version = 2
    kept._lost()
    assert password(kept) == "p2"


def test_a_server_that_is_away_leaves_the_last_value_for_a_while(kept, server, clock):
    password(kept)
    server.failure = NotFetched("away")
    clock.now += 299
    assert password(kept) == "p1"
    clock.now += 2
    with pytest.raises(NotFetched):
        password(kept)


def test_a_secret_that_is_refused_is_forgotten_at_once(kept, server):
    password(kept)
    server.failure = NoSecret("gone")
    kept._changed(BOUNDARY)
    for _ in range(2):
        with pytest.raises(NoSecret):
            password(kept)


def test_work_that_fails_as_a_wrong_login_does_is_tried_once_more_with_the_new_value(kept, server):
    password(kept)
    server.version = 2
    tried = []

    def work(value):
        tried.append(value["password"])
        if value["password"] != "p2":
            raise Refused
        return "in"

    assert kept.using("db", work, (Refused,)) == "in"
    assert tried == ["p1", "p2"]


def test_a_value_that_is_refused_before_the_new_one_is_current_is_waited_for(server):
    """One password at a time: the target takes the new one a moment before readers are given it."""
    waited = []

    def sleep(seconds):
        waited.append(seconds)
        if len(waited) == 3:
            server.version = 2

    def work(value):
        if value["password"] != "p2":
            raise Refused
        return "in"

    assert Secrets(server, monotonic=Time(), sleep=sleep).using("db", work, (Refused,)) == "in"
    assert waited == list(PAUSES[:3])
    assert server.asked == 5


def test_work_is_not_tried_again_with_the_same_value(server):
    tried, waited = [], []
    kept = Secrets(server, monotonic=Time(), sleep=waited.append)

    def work(value):
        tried.append(value)
        raise Refused

    with pytest.raises(Refused):
        kept.using("db", work, lambda error: isinstance(error, Refused))
    assert len(tried) == 1
    assert server.asked == 2 + len(PAUSES)
    assert sum(waited) < 2


def test_other_failures_are_the_callers(kept, server):
    with pytest.raises(ZeroDivisionError):
        kept.using("db", lambda value: 1 / 0, (Refused,))
    assert server.asked == 1


def test_many_threads_ask_once(server):
    server.delay = 0.05
    kept = Secrets(server)
    threads = [threading.Thread(target=kept.get, args=("db",)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert server.asked == 1


def test_no_representation_shows_a_value(server):
    assert "p1" not in repr(server.fetch("db"))
    assert "hunter2" not in repr(Keys("AKIA", "hunter2"))


@given(st.binary(max_size=50), st.sampled_from(["", "token/+="]), st.sampled_from(["h:8020", "iam.example.com"]))
def test_a_signature_is_the_one_that_botocore_makes(body, token, host):
    now = datetime(2026, 11, 24, 0, 5, 6, tzinfo=UTC)
    headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "secretsmanager.GetSecretValue"}
    found = signed(Keys("AKIA", "secret", token), host, "/", headers, body, "secretsmanager", "us-east-1", now)
    request = botocore.awsrequest.AWSRequest("POST", f"http://{host}/", data=body, headers={**headers, "Host": host})
    credentials = botocore.credentials.Credentials("AKIA", "secret", token or None)
    signer = botocore.auth.SigV4Auth(credentials, "secretsmanager", "us-east-1")
    request.context["timestamp"] = found["X-Amz-Date"]
    request.headers["X-Amz-Date"] = found["X-Amz-Date"]
    if token:
        request.headers["X-Amz-Security-Token"] = token
    signature = signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)
    assert found["Authorization"].endswith(f"Signature={signature}")


# -- at a real server ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    with Muniment(tmp_path_factory.mktemp("data") / "data") as running:
        yield running


def keys(real):
    return real.root["access_key_id"], real.root["secret_access_key"]


def test_a_new_value_is_pushed_within_a_moment(real, tmp_path):
    vault = real.client("secretsmanager")
    vault.create_secret(Name="pushed", SecretString='{"n": 1}')
    vault.create_secret(Name="other", SecretString='{"n": 1}')
    file = tmp_path / "shop.json"
    what = ("--account", real.account, "--secret", "pushed", "--data", str(real.data), "--file", str(file))
    real.run(MUNIMENT, "readers", "add", "shop", *what)
    with Secrets.open(real.endpoint, *keys(real), credential=file, age_seconds=3_600) as secrets:
        until = time.monotonic() + 10
        while not secrets._promotions.listening:
            assert time.monotonic() < until
            time.sleep(0.01)
        assert secrets.get_json("pushed") == {"n": 1}
        assert secrets.get_json("other") == {"n": 1}
        for name in ("pushed", "other"):
            vault.put_secret_value(SecretId=name, SecretString='{"n": 2}')
        began = time.monotonic()
        while secrets.get_json("pushed") != {"n": 2}:
            assert time.monotonic() - began < 5
            time.sleep(0.005)
        assert secrets.get_json("other") == {"n": 1}  # it is not told of that one


def test_what_the_server_refuses_is_told_apart_from_a_server_that_is_away(real):
    with (
        Secrets.open(real.endpoint, *keys(real)) as secrets,
        pytest.raises(NoSecret, match="ResourceNotFoundException"),
    ):
        secrets.get("nothing-of-that-name")
    with Secrets.open(real.endpoint, keys(real)[0], "wrong") as secrets, pytest.raises(NotFetched, match="Signature"):
        secrets.get("pushed")
    with (
        Secrets.open("http://127.0.0.1:9", "AKIA", "x") as secrets,
        pytest.raises(NotFetched, match="could not be asked"),
    ):
        secrets.get("pushed")


def test_the_base_install_is_enough():
    """No server package is imported for it."""
    heavy = [
        "fastapi",
        "starlette",
        "uvicorn",
        "botocore",
        "sqlalchemy",
        "psycopg",
        "structlog",
        "typer",
        "rich",
        "redis",
    ]
    code = f"import sys; from muniment.client import Secrets; print([m for m in {heavy!r} if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
