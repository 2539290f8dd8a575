"""Temporary credentials: AssumeRole over HTTP against a bare publish with the same sync setting, and what it costs to authenticate
with a key or a session against the bare check of a signature whose signing key is known."""

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

from bench import bare, load
from bench.signing import signed_request
from muniment.api.authenticate import Authenticator
from muniment.api.aws.canonical import signing_key
from muniment.api.aws.http import HTTPRequest
from muniment.api.aws.signature import parse_authorization, verify
from muniment.api.aws.signing_keys import SigningKeys
from muniment.api.peer import Peer
from muniment.domain.account.account import AccountCreated
from muniment.domain.account.keys import AccessKeyCreated
from muniment.domain.account.roles import RoleCreated
from muniment.domain.account.users import UserCreated
from muniment.domain.ledger import Sealed
from muniment.domain.session import ROLE, Session, Step
from muniment.ops.keys.tokens import Tokens
from muniment.projections.sessions import standing
from tests.muniment_server import Muniment
from tests.projections.logs import ACCOUNT
from tests.projections.worlds import World
from tests.scenarios.sessions import role, trust

ONE = 1_000  # roles assumed, one after another
ROUNDS, EACH = 7, 5_000  # of authentications
FORM = "application/x-www-form-urlencoded"
NUMBER = ACCOUNT.partition(".")[2]
SECRET = "s" * 40


def main() -> dict[str, object]:
    """Measure both; every answer is checked."""
    return {**_assuming(), **_authenticating()}


def _assuming() -> dict[str, object]:
    with tempfile.TemporaryDirectory(prefix="muniment-bench-") as name:
        folder = Path(name)
        with bare.server(folder) as url:
            publishes, _ = asyncio.run(bare.publish(url, 1, ONE))
        with Muniment(folder / "data", "--log-level", "error") as server:
            iam = server.client("iam")
            iam.create_user(UserName="ana")
            key = iam.create_access_key(UserName="ana")["AccessKey"]
            arn = role(iam, "run", trust(f"arn:aws:iam::{server.account}:user/ana"))
            held = (key["AccessKeyId"], key["SecretAccessKey"])
            body = urlencode(
                {"Action": "AssumeRole", "Version": "2011-06-15", "RoleArn": arn, "RoleSessionName": "bench"}
            ).encode()
            request = [signed_request(server.endpoint, held, "sts", "/", FORM, body)]
            load.run(server.endpoint, [request * 200])
            answers = load.run(server.endpoint, [request * ONE])
            assert answers.bad == [], answers.bad[:1]
    bare_p50 = statistics.median(publishes) * 1_000
    return {
        "bare guarded publish, p50 ms": round(bare_p50, 3),
        "AssumeRole over HTTP, p50 ms": round(answers.percentile(0.5), 3),
        "AssumeRole over HTTP, p99 ms": round(answers.percentile(0.99), 3),
        "ratio of p50 (aim: at most 3)": round(answers.percentile(0.5) / bare_p50, 2),
    }


def _authenticating() -> dict[str, object]:
    now = time.time_ns() // 1_000
    world = World(
        AccountCreated("A", "a@example.com"),
        UserCreated("ana", "AIDAANA"),
        AccessKeyCreated("ana", "AKIAANA", Sealed("k", SECRET.encode()), "AIDAANA"),
        RoleCreated("run", "AROARUN", '{"Version":"2012-10-17","Statement":[]}'),
    )
    tokens = Tokens(bytes(32))
    session = Session(
        id="ASIAONE",
        secret=SECRET,
        type=ROLE,
        account=NUMBER,
        principal="AROARUN",
        name="bench",
        issued=now,
        expires=now + 3_600_000_000,
        lineage=(Step(NUMBER, "AIDAANA", "AKIAANA", now),),
    )
    reads = SimpleNamespace(credential=world.credentials.find, session=lambda each: standing(each, world.credentials))
    sealer = SimpleNamespace(unseal=lambda owner, field, sealed: sealed.box)
    services: Any = SimpleNamespace(
        reads=reads, sealer=sealer, tokens=tokens, signing_keys=SigningKeys(), now=lambda: time.time_ns() // 1_000
    )
    authenticator, peer = Authenticator(services), Peer("192.0.2.7", True)
    by_key = _parsed(signed_request("http://house", ("AKIAANA", SECRET), "sts", "/", FORM, b"Action=GetCallerIdentity"))
    token = tokens.seal(session)
    by_session = _parsed(
        signed_request("http://house", ("ASIAONE", SECRET), "sts", "/", FORM, b"Action=GetCallerIdentity", token)
    )
    claimed, held = parse_authorization(by_key), parse_authorization(by_session)
    assert claimed is not None
    assert held is not None
    known = signing_key(SECRET, claimed.date, claimed.region, claimed.service)
    primitive = _microseconds(lambda: verify(claimed, by_key, known, services.now()))
    with_key = _microseconds(lambda: authenticator.caller(by_key, claimed, peer))
    with_session = _microseconds(lambda: authenticator.caller(by_session, held, peer))
    longer = _microseconds(lambda: verify(held, by_session, known, services.now()))
    opened = _microseconds(lambda: tokens._open(token))
    assert authenticator.caller(by_session, held, peer).actor.id == "AROARUN:bench"
    return {
        "SigV4 check with a known signing key, µs": round(primitive, 1),
        "the same over a request with a session token, µs": round(longer, 1),
        "authentication with an access key, µs": round(with_key, 1),
        "ratio (aim: at most 2)": round(with_key / primitive, 2),
        "authentication with a session, µs": round(with_session, 1),
        "ratio to the check of the same request (aim: at most 2)": round(with_session / longer, 2),
        "opening a token that was not seen before, µs": round(opened, 1),
    }


def _microseconds(step: Callable[[], object]) -> float:
    """Of the best of several rounds: the others show what else ran."""
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.thread_time_ns()
        for _ in range(EACH):
            step()
        best = min(best, (time.thread_time_ns() - began) / EACH / 1_000)
    return best


def _parsed(request: bytes) -> HTTPRequest:
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    method, path, _ = first.split(" ")
    headers = [(name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]
    return HTTPRequest(method, path, "", headers, body)


if __name__ == "__main__":
    for label, figure in main().items():
        sys.stdout.write(f"{label:<58} {figure}\n")
