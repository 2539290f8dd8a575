"""Throttled requests are counted by account and ten seconds, and never one by one (SECURITY 14)."""

import pytest

from muniment.api import throttled
from muniment.api.throttle import Throttle
from muniment.api.throttled import Throttled
from muniment.commands.activity import Activity
from muniment.domain.activity.requests import RequestsThrottled
from muniment.domain.ledger import Actor
from tests.api.house import ACCOUNT, House, Signer, Stream

ANA = Actor("123456789012", "arn:aws:iam::123456789012:user/ana", "AIDAANA")
BEN = Actor("123456789012", "arn:aws:iam::123456789012:user/ben", "AIDABEN")
ELSEWHERE = Actor("999999999999", "arn:aws:iam::999999999999:user/ana", "AIDAANA")


def recorded(*actors):
    stream = Stream()
    activity = Activity(stream, Signer())
    counter = Throttled(activity)
    for actor in actors:
        counter.count(actor)
    counter.close()
    activity.close()
    return stream.entries


def test_a_thousand_of_one_account_are_one_entry_that_names_who_it_was():
    (entry,) = recorded(*[ANA] * 900, *[BEN] * 100)
    assert entry.fact.count == 1_000
    assert entry.fact.principals == {ANA.arn: 900, BEN.arn: 100}
    assert entry.fact.first <= entry.fact.last
    assert entry.boundary == "activity.123456789012"


def test_accounts_do_not_see_each_others():
    entries = recorded(ANA, ELSEWHERE)
    assert {entry.boundary: list(entry.fact.principals) for entry in entries} == {
        "activity.123456789012": [ANA.arn],
        "activity.999999999999": [ELSEWHERE.arn],
    }


def test_principals_beyond_the_limit_are_counted_together(monkeypatch):
    monkeypatch.setattr(throttled, "PRINCIPALS_MAX", 3)
    (entry,) = recorded(*(Actor(ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/u{n}", f"AIDA{n}") for n in range(10)))
    assert entry.fact.count == 10
    assert entry.fact.principals[""] == 7


@pytest.mark.parametrize("broken", [b"Action=ListUsers&Version=2010-05-08", b"Action=%ff"])
def test_a_throttled_request_is_answered_in_awss_words_and_counted(broken):
    house = House(throttle=Throttle(principal_rate=1, account_rate=1_000))
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answers = [house.ask("POST", "/", broken, form) for _ in range(8)]
    refused = [body.decode() for status, _, body in answers if b"<Code>Throttling</Code>" in body]
    assert len(refused) == 6
    assert all("<Message>Rate exceeded</Message>" in body for body in refused)
    house.app.close()
    (entry,) = (entry for entry in house.recorded() if type(entry.fact) is RequestsThrottled)
    assert entry.fact.principals == {f"arn:aws:iam::{ACCOUNT}:root": 6}
    house.close()
