"""Readiness asks an external log's servers whether they sync every write (SECURITY: an acknowledgement is a promise)."""

import contextlib
import json
import subprocess
import time
import urllib.error
import urllib.request

import pytest

from muniment.ops.durability import ADVICE, ASKED_SECONDS, Monitors
from muniment.ops.jetstream.child import find_binary
from muniment.ops.jetstream.monitor import health
from muniment.ops.settings import BadSetting, Settings
from tests.contracts.cluster import free_ports
from tests.muniment_server import MUNIMENT, Muniment


class Asked:
    """Servers that answer what they are told to, and count how often they are asked."""

    def __init__(self, **answers):
        self.answers, self.count, self.now = answers, 0, 0.0
        self.monitors = Monitors(tuple(answers), self.ask, lambda: self.now)

    def ask(self, url):
        self.count += 1
        answer = self.answers[url]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def later(self):
        self.now += ASKED_SECONDS
        return self.monitors.durability()


def test_without_a_monitoring_url_nothing_is_known_and_the_way_out_is_told():
    known = Monitors(()).durability()
    assert (known.synced, known.wrong, known.advice) == (None, "", ADVICE)


def test_one_server_that_does_not_sync_is_enough_to_refuse_and_is_named():
    known = Asked(a=True, b=False, c=OSError()).monitors.durability()
    assert known.synced is False
    assert "in the server of b" in known.wrong


def test_a_server_that_is_down_does_not_hide_that_the_others_sync():
    assert Asked(a=True, b=OSError("refused")).monitors.durability().synced is True


@pytest.mark.parametrize("answer", [OSError("refused"), ValueError("no JSON"), AttributeError("a list")])
def test_when_no_server_answers_readiness_is_refused(answer):
    known = Asked(a=answer).monitors.durability()
    assert known.synced is None
    assert "no monitoring URL answers (a)" in known.wrong


def test_servers_are_not_asked_for_every_reader_of_readiness():
    asked = Asked(a=True)
    for _ in range(100):
        assert asked.monitors.durability().synced is True
    assert asked.count == 1
    asked.answers["a"] = False
    assert asked.later().synced is False


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("ftp://x", "not a URL such as"),
        ("127.0.0.1:8222", "not a URL such as"),
        ("http://", "not a URL such as"),
        ("http://me:secret@host:8222", "must not hold a password"),
    ],
)
def test_what_is_no_monitoring_url_is_refused(url, told, tmp_path):
    with pytest.raises(BadSetting, match=told) as refused:
        Settings(data=tmp_path, nats="nats://127.0.0.1:4222", nats_monitors=(url,))
    assert "secret" not in str(refused.value)


def test_a_monitoring_url_without_an_external_log_is_refused(tmp_path):
    with pytest.raises(BadSetting, match="belongs to an external log"):
        Settings(data=tmp_path, nats_monitors=("http://127.0.0.1:8222",))


@contextlib.contextmanager
def external_server(folder, sync):
    """A nats-server as somebody else may have configured it; its client URL and its monitoring URL."""
    client, monitor = free_ports(2)
    config = folder / "nats.conf"
    config.write_text(
        f'listen: "127.0.0.1:{client}"\nhttp: "127.0.0.1:{monitor}"\n'
        f'jetstream {{ store_dir: "{folder / "store"}", sync_interval: {sync} }}\n'
    )
    process = subprocess.Popen([find_binary(), "-c", config], stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{monitor}"
    try:
        give_up = time.monotonic() + 20
        while health(url) and time.monotonic() < give_up:
            time.sleep(0.05)
        yield f"nats://127.0.0.1:{client}", url
    finally:
        process.terminate()
        process.wait()


def readiness(server):
    try:
        with urllib.request.urlopen(f"{server.endpoint}/readyz") as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


@pytest.mark.parametrize(("sync", "synced", "status"), [("always", True, 200), ('"2m"', False, 503)])
def test_readiness_over_an_external_server_follows_its_sync_setting(sync, synced, status, tmp_path):
    with external_server(tmp_path, sync) as (url, monitor):
        subprocess.run([MUNIMENT, "provision", "--nats", url], check=True)
        with Muniment(tmp_path / "data", "--nats", url, "--nats-monitor", monitor) as server:
            code, report = readiness(server)
            assert (code, report["sync_always"], report["ready"]) == (status, synced, synced)
            wrong = [line for line in report["missing"] if line.startswith("sync_always: ")]
            assert bool(wrong) is not synced
            assert synced or monitor in wrong[0]
        with Muniment(tmp_path / "data", "--nats", url) as server:
            code, report = readiness(server)
            assert (code, report["sync_always"]) == (200, None)
            assert "--nats-monitor" in report["advice"][0]
