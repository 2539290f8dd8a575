"""Erasing one owner: unreadable for ever, for every node, and nothing of its key left in the store."""

from pathlib import Path

import pytest

from muniment.domain.sealing import Erased, Unreadable
from muniment.ops.keys.erase import ErasureIncomplete, erase, find_in_files
from muniment.ops.keys.record import decode
from muniment.ops.keys.store import MemoryKeyStore

from .conftest import ANA, BOB, Crash, CrashingStore, ring_over


def test_what_was_sealed_for_the_owner_is_erased_and_others_are_not(store: CrashingStore) -> None:
    ring = ring_over(store)
    ana, bob = ring.seal(ANA, "source", b"192.0.2.1"), ring.seal(BOB, "source", b"192.0.2.2")
    done = erase(ring, store, ANA)
    assert (done.owner, done.key_ids, done.messages_overwritten) == (ANA, (ana.key,), 1)
    assert done.messages_scanned == 2
    for reader in (ring, ring_over(store)):
        with pytest.raises(Erased):
            reader.unseal(ANA, "source", ana)
        assert reader.unseal(BOB, "source", bob) == b"192.0.2.2"


def test_no_node_makes_a_new_key_for_an_erased_owner(store: CrashingStore) -> None:
    ring = ring_over(store)
    ring.prepare(ANA)
    erase(ring, store, ANA)
    for node in (ring, ring_over(store)):
        with pytest.raises(Erased):
            node.prepare(ANA)
        with pytest.raises(Erased):
            node.seal(ANA, "source", b"again")


def test_an_owner_that_never_had_a_key_can_be_erased(store: CrashingStore) -> None:
    done = erase(ring_over(store), store, ANA)
    assert done.key_ids == ()
    with pytest.raises(Erased):
        ring_over(store).prepare(ANA)


def test_erasing_twice_is_harmless(store: CrashingStore) -> None:
    ring = ring_over(store)
    ring.seal(ANA, "source", b"192.0.2.1")
    erase(ring, store, ANA)
    before = list(store.messages())
    again = erase(ring, store, ANA)
    assert (again.key_ids, again.messages_overwritten) == ((), 0)
    assert list(store.messages()) == before


def test_every_key_and_every_older_copy_of_the_owner_goes(store: CrashingStore) -> None:
    ring = ring_over(store, seals_max=1)
    boxes = [ring.seal(ANA, "source", b"%d" % n) for n in range(4)]
    wrapped = [key.box for _, value in store.messages() for key in decode("", value).keys]
    done = erase(ring, store, ANA)
    assert set(done.key_ids) == {box.key for box in boxes}
    assert done.messages_overwritten == 4
    left = b"".join(value for _, value in store.messages())
    assert not any(box in left for box in wrapped)


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("nth", [1, 2])  # the tombstone, the shredding
def test_an_erasing_killed_at_any_write_is_finished_by_the_next(nth: int, before: bool, store: CrashingStore) -> None:
    ring = ring_over(store)
    sealed = ring.seal(ANA, "source", b"192.0.2.1")
    store.crash_at(nth, before=before)
    with pytest.raises(Crash):
        erase(ring, store, ANA)
    restarted = ring_over(store)
    erase(restarted, store, ANA)
    with pytest.raises(Erased):
        restarted.unseal(ANA, "source", sealed)
    assert [len(decode("", value).keys) for _, value in store.messages()] == [0]


def test_another_node_reads_until_it_hears_of_the_erasing(store: CrashingStore) -> None:
    ring, other = ring_over(store), ring_over(store)
    sealed = ring.seal(ANA, "source", b"192.0.2.1")
    assert other.unseal(ANA, "source", sealed) == b"192.0.2.1"
    erase(ring, store, ANA)
    other.forget(ANA)
    with pytest.raises(Erased):
        other.unseal(ANA, "source", sealed)


def test_a_key_read_just_before_the_erasing_is_not_cached_after_it(
    store: CrashingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring = ring_over(store)
    sealed = ring_over(store).seal(ANA, "source", b"192.0.2.1")
    get = store.get

    def slow(name: str) -> object:
        kept = get(name)
        monkeypatch.setattr(store, "get", get)
        erase(ring, store, ANA)
        return kept

    monkeypatch.setattr(store, "get", slow)
    assert ring.unseal(ANA, "source", sealed) == b"192.0.2.1"  # it had the key in hand
    with pytest.raises(Erased):
        ring.unseal(ANA, "source", sealed)


def test_a_node_that_hears_of_the_erasing_before_it_is_done_caches_nothing(store: CrashingStore) -> None:
    ring, other = ring_over(store), ring_over(store)
    sealed = ring.seal(ANA, "source", b"192.0.2.1")
    other.forget(ANA)  # the fact arrives first
    assert other.unseal(ANA, "source", sealed) == b"192.0.2.1"  # somebody looks in between
    erase(ring, store, ANA)
    with pytest.raises(Erased):
        other.unseal(ANA, "source", sealed)


def test_a_key_made_while_the_owner_is_erased_goes_too(store: CrashingStore, monkeypatch: pytest.MonkeyPatch) -> None:
    ring, other = ring_over(store), ring_over(store)
    get = store.get

    def first(name: str) -> object:
        kept = get(name)
        monkeypatch.setattr(store, "get", get)
        other.prepare(ANA)
        return kept

    monkeypatch.setattr(store, "get", first)
    assert erase(ring, store, ANA).messages_overwritten == 1
    with pytest.raises(Erased):
        ring_over(store).prepare(ANA)


def test_a_store_that_does_not_overwrite_is_found_out() -> None:
    class Keeping(MemoryKeyStore):
        def shred_superseded(self, name: str) -> int:
            return 1

    store = Keeping()
    ring = ring_over(store)
    ring.prepare(ANA)
    with pytest.raises(ErasureIncomplete, match="run the erasing again"):
        erase(ring, store, ANA)


def test_a_copy_of_the_key_under_another_name_is_found_out(store: CrashingStore) -> None:
    ring = ring_over(store)
    ring.prepare(ANA)
    kept = store.get(f"data.{ANA}")
    assert kept is not None
    store.create("backup", kept.value)
    with pytest.raises(ErasureIncomplete, match="backup"):
        erase(ring, store, ANA)


def test_a_damaged_record_can_be_erased(store: CrashingStore) -> None:
    store.create(f"data.{ANA}", b"no record")
    assert erase(ring_over(store), store, ANA).messages_overwritten == 1


def test_an_owner_that_is_no_name_is_refused(store: CrashingStore) -> None:
    with pytest.raises(ValueError, match="cannot name a key"):
        erase(ring_over(store), store, "account.>")


@pytest.mark.parametrize("at", [0, 1, (1 << 20) - 8, (1 << 20) - 1, 1 << 20, (1 << 21) + 3])
def test_a_needle_in_a_file_is_found_wherever_it_lies(at: int, tmp_path: Path) -> None:
    needle = b"wrapped-key-bytes"
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "1.blk").write_bytes(b"\0" * at + needle + b"\0" * 10)
    (tmp_path / "2.blk").write_bytes(b"\0" * (1 << 20))
    assert find_in_files(tmp_path, [b"absent", needle]) == [tmp_path / "deep" / "1.blk"]
    assert find_in_files(tmp_path, [b"absent"]) == []


def test_the_reader_is_told_no_more_than_of_damage(store: CrashingStore) -> None:
    ring = ring_over(store)
    sealed = ring.seal(ANA, "source", b"x")
    erase(ring, store, ANA)
    with pytest.raises(Unreadable, match=r"^the sealed value cannot be read$"):
        ring.unseal(ANA, "source", sealed)
