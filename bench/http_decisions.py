"""Decisions over HTTP: AuthZEN evaluation against the same decision behind plain FastAPI routes in the same process, and batches of
1 000. No request is repeated; every 50th answer is compared with the plain evaluator's, or the figures do not count.
"""

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench import load
from bench.signing import iam_request, native_request

USERS, GROUPS, POLICIES = 300, 12, 24
REQUESTS, LANES, PASSES = 6_000, 8, 3
BATCHES, BATCH = 30, 1_000
CHECKED = 50
KEYS_SECONDS = 4  # in which the log has made the data keys of all who asked
ACTIONS = (
    "s3:GetObject",
    "s3:PutObject",
    "sqs:SendMessage",
    "dynamodb:GetItem",
    "app:read",
    "app:write",
    "ec2:RunInstances",
)
TEAMS = ("blue", "red", "green", "black")
luck = random.Random(7)  # noqa: S311

Key = tuple[str, str]


@contextmanager
def served(share: float) -> Iterator[tuple[str, Key, str, int]]:
    """Endpoint, root key, account number and process id of a fresh server that logs this share of its decisions."""
    with tempfile.TemporaryDirectory(prefix="muniment-bench-") as name:
        ready = Path(name) / "ready.json"
        process = subprocess.Popen(
            [sys.executable, "-m", "bench.decision_server", f"{name}/data", str(ready), str(share)]
        )
        try:
            while not ready.exists():
                if process.poll() is not None:
                    raise SystemExit("the server did not start")
                time.sleep(0.05)
            told = json.loads(ready.read_text())
            root = told["root"]
            yield told["endpoint"], (root["access_key_id"], root["secret_access_key"]), told["account_id"], process.pid
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def fill(endpoint: str, key: Key) -> None:
    """Users in groups, with policies as one finds them: some actions, resources with wildcards and variables, conditions."""

    def do(action: str, **params: str) -> bytes:
        return iam_request(endpoint, key, action, **params)

    def all_of(requests: list[bytes]) -> None:
        found = load.run(endpoint, [requests[lane::4] for lane in range(4)])
        assert found.bad == [], found.bad[:1]

    account = json.loads(load.once(endpoint, native_request(endpoint, key, "/v1/sts/GetCallerIdentity", {})))["Account"]
    all_of([do("CreatePolicy", PolicyName=f"p{n}", PolicyDocument=document(n)) for n in range(POLICIES)])
    all_of([do("CreateGroup", GroupName=f"g{n}") for n in range(GROUPS)])
    all_of(
        [
            do(
                "AttachGroupPolicy",
                GroupName=f"g{n}",
                PolicyArn=f"arn:aws:iam::{account}:policy/p{(n * 5 + m) % POLICIES}",
            )
            for n in range(GROUPS)
            for m in range(3)
        ]
    )
    tags = {"Tags.member.1.Key": "team"}
    all_of([do("CreateUser", UserName=f"u{n}", **tags, **{"Tags.member.1.Value": TEAMS[n % 4]}) for n in range(USERS)])
    all_of(
        [
            do("AddUserToGroup", UserName=f"u{n}", GroupName=f"g{(n + m * 5) % GROUPS}")
            for n in range(USERS)
            for m in range(2)
        ]
    )
    all_of(
        [
            do("PutUserPolicy", UserName=f"u{n}", PolicyName="own", PolicyDocument=document(n))
            for n in range(0, USERS, 3)
        ]
    )


