"""Decisions as of random moments of a long log: by position and by time, each at another place, nothing asked twice.

Every 25th state is held against a fold of all entries of its account, or the figures do not count. The log is that of
`bench.biglog`.
"""

import gc
import random
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from bench import biglog
from bench.feed import told
from muniment.domain.account.state import Account
from muniment.domain.boundary import new_state
from muniment.domain.policy.request import AccessRequest
from muniment.ops.host import Host, on_host
from muniment.ops.jetstream.boundary_log import BoundaryLog
from muniment.ops.jetstream.source import StreamSource
from muniment.projections.directory import Directory
from muniment.projections.filling import Filling
from muniment.projections.fold import NOTHING, Fold
from muniment.projections.generation import Generation
from muniment.projections.past.kept import KeptStates
from muniment.projections.past.model import Passage
from muniment.projections.past.past import Past
from muniment.projections.readmodel import IAM

QUESTIONS = 1_000
CHECKED = 25
ACCOUNTS = [str(200_000_000_000 + number) for number in range(biglog.ACCOUNTS)]


class Asking:
    """A log with a past, as a server that has read it all has it."""

    def __init__(self, host: Host, folder: Path) -> None:
        fold = Fold()
        self.kept = KeptStates(folder / "past.sqlite", host.ring, print)
        directory, passage = Directory(fold), Passage(fold, self.kept)
        source = StreamSource(host.as_role("decisions"), IAM)
        began = time.perf_counter()
        filling = Filling(source, host.ring, Generation(fold, (directory, passage)))
        filling.run()
        assert filling.broken is None, filling.broken
        self.kept.flush()
        self.rate = directory.position() / (time.perf_counter() - began)
        source.close()
        for model in (directory, passage):
            model.live()
        self.log = BoundaryLog(host.as_role("decisions"), IAM, lambda message: message)
        self.past = Past(directory, passage, self.kept, self.log, host.ring)
        self.last = directory.position()
        gc.freeze()  # as the feed does it once everything is loaded

    def decide(self, as_of: str | int, number: str) -> tuple[int, bool]:
        """May some user of the account read, as of a moment? The position, and the answer."""
        position = self.past.position(as_of, time.time_ns() // 1_000)
        access = self.past.access(position)
        account = access.table.get(f"account.{number}")
        user = next(reversed(account.users.values())) if account is not None and account.users else None
        principal = access.principal(account.user_arn(user)) if user is not None else None
        if principal is None:
            return position, False
        return position, bool(access.decide(AccessRequest(action="iam:GetUser", resource="*", principal=principal)))

    def check(self, position: int, number: str, allowed: bool) -> None:
        """Fold all of the account's entries up to there."""
        state = new_state(f"account.{number}")
        state.remembered = NOTHING
        for recorded in self.past.entries((state.id,), 0, position):
            state.apply(recorded.entry)
            state.position = recorded.sequence
        assert state == self.past.state(state.id, position)
        assert isinstance(state, Account)
        user = next(reversed(state.users.values()), None)
        assert allowed is (user is not None and bool(user.attached)), (position, number)


def main() -> dict[str, object]:
    """All figures."""
    luck = random.Random(7)  # noqa: S311 - not a secret
    with on_host(biglog.folder()) as host, tempfile.TemporaryDirectory() as name:
        asking = Asking(host, Path(name))
        figures = told(
            {
                "entries": asking.last,
                "read and folded while states are kept, entries/s": round(asking.rate),
                "kept states and moments on disk, MiB": Path(name, "past.sqlite").stat().st_size >> 20,
            }
        )

        def position() -> int:
            return luck.randint(1, asking.last)

        def moment() -> str:
            message = asking.log.stretch(position() - 1, 1)[0]
            return datetime.fromtimestamp(message.time_ns / 1e9, UTC).isoformat()

        figures |= told(_figures("by position", asking, luck, position))
        figures |= told(_figures("by time", asking, luck, moment))
        asking.log.close()
        asking.kept.close()
    return figures


def _figures(label: str, asking: Asking, luck: random.Random, moment: Callable[[], str | int]) -> dict[str, object]:
    took: list[float] = []
    for question in range(QUESTIONS):
        as_of, number = moment(), luck.choice(ACCOUNTS)
        began = time.perf_counter()
        position, allowed = asking.decide(as_of, number)
        took.append((time.perf_counter() - began) * 1_000)
        if question % CHECKED == 0:
            asking.check(position, number, allowed)
    took.sort()
    sys.stdout.flush()
    return {
        f"{label}: p50, ms": round(took[len(took) // 2], 1),
        f"{label}: p99, ms (aim: 200)": round(took[int(len(took) * 0.99)], 1),
        f"{label}: max, ms": round(took[-1], 1),
    }


if __name__ == "__main__":
    main()
