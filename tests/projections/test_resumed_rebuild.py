"""A rebuild that is killed goes on where it was: what it had folded and checked is not read again."""

from pathlib import Path

import pytest

from muniment.domain.account.users import UserCreated
from muniment.domain.ledger import Fact
from muniment.projections import rebuild as module
from muniment.projections.fold import Fold
from muniment.projections.rebuild import prepare
from muniment.projections.snapshots import Snapshots
from muniment.projections.verify import Broken
from tests.projections.logs import ACCOUNT, Log, Signer


class Killed(BaseException):
    """Signal 9, as far as a test can send it."""


def user(number: int) -> Fact:
    return UserCreated(f"user{number}", f"AIDA{number:017d}")


@pytest.fixture
def log() -> Log:
    log = Log()
    log.append(ACCOUNT, *map(user, range(100)))
    log.append("account.222233334444", *map(user, range(50)))
    return log


@pytest.fixture(autouse=True)
def short_stages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STAGE_ENTRIES", 40)


def killed_after(position: int) -> module.Progress:
    def progress(done: int, known: int) -> None:
        if done > position:
            raise Killed

    return progress


def held(snapshots: Snapshots, log: Log) -> Fold:
    fold = Fold()
    snapshots.load(fold, log.source())
    return fold


def test_an_attempt_goes_on_from_what_a_killed_one_had_folded_and_checked(log: Log, tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path, log.signer)
    with pytest.raises(Killed):
        prepare(log.source(), log.signer, snapshots, killed_after(90))
    assert held(snapshots, log).position == 80
    log.read.clear()
    assert prepare(log.source(), log.signer, snapshots) == 150
    assert log.read == list(range(81, 151))

    whole = Snapshots(tmp_path / "whole", log.signer)
    prepare(log.source(), log.signer, whole)
    assert held(snapshots, log).states == held(whole, log).states


def test_what_was_left_by_somebody_else_is_not_believed(log: Log, tmp_path: Path) -> None:
    forged = Snapshots(tmp_path, Signer(b"x" * 32))
    prepare(log.source(), log.signer, forged)
    log.read.clear()
    assert prepare(log.source(), log.signer, Snapshots(tmp_path, log.signer)) == 150
    assert log.read == list(range(1, 151))


def test_nothing_is_left_of_a_stage_whose_signatures_are_wrong(log: Log, tmp_path: Path) -> None:
    snapshots = Snapshots(tmp_path, log.signer)
    with pytest.raises(Broken):
        prepare(log.source(), Signer(b"x" * 32), snapshots)
    assert not snapshots.path.exists()
