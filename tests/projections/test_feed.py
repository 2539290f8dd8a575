"""The feed: reads, checks, applies; a poisoned entry stops whom it concerns; readers see whole states."""

import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from muniment.domain import stored
from muniment.domain.account.groups import GroupCreated
from muniment.domain.account.state import Account, AccountFact
from muniment.domain.account.users import UserCreated
from muniment.domain.activity.requests import CommandConfirmed
from muniment.domain.errors import ReadModelBehind, ValidationError
from muniment.domain.ledger import FACTS, Fact
from muniment.domain.position import Position
from muniment.domain.site.state import SITE, AliasReleased
from muniment.projections import feed as module
from muniment.projections.access.model import Access
from muniment.projections.credentials import Credentials
from muniment.projections.directory import Directory
from muniment.projections.feed import Feed
from muniment.projections.fold import Fold
from muniment.projections.readmodel import Condition, ReadModel
from tests.projections.conftest import Started
from tests.projections.logs import ACCOUNT, Log
from tests.projections.recorders import Witness


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


def until(model: ReadModel, done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not done():
        assert time.monotonic() < deadline, model.status
        time.sleep(0.001)


class Strange(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A fact of a later release; the reader of these tests does not know it."""

    group_name: str


def strange(log: Log, boundary: str) -> None:
    body = stored.encode_body(log.entry(boundary, Strange("g")))
    data = stored.encode_envelope(body, *log.signer.sign(stored.SIGNING_CONTEXT + body))
    version, _ = log.heads.get(boundary, (0, b""))
    log.heads[boundary] = (version + 1, stored.digest(data))
    log.put(f"iam.{boundary}.Strange", data)


@pytest.fixture(autouse=True)
def unknown() -> Iterator[None]:
    known = FACTS.pop(("Strange", 1))
    yield
    FACTS["Strange", 1] = known


@pytest.fixture(params=["bulk", "live"])
def poisoned(request: pytest.FixtureRequest, started: Started) -> Callable[..., None]:
    """Let `before` happen, start, let `after` happen: all at once before the start, or some of it live."""

    def run(log: Log, before: Callable[[], None], after: Callable[[], None], *models: ReadModel, fold: Fold) -> None:
        before()
        if request.param == "live":
            started(log, *models, fold=fold)
            after()
        else:
            after()
            started(log, *models, fold=fold)

    return run


def test_an_entry_that_cannot_be_applied_stops_only_the_models_it_concerns(poisoned: Callable[..., None]) -> None:
    log, fold, witness = Log(), Fold(), Witness()
    directory, access, credentials = Directory(fold), Access(fold), Credentials(fold)

    def after() -> None:
        log.append(SITE, AliasReleased("nobodys", "111122223333"))  # fails: there is no such account
        log.append(ACCOUNT, *map(user, range(10, 20)))

    poisoned(
        log,
        lambda: log.append(ACCOUNT, *map(user, range(10))),
        after,
        directory,
        access,
        credentials,
        witness,
        fold=fold,
    )
    until(witness, lambda: witness.position() == 21)
    until(credentials, lambda: credentials.position() == 21)
    assert credentials.status.condition is Condition.LIVE
    assert credentials.table[ACCOUNT].version == 20
    for stopped in (directory, access):
        assert stopped.stopped
        assert (stopped.status.stream, stopped.status.sequence) == ("IAM", 11)
        assert "KeyError" in stopped.status.reason
        assert stopped.position() == 10
        assert stopped.table[ACCOUNT].version == 10
        assert SITE not in stopped.table
        with pytest.raises(ReadModelBehind, match="stopped at IAM 11"):
            stopped.wait(12, 5)
        stopped.wait(10, 5)  # what it knew before still counts


def test_an_unknown_fact_stops_the_models_it_may_concern(poisoned: Callable[..., None]) -> None:
    log, fold, witness = Log(), Fold(), Witness()
    directory, credentials = Directory(fold), Credentials(fold)
    poisoned(
        log,
        lambda: log.append(ACCOUNT, user(1)),
        lambda: (strange(log, SITE), log.append(ACCOUNT, user(2))),  # type: ignore[arg-type, return-value]
        directory,
        credentials,
        witness,
        fold=fold,
    )
    until(credentials, lambda: credentials.position() == 3)
    until(witness, lambda: witness.stopped)
    assert credentials.status.condition is Condition.LIVE
    for stopped in (directory, witness):
        assert stopped.status.sequence == 2
        assert "unknown fact `Strange` version 1: upgrade this node" in stopped.status.reason


def test_a_model_that_fails_by_itself_stops_alone(poisoned: Callable[..., None]) -> None:
    log, fold, witness = Log(), Fold(), Witness(7)
    directory = Directory(fold)
    poisoned(
        log,
        lambda: log.append(ACCOUNT, *map(user, range(5))),
        lambda: log.append(ACCOUNT, *map(user, range(5, 10))),
        directory,
        witness,
        fold=fold,
    )
    until(directory, lambda: directory.position() == 10)
    until(witness, lambda: witness.stopped)
    assert witness.seen["IAM"] == [1, 2, 3, 4, 5, 6]
    assert witness.status.reason == "ValueError: cannot take 7"
    assert directory.status.condition is Condition.LIVE


def test_readiness_names_the_model_that_stopped(started: Started) -> None:
    log, fold, witness = Log(), Fold(), Witness(2)
    log.append(ACCOUNT, *map(user, range(3)))
    directory = Directory(fold)
    readiness = started(log, directory, witness, fold=fold).readiness()
    assert not readiness.ready
    assert [(model.name, model.condition, model.positions["IAM"]) for model in readiness.models] == [
        ("directory", "live", 3),
        ("witness", "stopped", 1),
    ]
    assert readiness.models[1].reason == "ValueError: cannot take 2"


def test_a_feed_waits_for_a_stream_that_cannot_be_read_yet(started: Started) -> None:
    log, fold = Log(), Fold()
    log.append(ACCOUNT, user(1))
    log.lost = True
    directory = Directory(fold)
    feed = Feed([log.source()], log.signer, [directory], fold)
    feed.start()
    try:
        assert not feed.wait_loaded(0.05)
        assert directory.status.condition is Condition.LOADING
        assert feed.readiness().lost == "no connection"
        with pytest.raises(ReadModelBehind, match="loading"):
            directory.wait(0, 0.01)
        log.lost = False
        assert feed.wait_loaded(5)
        assert directory.position() == 1
    finally:
        feed.close()


def test_a_position_of_another_ledger_is_refused(started: Started) -> None:
    log, fold = Log(epoch="e2"), Fold()
    log.append(ACCOUNT, user(1))
    directory = Directory(fold)
    feed = started(log, directory, fold=fold)
    assert feed.position() == Position("e2", 1)
    directory.wait(Position("e2", 1))
    with pytest.raises(ValidationError, match="another ledger"):
        directory.wait(Position("e1", 1))


def test_a_source_that_ends_breaks_the_feed(started: Started) -> None:
    log, witness = Log(), Witness()
    log.append(ACCOUNT, user(1))
    feed = started(log, witness)
    log.end("the stream was replaced")
    until(witness, lambda: witness.stopped)
    assert feed.broken is not None
    assert str(feed.broken) == "IAM 2: the stream was replaced"


def test_tasks_run_between_batches_even_after_a_break(started: Started) -> None:
    log, witness = Log(), Witness()
    feed = started(log, witness)
    assert feed.between(lambda: 5) == 5
    with pytest.raises(ZeroDivisionError):
        feed.between(lambda: 1 // 0)
    log.end("gone")
    until(witness, lambda: witness.stopped)
    assert feed.between(lambda: 6) == 6


def test_readers_on_other_threads_only_see_whole_states(started: Started) -> None:
    """Every fact changes two tables of the account; no reader ever sees one without the other."""
    log, fold = Log(), Fold()
    directory = Directory(fold)
    started(log, directory, fold=fold)
    going, wrong, reads = threading.Event(), [], [0]

    def read() -> None:
        while not going.is_set():
            account = directory.state(ACCOUNT)
            assert isinstance(account, Account)
            reads[0] += 1
            if not len(account.users) == len(account.ids) == account.version:
                wrong.append(account.version)

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    interval = sys.getswitchinterval()
    sys.setswitchinterval(0.0001)
    try:
        for number in range(300):
            log.append(ACCOUNT, user(number))
        directory.wait(300, 10)
    finally:
        going.set()
        sys.setswitchinterval(interval)
        for thread in threads:
            thread.join()
    assert not wrong
    assert reads[0] > 100


class Pruned(Witness):
    """Notes what has expired; may refuse to."""

    def __init__(self, failing: bool = False) -> None:
        super().__init__()
        self.gone: list[int] = []
        self.failing = failing

    def expired(self, stream: str, first: int) -> None:
        if self.failing:
            raise OSError("disk full")
        self.gone.append(first)


def test_models_are_told_what_has_expired_at_the_start_and_while_they_live(
    started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "EXPIRY_SECONDS", 0.01)
    monkeypatch.setattr(module, "TICK_SECONDS", 0.01)
    activity, pruned = Log(stream="IAM_ACTIVITY"), Pruned()
    for _ in range(6):
        activity.append("activity.111122223333", CommandConfirmed(), writer="w")
    activity.expire(3)
    started((Log(activity.signer), activity), pruned)
    assert pruned.gone[0] == 3
    activity.expire(5)
    until(pruned, lambda: pruned.gone[-1] == 5)


def test_a_model_that_cannot_drop_what_has_expired_stops_alone(started: Started) -> None:
    activity, witness = Log(stream="IAM_ACTIVITY"), Witness()
    activity.append("activity.111122223333", CommandConfirmed(), writer="w")
    failing = Pruned(failing=True)
    started((Log(activity.signer), activity), failing, witness)
    assert failing.stopped
    assert "disk full" in failing.status.reason
    assert witness.seen["IAM_ACTIVITY"] == [1]


def test_activity_that_expired_while_nobody_read_is_passed_over(started: Started) -> None:
    activity, witness = Log(stream="IAM_ACTIVITY"), Witness()
    iam = Log(activity.signer)
    for number in range(6):
        activity.append("activity.111122223333", CommandConfirmed(), writer=f"w{number % 2}")
    started((iam, activity), witness).close()
    for number in range(6):
        activity.append("activity.111122223333", CommandConfirmed(), writer=f"w{number % 2}")
    activity.expire(9)
    feed = started((iam, activity), witness)
    assert feed.broken is None
    assert witness.seen["IAM_ACTIVITY"] == [1, 2, 3, 4, 5, 6, 9, 10, 11, 12]
    assert witness.begun == 0


def test_a_task_is_done_even_when_the_feed_has_ended(started: Started) -> None:
    feed = started(Log(), Witness())
    feed.close()
    assert feed.between(lambda: 7) == 7


def test_what_was_heard_at_the_load_counts_until_the_tail_speaks(started: Started) -> None:
    feed = started(Log(), Witness())
    assert feed.heard_seconds_ago() < 5
