"""The activity chain: in order, acknowledged, begun anew when an outcome is not known (DESIGN §3, SECURITY 14)."""

import threading
import time

import pytest

from muniment.commands import activity as module
from muniment.commands.activity import Activity, Happening
from muniment.domain import stored
from muniment.domain.activity.requests import CommandConfirmed
from muniment.domain.errors import ServiceUnavailable
from muniment.domain.ledger import Actor, Cause

ANA = Actor("123456789012", "arn:aws:iam::123456789012:user/ana", "AIDAANA")


class Stream:
    """Takes what is published, or fails when told to."""

    def __init__(self):
        self.messages, self.failing, self.calls = [], False, 0

    def publish(self, messages, deadline):
        self.calls += 1
        if self.failing:
            raise TimeoutError("no acknowledgement")
        self.messages.extend(messages)
        return list(range(len(self.messages) - len(messages) + 1, len(self.messages) + 1))

    def entries(self):
        return [stored.decode(data) for _, data in self.messages]


class Signer:
    def sign(self, payload):
        return "k", b"s" * 64


@pytest.fixture
def stream():
    return Stream()


@pytest.fixture
def activity(stream):
    writer = Activity(stream, Signer())
    yield writer
    writer.close()


def happening(name="iam:CreateUser"):
    return Happening("123456789012", ANA, Cause(name, "request"), CommandConfirmed())


def test_what_is_recorded_is_one_chain(activity, stream):
    for number in range(5):
        assert activity.record(happening()) == number + 1
    entries = stream.entries()
    assert [entry.version for entry in entries] == [1, 2, 3, 4, 5]
    assert len({entry.writer for entry in entries}) == 1
    assert [entry.prev for entry in entries[1:]] == [entry.digest for entry in entries[:-1]]
    assert stream.messages[0][0] == "iam.activity.123456789012.CommandConfirmed"


def test_a_failed_append_is_told_and_the_next_begins_a_new_chain(activity, stream):
    activity.record(happening())
    stream.failing = True
    with pytest.raises(ServiceUnavailable):
        activity.record(happening())
    stream.failing = False
    activity.record(happening())
    first, second = stream.entries()
    assert first.writer != second.writer
    assert (second.version, second.prev) == (1, b"")


def test_later_gathers_and_loses_nothing(activity, stream):
    for _ in range(300):
        activity.later(happening())
    activity.close()
    assert len(stream.entries()) == 300
    assert stream.calls < 30
    assert activity.dropped == 0


def test_what_later_cannot_append_is_counted(activity, stream):
    stream.failing = True
    for _ in range(3):
        activity.later(happening())
    activity.close()
    assert activity.dropped == 3


def test_what_does_not_fit_is_counted(monkeypatch, stream):
    monkeypatch.setattr(module, "LATER_MAX", 2)
    blocked = threading.Event()
    publish = stream.publish
    stream.publish = lambda messages, deadline: (blocked.wait(5), publish(messages, deadline))[1]
    writer = Activity(stream, Signer())
    writer.later(happening())
    time.sleep(module.LATER_SECONDS * 3)  # the first is being appended now
    for _ in range(5):
        writer.later(happening())
    blocked.set()
    writer.close()
    assert writer.dropped == 3


def test_an_entry_that_is_too_large_or_cannot_be_encoded_fails_alone(activity, stream):
    """It took everything down that stood in line with it: one caller could have others' records refused or dropped."""
    activity.record(happening())
    bad = [happening("x" * 300_000), happening()]
    bad[1].cause = Cause("iam:ListUsers", "request", parameters={"MaxItems": 2**70})
    for each in (happening(), *bad, happening()):
        activity.later(each)
    activity.close()
    assert activity.dropped == 2
    entries = stream.entries()
    assert [entry.version for entry in entries] == [1, 2, 3]
    assert len({entry.writer for entry in entries}) == 1
