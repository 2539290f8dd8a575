"""Security tests talk to one real server, as scenarios do; each test gets it as new."""

import time

import pytest

from tests.scenarios.conftest import another_account, calm, iam, member, no_fault, running, server, wire
from tests.scenarios.wire import Wire
from tests.security.timeline import rows

__all__ = ["another_account", "calm", "iam", "member", "no_fault", "running", "server", "wire"]


@pytest.fixture
def keyed(server, iam):
    """Makes a user with a key and, where one is given, a policy document; answers its Wire."""

    def make(name, document=None, client=None):
        client = client or iam
        client.create_user(UserName=name)
        if document is not None:
            client.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document)
        key = client.create_access_key(UserName=name)["AccessKey"]
        return Wire(server, (key["AccessKeyId"], key["SecretAccessKey"]))

    return make


@pytest.fixture
def audited(wire):
    """Waits until the timeline has as many rows as expected that answer a question; those rows."""

    def wait(count=1, asker=None, **question):
        give_up = time.monotonic() + 15
        while len(found := rows(asker or wire, **question)) < count:
            assert time.monotonic() < give_up, (question, found)
            time.sleep(0.05)
        return found

    return wait
