"""`muniment.client.Access` in a process of its own: from a command's acknowledgement in the server to its effect here.

Every change allows or takes away one action; each is asked for once its position is reached, and must be answered accordingly.
"""

import json
import multiprocessing
import sys
import tempfile
import threading
import time
from multiprocessing.connection import Connection
from pathlib import Path

from muniment.client import Access, NotReached, Position

RATE = 200
SECONDS = 20
ASKING_PAUSE = 0.0005  # beside it another thread asks about this often
ALLOW, DENY = "Allow", "Deny"


def document(effect: str) -> str:
    """One statement."""
    return json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": effect, "Action": "s3:Get*", "Resource": "*"}]}
    )


def main() -> None:
    """Serve in a child process, follow here."""
    ours, theirs = multiprocessing.Pipe()
    with tempfile.TemporaryDirectory(prefix="muniment-bench-") as name:
        child = multiprocessing.get_context("spawn").Process(target=serve, args=(Path(name), theirs))
        child.start()
        try:
            path, account, epoch = ours.recv()
            with Access.open(path) as access:
                sys.setswitchinterval(0.0005)
                _report("alone", _measure(access, account, epoch, ours, asking=False))
                _report("while another thread decides", _measure(access, account, epoch, ours, asking=True))
            ours.send(None)
            child.join(10)
        finally:
            child.terminate()
            child.join()


def serve(folder: Path, pipe: Connection) -> None:
    """The writing process: a change every 5 ms, told with its position and the moment of its acknowledgement."""
    from muniment.commands.drawn import uuid7
    from muniment.commands.iam.inline import PutUserPolicy
    from muniment.commands.iam.users import CreateUser
    from muniment.commands.task import Context
    from muniment.domain.caller import Caller
    from muniment.domain.ledger import Actor
    from muniment.ops import founding
    from muniment.ops.connection import LogServer
    from muniment.ops.host import Host
    from muniment.ops.reader.issue import issue
    from muniment.ops.settings import Settings

    settings = Settings(data=folder / "data")
    settings.data.mkdir()
    server = LogServer(settings)
    server.open()
    host = Host(settings, server)
    try:
        with host.ledger() as ledger:
            founded = founding.found(ledger, settings)
            assert founded is not None
            number = founded.account_id
            root = Caller(Actor(number, f"arn:aws:iam::{number}:root", number, "Root"))
            ledger.execute(CreateUser(user_name="ana"), Context(root, uuid7(ledger.now())))
            credential = issue(host, "bench", number).credential
            credential.save(folder / "bench.json")
            pipe.send((str(folder / "bench.json"), number, credential.epoch))
            while pipe.recv() is not None:
                began = time.monotonic()
                for n in range(RATE * SECONDS):
                    time.sleep(max(0.0, began + n / RATE - time.monotonic()))
                    effect = ALLOW if n % 2 == 0 else DENY
                    command = PutUserPolicy(user_name="ana", policy_name="p", policy_document=document(effect))
                    position = ledger.execute(command, Context(root, uuid7(ledger.now()))).position
                    pipe.send((position, time.monotonic(), effect))
                pipe.send(None)
    finally:
        host.close()
        server.close()


def _measure(access: Access, account: str, epoch: str, pipe: Connection, *, asking: bool) -> list[float]:
    """Seconds from acknowledgement to effect; 0 where the effect was here first."""
    user, done = f"arn:aws:iam::{account}:user/ana", threading.Event()
    seen: dict[int, tuple[float, bool | None]] = {}
    first = access.position.sequence + 1

    def follow() -> None:
        wanted = first
        while not done.is_set():
            try:
                access.wait(Position(epoch, wanted), 1.0)
            except NotReached:  # nothing came: look whether all is over
                continue
            before = access.position.sequence
            allowed: bool | None = bool(access.decide(user, "s3:GetObject", "arn:aws:s3:::a/b"))
            now = time.monotonic()
            if access.position.sequence != before:
                allowed = None  # it moved on meanwhile: of which position the answer is, cannot be said
            for sequence in range(wanted, before + 1):
                seen[sequence] = now, allowed if sequence == before else None
            wanted = before + 1

    def ask() -> None:
        while not done.is_set():
            access.decide(user, "s3:GetObject", "arn:aws:s3:::a/b")
            time.sleep(ASKING_PAUSE)

    threads = [threading.Thread(target=follow), *([threading.Thread(target=ask)] if asking else [])]
    for thread in threads:
        thread.start()
    pipe.send("go")
    told = []
    while (one := pipe.recv()) is not None:
        told.append(one)
    time.sleep(1.0)
    done.set()
    for thread in threads:
        thread.join()
    assert len(told) == RATE * SECONDS
    last, _, effect = told[-1]
    assert bool(access.decide(user, "s3:GetObject", "arn:aws:s3:::a/b")) is (effect == ALLOW)
    known = [(seen[sequence][1], effect == ALLOW) for sequence, _, effect in told if seen[sequence][1] is not None]
    assert all(answer is expected for answer, expected in known), "an answer was not of its position"
    assert len(known) > len(told) // 2, "too few answers could be checked"
    assert last == max(seen)
    return [max(0.0, seen[sequence][0] - acknowledged) for sequence, acknowledged, _ in told]


def _report(what: str, seconds: list[float]) -> None:
    ordered = sorted(seconds)
    p50, p99, worst = (ordered[int(share * (len(ordered) - 1))] * 1_000 for share in (0.5, 0.99, 1))
    sys.stdout.write(
        f"{'acknowledged → effect in Access, ' + what + ', p50/p99/max ms':<66} {p50:.2f} / {p99:.2f} / {worst:.2f}\n"
    )
    sys.stdout.flush()


if __name__ == "__main__":
    main()
