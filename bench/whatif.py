"""A million logged decisions asked again: written by the real decision log, read from the stream, decided in two worlds.

Every difference, and every 500th decision, is checked against the plain evaluator in both worlds.
"""

import gc
import itertools
import os
import resource as limits
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.worlds import ACTOR, World
from muniment.commands.hypothesis import Hypothesis
from muniment.domain.account.inline import UserInlinePolicyPut
from muniment.domain.account.state import Account
from muniment.domain.logged import EVALUATION, Found, Window
from muniment.ops.decision_log.reader import DECISIONS, DecisionReader
from muniment.ops.decision_log.writer import DecisionLog
from muniment.ops.jetstream.embedded import EmbeddedServer
from muniment.ops.jetstream.loop import NatsLoop
from muniment.ops.jetstream.provision import provision
from muniment.ops.jetstream.publisher import Publisher
from muniment.ops.keys.kek import KEKs
from muniment.ops.keys.keksource import KEKMemory
from muniment.ops.keys.ring import KeyRing
from muniment.ops.keys.store import MemoryKeyStore
from muniment.projections.access.decided import Decided
from muniment.projections.what_if import Worlds

PRINCIPALS = 5_000  # of one account
DECISIONS_LOGGED = int(os.environ.get("BENCH_DECISIONS", "1000000"))
CHECK_EVERY = 500
NO_QUEUES = '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":["s3:*","sqs:*"],"Resource":"*"}]}'


def main() -> None:
    """Log, read again, compare."""
    world = World(PRINCIPALS)
    world.load()
    gc.freeze()  # as the server does after loading
    (account,) = (state for state in world.fold.states.values() if isinstance(state, Account))
    with tempfile.TemporaryDirectory(prefix="muniment-bench-") as name, EmbeddedServer(Path(name)) as server:
        provision(server.credentials("provision"))
        with NatsLoop(server.credentials("api")) as loop:
            ring = KeyRing(MemoryKeyStore(), KEKs(KEKMemory()))  # making 5 000 data keys is not what is measured
            _log(world, loop, ring)
            _ask(world, account, loop, ring)


def _log(world: World, loop: NatsLoop, ring: KeyRing) -> None:
    log = DecisionLog(Publisher(loop, DECISIONS), ring)
    began, seconds = time.perf_counter(), 0.0
    requests = world.requests(DECISIONS_LOGGED)
    while some := list(itertools.islice(requests, 20_000)):
        decided = [world.access.decide(request) for request in some]
        noting = time.perf_counter()
        for request, each in zip(some, decided, strict=True):
            log.note(EVALUATION, request, each)
        seconds += time.perf_counter() - noting
        assert log.flush(60)
    log.close()
    assert log.logged == DECISIONS_LOGGED, (log.logged, log.dropped)
    _say("noting one decision, on its own thread, µs", f"{seconds / DECISIONS_LOGGED * 1e6:.2f}")
    _say(
        "decisions made, sealed, signed and stored, a second", f"{DECISIONS_LOGGED / (time.perf_counter() - began):.0f}"
    )
    _say("messages", str(log.messages))


def _ask(world: World, account: Account, loop: NatsLoop, ring: KeyRing) -> None:
    hypothesis = Hypothesis(lambda boundary: account, ACTOR, 1, lambda arn: None)
    denied = [user.name for user in account.users.values()][::10]
    facts = tuple(UserInlinePolicyPut(name, "no-queues", NO_QUEUES) for name in denied)
    hypothesis.record(account.id, facts, "iam:PutUserPolicy")
    window, seen = Window(), 0
    checked: list[Found] = []

    def every(found: Iterator[Found]) -> Iterator[Found]:
        nonlocal seen
        for each in found:
            seen += 1
            if seen % CHECK_EVERY == 0:
                checked.append(each)
            yield each

    worlds = Worlds(world.access, {account.id: account}, hypothesis.changed)
    began, used = time.perf_counter(), time.process_time()
    reading = DecisionReader(loop, ring).last(account.number, DECISIONS_LOGGED, window)
    differences = list(worlds.differences(every(reading), time.monotonic() + 600))
    seconds, used = time.perf_counter() - began, time.process_time() - used
    assert window.decisions == DECISIONS_LOGGED
    assert (window.unreadable, window.missing, window.dropped, window.unbelievable) == (0, 0, 0, 0)
    different = {(each.found.row.action, each.found.row.resource) for each in differences}
    for each in checked:
        assert each.request is not None
        before, after = worlds.before.evaluate(each.request), worlds.after.evaluate(each.request)
        assert (bool(before) is not bool(after)) is ((each.row.action, each.row.resource) in different)
    for each in differences:
        _check(worlds, each.found, each.before, each.after)
    assert differences, "nothing differed: the change was none"
    _say("decisions asked again in two worlds", f"{window.decisions}: {len(differences)} would be answered otherwise")
    _say("seconds (aim: 60 for 1 000 000)", f"{seconds:.1f}, of them {used:.1f} of the processor")
    _say("resident memory, MiB", str(limits.getrusage(limits.RUSAGE_SELF).ru_maxrss // 1024))


def _check(worlds: Worlds, found: Found, before: Decided, after: Decided) -> None:
    assert found.request is not None
    assert worlds.before.evaluate(found.request).effect is before.effect
    assert worlds.after.evaluate(found.request).effect is after.effect


def _say(what: str, value: str) -> None:
    sys.stdout.write(f"{what:<60} {value}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
