"""Throttling: the caller's own share, and its account's (SECURITY 16, 17)."""

import pytest

from muniment.api.throttle import BUCKETS_MAX, WORKERS, Throttle
from muniment.domain.errors import Throttling
from muniment.domain.ledger import Actor

ANA = Actor("123456789012", "arn:aws:iam::123456789012:user/ana", "AIDAANA")
BEN = Actor("123456789012", "arn:aws:iam::123456789012:user/ben", "AIDABEN")
ELSEWHERE = Actor("999999999999", "arn:aws:iam::999999999999:user/ana", "AIDAANA")


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def spend(throttle, actor):
    """How many requests pass before one is refused."""
    passed = 0
    while passes(throttle, actor):
        passed += 1
    return passed


def passes(throttle, actor):
    try:
        throttle.check(actor)
    except Throttling as refused:
        assert refused.message == "Rate exceeded"
        return False
    return True


def test_a_principal_has_two_seconds_of_its_rate_at_once():
    assert spend(Throttle(10, 1_000, Clock()), ANA) == 20


def test_tokens_come_back_with_time():
    clock = Clock()
    throttle = Throttle(10, 1_000, clock)
    spend(throttle, ANA)
    clock.now += 0.5
    assert spend(throttle, ANA) == 5


def test_one_principal_does_not_spend_anothers_share():
    throttle = Throttle(10, 1_000, Clock())
    spend(throttle, ANA)
    assert spend(throttle, BEN) == 20


def test_an_account_has_a_share_of_its_own():
    throttle = Throttle(10, 15, Clock())
    assert spend(throttle, ANA) + spend(throttle, BEN) == 30
    assert spend(throttle, ELSEWHERE) == 20


def test_a_refused_request_costs_nothing():
    clock = Clock()
    throttle = Throttle(1, 1_000, clock)
    spend(throttle, ANA)
    for _ in range(100):
        with pytest.raises(Throttling):
            throttle.check(ANA)
    clock.now += 1
    throttle.check(ANA)


def test_the_number_of_buckets_is_bounded():
    throttle = Throttle(10, 10, Clock())
    for number in range(BUCKETS_MAX // 2 + 10):
        throttle.check(Actor(str(number), "", "AIDA"))
    assert len(throttle._buckets) == BUCKETS_MAX


def test_an_account_never_has_more_than_its_share_of_workers_and_others_keep_theirs():  # SECURITY 17
    throttle = Throttle(1_000, 1_000, Clock(), account_workers=3)
    seats = [throttle.admit(actor) for actor in (ANA, BEN, ANA)]
    with pytest.raises(Throttling, match="Rate exceeded"):
        throttle.admit(BEN)
    throttle.admit(ELSEWHERE)
    with seats[0]:
        pass
    throttle.admit(BEN)


def test_a_worker_is_given_back_when_its_request_fails():
    throttle = Throttle(1_000, 1_000, Clock(), account_workers=1)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), throttle.admit(ANA):
            raise ZeroDivisionError
    assert not throttle._seated


def test_a_request_that_came_too_fast_holds_no_worker():
    throttle = Throttle(1, 1_000, Clock(), account_workers=1_000)
    spend(throttle, ANA)
    for _ in range(10):
        with pytest.raises(Throttling):
            throttle.admit(ANA)
    assert not throttle._seated


def test_half_of_the_workers_is_an_accounts_share():
    throttle = Throttle(monotonic=Clock())
    for _ in range(WORKERS // 2):
        throttle.admit(ANA)
    with pytest.raises(Throttling):
        throttle.admit(ANA)
