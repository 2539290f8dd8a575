"""The reader's check: every way in which a log can be wrong is found, in bulk and live, and named by its first sequence."""

from collections.abc import Callable

import msgspec
import pytest

from muniment.domain import stored
from muniment.domain.account.groups import GroupCreated
from muniment.domain.account.users import UserCreated
from muniment.domain.activity.requests import CommandConfirmed
from muniment.projections.directory import Directory
from muniment.projections.feed import Feed
from muniment.projections.fold import Fold
from muniment.projections.readmodel import IAM_ACTIVITY
from muniment.projections.verify import Chains
from tests.projections.conftest import Started
from tests.projections.logs import ACCOUNT, Log, Message, Signer
from tests.projections.recorders import Witness

OTHER = "account.999999999999"
ACTIVITY = "activity.111122223333"
Harm = Callable[[Log], None]


def group(number: int) -> GroupCreated:
    return GroupCreated(f"g{number}", f"AGPA{number}")


def good(log: Log, count: int) -> None:
    for number in range(count):
        log.append(ACCOUNT if number % 2 else OTHER, group(len(log.messages)))


def forged(log: Log) -> None:
    """A stranger's key under our key's name."""
    log.store(log.entry(ACCOUNT, group(99)), signer=Signer(b"x" * 32), chained=False)


def unknown_key(log: Log) -> None:
    log.store(log.entry(ACCOUNT, group(99)), signer=Signer(name="k9"), chained=False)


def unsigned(log: Log) -> None:
    body = stored.encode_body(log.entry(ACCOUNT, group(99)))
    log.put(f"iam.{ACCOUNT}.GroupCreated", stored.encode_envelope(body, "", b""))


def garbage(log: Log) -> None:
    log.put(f"iam.{ACCOUNT}.GroupCreated", b"\xc1nothing")


def not_a_body(log: Log) -> None:
    body = msgspec.msgpack.encode({"id": 1})
    log.put(
        f"iam.{ACCOUNT}.GroupCreated", stored.encode_envelope(body, *log.signer.sign(stored.SIGNING_CONTEXT + body))
    )


def elsewhere(log: Log) -> None:
    """A signed entry of one account, put under another's subject."""
    log.store(log.entry(OTHER, group(99)), subject=f"iam.{ACCOUNT}.GroupCreated", chained=False)


def misnamed(log: Log) -> None:
    log.store(log.entry(ACCOUNT, group(99)), subject=f"iam.{ACCOUNT}.UserCreated", chained=False)


def wrong_version(log: Log) -> None:
    log.store(log.entry(ACCOUNT, group(99), version=99), chained=False)


def wrong_link(log: Log) -> None:
    log.store(log.entry(ACCOUNT, group(99), prev=b"p" * 32), chained=False)


def replayed(log: Log) -> None:
    """An earlier message, stored once more."""
    first = next(message for message in log.messages if ACCOUNT in message.subject)
    log.put(first.subject, first.data)


def skipped(log: Log) -> None:
    """An entry of the chain that was never stored, and the one after it."""
    version, _ = log.heads[ACCOUNT]
    log.heads[ACCOUNT] = (version + 1, b"d" * 32)
    log.append(ACCOUNT, group(99))


def activity_in_iam(log: Log) -> None:
    log.store(log.entry(ACTIVITY, CommandConfirmed(), writer="w1"))


def with_writer(log: Log) -> None:
    log.store(log.entry(ACCOUNT, group(99), writer="w1"), chained=False)


HARMS = [
    forged,
    unknown_key,
    unsigned,
    garbage,
    not_a_body,
    elsewhere,
    misnamed,
    wrong_version,
    wrong_link,
    replayed,
    skipped,
    activity_in_iam,
    with_writer,
]


def assert_stopped_at(feed: Feed, witness: Witness, directory: Directory, sequence: int) -> None:
    assert feed.broken is not None
    assert (feed.broken.stream, feed.broken.sequence) == ("IAM", sequence), feed.broken
    for model in (witness, directory):
        assert model.stopped
        assert model.status.sequence == sequence
        assert model.position() == sequence - 1
    assert witness.seen["IAM"] == list(range(1, sequence))
    assert not feed.readiness().ready
    assert f"IAM {sequence}" in feed.readiness().broken


@pytest.mark.parametrize("harm", HARMS, ids=lambda harm: harm.__name__)
def test_a_wrong_entry_stops_every_reader_in_a_bulk_replay(harm: Harm, started: Started) -> None:
    log, fold, witness = Log(), Fold(), Witness()
    good(log, 20)
    harm(log)
    bad = 21
    directory = Directory(fold)
    feed = started(log, witness, directory, fold=fold)
    assert_stopped_at(feed, witness, directory, bad)
    assert len(directory.state(ACCOUNT).groups) == 10  # type: ignore[attr-defined]


@pytest.mark.parametrize("harm", HARMS, ids=lambda harm: harm.__name__)
def test_a_wrong_entry_stops_every_reader_at_the_live_tail(harm: Harm, started: Started) -> None:
    log, fold, witness = Log(), Fold(), Witness()
    good(log, 20)
    directory = Directory(fold)
    feed = started(log, witness, directory, fold=fold)
    harm(log)
    assert witness_stops(witness)
    assert_stopped_at(feed, witness, directory, 21)


def witness_stops(witness: Witness) -> bool:
    with witness._moved:
        return witness._moved.wait_for(lambda: witness.stopped, 5)


def test_a_bulk_replay_checks_one_signature_for_each_chain(started: Started) -> None:
    log = Log()
    good(log, 400)
    started(log, Witness())
    assert log.signer.verified == 2


def test_the_live_tail_checks_every_signature(started: Started) -> None:
    log = Log()
    witness = Witness()
    started(log, witness)
    good(log, 20)
    witness.wait(20, 5)
    assert log.signer.verified == 20


@pytest.mark.parametrize("bad", [1, 2, 7, 19, 20])
def test_the_first_of_several_forgeries_is_named(bad: int, started: Started) -> None:
    """A chain that goes on over a forged entry: only its end's signature is looked at first, then all."""
    log, fold, witness = Log(), Fold(), Witness()
    stranger = Signer(b"x" * 32)
    for number in range(1, 21):
        log.store(log.entry(ACCOUNT, group(number)), signer=stranger if number >= bad else None)
    directory = Directory(fold)
    feed = started(log, witness, directory, fold=fold)
    assert_stopped_at(feed, witness, directory, bad)
    assert witness.begun == 1  # what it had taken of the forged chain is forgotten


@pytest.mark.parametrize("where", [1, 10, 20])
@pytest.mark.parametrize("live", [False, True])
def test_an_altered_byte_is_found(where: int, live: bool, started: Started) -> None:
    log, witness = Log(), Witness()
    if live:
        started(log, witness)
    prepared = Log(log.signer)
    good(prepared, 20)
    for message in prepared.messages:
        data = bytearray(message.data)
        if message.sequence == where:
            data[len(data) // 2] ^= 1
        log.put(message.subject, bytes(data))
    if not live:
        started(log, witness)
    assert witness_stops(witness)
    assert where <= witness.status.sequence <= min(where + 2, 20)  # the entry itself, or the next one of its chain


def test_messages_out_of_order_are_found(started: Started) -> None:
    log, witness = Log(), Witness()
    good(log, 20)
    log.messages[9], log.messages[11] = (
        Message("IAM", 10, 0, log.messages[11].subject, log.messages[11].data),
        Message("IAM", 12, 0, log.messages[9].subject, log.messages[9].data),
    )
    feed = started(log, witness)
    assert feed.broken is not None
    assert feed.broken.sequence == 10


def test_a_missing_sequence_is_found(started: Started) -> None:
    log, witness = Log(), Witness()
    good(log, 20)
    del log.messages[9]
    feed = started(log, witness)
    assert feed.broken is not None
    assert feed.broken.sequence == 10
    assert "entries are missing" in feed.broken.reason


def test_a_log_without_its_beginning_is_broken(started: Started) -> None:
    log, witness = Log(), Witness()
    good(log, 20)
    log.expire(5)
    feed = started(log, witness)
    assert feed.broken is not None
    assert feed.broken.sequence == 1


# Activity: one chain for each writing process (DESIGN §3)


@pytest.fixture
def activity() -> Log:
    log = Log(stream=IAM_ACTIVITY)
    for number in range(20):
        log.append(f"activity.{number % 3:012d}", CommandConfirmed(), writer=f"w{number % 2}")
    return log


def test_writers_chains_cross_accounts(activity: Log, started: Started) -> None:
    witness = Witness()
    feed = started((Log(activity.signer), activity), witness)
    assert feed.broken is None
    assert witness.seen[IAM_ACTIVITY] == list(range(1, 21))
    assert activity.signer.verified == 2


def test_a_chain_whose_beginning_has_expired_is_accepted_from_a_signed_entry(activity: Log, started: Started) -> None:
    activity.expire(8)
    witness = Witness()
    feed = started((Log(activity.signer), activity), witness)
    assert feed.broken is None
    assert witness.seen[IAM_ACTIVITY] == list(range(8, 21))
    assert activity.signer.verified == 4  # both ends, and both anchors


def test_an_expired_chain_cannot_begin_at_an_unsigned_entry(activity: Log, started: Started) -> None:
    activity.expire(8)
    message = activity.messages[0]
    envelope = stored.open_envelope(message.data)
    activity.messages[0] = msgspec.structs.replace(
        message, data=stored.encode_envelope(envelope.body, envelope.key, b"s" * 64)
    )
    following = activity.messages[2]
    feed = started((Log(activity.signer), activity), Witness())
    assert feed.broken is not None
    assert feed.broken.sequence in (message.sequence, following.sequence)


def test_an_entry_dropped_from_the_middle_of_a_writers_chain_is_found(activity: Log, started: Started) -> None:
    kept = [message for message in activity.messages if message.sequence != 10]
    activity.messages = [msgspec.structs.replace(kept[i], sequence=i + 1) for i in range(len(kept))]
    feed = started((Log(activity.signer), activity), Witness())
    assert feed.broken is not None
    assert (feed.broken.stream, feed.broken.sequence) == (IAM_ACTIVITY, 11)


def test_an_activity_entry_without_a_writer_is_refused(activity: Log, started: Started) -> None:
    activity.store(activity.entry("activity.111122223333", CommandConfirmed()), chained=False)
    feed = started((Log(activity.signer), activity), Witness())
    assert feed.broken is not None
    assert feed.broken.sequence == 21


def test_a_state_boundary_does_not_belong_in_activity(activity: Log, started: Started) -> None:
    activity.store(activity.entry(ACCOUNT, UserCreated("a", "AIDA1"), writer="w1"), chained=False)
    feed = started((Log(activity.signer), activity), Witness())
    assert feed.broken is not None
    assert feed.broken.sequence == 21


def test_reading_goes_on_from_a_models_own_checkpoint_with_an_anchor(started: Started) -> None:
    log, witness = Log(), Witness()
    good(log, 10)
    feed = started(log, witness)
    feed.close()
    good(log, 10)
    again = started(log, witness)
    assert again.broken is None
    assert witness.seen["IAM"] == list(range(1, 21))
    assert witness.begun == 0


def test_a_checkpoint_that_is_not_in_the_stream_makes_the_model_begin_anew(started: Started) -> None:
    log, witness = Log(), Witness()
    good(log, 10)
    started(log, witness).close()
    other = Log(log.signer)
    good(other, 3)
    other.append(ACCOUNT, *(group(50 + number) for number in range(10)))
    started(other, witness)
    assert witness.begun == 1
    assert witness.seen["IAM"] == list(range(1, 14))


def test_another_epoch_makes_the_model_begin_anew(started: Started) -> None:
    log, witness = Log(), Witness()
    good(log, 10)
    started(log, witness).close()
    log.epoch = "e2"
    started(log, witness)
    assert witness.begun == 1
    assert witness.seen["IAM"] == list(range(1, 11))


def test_whoever_reads_changes_only_notices_the_same_damage_as_who_reads_all() -> None:
    log = Log()
    messages = [log.append(ACCOUNT, UserCreated(f"u{n}", f"AIDA{n}")) for n in range(3)]
    spoilt = msgspec.structs.replace(messages[1], data=messages[1].data[:-1])
    opened, broken = Chains("IAM", log.signer, changes_only=True).open([messages[0], spoilt, messages[2]])
    assert [one.sequence for one in opened] == [1]
    assert broken is not None
    assert broken.sequence == 2
    chains = Chains("IAM", log.signer, changes_only=True)
    opened, broken = chains.open(messages)
    assert broken is None
    assert chains.confirm()
    assert [one.entry.digest for one in opened] == [log.entry_of(message).digest for message in messages]
