"""The entry that brought something in is the last one that changed it, whatever was kept on the way."""

from typing import Any

import pytest

from muniment.domain.account.state import Account
from muniment.projections.explain.origins import Want, origins
from muniment.projections.past.log import PastUnreadable
from muniment.projections.past.origin import origins_of
from tests.projections.histories import ACCOUNTS
from tests.projections.logs import Log, Signer
from tests.projections.past.house import House, history


def brute(house: House, want: Want, position: int) -> int | None:
    """By looking at every state there was."""
    found, known = None, want.value(house.brute(want.boundary, 0))  # type: ignore[arg-type]
    for sequence in range(1, position + 1):
        now = want.value(house.brute(want.boundary, sequence))  # type: ignore[arg-type]
        if now != known:
            known, found = now, sequence
    return found


@pytest.mark.parametrize("seed", range(4))
def test_the_entry_is_the_last_that_changed_what_is_asked_about(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    log, _ = history(seed, 70, monkeypatch)
    house = House(log, keep=5)
    house.follow()
    asked = 0
    for position in (40, 70):
        for boundary in ACCOUNTS:
            account: Any = house.past.state(boundary, position)
            assert isinstance(account, Account)
            for unique_id in account.ids:
                wants = [
                    want for origin in origins(account, unique_id).values() for way in origin.ways for want in way.wants
                ]
                found = origins_of(house.past, wants, position)
                for want, recorded in zip(wants, found, strict=True):
                    assert (None if recorded is None else recorded.sequence) == brute(house, want, position), want
                    asked += 1
    assert asked > 1


def test_a_past_that_does_not_lead_to_the_present_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    log, _ = history(1, 60, monkeypatch)
    house = House(log, keep=1_000)
    house.follow()
    other, _ = history(2, 60, monkeypatch)
    copy = Log(Signer())
    copy.messages, log.messages = log.messages, other.messages
    want = Want("written", ACCOUNTS[0], lambda account: len(account.users))
    with pytest.raises(PastUnreadable, match="does not lead to its known head"):
        origins_of(house.past, [want], 60)


def test_what_lies_too_far_back_is_not_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    log, _ = history(1, 70, monkeypatch)
    house = House(log, keep=5)
    house.follow()
    want = Want("came to be", ACCOUNTS[0], lambda account: bool(account.ids))
    (found,) = origins_of(house.past, [want], 70)
    assert found is not None
    monkeypatch.setattr("muniment.projections.past.origin.ENTRIES_MAX", 1)
    assert origins_of(house.past, [want], 70) == [None]
