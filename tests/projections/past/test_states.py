"""Any state at any position: from kept states or from nothing, it is what folding the whole log gives (DESIGN §4)."""

import random
from pathlib import Path

import pytest

from muniment.domain.account.users import UserCreated
from muniment.projections.past.log import PastUnreadable
from tests.projections.histories import ACCOUNTS
from tests.projections.logs import ACCOUNT, Log, Signer
from tests.projections.past.house import House, history

BOUNDARIES = (*ACCOUNTS, "site.muniment")


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("way", ["fill", "follow"])
def test_every_state_at_every_position_is_what_the_whole_log_says(
    seed: int, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, _ = history(seed, 60, monkeypatch)
    house = House(log)
    getattr(house, way)()
    places = [(boundary, place) for boundary in BOUNDARIES for place in range(len(log.messages) + 1)]
    random.Random(seed).shuffle(places)  # noqa: S311 - not a secret
    for boundary, place in places:
        assert house.past.state(boundary, place) == house.brute(boundary, place), (boundary, place)


def test_states_are_kept_while_entries_pass_in_bulk_and_live(monkeypatch: pytest.MonkeyPatch) -> None:
    log, _ = history(1, 90, monkeypatch)
    for way in ("fill", "follow"):
        house = House(log, keep=10)
        getattr(house, way)()
        kept = house.kept.nearest(ACCOUNTS[0], len(log.messages))
        assert kept is not None
        assert kept == house.brute(ACCOUNTS[0], kept.position)


def test_a_kept_state_saves_reading_the_entries_before_it(tmp_path: Path) -> None:
    log = Log()
    for number in range(2_100):
        log.append(ACCOUNT, UserCreated(f"u{number}", f"AIDA{number}", "/"))
    house = House(log, tmp_path / "past.sqlite", keep=1_000)
    house.follow(batch=100)
    house.reader.asked = 0
    assert len(house.past.state(ACCOUNT, 1_050).users) == 1_050  # type: ignore[attr-defined]
    assert house.reader.asked == 1


def test_kept_states_outlive_the_process_and_another_shape_is_discarded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, _ = history(2, 80, monkeypatch)
    path = tmp_path / "past.sqlite"
    house = House(log, path)
    house.follow()
    house.passage.finish()
    house.kept.close()
    assert path.stat().st_mode & 0o777 == 0o600
    again = House(log, path)
    assert again.kept.nearest(ACCOUNTS[0], 80) is not None
    assert again.passage.position() == 80
    again.kept.close()
    monkeypatch.setattr("muniment.projections.past.kept.VERSION", 99)
    assert House(log, path).kept.nearest(ACCOUNTS[0], 80) is None


def test_a_kept_state_that_was_altered_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log, _ = history(3, 60, monkeypatch)
    house = House(log, tmp_path / "past.sqlite")
    house.follow()
    house.kept._database.execute("UPDATE kept SET state = CAST(substr(state, 2) AS BLOB)")
    assert house.kept.nearest(ACCOUNTS[0], 60) is None
    assert "no valid signature" in house.said[0]
    assert house.past.state(ACCOUNTS[0], 40) == house.brute(ACCOUNTS[0], 40)


def test_a_damaged_file_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "past.sqlite"
    path.write_bytes(b"not a database, whatever its name says" * 100)
    house = House(path=path)
    assert house.kept.moments() == []
    assert "discarded" in house.said[0]


def test_a_replica_that_lags_is_asked_again_and_never_believed() -> None:
    house = House(keep=1_000)
    for number in range(5):
        house.log.append(ACCOUNT, UserCreated(f"u{number}", f"AIDA{number}", "/"))
    house.follow()
    house.reader.lag, house.reader.lags, house.reader.asked = 2, 2, 0
    assert house.past.state(ACCOUNT, 4).version == 4
    house.reader.lag, house.reader.lags = 5, 1_000_000
    with pytest.raises(PastUnreadable, match="does not have all entries"):
        house.past.state(ACCOUNT, 2)


def test_a_forged_entry_in_the_past_is_told() -> None:
    house = House(keep=1_000)
    for number in range(5):
        house.log.append(ACCOUNT, UserCreated(f"u{number}", f"AIDA{number}", "/"))
    house.follow()
    stranger = Log(Signer(b"x" * 32))
    for number in range(5):
        stranger.append(ACCOUNT, UserCreated(f"v{number}", f"AIDA{number}", "/"))
    house.log.messages[:] = stranger.messages
    with pytest.raises(PastUnreadable, match="no valid signature"):
        house.past.state(ACCOUNT, 3)


def test_an_unreadable_log_is_told_as_unavailable() -> None:
    house = House()
    for number in range(5):
        house.log.append(ACCOUNT, UserCreated(f"u{number}", f"AIDA{number}", "/"))
    house.follow()
    house.reader.lost = True
    with pytest.raises(PastUnreadable, match="no connection") as refused:
        house.past.state(ACCOUNT, 2)
    assert refused.value.status == 503
    assert house.past.state(ACCOUNT, 5).version == 5  # what is so now needs no log


@pytest.mark.parametrize("seed", range(3))
def test_most_are_kept_as_what_differs_from_a_whole_one(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("muniment.projections.past.kept.WHOLE_ENTRIES", 12)
    log, _ = history(seed + 20, 120, monkeypatch)
    house = House(log, keep=3)
    house.follow(batch=1)
    rows = house.kept._database.execute("SELECT boundary, sequence, base FROM kept").fetchall()
    assert 3 < sum(not base for _, _, base in rows) < len(rows) / 2
    for boundary, sequence, _ in rows:
        assert house.kept.nearest(boundary, sequence) == house.brute(boundary, sequence)


def test_what_differs_from_a_state_that_is_gone_is_of_no_use(monkeypatch: pytest.MonkeyPatch) -> None:
    log, _ = history(4, 60, monkeypatch)
    house = House(log, keep=3)
    house.follow()
    house.kept._database.execute("DELETE FROM kept WHERE base = 0")
    assert house.kept.nearest(ACCOUNTS[0], 60) is None
    assert house.past.state(ACCOUNTS[0], 30) == house.brute(ACCOUNTS[0], 30)
    house.kept._database.execute("UPDATE kept SET base = 1")
    assert house.kept.nearest(ACCOUNTS[0], 60) is None
    assert "no valid signature" in house.said[-1]
