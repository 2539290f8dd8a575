"""Killing the whole server with signal 9 at random under load loses no acknowledged command and doubles none (Done means)."""

import random
import subprocess
import threading
import time

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from tests.muniment_server import MUNIMENT, Muniment

WRITERS = 6


class Writer(threading.Thread):
    """Creates users one by one. One whose answer was lost is asked for again, as any client would."""

    def __init__(self, server, number):
        super().__init__()
        self.iam = server.client("iam", retries={"max_attempts": 0}, read_timeout=30, connect_timeout=5)
        self.name, self.acknowledged, self.asked, self.stopping = f"w{number}", [], 0, threading.Event()

    def run(self):
        while not self.stopping.is_set():
            name = f"{self.name}-{self.asked}"
            self.asked += 1
            try:
                self.iam.create_user(UserName=name)
            except (ClientError, BotoCoreError):
                return  # the server is gone: what became of this one is not known
            self.acknowledged.append(name)


def loaded_and_killed(server, seconds, round_):
    """Write with several clients, kill the server in the middle; what was acknowledged, and what was asked."""
    writers = [Writer(server, f"{round_}-{number}") for number in range(WRITERS)]
    for writer in writers:
        writer.start()
    time.sleep(seconds)
    server.kill()
    for writer in writers:
        writer.stopping.set()
        writer.join()
    acknowledged = [name for writer in writers for name in writer.acknowledged]
    asked = {f"{writer.name}-{number}" for writer in writers for number in range(writer.asked)}
    return acknowledged, asked


def users(server):
    return [
        user["UserName"]
        for page in server.client("iam").get_paginator("list_users").paginate()
        for user in page["Users"]
    ]


def kill_again_and_again(data, rounds, chance):
    acknowledged, asked = [], set()
    with Muniment(data) as server:
        for round_ in range(rounds):
            done, tried = loaded_and_killed(server, chance.uniform(0.2, 1.2), round_)
            acknowledged += done
            asked |= tried
            server.start()
            there = users(server)
            assert len(there) == len(set(there))
            assert set(acknowledged) <= set(there) <= asked
        one = server.client("iam")
        lost = sorted(asked - set(acknowledged))
        for name in lost:  # asked again: either it is there already or it comes to be, and never twice
            try:
                one.create_user(UserName=name)
            except ClientError as error:
                assert error.response["Error"]["Code"] == "EntityAlreadyExists"
        assert sorted(users(server)) == sorted(asked)
        server.stop()
    verified = subprocess.run([MUNIMENT, "verify", "--data", data], capture_output=True, text=True, check=False)
    assert verified.returncode == 0, verified.stdout + verified.stderr
    return len(acknowledged)


def test_a_server_killed_under_load_keeps_what_it_acknowledged_once(tmp_path):
    assert kill_again_and_again(tmp_path / "data", 3, random.Random(1)) > 20  # noqa: S311


@pytest.mark.heavy
def test_a_server_killed_twenty_times_under_load_keeps_what_it_acknowledged_once(tmp_path):
    assert kill_again_and_again(tmp_path / "data", 20, random.Random()) > 200  # noqa: S311
