"""Decisions in process against their floor, from 100 to 100 000 principals (DESIGN §5). Ratios are of one run; every 50th answer
is checked against the plain evaluator, or the figures do not count. Machines are shared: of each request the best of three runs
counts, and means are of this thread's processor time.
"""

import gc
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from bench.worlds import ACTIONS, World
from muniment.domain import stored
from muniment.domain.account.policies import PolicyVersionCreated
from muniment.domain.ledger import Cause, Entry
from muniment.domain.policy.decision import Effect, Layer
from muniment.domain.policy.request import AccessRequest, PrincipalKind
from muniment.domain.site.state import SITE, AliasReserved
from muniment.projections.access.decided import Decided
from muniment.projections.access.engine import decide
from muniment.projections.access.frame import Frame
from muniment.projections.access.library import Library
from muniment.projections.access.model import Access
from muniment.projections.access.plans import UNPLANNED_TIMES
from muniment.projections.access.principals import holder_id
from muniment.projections.fold import Fold
from muniment.projections.readmodel import BEGINNING, IAM, Checkpoint, Recorded
from muniment.projections.snapshots import Picture, Snapshots
from tests.projections.access import hardest
from tests.projections.logs import ACTOR, Log, Signer

SIZES = (100, 10_000, 100_000)
STREAM = 60_000
CHECKED = 50
CHUNK = 64
DECODER = msgspec.msgpack.Decoder(AccessRequest)
encode = msgspec.msgpack.Encoder().encode
now = time.perf_counter_ns


class Floor(Access):
    """What cannot be saved: unpack the request, find principal and plan, return."""

    def decide(self, request: AccessRequest, session: object = None) -> Decided:
        position = self.checkpoints.get(IAM, BEGINNING).sequence
        principal, action = request.principal, request.action
        unique_id = principal.unique_id if principal.kind is PrincipalKind.USER else holder_id(principal)
        boundary = "account." + principal.account
        account: Any = self.table.get(boundary)
        standings = self._standings
        grounds, standing = standings.grounds[boundary], standings.known[unique_id]
        if grounds.account is not account or standing.documents is not grounds.documents:
            standing = standings.of(account, unique_id)
        plan = standing.plans.get(action)
        if plan is None or plan.asked:
            standings.library.plans.plan(standing.bundle, action)
        return Decided(Effect.ALLOWED, Layer.IDENTITY, position, None, None, self._alone)  # type: ignore[arg-type]


class Times:
    """Nanoseconds of each decision, and of all of them together on this thread's processor.

    Requests are decoded a few at a time before they are asked, as a server does: a request is fresh, the world is not.
    """

    def __init__(self, access: Access, kept: Sequence[bytes]) -> None:
        ask, each, spent = access.decide, [], 0
        for first in range(0, len(kept), CHUNK):
            requests = [DECODER.decode(one) for one in kept[first : first + CHUNK]]
            began = time.thread_time_ns()
            for request in requests:
                before = now()
                ask(request)
                each.append(now() - before)
            spent += time.thread_time_ns() - began
        self.mean = spent / len(kept) / 1_000
        self.each = each

    @staticmethod
    def best(runs: "Sequence[Times]") -> list[int]:
        """Of each request the best of several runs, in order: what other programs took is left out."""
        return sorted(map(min, *(run.each for run in runs)))


def micro(ordered: Sequence[int], share: float) -> float:
    """A percentile in microseconds."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] / 1_000


def check(access: Access, kept: Sequence[bytes]) -> int:
    """Hold every 50th answer against the plain evaluator's; the share of allowed requests in percent."""
    allowed = 0
    for request in map(DECODER.decode, kept[::CHECKED]):
        decided, wanted = access.decide(request), access.evaluate(request)
        assert (decided.effect, decided.layer) == (wanted.effect, wanted.layer), request
        allowed += bool(wanted)
    return round(100 * allowed / len(kept[::CHECKED]))


