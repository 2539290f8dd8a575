"""The longest stall: 60 s of decisions on one thread while another applies changes, at 100 000 principals (DESIGN §4, §5).

Policy versions, group attachments, tags and boundaries change 100 times a second, as the feed applies them. The garbage collector
runs as the server lets it: what is loaded is frozen. Every 1 000th answer is held against the plain evaluator's.
"""

import gc
import os
import sys
import threading
import time
from array import array

from bench.worlds import World
from muniment.domain.account.attachments import GroupPolicyAttached, GroupPolicyDetached
from muniment.domain.account.permissions_boundaries import UserPermissionsBoundarySet
from muniment.domain.account.policies import PolicyVersionCreated, PolicyVersionDeleted
from muniment.domain.account.state import Account
from muniment.domain.account.users import UserTagged
from muniment.domain.ledger import Actor, Cause, Entry, Fact
from muniment.ops.serving import COLLECTOR, SWITCH_SECONDS
from muniment.projections.readmodel import IAM, Recorded

PRINCIPALS = 100_000
SECONDS = float(os.environ.get("BENCH_SECONDS", 60))
EVERY_SECONDS = 0.01
CHECKED = 1_000
ACTOR = Actor("200000000000", "arn:aws:iam::200000000000:root", "200000000000", "Root")
now = time.perf_counter_ns


class Changes(threading.Thread):
    """Applies a change every hundredth of a second, as the feed does: through the fold, then the model."""

    def __init__(self, world: World) -> None:
        super().__init__(daemon=True)
        self.world, self.ended, self.spent = world, threading.Event(), array("q")
        self.versions = {state.id: state.version for state in world.fold.states.values()}

    def run(self) -> None:
        while not self.ended.wait(EVERY_SECONDS):
            for fact, account in self._change():
                began = now()
                self._apply(account, fact)
                self.spent.append(now() - began)

    def _change(self) -> list[tuple[Fact, Account]]:
        luck, states = self.world.luck, self.world.fold.states
        number = luck.choice([key for key in states if key.startswith("account.")])
        account = states[number]
        assert isinstance(account, Account)
        policy = luck.choice(list(account.policies.values()))
        group, user = luck.choice(list(account.groups.values())), luck.choice(list(account.users.values()))
        match luck.randrange(4):
            case 0:
                version = f"v{policy.latest + 1}"
                other = luck.choice(list(account.policies.values())).document
                made: Fact = PolicyVersionCreated(policy.arn, version, other, True)
                return [(made, account), (PolicyVersionDeleted(policy.arn, policy.default), account)]
            case 1:
                held = policy.arn in group.attached
                kind = GroupPolicyDetached if held else GroupPolicyAttached
                return [(kind(group.name, policy.arn), account)]
            case 2:
                return [(UserTagged(user.name, {"team": luck.choice(("red", "blue"))}), account)]
        return [(UserPermissionsBoundarySet(user.name, policy.arn), account)]

    def _apply(self, account: Account, fact: Fact) -> None:
        state = self.world.fold.states[account.id]
        sequence = self.world.fold.position + 1
        entry = Entry("", account.id, state.version + 1, 1, ACTOR, Cause("iam:Bench", "r"), state.head, fact)
        batch = (Recorded(IAM, sequence, 1, entry),)
        self.world.fold.extend(batch)
        self.world.access.apply(batch)


def main() -> dict[str, object]:
    """The figures of one run."""
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.set_threshold(*COLLECTOR)
    world = World(PRINCIPALS)
    requests = list(world.requests(40_000))
    for request in requests:
        world.access.decide(request)
    gc.collect()
    gc.freeze()
    # arrays: the collector would look through lists of millions
    changes, times, decide = Changes(world), array("q"), world.access.decide
    changes.start()
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        for number, request in enumerate(requests):
            began = now()
            decided = decide(request)
            times.append(now() - began)
            if number % CHECKED == 0:
                wanted = decided.decision
                assert (decided.effect, decided.layer) == (wanted.effect, wanted.layer), request
    changes.ended.set()
    changes.join()
    ordered = sorted(times)
    spent = sorted(changes.spent)
    return {
        "decisions beside changes, in all": len(times),
        "changes": len(spent),
        "a change, through fold and model, p50 and longest ms": f"{spent[len(spent) // 2] / 1e6:.2f}, {spent[-1] / 1e6:.2f}",
        "a decision, p50 and p99.9 us": f"{ordered[len(times) // 2] / 1e3:.1f}, {ordered[int(len(times) * 0.999)] / 1e3:.0f}",
        "longest stall of a decision, ms (aim: 10)": round(ordered[-1] / 1e6, 2),
    }


if __name__ == "__main__":
    for label, figure in main().items():
        sys.stdout.write(f"{label:<62} {figure}\n")
