"""One tenant cannot take more than half of the API's workers (SECURITY 17), and what is throttled is on record (SECURITY 14)."""

import base64
import threading
import time

import msgspec
import pytest

from muniment.api.throttle import ACCOUNT_WORKERS_MAX, WORKERS
from tests.scenarios.wire import Wire

SLOW_SECONDS = 2.0  # how long a request waits for a position that is not there yet


def from_the_future(wire):
    """A position behind the log's end: whoever asks for it holds a worker until the wait is over."""
    token = wire.call("GetUser").headers["x-muniment-position"]
    epoch, sequence = msgspec.msgpack.decode(base64.urlsafe_b64decode(token + "=="))
    return base64.urlsafe_b64encode(msgspec.msgpack.encode([epoch, sequence + 1_000_000])).decode().rstrip("=")


@pytest.fixture
def flood(server, wire):
    """Half as many slow requests again as there are workers, all of the first account, at once; their codes at the end."""
    headers, codes = {"X-Muniment-Position": from_the_future(wire)}, []
    barrier = threading.Barrier(WORKERS * 3 // 2 + 1)

    def slow():
        barrier.wait()
        codes.append(wire.call("ListUsers", headers=headers).code)

    threads = [threading.Thread(target=slow) for _ in range(WORKERS * 3 // 2)]
    for thread in threads:
        thread.start()

    def go():
        barrier.wait()
        return codes, threads

    yield go
    barrier.abort()
    for thread in threads:
        thread.join()


def test_while_one_account_floods_the_api_another_is_served(server, wire, flood, another_account, audited):
    other = Wire(server, another_account()[1])
    assert other.call("ListUsers").status == 200
    codes, threads = flood()
    time.sleep(SLOW_SECONDS / 4)
    began, answers = time.monotonic(), []
    while time.monotonic() - began < SLOW_SECONDS / 4:
        answers.append(other.call("ListUsers").status)
    assert len(answers) >= 3, "the other account waits for a worker"
    assert set(answers) == {200}
    for thread in threads:
        thread.join()
    assert codes.count("Throttling") >= WORKERS * 3 // 2 - 2 * ACCOUNT_WORKERS_MAX
    assert codes.count("ServiceUnavailable") >= ACCOUNT_WORKERS_MAX
    assert set(codes) == {"Throttling", "ServiceUnavailable"}
    (row,) = audited(ActionName="muniment:Throttle", Refused=True)
    assert row["Data"]["count"] == codes.count("Throttling")
    assert row["Data"]["principals"] == {f"arn:aws:iam::{server.account}:root": codes.count("Throttling")}
