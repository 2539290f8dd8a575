"""Timelines for tests: in SQLite and in PostgreSQL, over a log in memory, with a history in it."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from muniment.domain.ledger import Fact
from muniment.projections.readmodel import IAM, IAM_ACTIVITY, Recorded
from muniment.projections.timeline.database import Database
from muniment.projections.timeline.places import database_at
from muniment.projections.timeline.timeline import Timeline
from muniment.projections.verify import Chains
from tests.postgres import Cluster, postgres
from tests.projections.logs import ACCOUNT, Log, Signer

__all__ = ["postgres"]


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """Where a timeline lies: a directory, or a fresh database."""
    if request.param == "sqlite":
        return tmp_path / "timeline"
    cluster: Cluster = request.getfixturevalue("postgres")
    return cluster.database()


@pytest.fixture
def timelines() -> Iterator[Callable[..., Timeline]]:
    """Opens timelines and closes them at the end."""
    opened: list[Timeline] = []

    def open_(place: Path | str | Database, kind: type[Timeline] = Timeline, **options: Any) -> Timeline:
        database = database_at(place) if isinstance(place, (Path, str)) else place
        opened.append(kind(database, **options))
        return opened[-1]

    yield open_
    for timeline in opened:
        timeline.close()


class Told:
    """Two logs in memory and the entries in them, as the feed would give them."""

    def __init__(self) -> None:
        signer = Signer()
        self.log, self.activity = Log(signer, IAM), Log(signer, IAM_ACTIVITY)
        self._chains = {IAM: Chains(IAM, signer), IAM_ACTIVITY: Chains(IAM_ACTIVITY, signer)}
        self.entries: list[Recorded] = []

    def happened(self, *facts: Fact, boundary: str = ACCOUNT) -> list[Recorded]:
        """Facts in one boundary."""
        return self._opened(IAM, [self.log.append(boundary, fact) for fact in facts])

    def noted(self, *facts: Fact, account: str = "111122223333") -> list[Recorded]:
        """Facts of the activity stream."""
        return self._opened(
            IAM_ACTIVITY, [self.activity.append(f"activity.{account}", fact, writer="w1") for fact in facts]
        )

    def stored(self, stream: str, message: Any) -> list[Recorded]:
        """A message that was stored by other means."""
        return self._opened(stream, [message])

    def _opened(self, stream: str, messages: Sequence[Any]) -> list[Recorded]:
        opened, broken = self._chains[stream].open(messages)
        assert broken is None, broken
        self.entries += opened
        return opened


@pytest.fixture
def told() -> Told:
    return Told()


def give(timeline: Timeline, entries: Sequence[Recorded], together: int = 1_000) -> Timeline:
    """Take entries as the feed gives them: batches of one stream."""
    batch: list[Recorded] = []
    for recorded in entries:
        if batch and (batch[0].stream != recorded.stream or len(batch) >= together):
            timeline.take(batch, "e1")
            batch = []
        batch.append(recorded)
    if batch:
        timeline.take(batch, "e1")
    assert not timeline.stopped, timeline.status
    timeline.live()
    return timeline
