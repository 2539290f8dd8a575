"""Backup and restore on real servers: byte for byte, into empty places only, through interruptions, a new epoch begun."""

import gzip
import resource

import msgspec
import pytest

from muniment.domain.account.keys import secret_field, secret_owner
from muniment.domain.sealing import Unreadable, owner
from muniment.ops.backup import restore as restore_module
from muniment.ops.backup.archive import KEYS_MAGIC, MAGIC, Archive, ArchiveSource, Key, KeyRecord, Message
from muniment.ops.backup.backup import STREAMS, back_up
from muniment.ops.backup.frames import ArchiveReader, ArchiveWriter, BadArchive
from muniment.ops.backup.place import check_kek, forget_caches
from muniment.ops.backup.restore import Keys, Restore, check
from muniment.ops.backup.target import RestoreRefused, Target
from muniment.ops.backup.times import HEADER
from muniment.ops.jetstream import api
from muniment.ops.jetstream.batch import Guarded, Sending
from muniment.ops.jetstream.provision import RestoreUnfinished, provision, reset
from muniment.ops.jetstream.publisher import Publisher
from muniment.ops.keys.kek import KEKs
from muniment.ops.keys.keksource import KEKMemory
from muniment.ops.keys.ring import KeyRing
from muniment.ops.keys.signing import SigningKeys
from muniment.ops.keys.store import MemoryKeyStore
from muniment.ops.notary import LogDiffers
from muniment.ops.replay import Moment, replay, replay_at, state_dump
from muniment.ops.verify import verify
from muniment.projections.readmodel import IAM, IAM_ACTIVITY
from muniment.projections.verify import Broken
from tests.ops import histories
from tests.ops.realm import Realm, realm

CHECKPOINTS = "IAM_CHECKPOINTS"


@pytest.fixture(scope="module")
def origin(tmp_path_factory):
    """A log with everything in it: entries, activity, heads, sealed values, an erased principal."""
    with realm(tmp_path_factory.mktemp("origin") / "heads.log") as running:
        running.write()
        running.sign()
        running.write(histories.sequel())
        with running.ledger() as ledger:
            ana = ledger.boundaries.get(histories.BOUNDARY).users["ana"]
            histories.erase(ledger, ana.id)
        running.sign()
        running.erased = owner(histories.BOUNDARY, ana.id)
        yield running


@pytest.fixture(scope="module")
def copies(origin, tmp_path_factory):
    """The two files of a backup."""
    folder = tmp_path_factory.mktemp("copies")
    path, keys = folder / "log", folder / "keys"
    sources = [origin.source(name) for name in STREAMS]
    back_up(sources, origin.ring, origin.heads, path, store=origin.store, keys_path=keys)
    return path, keys


@pytest.fixture(scope="module")
def target(tmp_path_factory, origin):
    with realm(tmp_path_factory.mktemp("target") / "heads.log") as running:
        running.keks = origin.keks  # the operator has put the key-encryption key there
        yield running


@pytest.fixture
def empty(target):
    """A provisioned, empty server."""
    reset(target.server.credentials("provision"))
    target.file.close()
    target.file.path.unlink(missing_ok=True)
    target.ring, target.heads = fresh(target)
    return target


def restoring(place: Realm, path, keys, **options) -> Restore:
    archive = Archive(path)
    known = Keys(place.store, place.keks, keys)
    publisher = Publisher(place.loop, CHECKPOINTS)
    return Restore(
        archive,
        known,
        Target(place.connect("provision"), place.loop, archive.reader.check(known.heads)),
        place.source,
        lambda subject, head: publisher.publish([(subject, head)]),
        place.file,
        **options,
    )


def everything(place: Realm):
    return {name: place.messages(name) for name in STREAMS}


def fresh(place: Realm):
    """The keys of a place, read anew."""
    return KeyRing(place.store, place.keks), SigningKeys(place.store, place.keks, "heads")


# -- the way there


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


# -- the way back


def test_restore_gives_every_message_back_byte_for_byte_at_its_place_and_time(origin, copies, empty):
    before = everything(origin)
    done = restoring(empty, *copies).run()
    after = everything(empty)
    assert after[IAM] == before[IAM]
    assert after[IAM_ACTIVITY] == before[IAM_ACTIVITY]
    assert after[CHECKPOINTS][: len(before[CHECKPOINTS])] == before[CHECKPOINTS]
    assert done.messages == sum(map(len, before.values()))


