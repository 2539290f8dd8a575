"""Rotation functions on NATS, at a real server: a request a step, below the account's own subject."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from muniment.ops.jetstream.loop import NatsLoop
from muniment.ops.jetstream.settings import ConnectionSettings
from muniment.ops.rotation import nats_function
from muniment.ops.rotation.nats_function import NatsFunction
from muniment.ops.rotation.rotator import Job, NotRotated


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    folder = tmp_path_factory.mktemp("nats")
    server = Path(sys.executable).with_name("nats-server")
    process = subprocess.Popen(
        [server, "-a", "127.0.0.1", "-p", "-1", "--ports_file_dir", folder],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + 10
        while not (found := list(folder.glob("*.ports"))) or not found[0].read_text():
            assert time.monotonic() < until
            time.sleep(0.01)
        yield json.loads(found[0].read_text())["nats"][0]
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def connected(url):
    with NatsLoop(ConnectionSettings((url,))) as loop:
        loop.wait_ready(5)
        yield loop


@pytest.fixture
def function(url):
    """A function that answers what the test says, and remembers what it was asked."""
    asked, answers = [], {}
    with NatsLoop(ConnectionSettings((url,))) as loop:
        loop.wait_ready(5)

        def answer(frames):
            for frame in frames:
                question = json.loads(frame[4])
                asked.append((frame[1].decode(), question))
                found = answers.get(question["step"], b"{}")
                loop.link.publish(frame[2].decode(), found)

        loop.call(lambda: loop.link.subscribe("muniment.rotate.>", answer))
        loop.run(_flushed(loop))
        yield asked, answers


async def _flushed(loop):
    await loop.link.flush()


def job(subject="billing.keys"):
    return Job("123456789012", "arn:secret", "name", "t" * 32, {"subject": subject})


def test_each_step_is_one_request(connected, function):
    asked, answers = function
    answers["create"] = b'{"SecretString": "new"}'
    rotator = NatsFunction(lambda: connected)
    assert rotator.create(job(), "old") == "new"
    rotator.set(job(), "old", "new")
    rotator.test(job(), "new")
    rotator.finish(job(), "new")
    assert rotator.retire(job(), "old", "new") == "ended by the endpoint"
    assert {subject for subject, _ in asked} == {"muniment.rotate.123456789012.billing.keys"}
    assert [question["step"] for _, question in asked] == ["create", "set", "test", "finish", "retire"]


def test_a_function_that_says_that_it_failed_is_believed_and_not_quoted(connected, function):
    function[1]["test"] = b'{"Error": "the password is hunter2"}'
    with pytest.raises(NotRotated) as found:
        NatsFunction(lambda: connected).test(job(), "x")
    assert "hunter2" not in str(found.value)


def test_a_function_that_is_not_there_fails_at_once(connected):
    began = time.monotonic()
    with pytest.raises(NotRotated, match="no answer"):
        NatsFunction(lambda: connected).test(job("nobody"), "x")
    assert time.monotonic() - began < 2


def test_a_function_that_never_answers_is_given_up(connected, url, monkeypatch):
    monkeypatch.setattr(nats_function, "SECONDS_MAX", 0.3)
    with NatsLoop(ConnectionSettings((url,))) as silent:
        silent.wait_ready(5)
        silent.call(lambda: silent.link.subscribe("muniment.rotate.123456789012.silent", lambda frames: None))
        silent.run(_flushed(silent))
        with pytest.raises(NotRotated, match="no answer"):
            NatsFunction(lambda: connected).test(job("silent"), "x")


@pytest.mark.parametrize("subject", ["*", "a.>", "a b", "", "..", "a\r\nPUB iam.site x", "a." * 9 + "a"])
def test_subjects_reach_nothing_but_the_accounts_own_functions(connected, subject):
    with pytest.raises(NotRotated, match="subject"):
        NatsFunction(lambda: connected).test(job(subject), "x")


def test_a_server_without_such_a_connection_says_so():
    with pytest.raises(NotRotated, match="--rotation-nats"):
        NatsFunction(lambda: None).test(job(), "x")
