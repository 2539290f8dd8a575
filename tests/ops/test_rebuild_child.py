"""The child process of a rebuild: it folds the log, and parent and child trust nobody else's snapshot (DESIGN §4)."""

import json
import subprocess
import sys

import pytest

from muniment.ops.rebuild_child import ChildFailed, Generations, Order, Shared, run_child
from tests.muniment_server import MUNIMENT, Muniment


def test_a_snapshot_is_taken_only_with_the_shared_secret():
    key_id, signature = Shared(b"a" * 32).sign(b"payload")
    assert Shared(b"a" * 32).verify(key_id, signature, b"payload")
    assert not Shared(b"a" * 32).verify(key_id, signature, b"other")
    assert not Shared(b"b" * 32).verify(key_id, signature, b"payload")
    assert not Shared(b"a" * 32).verify("entries", signature, b"payload")


def test_an_order_shows_nothing_of_itself():
    order = Order(("nats://127.0.0.1:1",), "SUSECRET", "", "_INBOX", "", "", "", b"", "", b"x" * 32)
    assert "SUSECRET" not in repr(order)


def test_the_place_of_a_timeline_shows_no_password():
    place = Generations("postgresql://muniment:correct-horse@db/audit", False, 2, 1)
    order = Order(("nats://127.0.0.1:1",), "", "", "_INBOX", "", "", "", b"", "", b"x" * 32, place)
    assert "correct-horse" not in repr(order)
    assert "correct-horse" not in repr(place)


def test_a_child_that_cannot_reach_the_log_is_told_of(tmp_path):
    order = Order(("nats://127.0.0.1:1",), "", "", "_INBOX", "", "", "", b'{"keys": []}', str(tmp_path), b"x" * 32)
    with pytest.raises(ChildFailed):
        run_child(order, lambda done, known: None)


def test_a_child_whose_parent_died_leaves_everything_as_it_is(tmp_path):
    left = tmp_path / "left"
    left.touch()
    program = f"""
import os
from muniment.ops import rebuild_child
try:
    while True:
        rebuild_child._say(1, 2)
finally:
    os.unlink({str(left)!r})
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        assert child.stdout.readline() == b"1 2\n"
        child.stdout.close()
        assert child.wait(20) == 1
        assert child.stderr.read() == b""
    assert left.exists()


def test_a_long_log_is_folded_by_a_child_and_equals_the_live_models(tmp_path):
    environment = {"MUNIMENT_REBUILD_CHILD_ENTRIES": "1"}
    with Muniment(environment=environment) as server:
        iam = server.client("iam")
        for number in range(30):
            iam.create_user(UserName=f"user-{number}")
        answer = json.loads(server.run(MUNIMENT, "rebuild", "access", "--json").stdout)
    assert answer["State"] == "SUCCEEDED", answer
    assert answer["Equal"] is True
    assert answer["Entries"] >= 33


def test_a_long_log_s_timeline_is_filled_by_a_child_and_equals_the_live_one(tmp_path):
    environment = {"MUNIMENT_REBUILD_CHILD_ENTRIES": "1"}
    with Muniment(environment=environment) as server:
        iam = server.client("iam")
        for number in range(30):
            iam.create_user(UserName=f"user-{number}")
        trail = server.client("cloudtrail")
        before = trail.lookup_events()["Events"]
        answer = json.loads(server.run(MUNIMENT, "rebuild", "timeline", "--json").stdout)
        after = trail.lookup_events()["Events"]
    assert answer["State"] == "SUCCEEDED", answer
    assert answer["Equal"] is True
    assert answer["Entries"] >= 33
    assert len(answer["Digests"]) == 2  # what the child had filled, and what came after it
    assert {event["EventId"] for event in before} <= {event["EventId"] for event in after}
