"""Rebuilding beside the live models: compared at one position, swapped at once, and no read fails or goes back meanwhile."""

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from muniment.domain.account.keys import AccessKeyCreated
from muniment.domain.account.state import Account
from muniment.domain.account.users import UserCreated
from muniment.domain.ledger import Fact
from muniment.projections.access.model import Access
from muniment.projections.credentials import Credentials
from muniment.projections.directory import Directory
from muniment.projections.feed import Feed
from muniment.projections.fold import Fold
from muniment.projections.readmodel import Condition
from muniment.projections.rebuild import RebuildRunning, prepare, rebuild
from muniment.projections.snapshots import Snapshots
from muniment.projections.source import SourceLost
from muniment.projections.verify import Broken
from tests.golden.story.values import SECRET
from tests.projections.conftest import Started
from tests.projections.logs import ACCOUNT, Log, LogSource, Message, Signer


def user(number: int) -> Fact:
    return UserCreated(f"user{number}", f"AIDA{number:017d}")


class Live:
    """A running feed over the three models."""

    def __init__(self, started: Started) -> None:
        self.log, fold = Log(), Fold()
        self.log.append(ACCOUNT, *map(user, range(600)), AccessKeyCreated("user1", "AKIA1", SECRET, f"AIDA{1:017d}"))
        self.directory, self.access, self.credentials = Directory(fold), Access(fold), Credentials(fold)
        self.feed: Feed = started(self.log, self.directory, self.access, self.credentials, fold=fold)

    def users(self) -> int:
        account = self.directory.state(ACCOUNT)
        assert isinstance(account, Account)
        return len(account.users)


@pytest.fixture
def live(started: Started) -> Live:
    return Live(started)


def test_a_rebuilt_generation_equals_the_live_one_and_takes_its_place(live: Live) -> None:
    before = live.directory.table
    seen: list[tuple[int, int]] = []
    done = rebuild(live.feed, live.log.source(), live.log.signer, lambda n, known: seen.append((n, known)))
    assert done.equal
    assert done.entries == 601
    assert [(one.model, one.position) for one in done.compared] == [
        ("directory", 601),
        ("access", 601),
        ("credentials", 601),
    ]
    assert live.directory.table is not before
    assert seen[-1][0] == 601
    assert sorted(seen) == seen
    last = live.log.append(ACCOUNT, user(1_000))
    live.directory.wait(last.sequence, 5)
    assert live.users() == 601
    assert live.credentials.find("AKIA1") is not None
    assert not live.feed._beside


def test_a_live_model_that_was_wrong_is_found_and_replaced(live: Live) -> None:
    account = live.directory.table[ACCOUNT]
    assert isinstance(account, Account)
    wrong = account.draft()
    wrong.users = {name: user for name, user in account.users.items() if name != "user5"}
    live.directory.table[ACCOUNT] = wrong
    done = rebuild(live.feed, live.log.source(), live.log.signer)
    assert not done.equal
    assert [one.model for one in done.compared if not one.equal] == ["directory"]
    assert live.users() == 600
    assert rebuild(live.feed, live.log.source(), live.log.signer).equal


def test_no_read_fails_or_goes_back_during_a_rebuild_under_writes(live: Live) -> None:
    ended, trouble, reads = threading.Event(), [], [0]

    def read() -> None:
        most = 0
        while not ended.is_set():
            try:
                now = live.users()
                assert now >= most, f"{now} after {most}"
                assert live.credentials.find("AKIA1") is not None
                live.directory.wait(600, 0)
                most = now
                reads[0] += 1
            except BaseException as error:
                trouble.append(error)
                return

    def write() -> None:
        number = 1_000
        while not ended.is_set():
            last = live.log.append(ACCOUNT, user(number))
            live.directory.wait(last.sequence, 5)
            number += 1

    threads = [threading.Thread(target=work) for work in (read, read, write)]
    for thread in threads:
        thread.start()
    try:
        results = [rebuild(live.feed, live.log.source(), live.log.signer) for _ in range(3)]
    finally:
        ended.set()
        for thread in threads:
            thread.join()
    assert not trouble
    assert reads[0] > 100
    assert all(result.equal for result in results)
    last = live.log.messages[-1].sequence
    live.directory.wait(last, 5)
    assert live.users() == last - 1


