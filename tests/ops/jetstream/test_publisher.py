"""Unguarded appends: in order, all or none, acknowledged."""

from __future__ import annotations

import threading

import pytest
from eventsourcing.persistence import DataError, OperationalError

from muniment.ops.jetstream.loop import NatsLoop
from muniment.ops.jetstream.publisher import Publisher
from muniment.ops.jetstream.source import StreamSource

SUBJECT = "iam.activity.123456789012.SignInRefused"


def test_messages_are_stored_in_order_and_their_sequences_answered(loop: NatsLoop) -> None:
    publisher = Publisher(loop, "IAM_ACTIVITY")
    assert publisher.publish([]) == []
    assert publisher.publish([(SUBJECT, b"1")]) == [1]
    assert publisher.publish([(SUBJECT, b"2"), (SUBJECT, b"3")]) == [2, 3]
    source = StreamSource(loop.settings, "IAM_ACTIVITY", expires=True)
    assert [stored.data for batch in source.batches(0, 3) for stored in batch] == [b"1", b"2", b"3"]
    source.close()


def test_one_message_too_large_stores_none_of_its_batch(loop: NatsLoop) -> None:
    publisher = Publisher(loop, "IAM_ACTIVITY")
    with pytest.raises(DataError):
        publisher.publish([(SUBJECT, b"1"), (SUBJECT, bytes(300 << 10))])
    assert publisher.publish([(SUBJECT, b"1")]) == [1]


def test_more_than_a_thousand_at_once_are_refused(loop: NatsLoop) -> None:
    with pytest.raises(DataError, match="at most 1000"):
        Publisher(loop, "IAM_ACTIVITY").publish([(SUBJECT, b"x")] * 1001)


def test_many_threads_share_a_publisher(loop: NatsLoop) -> None:
    publisher = Publisher(loop, "IAM_ACTIVITY")
    sequences: list[int] = []

    def work() -> None:
        for _ in range(20):
            sequences.extend(publisher.publish([(SUBJECT, b"x")] * 2))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(sequences) == list(range(1, 321))


def test_a_subject_of_no_stream_is_refused(loop: NatsLoop) -> None:
    with pytest.raises(OperationalError, match="may not publish"):
        Publisher(loop, "IAM_ACTIVITY").publish([("iam.unknown.x", b"x")])
