"""Scenarios talk to one real server; each test gets it as new (`POST /_muniment/reset`)."""

import json
import urllib.error
import urllib.request

import pytest

from tests.muniment_server import Muniment
from tests.scenarios.wire import Wire


@pytest.fixture(scope="session")
def running():
    with Muniment() as server:
        yield server


def reset(server):
    try:
        urllib.request.urlopen(urllib.request.Request(f"{server.endpoint}/_muniment/reset", method="POST")).read()
    except urllib.error.HTTPError as error:
        raise AssertionError(f"the reset failed:\n{server.output()[-3_000:]}") from error
    return server


@pytest.fixture(autouse=True)
def no_fault(request):
    """No test may make the server fail, whatever else it looks at."""
    yield
    if "running" in request.fixturenames:
        assert "request failed" not in request.getfixturevalue("running").fresh_output(), "the server answered 500"


@pytest.fixture
def server(running):
    return reset(running)


@pytest.fixture(scope="module")
def calm(running):
    """The server as root, by hand, as new at the module's first test: for tests that change nothing."""
    return Wire(reset(running))


@pytest.fixture
def iam(server):
    return server.client("iam")


@pytest.fixture
def wire(server):
    """The server as root, by hand."""
    return Wire(server)


@pytest.fixture
def member(iam, server):
    """Makes a user with a key and the given inline statements; answers the user's own clients."""

    def make(name, *statements):
        iam.create_user(UserName=name)
        if statements:
            document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
            iam.put_user_policy(UserName=name, PolicyName="inline", PolicyDocument=document)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return lambda service: server.client(service, key)

    return make


@pytest.fixture
def another_account(server):
    """Makes another account of the organization; answers its number and its root key as (id, secret)."""

    def make(name="other"):
        made = Wire(server).native(
            "CreateAccount", {"AccountName": name, "Email": f"{name}@example.com"}, service="muniment"
        )
        body = json.loads(made.text)
        return body["AccountId"], (body["Root"]["AccessKeyId"], body["Root"]["SecretAccessKey"])

    return make