class Held(LogSource):
    """A source whose first batch waits until it is let go."""

    def __init__(self, log: Log) -> None:
        super().__init__(log, 100)
        self.reached, self.go = threading.Event(), threading.Event()

    def batches(self, after: int, until: int) -> Iterator[Sequence[Message]]:
        self.reached.set()
        assert self.go.wait(5)
        yield from super().batches(after, until)


def test_a_second_rebuild_is_refused_while_one_runs(live: Live) -> None:
    held = Held(live.log)
    first = threading.Thread(target=rebuild, args=(live.feed, held, live.log.signer))
    first.start()
    try:
        assert held.reached.wait(5)
        with pytest.raises(RebuildRunning, match="wait for its end"):
            rebuild(live.feed, live.log.source(), live.log.signer)
    finally:
        held.go.set()
        first.join()
    assert rebuild(live.feed, live.log.source(), live.log.signer).equal


class Lost(LogSource):
    def batches(self, after: int, until: int) -> Iterator[Sequence[Message]]:
        yield from super().batches(after, 200)
        raise SourceLost("the connection is gone")


def test_a_rebuild_that_fails_leaves_the_live_models_as_they_were(live: Live) -> None:
    before = live.directory.table
    with pytest.raises(SourceLost):
        rebuild(live.feed, Lost(live.log, 100), live.log.signer)
    assert live.directory.table is before
    assert not live.feed._beside
    assert live.directory.status.condition is Condition.LIVE
    assert rebuild(live.feed, live.log.source(), live.log.signer).equal


def test_a_rebuild_from_a_forged_log_is_refused(live: Live) -> None:
    forged = Log()
    stranger = Signer(b"x" * 32)
    for message in live.log.messages:
        forged.put(message.subject, message.data)
    forged.heads = dict(live.log.heads)
    forged.store(forged.entry(ACCOUNT, user(2_000)), signer=stranger)
    before = live.directory.table
    with pytest.raises(Broken, match="IAM 602: the entry carries no valid signature"):
        rebuild(live.feed, forged.source(), live.log.signer)
    assert live.directory.table is before


def test_a_stopped_model_lives_again_when_the_rebuilt_one_does(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    real: Callable[..., Any] = Directory.index

    def failing(model: Directory, batch: Any) -> None:
        raise ValueError("a fault that a restart mends")

    monkeypatch.setattr(Directory, "index", failing)
    last = live.log.append(ACCOUNT, user(3_000))
    live.credentials.wait(last.sequence, 5)
    live.feed.between(lambda: None)
    assert live.directory.stopped
    monkeypatch.setattr(Directory, "index", real)
    done = rebuild(live.feed, live.log.source(), live.log.signer)
    assert [one.model for one in done.compared] == ["access", "credentials"]  # the other stood elsewhere
    assert live.directory.status.condition is Condition.LIVE
    live.directory.wait(last.sequence, 5)
    assert live.users() == 601


def test_what_was_compared_reads_as_a_plain_value(live: Live) -> None:
    one = rebuild(live.feed, live.log.source(), live.log.signer).compared[0]
    assert one == msgspec.structs.replace(one)
    assert len(one.rebuilt) == 32


def test_what_a_child_process_prepared_is_only_completed_here(live: Live, tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path, live.log.signer)
    assert prepare(live.log.source(), live.log.signer, snapshots) == 601
    live.directory.wait(live.log.append(ACCOUNT, user(700)).sequence, 5)
    live.log.read.clear()
    done = rebuild(live.feed, live.log.source(), live.log.signer, prepared=snapshots)
    assert done.equal
    assert done.entries == 602
    assert live.log.read == [602]
    assert live.users() == 601
    assert live.credentials.find("AKIA1") is not None


def test_a_prepared_snapshot_that_is_damaged_costs_only_time(live: Live, tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path, live.log.signer)
    prepare(live.log.source(), live.log.signer, snapshots)
    snapshots.path.write_bytes(snapshots.path.read_bytes()[:-1])
    done = rebuild(live.feed, live.log.source(), live.log.signer, prepared=snapshots)
    assert done.equal
    assert live.users() == 600


def test_a_forged_log_prepares_nothing(live: Live, tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path, live.log.signer)
    with pytest.raises(Broken):
        prepare(live.log.source(), Signer(b"x" * 32), snapshots)
    assert not snapshots.path.exists()
