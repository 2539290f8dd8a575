"""Rebuilds of live read models: beside, compared, swapped; no read fails (DESIGN §4)."""

import json
import threading
import time

import pytest

from tests.muniment_server import MUNIMENT


@pytest.mark.parametrize("projection", ["access", "credentials", "directory"])
def test_a_rebuilt_projection_equals_the_live_one(server, iam, projection):
    for number in range(20):
        iam.create_user(UserName=f"user-{number}")
    answer = json.loads(server.run(MUNIMENT, "rebuild", projection, "--json").stdout)
    assert answer["State"] == "SUCCEEDED"
    assert answer["Equal"] is True
    assert answer["Entries"] >= 23
    assert {digest["Projection"] for digest in answer["Digests"]} >= {projection}


def test_no_read_fails_while_projections_are_rebuilt(server, iam):
    for number in range(50):
        iam.create_user(UserName=f"user-{number}")
    stop, failures, reads = threading.Event(), [], []

    def read():
        own = server.client("iam")
        while not stop.is_set():
            try:
                reads.append(len(own.list_users()["Users"]))
            except Exception as error:
                failures.append(error)

    threads = [threading.Thread(target=read) for _ in range(2)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        server.run(MUNIMENT, "rebuild", "directory")
    time.sleep(0.1)
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert set(reads) == {50}


def test_an_unknown_projection_is_refused_with_the_choices(server):
    answer = server.run(MUNIMENT, "rebuild", "everything", check=False)
    assert answer.returncode == 1
    assert "access, credentials, directory" in answer.stderr