def test_restore_begins_a_new_epoch_and_the_log_verifies_with_old_and_new_heads(origin, copies, empty):
    done = restoring(empty, *copies).run()
    ring, heads = fresh(empty)
    for name in STREAMS:
        assert empty.source(name).bounds().epoch == done.epochs[name] != origin.source(name).bounds().epoch
    sources = [empty.source(IAM), empty.source(IAM_ACTIVITY)]
    report = verify(sources, empty.source(CHECKPOINTS), empty.file, ring, heads)
    assert report.findings == ()
    assert report.streams[0].heads >= 4  # two of the old epoch, one of the new in the stream and in the file
    provision(empty.server.credentials("provision"), ephemeral=True)  # nothing drifted


def test_a_restored_log_is_accepted_at_start_and_its_heads_go_on(origin, copies, empty):
    restoring(empty, *copies).run()
    empty.ring, empty.heads = fresh(empty)
    empty.write([(kind, values | {"user_name": "Benno"}) for kind, values in histories.sequel()[:1]], refusals=1)
    sources = [empty.source(IAM), empty.source(IAM_ACTIVITY)]
    with empty.notary() as (notary, _, _):
        notary.check(sources, empty.source(CHECKPOINTS), empty.ring)
        notary.sign()
    report = verify(sources, empty.source(CHECKPOINTS), empty.file, empty.ring, empty.heads)
    assert report.findings == ()


def test_a_log_that_was_put_back_without_a_restore_is_refused_at_start(origin, copies, empty):
    """The file outside the store still knows a head of another epoch, and no head says that a restore ended it."""
    restoring(empty, *copies).run()
    empty.file.close()
    empty.file.path.write_bytes(origin.file.path.read_bytes())
    empty.ring, empty.heads = fresh(empty)
    with empty.notary() as (notary, _, _), pytest.raises(LogDiffers, match="made anew"):
        notary.check([empty.source(IAM)], None, empty.ring)


