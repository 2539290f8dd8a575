"""Feeds for tests; each is closed at the end."""

from collections.abc import Callable, Iterator

import pytest

from muniment.projections.feed import Feed
from muniment.projections.fold import Fold
from muniment.projections.readmodel import ReadModel
from muniment.projections.snapshots import Snapshots
from tests.projections.logs import Log, Signer

Started = Callable[..., Feed]


@pytest.fixture
def started() -> Iterator[Started]:
    """Start a feed over logs and models, and wait until it is loaded."""
    feeds: list[Feed] = []

    def start(
        logs: Log | tuple[Log, ...],
        *models: ReadModel,
        fold: Fold | None = None,
        verifier: Signer | None = None,
        snapshots: Snapshots | None = None,
    ) -> Feed:
        several = logs if isinstance(logs, tuple) else (logs,)
        sources = [log.source() for log in several]
        feed = Feed(sources, verifier or several[0].signer, models, fold, snapshots=snapshots)
        feeds.append(feed)
        feed.start()
        assert feed.wait_loaded(10)
        return feed

    yield start
    for feed in feeds:
        feed.close()