def resident() -> int:
    """Bytes of this process that are in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def decisions(size: int, figures: dict[str, Any]) -> World:
    """A world of that size: floor, stream, hot stream, first decisions."""
    world = World(size)
    gc.collect()
    before = resident()
    for principal in world.principals:  # everybody has been here, with a few actions
        for service, name in world.luck.sample(ACTIONS, 3):
            world.access.decide(world.request(principal, service, name))
    gc.collect()
    figures[f"{size:>7} principals: memory of plans and standings, B each"] = (resident() - before) // size
    gc.freeze()
    firsts = first_decisions(world)
    stream = list(world.requests(STREAM))
    for request in stream:
        world.access.decide(request)  # each (principal, action) of the stream once
    floor = Floor(world.fold)
    floor.load(Checkpoint("e", 1, b""))
    floor._standings = world.access._standings
    # the same askers, other resources
    fresh = [encode(world.request(one.principal, *one.action.split(":"))) for one in stream]
    del stream
    ground = [Times(floor, fresh) for _ in range(3)]
    runs = [Times(world.access, fresh) for _ in range(3)]
    hot = [Times(world.access, fresh[:200] * 100) for _ in range(2)]
    bottom, warm = Times.best(ground), Times.best(runs)
    name = f"{size:>7} principals"
    figures[f"{name}: floor, p50 us"] = micro(bottom, 0.5)
    figures[f"{name}: decision, p50 us"] = micro(warm, 0.5)
    figures[f"{name}: p50 / floor (aim: at most 4)"] = round(micro(warm, 0.5) / micro(bottom, 0.5), 2)
    figures[f"{name}: decision, p99 us"] = micro(warm, 0.99)
    figures[f"{name}: p99 / p50 (aim: at most 4)"] = round(micro(warm, 0.99) / micro(warm, 0.5), 2)
    figures[f"{name}: raw p99 us of one run"] = micro(sorted(runs[-1].each), 0.99)
    figures[f"{name}: mean us of processor"] = round(min(run.mean for run in runs), 2)
    figures[f"{name}: hot stream, p50 us"] = micro(Times.best(hot), 0.5)
    figures[f"{name}: first decision of a (principal, action), mean us"] = round(firsts, 1)
    figures[f"{name}: first / warm mean (aim: at most 8)"] = round(firsts / min(run.mean for run in runs), 2)
    figures[f"{name}: allowed, % of those checked"] = check(world.access, fresh)
    figures[f"{name}: plans, bundles, documents"] = (
        len(world.access._standings.library.plans._plans),
        len(world.access._standings.library.plans._bundles),
        len(world.access._standings.library),
    )
    return world


def first_decisions(world: World) -> float:
    """Mean microseconds of decisions about actions that the principal never asked for."""
    pairs = []
    for principal in world.luck.sample(world.principals, min(5_000, len(world.principals))):
        bundle = world.access._standings.of(world.access._account(principal.account), holder_id(principal)).bundle  # type: ignore[arg-type]
        left = [pair for pair in ACTIONS if ":".join(pair) not in bundle.plans]
        if left:
            pairs.append(encode(world.request(principal, *world.luck.choice(left))))
    return Times(world.access, pairs).mean if pairs else 0.0


def change(figures: dict[str, Any]) -> None:
    """A policy version that counts for 50 000 principals of one account, and the decisions after it."""
    world = World(50_000, of_account=50_000, shared=True)
    account = world.access._account("200000000000")
    assert account is not None
    requests = [encode(request) for request in world.requests(20_000)]
    for _ in range(UNPLANNED_TIMES + 1):
        Times(world.access, requests)
    gc.collect()
    gc.freeze()
    steady = min(Times(world.access, requests).mean for _ in range(3))
    apply_us, fold_us, after = [], [], []
    for number in range(2, 7):
        fact = PolicyVersionCreated(
            f"{account.policies['p0'].arn}", f"v{number}", account.policies[f"p{number}"].document, True
        )
        entry = Entry("", account.id, number, 1, ACTOR, Cause("iam:CreatePolicyVersion", "r"), b"", fact)
        batch = (Recorded(IAM, number, 1, entry),)
        before = now()
        world.fold.extend(batch)
        fold_us.append((now() - before) / 1_000)
        before = now()
        world.access.apply(batch)
        apply_us.append((now() - before) / 1_000)
        after.append(Times(world.access, requests).mean)
    check(world.access, requests)
    figures["change for 50 000 principals: applied by access, us (aim: 150)"] = round(max(apply_us), 1)
    figures["change for 50 000 principals: the fold's copy of the account, us"] = round(min(fold_us), 1)
    figures["mean of the 20 000 decisions after it / steady (aim: at most 2)"] = round(min(after) / steady, 2)


def worst(figures: dict[str, Any]) -> None:
    """The hardest legal policies."""
    for way in hardest.WAYS:
        library = Library()
        bundle = library.bundle(hardest.policies(way))
        spent, left = [], 0
        for number in range(12):
            request = hardest.request(number)
            frame = Frame(request, request.resource)
            began = time.thread_time_ns()
            _, _, alarm = decide(frame, bundle, library.plans)
            spent.append((time.thread_time_ns() - began) / 1_000_000)
            left = frame.budget.left
        label = f"hardest, {way}: ms compiled, comparisons left (aim: 5, none short)"
        figures[label] = f"{sorted(spent)[6]:.2f}, {left if alarm is None else 'alarm'}"


def load(world: World, figures: dict[str, Any]) -> None:
    """From snapshot to first decision."""
    with tempfile.TemporaryDirectory(prefix="muniment-bench-") as name:
        log, snapshots = Log(), Snapshots(Path(name), Signer())
        message = log.append(SITE, AliasReserved("a", "200000000000"))
        checkpoint = Checkpoint("e1", message.sequence, stored.digest(message.data))
        snapshots.save(Picture(world.fold.states, checkpoint))
        fold, began = Fold(), time.thread_time()
        assert snapshots.load(fold, log.source()) is not None
        access = Access(fold)
        access.load(checkpoint)
        access.live()
        access.decide(next(world.requests(1)))
        figures["100 000 principals: load from snapshot, s of processor (aim: 6)"] = round(
            time.thread_time() - began, 2
        )
        assert len(access.table) == len(world.access.table)


def main() -> dict[str, object]:
    """All figures."""
    figures: dict[str, Any] = {}
    p50 = {}
    for size in SIZES:
        before = resident()
        world = decisions(size, figures)
        p50[size] = figures[f"{size:>7} principals: decision, p50 us"]
        figures[f"{size:>7} principals: memory with the states, B each"] = (resident() - before) // size
    figures["growth of p50, 100 to 100 000 (aim: at most 1.6)"] = round(p50[SIZES[-1]] / p50[SIZES[0]], 2)
    load(world, figures)
    del world
    gc.unfreeze()
    gc.collect()
    change(figures)
    worst(figures)
    return figures


if __name__ == "__main__":
    for label, figure in main().items():
        sys.stdout.write(f"{label:<78} {figure}\n")
