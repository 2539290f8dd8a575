"""What is no backup, or not ours, or without its keys, is refused before anything is written."""

import msgspec
import pytest

from muniment.ops.backup.archive import MAGIC, Archive, Message
from muniment.ops.backup.frames import ArchiveWriter, BadArchive
from muniment.ops.backup.place import check_kek, forget_caches
from muniment.ops.backup.restore import Keys, check
from muniment.ops.backup.target import RestoreRefused
from muniment.ops.keys.kek import KEKs
from muniment.ops.keys.keksource import KEKMemory
from muniment.ops.keys.signing import SigningKeys
from muniment.ops.keys.store import MemoryKeyStore
from muniment.projections.readmodel import IAM
from tests.ops.backup.places import everything, restoring


@pytest.fixture
def broken(copies, tmp_path):
    """A copy of the backup that may be harmed."""
    path = tmp_path / "broken"
    path.write_bytes(copies[0].read_bytes())
    return path


def test_every_cut_is_found(broken, copies, empty):
    whole = broken.read_bytes()
    for length in sorted({0, 1, len(MAGIC), len(MAGIC) + 5, *range(100, len(whole), len(whole) // 40), len(whole) - 1}):
        broken.write_bytes(whole[:length])
        with pytest.raises(BadArchive):
            restoring(empty, broken, copies[1]).run()
    assert not any(everything(empty).values())


def test_every_changed_byte_is_found(broken, copies, origin):
    whole = broken.read_bytes()
    keys = Keys(MemoryKeyStore(), origin.keks, copies[1])
    gzip = whole.index(b"\x1f\x8b")
    for place in range(0, len(whole), max(1, len(whole) // 60)):
        if place in range(gzip + 3, gzip + 10):
            continue  # gzip's own flags, time and system: they say nothing about what is inside
        broken.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(BadArchive):
            check(Archive(broken), keys)


def test_a_backup_that_somebody_else_signed_is_refused(broken, copies, origin, tmp_path):
    stranger = Keys(*strange_keys(tmp_path))
    archive = Archive(broken)
    with ArchiveWriter(tmp_path / "again", MAGIC) as writer:
        for record in archive._records():
            writer.put(record)
        writer.finish(stranger.heads)
    with pytest.raises(BadArchive, match="no valid signature"):
        check(Archive(tmp_path / "again"), Keys(MemoryKeyStore(), origin.keks, copies[1]))


def strange_keys(folder):
    store, keks = MemoryKeyStore(), KEKs(KEKMemory())
    SigningKeys(store, keks, "heads").public()
    SigningKeys(store, keks, "entries").public()
    return store, keks, None


def test_a_signed_backup_of_a_forged_log_is_refused(broken, copies, origin, tmp_path):
    """Who may sign backups may still not make entries: the chains and their signatures are checked too."""
    with ArchiveWriter(tmp_path / "again", MAGIC) as writer:
        for record in Archive(broken)._records():
            forged = isinstance(record, Message) and record.stream == IAM and record.sequence == 9
            writer.put(msgspec.structs.replace(record, data=record.data[:-1] + b"\0") if forged else record)
        writer.finish(origin.heads)
    with pytest.raises(BadArchive, match="IAM 9"):
        check(Archive(tmp_path / "again"), Keys(MemoryKeyStore(), origin.keks, copies[1]))


def test_without_its_keys_a_backup_is_refused(copies, empty):
    with pytest.raises(RestoreRefused, match="--keys"):
        restoring(empty, copies[0], None)


def test_with_another_key_encryption_key_a_backup_is_refused(copies, empty):
    keks = KEKs(KEKMemory())
    with pytest.raises(RestoreRefused, match="key-encryption key"):
        Keys(empty.store, keks, copies[1])


def test_a_key_encryption_key_is_not_made_up(tmp_path):
    with pytest.raises(RestoreRefused, match="in no backup"):
        check_kek(tmp_path, "")
    check_kek(tmp_path, "file:/elsewhere")


def test_copies_of_the_log_that_was_there_before_are_forgotten(tmp_path):
    (tmp_path / "snapshots").mkdir()
    (tmp_path / "snapshots" / "x").write_text("x")
    (tmp_path / "snapshots.sqlite").write_text("x")
    (tmp_path / "kek").write_text("x")
    forget_caches(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["kek"]
