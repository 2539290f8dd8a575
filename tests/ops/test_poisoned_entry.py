"""A poisoned entry, seen by a client: the models it concerns stop and are named, the others go on (issue text: bad input)."""

import json
import time
import urllib.error
import urllib.request

import pytest
from botocore.exceptions import ClientError
from eventsourcing.persistence import StoredEvent

from muniment.commands.drawn import uuid7
from muniment.domain import stored
from muniment.domain.account.users import UserTagged
from muniment.domain.ledger import Actor, Cause, Entry
from muniment.domain.site.state import AliasReleased
from muniment.ops.host import on_host
from muniment.ops.jetstream.publisher import Publisher
from muniment.projections.access.staleness import PRIVILEGED_SECONDS_MAX
from tests.muniment_server import Muniment

SITE = "site.muniment"


@pytest.fixture
def server(tmp_path):
    with Muniment(tmp_path / "data") as running:
        yield running


def poison(server, *facts, headers=True):
    """Append what our own commands never record: signed and chained as it should be, and some of it cannot have happened.

    Without `headers` the last one is appended as by a program that is not ours. The sequences.
    """
    with on_host(server.data) as host, host.ledger() as ledger:
        sequences, heads = [], {}
        for boundary, fact in facts:
            if boundary not in heads:
                state = ledger.boundaries.get(boundary)
                heads[boundary] = (state.version, state.head)
            (version, head), now = heads[boundary], time.time_ns() // 1_000
            root = Actor(server.account, f"arn:aws:iam::{server.account}:root", server.account, "Root")
            entry = Entry(uuid7(now), boundary, version + 1, now, root, Cause("iam:Poison", uuid7(now)), head, fact)
            body = stored.encode_body(entry)
            data = stored.encode_envelope(body, *host.ring.sign(stored.SIGNING_CONTEXT + body))
            heads[boundary] = (version + 1, stored.digest(data))
            topic = type(fact).__name__
            if headers or (boundary, fact) != facts[-1]:
                sequences += ledger.recorder.insert_events([StoredEvent(boundary, version + 1, topic, data)])
            else:
                sequences += Publisher(host.loop, "IAM").publish([(f"iam.{boundary}.{topic}", data)])
        return sequences


def readiness(server):
    try:
        with urllib.request.urlopen(f"{server.endpoint}/readyz") as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def conditions(server, last):
    """Status of /readyz, what it misses, and the models that stopped, once every other one has taken entry `last`."""
    give_up = time.monotonic() + 15
    while True:
        status, report = readiness(server)
        models = {name: model for name, model in report["models"].items() if "IAM" in model["positions"]}
        stopped = {name for name, model in models.items() if model["condition"] == "stopped"}
        going = [model["positions"]["IAM"] for name, model in models.items() if name not in stopped]
        if stopped and going and min(going) >= last and "timeline" in stopped:
            return status, report, stopped
        assert time.monotonic() < give_up, report
        time.sleep(0.05)


def test_the_models_a_poisoned_entry_concerns_stop_and_are_named_and_the_others_go_on(server):
    iam, account = server.client("iam", read_timeout=30), f"account.{server.account}"
    iam.create_user(UserName="ana")
    bad = (SITE, AliasReleased("nobody-has-it", server.account))
    before, after = ((account, UserTagged("ana", {name: "1"})) for name in ("before", "after"))
    _, sequence, last = poison(server, before, bad, after)

    for _ in range(2):
        status, report, stopped = conditions(server, last)
        assert status == 503
        assert stopped == {"directory", "access", "heads", "timeline"}, "those that read the site"
        assert {f"{name}: stopped" for name in stopped} <= set(report["missing"])
        for name in stopped:
            assert report["models"][name]["positions"]["IAM"] == sequence - 1
            assert "nobody-has-it" in report["models"][name]["reason"]
        assert server.client("sts").get_caller_identity()["Account"] == server.account, "credentials go on"
        assert [tag["Key"] for tag in iam.list_user_tags(UserName="ana")["Tags"]] == ["before"]
        with pytest.raises(ClientError, match=r"ServiceUnavailable.*`site.muniment` cannot be applied") as refused:
            iam.create_account_alias(AccountAlias="acme")
        assert refused.value.response["ResponseMetadata"]["HTTPHeaders"]["retry-after"]
        server.stop()
        server.start()  # it is met again, and the process starts all the same
        iam = server.client("iam", read_timeout=30)


def test_nobody_changes_rights_by_an_access_model_that_stopped(server):  # SECURITY 2
    poison(server, (f"account.{server.account}", UserTagged("nobody", {"a": "b"})))
    time.sleep(PRIVILEGED_SECONDS_MAX + 0.5)
    with pytest.raises(ClientError, match=r"cannot be decided: read model `access` is 1 entries"):
        server.client("organizations").create_organization()


def test_an_entry_of_another_program_stops_what_it_concerns_and_the_process_starts_again(server):
    (sequence,) = poison(server, (SITE, AliasReleased("nobody-has-it", server.account)), headers=False)
    conditions(server, sequence)
    server.stop()
    server.start()
    assert conditions(server, sequence)[2] == {"directory", "access", "heads", "timeline"}
    assert server.client("sts").get_caller_identity()["Account"] == server.account
