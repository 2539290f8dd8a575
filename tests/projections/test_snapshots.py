"""Snapshots: disposable, atomic, checked against the log; whatever is wrong with one, the models come out right."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from muniment.domain.account.groups import GroupCreated
from muniment.domain.account.users import UserCreated
from muniment.projections import snapshots as module
from muniment.projections.access.model import Access
from muniment.projections.credentials import Credentials
from muniment.projections.directory import Directory
from muniment.projections.filling import Filling
from muniment.projections.fold import Fold
from muniment.projections.generation import Generation
from muniment.projections.snapshots import Picture, Snapshots
from tests.golden.story import STORY
from tests.projections.conftest import Started
from tests.projections.logs import ACCOUNT, Log, Signer
from tests.projections.recorders import Witness


@pytest.fixture
def log() -> Log:
    log = Log()
    for boundary, fact in STORY:
        log.append(boundary, fact)
    return log


class Shelf:
    """A place for one snapshot, and what was said about it."""

    def __init__(self, folder: Path, log: Log) -> None:
        self.said: list[str] = []
        self.log = log
        self.snapshots = Snapshots(folder / "snapshots", log.signer, self.said.append)

    def filled(self, until: int | None = None) -> Generation:
        """Models started from the snapshot, if there is one, and filled."""
        fold = Fold()
        generation = Generation(fold, [Directory(fold), Access(fold), Credentials(fold)])
        generation.load(self.snapshots, self.log.source())
        self.loaded = generation.position("IAM")
        filling = Filling(self.log.source(), self.log.signer, generation, until=until)
        filling.run()
        return generation

    def picture(self, until: int | None = None) -> Picture:
        picture = self.filled(until).picture()
        assert picture is not None
        return picture

    def right(self) -> bool:
        """Whether models started now know what the log says."""
        other = Shelf(Path("/nonexistent"), self.log)
        return [m.digest() for m in self.filled().models] == [m.digest() for m in other.filled().models]


@pytest.fixture
def shelf(tmp_path: Path, log: Log) -> Shelf:
    return Shelf(tmp_path, log)


def test_a_restart_begins_at_the_snapshot(shelf: Shelf) -> None:
    shelf.snapshots.save(shelf.picture(30))
    assert shelf.right()
    assert shelf.loaded == 30
    assert not shelf.said
    assert shelf.snapshots.path.stat().st_mode & 0o777 == 0o600


def test_a_later_snapshot_replaces_the_earlier(shelf: Shelf) -> None:
    shelf.snapshots.save(shelf.picture(30))
    shelf.snapshots.save(shelf.picture(40))
    assert shelf.right()
    assert shelf.loaded == 40


def test_without_a_snapshot_the_log_is_read(shelf: Shelf) -> None:
    assert shelf.right()
    assert shelf.loaded == 0
    assert not shelf.said


def replaced(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    return lambda data: data.replace(old, new)


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda data: b"",
    "not a snapshot": lambda data: b"hello" * 10,
    "cut in half": lambda data: data[: len(data) // 2],
    "cut before the seal": lambda data: data[:-40],
    "one byte of a state": replaced(b"root@example.com", b"rook@example.com"),
    "a changed length": lambda data: data[:21] + b"\xff" + data[22:],
    "rubbish behind the magic": lambda data: data[:20] + b"\xc1" * 100,
}


@pytest.mark.parametrize("harm", DAMAGE.values(), ids=DAMAGE.keys())
def test_a_damaged_snapshot_is_discarded_and_says_so(harm: Callable[[bytes], bytes], shelf: Shelf) -> None:
    shelf.snapshots.save(shelf.picture(30))
    data = shelf.snapshots.path.read_bytes()
    shelf.snapshots.path.write_bytes(harm(data))
    assert shelf.snapshots.path.read_bytes() != data
    assert shelf.right()
    assert shelf.loaded == 0
    assert len(shelf.said) == 1
    assert "is discarded and the models are filled from the log" in shelf.said[0]
    assert not shelf.snapshots.path.exists()


def test_every_damaged_byte_is_found(shelf: Shelf) -> None:
    shelf.snapshots.save(shelf.picture(8))
    data = shelf.snapshots.path.read_bytes()
    for place in range(len(data)):
        harmed = bytearray(data)
        harmed[place] ^= 0x40
        shelf.snapshots.path.write_bytes(bytes(harmed))
        assert shelf.snapshots.load(Fold(), shelf.log.source()) is None, place


def test_a_snapshot_signed_by_a_stranger_is_discarded(shelf: Shelf) -> None:
    Snapshots(shelf.snapshots.path.parent, Signer(b"x" * 32)).save(shelf.picture(30))
    assert shelf.right()
    assert "its signature does not fit what it holds" in shelf.said[0]


def test_a_snapshot_of_another_log_is_discarded(shelf: Shelf) -> None:
    """The same epoch and as many entries, but another history: the checkpoint's digest tells."""
    shelf.snapshots.save(shelf.picture(30))
    other = Log(shelf.log.signer)
    other.append(ACCOUNT, *(GroupCreated(f"g{number}", f"AGPA{number}") for number in range(50)))
    shelf.log = other
    assert shelf.right()
    assert shelf.loaded == 0
    assert "entry 30 of stream IAM is not the one it was made from" in shelf.said[0]


def test_a_snapshot_ahead_of_the_log_is_discarded(shelf: Shelf) -> None:
    shelf.snapshots.save(shelf.picture(30))
    shelf.log.messages = shelf.log.messages[:20]
    assert shelf.right()
    assert shelf.loaded == 0
    assert shelf.said


