"""Restore to a real server: byte for byte, into empty places only, a new epoch begun."""

import pytest

from muniment.domain.account.keys import secret_field, secret_owner
from muniment.domain.sealing import Unreadable
from muniment.ops.backup.archive import Archive
from muniment.ops.backup.backup import STREAMS, back_up
from muniment.ops.backup.target import RestoreRefused
from muniment.ops.backup.times import HEADER
from muniment.ops.jetstream import api
from muniment.ops.jetstream.batch import Guarded, Sending
from muniment.ops.jetstream.provision import provision, reset
from muniment.ops.jetstream.publisher import Publisher
from muniment.ops.notary import LogDiffers
from muniment.ops.replay import Moment, replay, replay_at
from muniment.ops.verify import verify
from muniment.projections.readmodel import IAM, IAM_ACTIVITY
from tests.ops import histories
from tests.ops.backup.places import CHECKPOINTS, everything, fresh, restoring


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
