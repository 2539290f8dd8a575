"""Muniment on an external NATS cluster: provisioned by its own command, served by several processes, its leader killed."""

import json
import subprocess
import threading
import time
import urllib.request

import pytest
from botocore.exceptions import ClientError

from muniment.ops.jetstream.loop import NatsLoop
from tests.contracts.cluster import running_cluster
from tests.muniment_server import MUNIMENT, Muniment


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with running_cluster(tmp_path_factory.mktemp("nats")) as running:
        yield running


@pytest.fixture(scope="module")
def options(cluster):
    """How a process of role `name` finds the cluster; the streams are provisioned by the command, twice."""

    def of(name):
        urls = ",".join(f"tls://127.0.0.1:{port}" for port in cluster.clients)
        return ["--nats", urls, "--nats-credentials", str(cluster.folder / f"{name}.nk"), "--nats-ca", str(cluster.ca)]

    for expected in ("made: IAM", "everything is there already"):
        done = subprocess.run(
            [MUNIMENT, "provision", *of("provision"), "--replicas", "3"], capture_output=True, text=True, check=True
        )
        assert done.stdout.startswith(expected)
    return of


def serve(folder, name, options, kek, *more):
    return Muniment(folder / name, "--kek", f"file:{kek}", *options, *more)


def test_two_processes_serve_one_log_and_a_killed_leader_loses_nothing(cluster, options, tmp_path):
    kek = tmp_path / "kek"
    with (
        serve(tmp_path, "one", options("api"), kek, "--role", "api") as one,
        serve(tmp_path, "two", options("api"), kek, "--role", "api") as two,
        serve(tmp_path, "three", options("decisions"), kek, "--role", "decisions") as three,
    ):
        two.root = three.root = one.root
        assert two.account == three.account == one.account
        acknowledged, refused = _write_while_the_leader_dies(cluster, one, two)
        names = [
            user["UserName"]
            for page in two.client("iam").get_paginator("list_users").paginate()
            for user in page["Users"]
        ]
        assert len(names) == len(set(names))
        assert set(acknowledged) <= set(names)
        assert len(acknowledged) > 20
        assert {code for code, _ in refused} <= {"ServiceUnavailable"}
        assert all(header for _, header in refused), "a 503 tells when to come again"
        report = json.load(urllib.request.urlopen(f"{three.endpoint}/readyz"))
        assert report["ready"], report


def _write_while_the_leader_dies(cluster, *servers):
    acknowledged, refused, stop = [], [], threading.Event()

    def write(server, writer):
        iam, number = server.client("iam", retries={"max_attempts": 1}, read_timeout=40), 0
        while not stop.is_set():
            name, number = f"user-{writer}-{number}", number + 1
            try:
                iam.create_user(UserName=name)
            except ClientError as error:
                metadata = error.response["ResponseMetadata"]
                refused.append((error.response["Error"]["Code"], metadata["HTTPHeaders"].get("retry-after")))
            else:
                acknowledged.append(name)

    threads = [threading.Thread(target=write, args=(server, n)) for n, server in enumerate(servers)]
    for thread in threads:
        thread.start()
    time.sleep(1.5)
    with NatsLoop(cluster.settings("api")) as loop:
        loop.wait_ready(10)
        leader = cluster.leader(loop, "IAM")
    before = len(acknowledged)
    cluster.kill(leader)
    give_up = time.monotonic() + 40
    while len(acknowledged) < before + 10 and time.monotonic() < give_up:
        time.sleep(0.1)
    stop.set()
    for thread in threads:
        thread.join(60)
    assert len(acknowledged) >= before + 10, "writing did not resume after the election"
    cluster.start(leader)
    cluster.wait_healthy()
    return acknowledged, refused


def test_an_unprovisioned_role_is_told_what_to_do(tmp_path):
    done = subprocess.run(
        [MUNIMENT, "serve", "--role", "api", "--data", tmp_path], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "--nats URL" in done.stderr