def test_a_snapshot_from_before_a_restore_is_discarded(shelf: Shelf) -> None:
    shelf.snapshots.save(shelf.picture(30))
    shelf.log.epoch = "e2"
    assert shelf.right()
    assert "before the log was restored" in shelf.said[0]


@pytest.mark.parametrize("name", ["VERSION", "shapes"])
def test_a_snapshot_of_another_release_is_discarded(name: str, shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf.snapshots.save(shelf.picture(30))
    other: Any = {"VERSION": 99, "shapes": lambda kinds: b"other"}[name]
    monkeypatch.setattr(module, name, other)
    assert shelf.right()
    assert shelf.loaded == 0
    assert shelf.said


class Crash(BaseException):
    """The process dies here."""


class Unsteady:
    """Dies at the nth call into the operating system that changes a file."""

    def __init__(self, nth: int, monkeypatch: pytest.MonkeyPatch) -> None:
        self.left = nth
        for name in ("open", "fsync", "replace"):
            monkeypatch.setattr(module.os, name, self.dying(getattr(os, name)))
        monkeypatch.setattr(module.Snapshots, "_write", self.halves(module.Snapshots._write))

    def dying(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            self.step()
            return real(*args, **kwargs)

        return call

    def halves(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def write(snapshots: Snapshots, file: Any, picture: Picture) -> None:
            class Counted:
                def write(_, data: bytes) -> None:
                    self.step()
                    file.write(data[: len(data) // 2])
                    self.step()
                    file.write(data[len(data) // 2 :])

            real(snapshots, Counted(), picture)

        return write

    def step(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise Crash


@pytest.mark.parametrize("nth", range(1, 40))
def test_a_crash_at_any_write_leaves_the_old_snapshot_or_the_new(
    nth: int, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.snapshots.save(shelf.picture(10))
    picture = shelf.picture(30)
    unsteady = Unsteady(nth, monkeypatch)
    try:
        shelf.snapshots.save(picture)
        died = False
    except Crash:
        died = True
    monkeypatch.undo()
    assert died is (unsteady.left <= 0)
    assert shelf.right()
    assert shelf.loaded in ((10, 30) if died else (30,))
    assert not shelf.said
    shelf.snapshots.save(picture)
    assert shelf.right()
    assert shelf.loaded == 30


def test_the_crash_test_reaches_the_end_of_a_save(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = shelf.picture(30)
    unsteady = Unsteady(40, monkeypatch)
    shelf.snapshots.save(picture)
    assert unsteady.left > 0


def users(count: int) -> list[UserCreated]:
    return [UserCreated(f"user{number}", f"AIDA{number:017d}") for number in range(count)]


def test_a_feed_takes_a_snapshot_at_its_end_and_begins_from_it(tmp_path: Path, started: Started) -> None:
    log = Log()
    log.append(ACCOUNT, *users(1_500))
    snapshots = Snapshots(tmp_path, log.signer)
    fold = Fold()
    started(log, Directory(fold), fold=fold, snapshots=snapshots).close()
    assert snapshots.path.exists()
    log.append(ACCOUNT, GroupCreated("g", "AGPAG"))
    reads = len(log.read)
    again = Fold()
    directory = Directory(again)
    feed = started(log, directory, fold=again, snapshots=snapshots)
    assert log.read[reads:] == [1_501]
    assert directory.position() == 1_501
    assert directory.state(ACCOUNT).group("g").id == "AGPAG"  # type: ignore[attr-defined]
    last = log.append(ACCOUNT, GroupCreated("h", "AGPAH"))  # the chain goes on from the snapshot's links
    directory.wait(last.sequence, 5)
    assert feed.broken is None


def test_a_durable_model_behind_the_snapshot_is_caught_up_beside_it(tmp_path: Path, started: Started) -> None:
    log = Log()
    log.append(ACCOUNT, *users(1_500))
    snapshots, fold = Snapshots(tmp_path, log.signer), Fold()
    started(log, Directory(fold), fold=fold, snapshots=snapshots).close()
    log.append(ACCOUNT, GroupCreated("g", "AGPAG"))
    again, witness = Fold(), Witness()
    directory = Directory(again)
    feed = started(log, directory, witness, fold=again, snapshots=snapshots)
    assert feed.broken is None
    assert witness.seen["IAM"] == list(range(1, 1_502))
    assert directory.position() == 1_501


def test_a_poisoned_entry_is_met_again_after_a_restart(tmp_path: Path, started: Started) -> None:
    log, snapshots = Log(), Snapshots(tmp_path, Signer())
    log.append(ACCOUNT, *users(1_200))
    log.append("nosuchkind.x", GroupCreated("g", "AGPAG"))
    log.append(ACCOUNT, GroupCreated("g", "AGPAG"))
    for _ in range(2):
        fold = Fold()
        directory, credentials = Directory(fold), Credentials(fold)
        started(log, directory, credentials, fold=fold, snapshots=snapshots).close()
        assert directory.status.sequence == 1_201
        assert directory.position() == 1_200
        assert credentials.position() == 1_202
    assert not snapshots.path.exists()


def test_an_unwritable_folder_does_not_stop_the_feed(tmp_path: Path, started: Started) -> None:
    (tmp_path / "file").write_text("in the way")
    log, fold = Log(), Fold()
    log.append(ACCOUNT, *users(1_500))
    directory = Directory(fold)
    feed = started(log, directory, fold=fold, snapshots=Snapshots(tmp_path / "file", log.signer))
    feed.close()
    assert directory.position() == 1_500
    assert feed.failure is None
