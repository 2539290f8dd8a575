"""From a command's acknowledgement to its effect on decisions in the same process: 200 commands a second, rebuilds beside."""

import sys
import tempfile
import threading
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

from bench import biglog
from muniment.commands.drawn import uuid7
from muniment.commands.iam.tags import Tag
from muniment.commands.iam.users import CreateUser, TagUser
from muniment.commands.task import Context
from muniment.domain.caller import Caller
from muniment.domain.ledger import Actor
from muniment.ops.serving import Server
from muniment.ops.settings import Settings

RATE = 200
SECONDS = 10
THREADS = 4


def main() -> None:
    """Alone, and beside rebuilds: on the big log where it is there, else on a small one."""
    big = biglog.folder()
    with tempfile.TemporaryDirectory(prefix="muniment-bench-") as name:
        server = Server(Settings(data=big if (big / "nats").is_dir() else Path(name) / "data", port=0))
        server.open()
        try:
            _report("alone", _measure(server, f"alone-{time.time_ns()}", lambda: False))
            for model in ("access", "timeline"):
                _beside(server, model)
        finally:
            server.close()


def _beside(server: Server, model: str) -> None:
    """From the rebuild's first moment to its last, however long it takes."""
    rebuilds, began = server.core.reads.rebuilds, time.perf_counter()
    rebuilds.start(model)
    seconds = _measure(server, f"beside-{time.time_ns()}", lambda: rebuilds.describe()["State"] == "RUNNING")
    _report(f"`{model}` rebuilt beside it", seconds)
    state = rebuilds.describe()
    assert state["State"] == "SUCCEEDED", state
    assert state["Equal"], "the rebuilt model differs from the live one"
    took = f"{state['Entries']}, {time.perf_counter() - began:.0f}"
    sys.stdout.write(f"{'  its entries, and seconds at most':<62} {took}\n")


def _measure(server: Server, prefix: str, going_on: Callable[[], bool]) -> list[float]:
    """Seconds to each effect, for as long as something goes on, and for `SECONDS` at least."""
    ledger, access = server.core.ledger, server.core.reads.access
    assert ledger is not None
    number = server.core.reads.first_account()
    root = Caller(Actor(number, f"arn:aws:iam::{number}:root", number, "Root"))
    seconds: list[float] = []
    ledger.execute(CreateUser(user_name=prefix), Context(root, uuid7(ledger.now())))
    began = time.perf_counter()

    def work(thread: int) -> None:
        for n in count():
            if n >= RATE * SECONDS // THREADS and not going_on():
                return
            due = began + (n * THREADS + thread) / RATE
            time.sleep(max(0.0, due - time.perf_counter()))
            command = TagUser(user_name=prefix, tags=(Tag(key=f"thread-{thread}", value=str(n)),))
            outcome = ledger.execute(command, Context(root, uuid7(ledger.now())))
            acknowledged = time.perf_counter()
            access.wait(outcome.position, 30)
            seconds.append(time.perf_counter() - acknowledged)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seconds) >= RATE * SECONDS
    return seconds


def _report(what: str, seconds: list[float]) -> None:
    ordered = sorted(seconds)
    p50, p99, worst = (ordered[int(share * (len(ordered) - 1))] * 1_000 for share in (0.5, 0.99, 1))
    sys.stdout.write(
        f"{'acknowledged → visible, ' + what + ', p50/p99/max ms':<62} {p50:.2f} / {p99:.2f} / {worst:.2f}\n"
    )
    sys.stdout.flush()


if __name__ == "__main__":
    main()