def enforcement_point(endpoint: str, key: Key) -> Key:
    """The key of a user who may ask about everybody: what a service would have."""
    allow = {"Effect": "Allow", "Action": "muniment:Evaluate", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    load.once(endpoint, iam_request(endpoint, key, "CreateUser", UserName="pep"))
    load.once(
        endpoint, iam_request(endpoint, key, "PutUserPolicy", UserName="pep", PolicyName="asks", PolicyDocument=policy)
    )
    made = load.once(endpoint, iam_request(endpoint, key, "CreateAccessKey", UserName="pep")).decode()
    found = [made.partition(f"<{name}>")[2].partition("<")[0] for name in ("AccessKeyId", "SecretAccessKey")]
    return found[0], found[1]


def document(number: int) -> str:
    """One of many different ones."""
    action, team = ACTIONS[number % len(ACTIONS)], TEAMS[number % 4]
    bucket, service = f"arn:aws:s3:::bucket-{number % 9}", action.partition(":")[0]
    mine = [f"{bucket}/*", f"{bucket}/home/${{aws:username}}/*"]
    tagged = {"StringEquals": {"aws:PrincipalTag/team": team}}
    said: list[dict[str, Any]] = [
        {"Effect": "Allow", "Action": [action, f"{service}:List*"], "Resource": mine},
        {"Effect": "Allow", "Action": "app:*", "Resource": f"arn:muniment:app::*:record/{number % 7}*"},
        {"Effect": "Allow", "Action": action, "Resource": "*", "Condition": tagged},
        {"Effect": "Deny", "Action": "s3:PutObject", "Resource": f"{bucket}/locked/*"},
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": said})


def resource(number: int) -> dict[str, str]:
    """A resource that no other request asks about."""
    if number % 2:
        return {"type": "record", "id": f"{number % 10}-{number}"}
    return {
        "type": "object",
        "id": f"arn:aws:s3:::bucket-{number % 9}/{luck.choice(('home', 'locked', 'x'))}/u{number % USERS}/{number}",
    }


def question(number: int) -> dict[str, Any]:
    """Who may do what."""
    return {
        "subject": {"type": "user", "id": f"u{luck.randrange(USERS)}"},
        "action": {"name": luck.choice(ACTIONS)},
        "resource": resource(number),
        "context": {"app:tenant": f"t{number % 50}"},
    }


class Figures:
    """Answers a second, by the clock and by the server's processor."""

    def __init__(self, rate: float, cpu: float, p50: float, p99: float) -> None:
        self.rate, self.cpu, self.p50, self.p99 = rate, cpu, p50, p99


def measure(endpoint: str, key: Key, pid: int, path: str, bodies: list[dict[str, Any]]) -> tuple[Figures, list[bytes]]:
    """The best of some passes over the same requests, and the last bodies of their answers."""
    best: Figures | None = None
    for _ in range(PASSES):
        requests = [native_request(endpoint, key, path, body) for body in bodies]
        before = processor(pid)
        answers, kept = asyncio.run(sent(endpoint, [requests[lane::LANES] for lane in range(LANES)]))
        cpu = processor(pid) - before
        assert answers.bad == [], answers.bad[:1]
        rate = len(bodies) / cpu
        if best is None or rate > best.cpu:
            best = Figures(answers.rate, rate, answers.percentile(0.5), answers.percentile(0.99))
    assert best is not None
    ordered = [b""] * len(bodies)
    for lane in range(LANES):
        ordered[lane::LANES] = kept[lane]
    return best, ordered


async def sent(endpoint: str, lanes: list[list[bytes]]) -> tuple[load.Answers, list[list[bytes]]]:
    """`load.send`, and every body."""
    from urllib.parse import urlsplit

    address, answers = urlsplit(endpoint), load.Answers()
    kept: list[list[bytes]] = [[] for _ in lanes]

    async def lane(number: int, requests: list[bytes]) -> None:
        reader, writer = await asyncio.open_connection(address.hostname, address.port, limit=1 << 20)
        for request in requests:
            began = time.perf_counter()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            start = head.lower().index(b"content-length:") + 15
            body = await reader.readexactly(int(head[start : head.index(b"\r\n", start)]))
            answers.seconds.append(time.perf_counter() - began)
            kept[number].append(body)
            if not head.startswith(b"HTTP/1.1 200"):
                answers.bad.append(body)
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(lane(number, requests) for number, requests in enumerate(lanes)))
    answers.elapsed = time.perf_counter() - began
    return answers, kept


def processor(pid: int) -> float:
    """Seconds of processor time that the server has taken."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def check(endpoint: str, key: Key, asked: list[dict[str, Any]], answered: list[bool]) -> None:
    """Every 50th answer is the plain evaluator's."""
    for body, decision in list(zip(asked, answered, strict=True))[::CHECKED]:
        told = {name.capitalize(): value for name, value in body.items()}
        found = json.loads(load.once(endpoint, native_request(endpoint, key, "/v1/muniment/Evaluate", told)))
        assert found["Decision"] is decision, body


def main() -> dict[str, object]:
    """All figures."""
    figures: dict[str, object] = {}
    with served(0.0) as (endpoint, key, _account, pid):
        fill(endpoint, key)
        asker = enforcement_point(endpoint, key)
        single = [question(number) for number in range(REQUESTS)]
        ways = {}
        for name, path in (
            ("AuthZEN", "/access/v1/evaluation"),
            ("FastAPI async", "/plain/async"),
            ("FastAPI sync", "/plain/sync"),
        ):
            ways[name], bodies = measure(endpoint, asker, pid, path, single)
            decisions = [json.loads(body)["decision"] for body in bodies]
            check(endpoint, key, single, decisions)
            one = ways[name]
            figures[f"{name}: decisions/s by the clock, 8 connections"] = round(one.rate)
            figures[f"{name}: decisions per second of the server's processor"] = round(one.cpu)
            figures[f"{name}: p50 / p99 ms"] = f"{one.p50:.2f} / {one.p99:.2f}"
            figures.setdefault("allowed, %", round(100 * sum(decisions) / len(decisions)))
        for other in ("FastAPI async", "FastAPI sync"):
            figures[f"AuthZEN / {other} (aim: at least 3)"] = round(ways["AuthZEN"].cpu / ways[other].cpu, 2)
        for name, shared in (("one subject", True), ("a subject each", False)):
            batches = [batch(number, shared) for number in range(BATCHES)]
            found, bodies = measure(endpoint, asker, pid, "/access/v1/evaluations", batches)
            asked = [{**whole_defaults(each), **item} for each in batches for item in each["evaluations"]]
            decisions = [item["decision"] for body in bodies for item in json.loads(body)["evaluations"]]
            check(endpoint, key, asked, decisions)
            figures[f"batches of 1 000, {name}: decisions/s by the clock"] = round(found.rate * BATCH)
            figures[f"batches of 1 000, {name}: per second of processor (aim: 150 000)"] = round(found.cpu * BATCH)
            ways[name] = found
    return figures | logged(single, ways)


def logged(single: list[dict[str, Any]], without: dict[str, Figures]) -> dict[str, object]:
    """What the same rates are while every decision is logged, as shares of those without a log."""
    figures: dict[str, object] = {}
    with served(1.0) as (endpoint, key, _account, pid):
        fill(endpoint, key)
        asker = enforcement_point(endpoint, key)
        for name, path, bodies in (
            ("AuthZEN", "/access/v1/evaluation", single),
            ("one subject", "/access/v1/evaluations", [batch(number, True) for number in range(BATCHES)]),
            ("a subject each", "/access/v1/evaluations", [batch(number, False) for number in range(BATCHES)]),
        ):
            measure(endpoint, asker, pid, path, bodies)  # everybody who is logged has a data key from here on
            time.sleep(KEYS_SECONDS)
            found, _ = measure(endpoint, asker, pid, path, bodies)
            share = found.cpu / without[name].cpu
            figures[f"{name}, every decision logged: share of the rate without (aim: 0.9)"] = round(share, 2)
    return figures


def batch(number: int, shared: bool) -> dict[str, Any]:
    """1 000 evaluations, of one subject or of many."""
    items = [question(number * BATCH + n) for n in range(BATCH)]
    for item in items:
        del item["context"]
        if shared:
            del item["subject"]
    defaults = {"context": {"app:tenant": "t1"}}
    return {**defaults, **({"subject": {"type": "user", "id": f"u{number}"}} if shared else {}), "evaluations": items}


def whole_defaults(body: dict[str, Any]) -> dict[str, Any]:
    """What an evaluation leaves open."""
    return {name: value for name, value in body.items() if name != "evaluations"}


if __name__ == "__main__":
    for label, figure in main().items():
        sys.stdout.write(f"{label:<78} {figure}\n")