def test_as_of_a_time_still_works_after_a_restore(origin, copies, empty):
    restoring(empty, *copies).run()
    for sequence, time_ns, *_ in origin.messages(IAM)[::5]:
        moment = Moment(time=time_ns // 1_000)
        before, = replay_at(origin.source(IAM), origin.ring, [moment])  # fmt: skip
        after, = replay_at(empty.source(IAM), origin.ring, [moment])  # fmt: skip
        assert after.position == before.position >= sequence
        assert after.time == before.time


def test_a_writer_cannot_backdate_an_entry(origin, copies, empty):
    """The header that tells a restored message's time counts up to where the restore ended, not behind."""
    restoring(empty, *copies).run()
    message = Guarded(f"iam.{histories.BOUNDARY}.UserCreated", b"x", {HEADER: "1000"})
    empty.loop.run(Sending([message]).publish(empty.loop.link, 5))
    assert empty.messages(IAM)[-1][1] > 1_000_000_000_000_000_000


def test_the_ledger_goes_on_after_a_restore_and_can_be_backed_up_again(origin, copies, empty, tmp_path):
    restoring(empty, *copies).run()
    empty.ring, empty.heads = fresh(empty)
    empty.write([(kind, values | {"user_name": "Benno"}) for kind, values in histories.sequel()[3:4]], refusals=1)
    assert len(empty.messages(IAM)) == len(origin.messages(IAM)) + 1
    sources = [empty.source(name) for name in STREAMS]
    back_up(sources, empty.ring, empty.heads, tmp_path / "log")
    again = [(m.sequence, m.time_ns, m.subject, m.data) for m in Archive(tmp_path / "log").messages(IAM)]
    assert again == empty.messages(IAM)
    assert again[: len(origin.messages(IAM))] == origin.messages(IAM)


def test_sealed_values_open_again_but_not_what_the_log_says_was_erased(origin, copies, empty):  # SECURITY 12
    done = restoring(empty, *copies).run()
    ring, _ = fresh(empty)
    state = replay(empty.source(IAM), ring)[histories.BOUNDARY]
    (root,) = state.root_keys
    opened = ring.unseal(secret_owner(histories.NUMBER, histories.NUMBER), secret_field(root.id), root.secret)
    assert opened.decode() == origin.secret
    (key,) = state.users["ana"].keys
    assert origin.ring.unseal(origin.erased, secret_field(key.id), key.secret)  # the key backup does hold it
    with pytest.raises(Unreadable):
        ring.unseal(origin.erased, secret_field(key.id), key.secret)
    assert done.erased == (origin.erased,)


@pytest.mark.parametrize("stream", [IAM, IAM_ACTIVITY, CHECKPOINTS])
def test_a_target_that_is_not_empty_is_refused_and_left_alone(copies, empty, stream):
    subject = {
        IAM: "iam.site.muniment.X", IAM_ACTIVITY: "iam.activity.1.X", CHECKPOINTS: "iam.checkpoint.head.IAM"
    }[stream]  # fmt: skip
    Publisher(empty.loop, stream).publish([(subject, b"mine")])
    with pytest.raises(RestoreRefused, match="not empty"):
        restoring(empty, *copies).run()
    assert [data for *_, data in everything(empty)[stream]] == [b"mine"]
    assert empty.store.names() == []


class Interrupted(BaseException):
    """The process ends here."""


def interrupt_at(nth):
    """A progress function that ends the process at its nth call."""
    calls = iter(range(nth + 1))

    def progress(what, done, total):
        if next(calls) == nth:
            raise Interrupted

    return progress


def test_a_restore_that_was_interrupted_anywhere_cannot_be_served_and_goes_on(origin, copies, empty, monkeypatch):
    monkeypatch.setattr(restore_module, "WRITE_MESSAGES", 8)
    nth = 0
    while True:
        reset(empty.server.credentials("provision"))
        empty.file.close()
        empty.file.path.unlink(missing_ok=True)
        try:
            restoring(empty, *copies, progress=interrupt_at(nth)).run()
        except Interrupted:
            reached = any(everything(empty).values())
            if reached:
                with pytest.raises(RestoreUnfinished, match="run `muniment restore` again"):
                    provision(empty.server.credentials("provision"), ephemeral=True)
            restoring(empty, *copies).run()
            assert everything(empty)[IAM] == origin.messages(IAM)
            ring, heads = fresh(empty)
            report = verify(
                [empty.source(IAM), empty.source(IAM_ACTIVITY)], empty.source(CHECKPOINTS), empty.file, ring, heads
            )
            assert report.findings == ()
            nth += 3
        else:
            break
    assert nth > 10


@pytest.mark.parametrize("step", ["sign", "finish 1", "finish 2"])
def test_a_restore_that_was_interrupted_at_its_end_goes_on(origin, copies, empty, monkeypatch, step):
    work = restoring(empty, *copies)
    finish, calls = Target.finish, iter(range(9))

    def interrupted(self, span):
        if next(calls) == int(step.split()[-1]):
            raise Interrupted
        finish(self, span)

    if step == "sign":
        monkeypatch.setattr(Restore, "_sign", lambda self: (_ for _ in ()).throw(Interrupted))
    else:
        monkeypatch.setattr(Target, "finish", interrupted)
    with pytest.raises(Interrupted):
        work.run()
    monkeypatch.undo()
    assert restoring(empty, *copies).run().resumed
    ring, heads = fresh(empty)
    report = verify([empty.source(IAM), empty.source(IAM_ACTIVITY)], empty.source(CHECKPOINTS), empty.file, ring, heads)
    assert report.findings == ()
    assert len(empty.messages(CHECKPOINTS)) == len(origin.messages(CHECKPOINTS)) + 2
    with pytest.raises(RestoreRefused, match="already"):
        restoring(empty, *copies).run()


def test_another_backup_does_not_go_on_where_one_was_interrupted(origin, copies, empty, tmp_path):
    with pytest.raises(Interrupted):
        restoring(empty, *copies, progress=interrupt_at(6)).run()
    back_up([origin.source(name) for name in STREAMS], origin.ring, origin.heads, tmp_path / "log", clock=lambda: 5)
    with pytest.raises(RestoreRefused, match="part of another backup"):
        restoring(empty, tmp_path / "log", copies[1]).run()


def test_activity_whose_beginning_expired_keeps_its_sequences(origin, empty, tmp_path, target):
    """The stream is made with the first sequence it had: what is left stands where it stood."""
    empty.write(refusals=6)
    admin = empty.connect("provision")
    admin.run(api.ask(admin.link, "STREAM.PURGE.IAM_ACTIVITY", {"seq": 4}, 5))
    ring, heads = fresh(empty)
    back_up([empty.source(name) for name in STREAMS], ring, heads, tmp_path / "log")
    before = empty.messages(IAM_ACTIVITY)
    assert before[0][0] == 4
    keys = {name: empty.store.get(name).value for name in empty.store.names()}
    reset(empty.server.credentials("provision"))
    for name, value in keys.items():
        empty.store.create(name, value)
    restoring(empty, tmp_path / "log", None).run()  # the target holds its keys
    assert empty.messages(IAM_ACTIVITY) == before


# -- what is no backup


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
    for place in range(0, len(whole), max(1, len(whole) // 60)):
        if place in range(len(MAGIC) + 4, len(MAGIC) + 10):
            continue  # gzip's own time, flags and system: they say nothing about what is inside
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
