"""`muniment serve --role decisions`: a process that only decides, from the log that another one writes (issue: three ways in)."""

import json
import subprocess
import time
import urllib.error
import urllib.request

import pytest

from tests.muniment_server import MUNIMENT, Muniment
from tests.scenarios.records import ALICE, RECORD_1, allow, ask, do, document, registered
from tests.scenarios.wire import Wire

GOOD = {"subject": ALICE, "action": {"name": "read"}, "resource": RECORD_1}


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """Who writes, and who only decides, each as root."""
    folder = tmp_path_factory.mktemp("roles")
    with Muniment(folder / "all") as writer:
        seed = folder / "decisions.seed"
        seed.touch(mode=0o600)
        seed.write_text(json.loads((folder / "all" / "nats.json").read_text())["seeds"]["decisions"])
        options = ("--nats", writer.ready["nats_url"], "--nats-credentials", str(seed), "--role", "decisions")
        with Muniment(folder / "decisions", *options, "--kek", f"file:{folder / 'all' / 'kek'}") as decider:
            decider.root = writer.root
            registered(Wire(writer))
            yield Wire(writer), Wire(decider)


def test_what_only_a_missing_data_key_could_seal_is_left_out_of_the_log(both):
    """docs/decisions/0023: this process cannot make data keys. What it leaves out stands nowhere, and is said to be missing."""
    writer, decider = both
    question = {
        **GOOD,
        "context": {"shop:mail": "jo@example.com"},
    }  # nobody asked the writer about an application's subject yet
    give_up, told = time.monotonic() + 10, ""
    while "app:read" not in told and time.monotonic() < give_up:
        ask(decider, "evaluation", question)
        told = decisions(writer, "--json")
    rows = [json.loads(line) for line in told.splitlines()]
    assert {row["context"] is None for row in rows if row["action"] == "app:read"} == {True}
    assert all(row["context"]["aws:SourceIp"] for row in rows if row["source"] == "gate")  # who asks has a key
    assert "jo@example.com" not in told
    assert "with keys that cannot be read: erased, or left out by a process that only decides" in decisions(writer)


def decisions(writer, *options):
    """What the command prints on the writer's host."""
    return subprocess.run(
        [MUNIMENT, "decisions", *options, "--data", writer.server.data],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout


def test_it_answers_all_of_authzen_from_the_others_log(both):
    writer, decider = both
    position = ask(writer, "evaluation", GOOD)[1]["x-muniment-position"]
    at = {"X-Muniment-Position": position}
    assert ask(decider, "evaluation", GOOD, at)[2]["decision"] is True
    assert [
        each["decision"]
        for each in ask(decider, "evaluations", {**GOOD, "evaluations": [{}, {}]}, at)[2]["evaluations"]
    ] == [True] * 2
    assert ask(decider, "search/action", GOOD, at)[2]["results"] == [{"name": "read"}, {"name": "write"}]


def test_a_change_elsewhere_counts_here_from_its_position_on(both):
    writer, decider = both
    policy = {"SubjectType": "user", "SubjectId": "alice", "PolicyName": "rules"}
    for number in range(10):
        text = document(allow("app:read" if number % 2 else "app:none", "*"))
        answer = writer.native(
            "PutApplicationPolicy", {"ApplicationName": "records", **policy, "PolicyDocument": text}, service="muniment"
        )
        at = {"X-Muniment-Position": answer.headers["x-muniment-position"]}
        assert ask(decider, "evaluation", GOOD, at)[2]["decision"] is bool(number % 2)
    do(writer, "PutApplicationPolicy", **policy, PolicyDocument=document(allow("app:read", "*")))


def test_it_serves_nothing_else(both):
    _, decider = both
    assert decider.call("CreateUser", UserName="eve").status in (404, 405)
    assert decider.native("ListUsers").status in (404, 405)
    for path, status in (
        ("/livez", 200),
        ("/readyz", 200),
        ("/metrics", 200),
        ("/.well-known/authzen-configuration", 200),
        ("/openapi.json", 404),
        ("/_muniment/reset", 404),
        ("/sign-in", 404),
    ):
        try:
            found = urllib.request.urlopen(decider.server.endpoint + path).status
        except urllib.error.HTTPError as refused:
            found = refused.code
        assert found == status, path
