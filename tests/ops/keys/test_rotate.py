"""Rotation of the key-encryption key: rewraps only, goes on where it was killed, and no read fails meanwhile."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from muniment.domain.ledger import Sealed
from muniment.domain.sealing import Unreadable
from muniment.ops.keys.erase import erase
from muniment.ops.keys.kek import KEKs
from muniment.ops.keys.keksource import KEKFile, KEKMemory
from muniment.ops.keys.mac import mac_key
from muniment.ops.keys.record import decode
from muniment.ops.keys.ring import KeyRing
from muniment.ops.keys.rotate import rewrap_all
from muniment.ops.keys.store import MemoryKeyStore

from .conftest import ANA, NEW, OLD, Crash, CrashingStore, ring_over

OWNERS = [f"account.123456789012/AIDA{number}" for number in range(4)]
BOTH = KEKs(KEKMemory(NEW, OLD))


def filled(store: MemoryKeyStore) -> dict[str, Sealed]:
    ring = ring_over(store, OLD, seals_max=2)
    sealed = {owner: ring.seal(owner, "totp", owner.encode()) for owner in OWNERS}
    for _ in range(3):
        ring.seal(OWNERS[0], "totp", b"more")  # two data keys
    ring.sign(b"x")
    ring.entries.rotate()
    return sealed


def opens_all(ring: KeyRing, sealed: dict[str, Sealed]) -> bool:
    return all(ring.unseal(owner, "totp", box) == owner.encode() for owner, box in sealed.items())


def keks_used(store: MemoryKeyStore) -> set[str]:
    return {key.kek for _, value in store.messages() for key in decode("", value).keys}


def test_everything_is_wrapped_with_the_first_key_and_nothing_is_sealed_again(store: CrashingStore) -> None:
    sealed = filled(store)
    signed = ring_over(store, OLD).sign(b"x")
    seen: list[tuple[int, int]] = []
    done = rewrap_all(store, BOTH, store, lambda at, of: seen.append((at, of)))
    assert (done.total, done.rewrapped, done.already, done.erased, done.failed) == (5, 5, 0, 0, {})
    assert done.is_complete
    assert seen == [(number, 5) for number in range(1, 6)]
    assert keks_used(store) == {BOTH.first.id} == {done.kek}
    only_new = ring_over(store, NEW)
    assert opens_all(only_new, sealed)
    assert only_new.verify(*signed, b"x")
    assert only_new.sign(b"x") == signed


def test_many_are_wrapped_at_a_time_and_each_once(store: CrashingStore) -> None:
    ring = ring_over(store, OLD)
    sealed = {f"secret.{number}/SECR": ring.seal(f"secret.{number}/SECR", "value", b"v") for number in range(1_200)}
    seen: list[int] = []
    done = rewrap_all(store, BOTH, store, lambda at, of: seen.append(at), together=4)
    assert (done.total, done.rewrapped, done.shredded, done.failed) == (1_200, 1_200, 1_200, {})
    assert seen == list(range(1, 1_201))
    assert keks_used(store) == {BOTH.first.id}
    only_new = ring_over(store, NEW)
    assert all(only_new.unseal(owner, "value", box) == b"v" for owner, box in sealed.items())


def test_a_damaged_key_among_many_is_named_and_the_others_are_wrapped(store: CrashingStore) -> None:
    ring = ring_over(store, OLD)
    for number in range(20):
        ring.prepare(f"secret.{number}/SECR")
    kept = store.get("data.secret.7/SECR")
    assert kept is not None
    store.update("data.secret.7/SECR", b"garbage", kept.revision)
    done = rewrap_all(store, BOTH, store, together=4)
    assert (done.rewrapped, list(done.failed)) == (19, ["data.secret.7/SECR"])


def test_the_old_key_opens_nothing_that_is_left_in_the_store(store: CrashingStore) -> None:
    sealed = filled(store)
    rewrap_all(store, BOTH, store)
    with pytest.raises(Unreadable):
        opens_all(ring_over(store, OLD), sealed)
    assert len(list(store.messages())) == 5  # one message a name: the superseded ones were overwritten


def test_a_second_run_finds_nothing_to_do(store: CrashingStore) -> None:
    filled(store)
    rewrap_all(store, BOTH, store)
    before = list(store.messages())
    again = rewrap_all(store, BOTH, store)
    assert (again.rewrapped, again.already, again.shredded) == (0, 5, 0)
    assert list(store.messages()) == before


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("nth", range(1, 11))  # five names, an update and a shredding each
def test_a_run_killed_at_any_write_is_finished_by_the_next(nth: int, before: bool, store: CrashingStore) -> None:
    sealed = filled(store)
    store.crash_at(nth, before=before)
    with pytest.raises(Crash):
        rewrap_all(store, BOTH, store)
    assert opens_all(ring_over(store, OLD, NEW), sealed)  # no read fails in between
    assert rewrap_all(store, BOTH, store).is_complete
    assert keks_used(store) == {BOTH.first.id}
    assert opens_all(ring_over(store, NEW), sealed)


def test_no_read_or_write_fails_while_a_rotation_runs(store: CrashingStore) -> None:
    sealed = filled(store)
    cached = ring_over(store, OLD, NEW)
    assert opens_all(cached, sealed)
    made: dict[str, Sealed] = {}

    def between(at: int, of: int) -> None:
        assert opens_all(cached, sealed)
        assert opens_all(ring_over(store, OLD, NEW), sealed)
        owner = f"account.123456789012/AIDANEW{at}"
        made[owner] = ring_over(store, OLD, NEW).seal(owner, "totp", owner.encode())
        assert cached.verify(*ring_over(store, NEW, OLD).sign(b"x"), b"x")

    rewrap_all(store, BOTH, store, between)
    assert opens_all(ring_over(store, OLD, NEW), {**sealed, **made})
    assert rewrap_all(store, BOTH, store).rewrapped == len(
        made
    )  # what other nodes wrapped with their first key meanwhile
    assert opens_all(ring_over(store, NEW), {**sealed, **made})


def test_a_writer_that_gets_in_between_loses_nothing(store: CrashingStore, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(store)
    update, other = store.update, ring_over(store, OLD, seals_max=1)
    other.seal(OWNERS[1], "totp", b"1")
    newer: list[Sealed] = []

    def late(name: str, value: bytes, revision: int) -> int:
        monkeypatch.setattr(store, "update", update)
        newer.append(other.seal(OWNERS[1], "totp", b"2"))  # a second data key, after the rotation has read the first
        return update(name, value, revision)

    monkeypatch.setattr(
        store, "update", lambda name, *rest: late(name, *rest) if "AIDA1" in name else update(name, *rest)
    )
    assert rewrap_all(store, BOTH, store).is_complete
    assert ring_over(store, NEW).unseal(OWNERS[1], "totp", newer[0]) == b"2"


def test_what_cannot_be_opened_is_named_and_the_rest_goes_on(store: CrashingStore) -> None:
    filled(store)
    store.create("data.account.1/DAMAGED", b"no record")
    ring_over(store, b"x" * 32).prepare("account.1/FOREIGN")
    done = rewrap_all(store, BOTH, store)
    assert set(done.failed) == {"data.account.1/DAMAGED", "data.account.1/FOREIGN"}
    assert not done.is_complete
    assert done.rewrapped == 5
    assert "restore it from a key backup" in done.failed["data.account.1/DAMAGED"]


def test_an_erased_owner_stays_erased_through_a_rotation(store: CrashingStore) -> None:
    filled(store)
    ring = ring_over(store, OLD)
    ring.prepare(ANA)
    erase(ring, store, ANA)
    done = rewrap_all(store, BOTH, store)
    assert (done.rewrapped, done.erased) == (5, 1)
    with pytest.raises(Unreadable):
        ring_over(store, NEW).seal(ANA, "totp", b"again")


def test_without_a_shredder_the_old_copies_stay_until_a_run_that_has_one(store: CrashingStore) -> None:
    filled(store)
    assert rewrap_all(store, BOTH, None).shredded == 0
    assert keks_used(store) != {BOTH.first.id}
    assert rewrap_all(store, BOTH, store).shredded > 0
    assert keks_used(store) == {BOTH.first.id}


def rotated(file: KEKFile, store: MemoryKeyStore) -> None:
    """A whole rotation, as another process does it: it ends with the old key gone from the file."""
    file.prepend()
    assert rewrap_all(store, KEKs(file), store).is_complete
    file.keep_first()


def made(kind: str, store: MemoryKeyStore, keks: KEKs) -> Any:
    """A use that stores a new key, and what proves later that it is still there."""
    ring = KeyRing(store, keks, seals_max=1)
    return {
        "data key": lambda: ring.seal(ANA, "totp", b"seed"),
        "second data key": lambda: [ring.seal(ANA, "totp", b"seed") for _ in range(2)][1],
        "signing key": lambda: ring.sign(b"x"),
        "next signing key": lambda: (ring.entries.rotate(), ring.sign(b"x"))[1],
        "mac key": lambda: mac_key(store, keks, "cursors"),
    }[kind]()


def is_there(kind: str, proof: Any, store: MemoryKeyStore, keks: KEKs) -> bool:
    ring = KeyRing(store, keks)
    if "data" in kind:
        return ring.unseal(ANA, "totp", proof) == b"seed"
    return ring.verify(*proof, b"x") if "signing" in kind else mac_key(store, keks, "cursors") == proof


KINDS = ["data key", "second data key", "signing key", "next signing key", "mac key"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_server_that_ran_through_a_rotation_wraps_with_the_new_key(kind: str, tmp_path: Path) -> None:
    file, store = KEKFile(tmp_path / "kek"), MemoryKeyStore()
    keks = KEKs(file)
    KeyRing(store, keks).prepare("account.1/AIDAOLD")
    rotated(file, store)
    proof = made(kind, store, keks)
    assert is_there(kind, proof, store, KEKs(file))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("landing", ["create", "update"])
def test_a_key_that_lands_after_the_rotation_has_looked_is_not_lost_with_the_old_one(
    kind: str, landing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, store = KEKFile(tmp_path / "kek"), MemoryKeyStore()
    keks = KEKs(file)
    KeyRing(store, keks).prepare("account.1/AIDAOLD")
    write: Callable[..., int] = getattr(store, landing)

    def late(*arguments: Any) -> int:
        """The new key is wrapped already; before it lands, a whole rotation passes."""
        monkeypatch.setattr(store, landing, write)
        rotated(file, store)
        return write(*arguments)

    monkeypatch.setattr(store, landing, late)
    proof = made(kind, store, keks)
    assert is_there(kind, proof, store, KEKs(file))
