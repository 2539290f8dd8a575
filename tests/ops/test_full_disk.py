"""A full disk, seen by a client: 503 with Retry-After, nothing half done, nothing lost, and on it goes when there is room again."""

import json
import os
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from tests.muniment_server import MUNIMENT, Muniment

SIZE_MEGABYTES = 48
CHUNK = b"\0" * 65_536
BACK_SECONDS_MAX = 40


@pytest.fixture
def small_disk(tmp_path):
    """A file system of a few megabytes, mounted for one test."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount the small disk that this test fills")
    place = tmp_path / "disk"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE_MEGABYTES}m", "muniment-test", place], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


def fill(disk) -> Path:
    """Take what is left, to the last byte."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        size = len(CHUNK)
        while size:
            try:
                file.write(CHUNK[:size])
            except OSError:
                size //= 2
    return ballast


def readiness(server):
    try:
        with urllib.request.urlopen(f"{server.endpoint}/readyz") as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        return json.load(error)


def wait_ready(server):
    """Signed heads are tried again every ten seconds, so readiness may come back that much later than writing."""
    give_up = time.monotonic() + BACK_SECONDS_MAX
    while not (report := readiness(server))["ready"]:
        assert time.monotonic() < give_up, report
        time.sleep(0.2)


def names(iam):
    return {user["UserName"] for page in iam.get_paginator("list_users").paginate() for user in page["Users"]}


def write_until_refused(iam, kept):
    """Create users until the disk is full; the refusal, as the client saw it."""
    for number in range(5_000):
        try:
            iam.create_user(UserName=f"user-{number}")
        except ClientError as error:
            return number, error.response
        kept.add(f"user-{number}")
    raise AssertionError("the disk was never full")


def test_a_full_disk_is_a_503_and_nothing_is_lost_or_half_done(small_disk):
    with Muniment(small_disk / "data") as server:
        iam, kept = server.client("iam", read_timeout=60), set()
        iam.create_user(UserName="before")
        kept.add("before")
        ballast = fill(small_disk)
        number, refused = write_until_refused(iam, kept)
        assert refused["ResponseMetadata"]["HTTPStatusCode"] == 503
        assert refused["Error"]["Code"] == "ServiceUnavailable"
        assert int(refused["ResponseMetadata"]["HTTPHeaders"]["retry-after"]) >= 1
        assert "before" in names(iam), "reads go on"
        missing = readiness(server)["missing"]
        assert any(line.startswith("nats: ") and "write error" in line for line in missing), missing
        ballast.unlink()
        give_up = time.monotonic() + BACK_SECONDS_MAX
        while True:
            try:
                iam.create_user(UserName=f"user-{number}")
                break
            except ClientError as error:
                if error.response["Error"]["Code"] == "EntityAlreadyExists":
                    break  # the refused one was kept after all: a 503 promises neither
                assert error.response["Error"]["Code"] == "ServiceUnavailable", error
                assert time.monotonic() < give_up, "writing did not resume when there was room again"
                time.sleep(0.2)
        kept.add(f"user-{number}")
        iam.create_user(UserName="after")
        assert names(iam) == kept | {"after"}
        wait_ready(server)
        server.kill()
        server.start()
        assert names(server.client("iam")) == kept | {"after"}
        events = server.client("cloudtrail").lookup_events(
            LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "CreateUser"}]
        )["Events"]
        assert events
        server.stop()
    verified = subprocess.run(
        [MUNIMENT, "verify", "--data", small_disk / "data"], capture_output=True, text=True, check=False
    )
    assert verified.returncode == 0, verified.stdout + verified.stderr
