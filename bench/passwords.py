"""Password checks beside decisions: sign-ins over HTTP as fast as they go, against Argon2 alone on the same cores, while
500 decisions a second are asked. Every sign-in must give a session, and every decision must be right, or the figures do not count.
"""

import asyncio
import json
import multiprocessing
import os
import sys
import time
from urllib.parse import urlsplit

from bench.load import Answers, once
from bench.signing import iam_request, native_request
from tests.muniment_server import Muniment

USERS = 48
LANES = 8
SECONDS = 10.0
DECISIONS_PER_SECOND = 500
DECIDERS = 16
PASSWORD = "Correct-Horse-1"  # noqa: S105
ALLOW = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"app:read","Resource":"*"}]}'


def _hash_for(seconds: float) -> int:
    from muniment.ops.passwords.child import HASHER

    hashed, count, end = HASHER.hash(b"x" * 32), 0, time.monotonic() + seconds
    while time.monotonic() < end:
        assert HASHER.verify(hashed, b"x" * 32)
        count += 1
    return count


def bare_rate(seconds: float = 5.0) -> float:
    """Checks a second of Argon2 alone, in two processes."""
    with multiprocessing.Pool(2) as pool:
        pool.map(_hash_for, [0.2] * 2)
        return sum(pool.map(_hash_for, [seconds] * 2)) / seconds


def sign_in(endpoint: str, account: str, user: str, source: str) -> bytes:
    """One sign-in, from its own address."""
    body = json.dumps({"Account": account, "UserName": user, "Password": PASSWORD}).encode()
    lines = [
        "POST /v1/signin/SignIn HTTP/1.1",
        f"host: {urlsplit(endpoint).netloc}",
        "content-type: application/json",
        f"x-forwarded-for: {source}",
        f"content-length: {len(body)}",
        "",
        "",
    ]
    return "\r\n".join(lines).encode() + body


class Connection:
    """One kept-alive connection."""

    def __init__(self, endpoint: str) -> None:
        self._address = urlsplit(endpoint)

    async def open(self) -> "Connection":
        self._reader, self._writer = await asyncio.open_connection(self._address.hostname, self._address.port)
        return self

    async def ask(self, request: bytes) -> tuple[bool, bytes]:
        """Whether the answer was 200, and its body."""
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
        return head.startswith(b"HTTP/1.1 200"), await self._reader.readexactly(length)


async def sign_ins(endpoint: str, account: str, until: float) -> Answers:
    """Sign in as fast as the server lets us, everybody in turn."""
    answers, began = Answers(), time.perf_counter()

    async def lane(number: int) -> None:
        connection, turn = await Connection(endpoint).open(), 0
        while time.perf_counter() < until:
            user = f"user{(number + turn * LANES) % USERS}"
            start = time.perf_counter()
            good, body = await connection.ask(sign_in(endpoint, account, user, f"10.0.{number}.{turn % 250 + 1}"))
            answers.seconds.append(time.perf_counter() - start)
            if not good or b'"Token"' not in body:
                answers.bad.append(body)
            turn += 1

    await asyncio.gather(*map(lane, range(LANES)))
    answers.elapsed = time.perf_counter() - began
    return answers


async def decisions(endpoint: str, requests: list[bytes], until: float) -> Answers:
    """Decisions at a steady pace, whether the last one is back or not: latency counts from when each was due."""
    answers, free = Answers(), asyncio.Queue[Connection]()
    for _ in range(DECIDERS):
        free.put_nowait(await Connection(endpoint).open())
    tasks, began, number = [], time.perf_counter(), 0

    async def one(request: bytes, due: float) -> None:
        connection = await free.get()
        good, body = await connection.ask(request)
        free.put_nowait(connection)
        answers.seconds.append(time.perf_counter() - due)
        if not good or b'"decision":true' not in body.replace(b" ", b""):
            answers.bad.append(body)

    while (due := began + number / DECISIONS_PER_SECOND) < until:
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(one(requests[number % len(requests)], due)))
        number += 1
    await asyncio.gather(*tasks)
    answers.elapsed = time.perf_counter() - began
    return answers


async def together(endpoint: str, account: str, requests: list[bytes], signing: bool) -> tuple[Answers | None, Answers]:
    """Both at once, or decisions alone."""
    until = time.perf_counter() + SECONDS
    if not signing:
        return None, await decisions(endpoint, requests, until)
    found = await asyncio.gather(sign_ins(endpoint, account, until), decisions(endpoint, requests, until))
    return found[0], found[1]


def main() -> None:
    """Print the figures."""
    bare = bare_rate()
    with Muniment(None, "--trusted-proxy", "127.0.0.1", "--no-read-log", "--log-level", "warning") as server:
        endpoint, account = server.endpoint, server.account
        key = (server.root["access_key_id"], server.root["secret_access_key"])
        for number in range(USERS):
            name = {"UserName": f"user{number}"}
            once(endpoint, iam_request(endpoint, key, "CreateUser", **name))
            made = once(endpoint, iam_request(endpoint, key, "CreateLoginProfile", **name, Password=PASSWORD))
            assert b"LoginProfile" in made, made
            once(endpoint, iam_request(endpoint, key, "PutUserPolicy", **name, PolicyName="p", PolicyDocument=ALLOW))
        body = {
            "subject": {"type": "user", "id": f"arn:aws:iam::{account}:user/user0"},
            "action": {"name": "app:read"},
        }
        requests = [
            native_request(
                endpoint,
                key,
                "/access/v1/evaluation",
                {**body, "resource": {"type": "doc", "id": f"arn:aws:app:::doc/{n}"}},
            )
            for n in range(2_000)
        ]
        for signing in (False, True):
            checked, decided = asyncio.run(together(endpoint, account, requests, signing))
            if decided.bad or (checked is not None and checked.bad):
                sys.exit(f"wrong answers: {(decided.bad or checked.bad)[0]!r}")  # type: ignore[union-attr]
            what = "with sign-ins" if signing else "alone"
            print(
                f"decisions {what}: {decided.rate:.0f}/s, p50 {decided.percentile(0.5):.2f} ms, "
                f"p99 {decided.percentile(0.99):.2f} ms"
            )
            if checked is not None:
                print(
                    f"sign-ins: {checked.rate:.1f}/s, p50 {checked.percentile(0.5):.0f} ms, p99 {checked.percentile(0.99):.0f} ms"
                )
                print(
                    f"Argon2 alone on two cores: {bare:.1f}/s; share {checked.rate / bare:.2f}; load {os.getloadavg()[0]:.1f}"
                )


if __name__ == "__main__":
    main()
