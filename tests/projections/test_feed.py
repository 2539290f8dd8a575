"""The feed: reads, checks, applies; a poisoned entry stops whom it concerns, a forged one everybody."""

from collections.abc import Callable, Iterator, Sequence

import pytest
from muniment.domain.account.groups import GroupCreated
from muniment.domain.account.state import Account
from muniment.domain.account.users import UserCreated
from muniment.domain.errors import ReadModelBehind
from muniment.domain.ledger import Fact
from muniment.projections.directory import Directory
from muniment.projections.feed import Feed
from muniment.projections.fold import Fold
from muniment.projections.readmodel import Condition, ReadModel, Recorded

from tests.projections.logs import ACCOUNT, Log, Signer


class Names(ReadModel):
    """Counts facts, whatever they say."""

    name = "names"

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[int] = []

    def apply(self, batch: Sequence[Recorded]) -> None:
        self.seen.extend(recorded.sequence for recorded in batch)


Started = Callable[..., Feed]


@pytest.fixture
def started() -> Iterator[Started]:
    feeds: list[Feed] = []

    def start(log: Log, *models: ReadModel, fold: Fold | None = None, verifier: Signer | None = None) -> Feed:
        feed = Feed([log.source()], verifier or log.signer, models, fold)
        feeds.append(feed)
        feed.start()
        assert feed.wait_loaded(10)
        return feed

    yield start
    for feed in feeds:
        feed.close()


def user(number: int) -> Fact:
    return UserCreated(f"user{number}", f"AIDA{number:017d}")


def test_what_was_recorded_before_and_after_the_start_is_in_the_directory(started: Started) -> None:
    log, fold = Log(), Fold()
    log.append(ACCOUNT, *map(user, range(1_000)))
    directory = Directory(fold)
    started(log, directory, fold=fold)
    last = log.append(ACCOUNT, GroupCreated("Readers", "AGPA1"))
    directory.wait(last.sequence, 5)
    account = directory.state(ACCOUNT)
    assert isinstance(account, Account)
    assert len(account.users) == 1_000
    assert account.group("readers").id == "AGPA1"
    assert account.position == last.sequence == 1_001
    assert directory.accounts() == ("111122223333",)


def test_a_position_that_is_not_reached_in_time_is_refused_with_the_lag(started: Started) -> None:
    log, fold = Log(), Fold()
    log.append(ACCOUNT, user(1))
    directory = Directory(fold)
    feed = started(log, directory, fold=fold)
    feed.saw(5)
    with pytest.raises(ReadModelBehind, match="`directory` is live at position 1, asked for 5; it is 4 entries"):
        directory.wait(5, 0.02)
    assert directory.lag().entries == 4


def test_an_entry_that_cannot_be_applied_stops_only_the_model_it_concerns(started: Started) -> None:
    log, fold = Log(), Fold()
    log.append(ACCOUNT, user(1))
    directory, names = Directory(fold), Names()
    started(log, directory, names, fold=fold)
    poison = log.append("account.999999999999", GroupCreated("a", "AGPA1"), *[])
    names.wait(poison.sequence, 5)
    assert directory.status.condition is Condition.LIVE
