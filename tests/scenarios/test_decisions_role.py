"""`muniment serve --role decisions`: a process that only decides, from the log that another one writes (issue: three ways in)."""

import json
import urllib.error
import urllib.request

import pytest

from tests.muniment_server import Muniment
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
            yield Wire(writer), Wire(decider)


def test_it_answers_all_of_authzen_from_the_others_log(both):
    writer, decider = both
    registered(writer)
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
