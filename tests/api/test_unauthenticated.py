"""Strangers are counted by source and ten seconds, and never one by one (SECURITY 14)."""

from muniment.api import unauthenticated
from muniment.api.unauthenticated import Strangers
from muniment.commands.activity import Activity
from muniment.domain.activity.requests import UnauthenticatedRefused
from tests.api.house import Sealer, Signer, Stream


def strangers():
    stream = Stream()
    activity = Activity(stream, Signer())
    return Strangers(activity, Sealer()), activity, stream


def test_a_thousand_refusals_of_one_source_are_one_entry():
    counter, activity, stream = strangers()
    for number in range(1_000):
        counter.count("192.0.2.7", "InvalidClientTokenId" if number % 4 else "SignatureDoesNotMatch")
    counter.close()
    activity.close()
    (entry,) = stream.entries
    assert isinstance(entry.fact, UnauthenticatedRefused)
    assert entry.fact.count == 1_000
    assert entry.fact.codes == {"InvalidClientTokenId": 750, "SignatureDoesNotMatch": 250}
    assert entry.boundary == "activity.000000000000"
    assert entry.actor.source.box == b"192.0.2.7"


def test_sources_beyond_the_limit_are_counted_together(monkeypatch):
    monkeypatch.setattr(unauthenticated, "SOURCES_MAX", 10)
    counter, activity, stream = strangers()
    for number in range(500):
        counter.count(f"192.0.2.{number}", "MissingAuthenticationToken")
    counter.close()
    activity.close()
    assert len(stream.entries) == 11
    assert sum(entry.fact.count for entry in stream.entries) == 500


def test_nothing_counted_is_nothing_recorded():
    counter, activity, stream = strangers()
    counter.flush()
    counter.close()
    activity.close()
    assert stream.entries == []


def test_a_refused_signature_is_counted_and_a_refused_call_is_not(house):
    house.send("POST", "/", b"Action=ListUsers")
    house.native("ListUsers", key=("AKIAAAAAAAAAAAAAAAAA", "x"))
    house.native("Nope")
    house.app.close()
    kinds = sorted(type(entry.fact).__name__ for entry in house.recorded())
    assert kinds == ["QueryRefused", "UnauthenticatedRefused"]
