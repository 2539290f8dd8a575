"""Commands over HTTP with SigV4 against a bare guarded publish with the same sync setting (issue: section 6, first line)."""

import asyncio
import json
import sys
import tempfile
from pathlib import Path

from bench import bare, load
from bench.signing import iam_request, native_request
from tests.muniment_server import Muniment

ONE = 1_000  # commands, one after another
EACH = 40  # commands of each of 64 accounts
ACCOUNTS = 64
WRITERS = 16


def main() -> dict[str, object]:
    """Measure, check that every acknowledged command is there once, and answer the figures."""
    with tempfile.TemporaryDirectory(prefix="muniment-bench-") as name:
        folder = Path(name)
        with bare.server(folder) as url:
            one_bare, _ = asyncio.run(bare.publish(url, 1, ONE))
            many_bare, many_elapsed = asyncio.run(bare.publish(url, ACCOUNTS, EACH))
        with Muniment(folder / "data", "--log-level", "error") as server:
            return _measure(server, one_bare, len(many_bare) / many_elapsed)


def _measure(server: Muniment, one_bare: list[float], bare_rate: float) -> dict[str, object]:
    root = (server.root["access_key_id"], server.root["secret_access_key"])
    load.run(server.endpoint, [[create(server, root, f"warm-{n}") for n in range(200)]])
    one = load.run(server.endpoint, [[create(server, root, f"one-{n}") for n in range(ONE)]])
    crowd = load.run(
        server.endpoint,
        [[create(server, root, f"crowd-{w}-{n}") for n in range(ONE // WRITERS)] for w in range(WRITERS)],
    )
    keys = [_account(server, number) for number in range(ACCOUNTS)]
    many = load.run(server.endpoint, [[create(server, key, f"many-{n}") for n in range(EACH)] for key in keys])
    for answers in (one, crowd, many):
        assert answers.bad == [], answers.bad[:1]
    users = {
        user["UserName"]
        for page in server.client("iam").get_paginator("list_users").paginate()
        for user in page["Users"]
    }
    assert len(users) == 200 + ONE + ONE // WRITERS * WRITERS, "an acknowledged command is missing or doubled"
    ordered = sorted(one_bare)
    bare_p50 = ordered[len(ordered) // 2] * 1_000
    return {
        "bare guarded publish, p50 ms": round(bare_p50, 3),
        "command over HTTP, p50 ms": round(one.percentile(0.5), 3),
        "command over HTTP, p99 ms": round(one.percentile(0.99), 3),
        "ratio of p50 (aim: at most 3)": round(one.percentile(0.5) / bare_p50, 2),
        "16 writers on one account, p99 ms": round(crowd.percentile(0.99), 2),
        "16 writers: p99 / p50 of one (aim: at most 20)": round(crowd.percentile(0.99) / one.percentile(0.5), 2),
        "16 writers on one account, commands/s": round(crowd.rate),
        "64 accounts, bare rate/s": round(bare_rate),
        "64 accounts, commands/s": round(many.rate),
        "64 accounts: share of the bare rate (aim: 0.7)": round(many.rate / bare_rate, 2),
    }


def create(server: Muniment, key: tuple[str, str], name: str) -> bytes:
    return iam_request(server.endpoint, key, "CreateUser", UserName=name)


def _account(server: Muniment, number: int) -> tuple[str, str]:
    root = (server.root["access_key_id"], server.root["secret_access_key"])
    body = {"AccountName": f"bench {number}", "Email": f"bench-{number}@example.com"}
    request = native_request(server.endpoint, root, "/v1/muniment/CreateAccount", body)
    answer = json.loads(load.once(server.endpoint, request))
    return answer["Root"]["AccessKeyId"], answer["Root"]["SecretAccessKey"]


if __name__ == "__main__":
    for label, figure in main().items():
        sys.stdout.write(f"{label:<52} {figure}\n")
