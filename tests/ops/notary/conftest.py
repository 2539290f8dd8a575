"""A log under a feed, its checkpoints, and a notary over them; time stands still."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from muniment.ops.notary import ActivityTrail, HeadsFile, LogTrail, Notary
from muniment.projections.feed import Feed
from muniment.projections.fold import Fold
from muniment.projections.readmodel import BEGINNING, IAM_ACTIVITY, Checkpoint
from tests.projections.logs import Log, Signer


class LogPublisher:
    """Appends to a log in memory; fails while it is told to."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.failing = False

    def publish(self, messages: Sequence[tuple[str, bytes]]) -> list[int]:
        if self.failing:
            raise ConnectionError("no connection")
        return [self.log.put(subject, data).sequence for subject, data in messages]


class Office:
    """Two streams, a feed over them, a notary."""

    def __init__(self, path: Path) -> None:
        self.signer = Signer()
        self.log, self.activity = Log(self.signer), Log(self.signer, IAM_ACTIVITY)
        self.checkpoints = Log(self.signer, "IAM_CHECKPOINTS")
        self.publisher = LogPublisher(self.checkpoints)
        self.file = HeadsFile(path / "heads.log")
        self.now = 0.0
        self.feed: Feed
        self.notary: Notary

    def open(self, since: Checkpoint = BEGINNING, **options: object) -> Notary:
        """Start a feed and make a notary over it; it does not sign by itself yet."""
        fold = Fold()
        trails = (LogTrail(fold), ActivityTrail(since))
        self.feed = Feed([self.log.source(), self.activity.source()], self.signer, trails, fold)
        self.feed.start()
        assert self.feed.wait_loaded(10)
        self.notary = Notary(
            trails,
            self.feed.between,
            self.publisher,
            self.signer,
            self.file,
            clock=lambda: 1_700_000_000_000_000 + len(self.checkpoints.messages),
            monotonic=lambda: self.now,
            **options,  # type: ignore[arg-type]
        )
        return self.notary

    def check(self) -> None:
        self.notary.check([self.log.source(), self.activity.source()], self.checkpoints.source(), self.signer)

    def close(self) -> None:
        self.notary.close()
        self.feed.close()

    def settle(self) -> None:
        """Wait until the feed has read everything."""
        models = self.feed.models
        for _ in range(1_000):
            if all(m.position(m.STREAMS[0]) == len(log.messages) for m, log in zip(models, self.logs, strict=True)):
                return
            self.feed.between(lambda: None)
        raise AssertionError("the feed did not come to the end")

    @property
    def logs(self) -> tuple[Log, Log]:
        return self.log, self.activity


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = Office(tmp_path)
    yield made
    if hasattr(made, "feed"):
        made.close()


Made = Callable[..., Notary]
