"""Backup from a real server: every message byte for byte, its place and time, keys in a file of their own."""

import gzip
import resource

import pytest

from muniment.ops.backup.archive import KEYS_MAGIC, MAGIC, Archive, ArchiveSource, Key, KeyRecord
from muniment.ops.backup.backup import STREAMS, back_up
from muniment.ops.backup.frames import ArchiveReader
from muniment.ops.backup.restore import Keys, check
from muniment.ops.jetstream.publisher import Publisher
from muniment.ops.keys.store import MemoryKeyStore
from muniment.ops.replay import replay, state_dump
from muniment.projections.readmodel import IAM
from muniment.projections.verify import Broken
from tests.ops import histories
from tests.ops.backup.places import everything, fresh


def test_a_backup_holds_every_message_byte_for_byte_with_its_place_and_time(origin, copies):
    archive = Archive(copies[0])
    there = {name: [] for name in STREAMS}
    for message in archive.messages():
        there[message.stream].append((message.sequence, message.time_ns, message.subject, message.data))
    assert there == everything(origin)
    assert all(there.values())


def test_a_backup_names_the_epochs_and_is_its_owner_s_alone(origin, copies):
    spans = Archive(copies[0]).spans
    for name in STREAMS:
        bounds = origin.source(name).bounds()
        assert (spans[name].epoch, spans[name].last) == (bounds.epoch, bounds.last)
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in copies)


def test_keys_are_in_their_own_file_and_never_in_the_other(origin, copies):
    names = {record.name: record.value for record in ArchiveReader(copies[1], KEYS_MAGIC).records(KeyRecord)
             if isinstance(record, Key)}  # fmt: skip
    assert set(names) == set(origin.store.names())
    unpacked = gzip.decompress(copies[0].read_bytes()[len(MAGIC) :])
    assert all(value not in unpacked for value in names.values())


def test_no_secret_and_no_address_is_in_a_backup_in_clear(origin, copies):  # SECURITY part 2, row 27
    for path, magic in zip(copies, (MAGIC, KEYS_MAGIC), strict=True):
        unpacked = gzip.decompress(path.read_bytes()[len(magic) :])
        for canary in (origin.secret, *histories.CANARIES):
            assert canary
            assert canary.encode() not in unpacked
            assert canary.encode() not in path.read_bytes()


def test_a_backup_verifies_and_replays_like_the_log_itself(origin, copies):
    archive = Archive(copies[0])
    check(archive, Keys(MemoryKeyStore(), origin.keks, copies[1]))
    source = ArchiveSource(archive, IAM)
    known = replay(origin.source(IAM), origin.ring)
    assert {name: state_dump(state) for name, state in replay(source, origin.ring).items()} == {
        name: state_dump(state) for name, state in known.items()
    }


def test_a_damaged_log_is_not_backed_up(origin, empty, tmp_path):
    stranger = empty
    stranger.write()
    publisher = Publisher(stranger.loop, IAM)
    *_, (_, _, subject, data) = stranger.messages(IAM)
    publisher.publish([(subject, data)])
    ring, heads = fresh(stranger)
    with pytest.raises(Broken):
        back_up([stranger.source(name) for name in STREAMS], ring, heads, tmp_path / "log")
    assert list(tmp_path.iterdir()) == []


def test_a_backup_never_overwrites(origin, copies):
    with pytest.raises(FileExistsError):
        back_up([origin.source(name) for name in STREAMS], origin.ring, origin.heads, copies[0])


def test_a_full_disk_leaves_nothing_behind(origin, tmp_path):
    """A limit on the size of files, which fails writes as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4_096, hard))
    try:
        with pytest.raises(OSError, match="File too large"):
            back_up([origin.source(name) for name in STREAMS], origin.ring, origin.heads, tmp_path / "log")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []
