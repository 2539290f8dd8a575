"""Verify on a real server: what a Ledger wrote is good; what anyone with a connection or the disk does to it is found."""

import time

import pytest

from muniment.domain import stored
from muniment.ops.jetstream import api
from muniment.ops.jetstream.batch import Guarded, Sending
from muniment.ops.jetstream.provision import reset
from muniment.ops.keys.kek import KEKs
from muniment.ops.keys.keksource import KEKMemory
from muniment.ops.keys.ring import KeyRing
from muniment.ops.keys.signing import SigningKeys
from muniment.ops.keys.store import MemoryKeyStore
from muniment.ops.notary import LogDiffers
from muniment.ops.verify import verify
from muniment.projections.readmodel import IAM, IAM_ACTIVITY
from tests.ops import histories
from tests.ops.realm import realm

CHECKPOINTS = "IAM_CHECKPOINTS"


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with realm(tmp_path_factory.mktemp("heads") / "heads.log") as running:
        yield running


@pytest.fixture
def house(served):
    """A log with heads in the middle and at its end, written anew for each test."""
    reset(served.server.credentials("provision"))
    served.file.close()
    served.file.path.unlink(missing_ok=True)
    served.ring = KeyRing(served.store, served.keks)
    served.heads = SigningKeys(served.store, served.keks, "heads")
    served.write()
    served.sign()
    served.write(histories.sequel())
    served.sign()
    return served


def report(house, **options):
    sources = [house.source(IAM), house.source(IAM_ACTIVITY)]
    return verify(sources, house.source(CHECKPOINTS), house.file, house.ring, house.heads, **options)


def publish(house, subject, data):
    loop = house.loop
    return loop.run(Sending([Guarded(subject, data, {"Mun-Version": "1"})]).publish(loop.link, 5))


def rewrite(house, change):
    """As somebody with stream administration would: the stream made anew out of altered messages, its epoch kept."""
    kept = [(subject, data) for _, _, subject, data in house.messages(IAM)]
    admin = house.connect("provision")
    config = admin.run(api.info(admin.link, IAM, time.monotonic() + 5)).config
    admin.run(api.ask(admin.link, f"STREAM.DELETE.{IAM}", None, 5))
    admin.run(api.ask(admin.link, f"STREAM.CREATE.{IAM}", config, 5))
    for subject, data in change(kept):
        publish(house, subject, data)


def first(house):
    found = report(house)
    assert not found.sound
    return found.findings[0].stream, found.findings[0].sequence


@pytest.mark.parametrize("every", [True, False])
def test_what_a_ledger_wrote_is_good(house, every):
    found = report(house, every=every)
    assert found.findings == ()
    assert found.streams[0].entries == len(house.messages(IAM)) > 10
    assert found.streams[0].heads == 4  # two, each in the stream and in the file
    assert found.streams[1].entries == 6


def test_a_publish_past_the_ledger_is_found(house):
    stranger = KeyRing(MemoryKeyStore(), KEKs(KEKMemory()))
    *_, (_, _, subject, data) = house.messages(IAM)
    body = stored.open_envelope(data).body
    forged = stored.encode_envelope(body, *stranger.sign(stored.SIGNING_CONTEXT + body))
    sequence = publish(house, subject, forged)
    assert first(house) == (IAM, sequence)


def test_a_doubled_entry_is_found(house):
    *_, (_, _, subject, data) = house.messages(IAM)
    sequence = publish(house, subject, data)
    assert first(house) == (IAM, sequence)


def test_an_entry_signed_by_an_unknown_key_is_found(house):
    stranger = KeyRing(MemoryKeyStore(), KEKs(KEKMemory()))

    def sign_again(messages):
        subject, data = messages[-1]
        body = stored.open_envelope(data).body
        return [*messages[:-1], (subject, stored.encode_envelope(body, *stranger.sign(stored.SIGNING_CONTEXT + body)))]

    rewrite(house, sign_again)
    assert first(house) == (IAM, len(house.messages(IAM)))


def test_an_altered_byte_is_found(house):
    def alter(messages):
        subject, data = messages[5]
        return [*messages[:5], (subject, data[:40] + bytes([data[40] ^ 1]) + data[41:]), *messages[6:]]

    rewrite(house, alter)
    assert first(house) == (IAM, 6)


def test_entries_in_another_order_are_found(house):
    subjects = [subject for _, _, subject, _ in house.messages(IAM)]
    one, two = [number for number, subject in enumerate(subjects) if ".account.123456789012." in subject][3:5]

    def swap(messages):
        messages[one], messages[two] = messages[two], messages[one]
        return messages

    rewrite(house, swap)
    assert first(house) == (IAM, one + 1)


def test_a_truncated_log_is_found_and_refused_at_start(house):
    count = len(house.messages(IAM))
    rewrite(house, lambda messages: messages[:-2])
    assert first(house) == (IAM, count - 1)
    with house.notary() as (notary, _, _), pytest.raises(LogDiffers, match="2 entries are lost"):
        notary.check([house.source(IAM), house.source(IAM_ACTIVITY)], house.source(CHECKPOINTS), house.ring)


def test_the_log_as_it_was_signed_is_accepted_at_start(house):
    house.write([(kind, values | {"user_name": "Benno"}) for kind, values in histories.sequel()[:3]], refusals=1)
    with house.notary() as (notary, _, _):
        notary.check([house.source(IAM), house.source(IAM_ACTIVITY)], house.source(CHECKPOINTS), house.ring)
        assert notary.signed[IAM].position == len(house.messages(IAM)) - 3


def test_a_hole_in_the_stream_is_found(house):
    messages = house.messages(IAM)
    sequence, _, subject, _ = next(message for message in messages if message[2].endswith(".GroupCreated"))
    admin = house.connect("provision")
    admin.run(api.ask(admin.link, f"STREAM.PURGE.{IAM}", {"filter": subject, "seq": sequence + 1}, 5))
    found = report(house)
    assert (found.findings[0].stream, found.findings[0].sequence) == (IAM, sequence)
    assert found.streams[0].verified == sequence - 1
