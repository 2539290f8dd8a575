"""Sealing: bound to owner, field, format and key; one data key an owner; every failure alike."""

import sys
import threading
import traceback
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from muniment.domain.ledger import Sealed
from muniment.domain.sealing import Erased, Unreadable
from muniment.ops.keys.binding import bind
from muniment.ops.keys.record import KeyRecord, decode, wrap
from muniment.ops.keys.ring import KeyRing
from muniment.ops.keys.store import MemoryKeyStore

from .conftest import ANA, BOB, NEW, ring_over

# The Galois/Counter Mode of Operation (McGrew, Viega), appendix B, test cases 14 and 16: AES-256, 96-bit IV.
GCM_VECTORS = [
    ("00" * 32, "00" * 12, "00" * 16, "", "cea7403d4d606b6e074ec5d3baf39d18", "d0d1c8a799996bf0265b98b5d48ab919"),
    (
        "feffe9928665731c6d6a8f9467308308" * 2,
        "cafebabefacedbaddecaf888",
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
        "feedfacedeadbeeffeedfacedeadbeefabaddad2",
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
        "76fc6ece0f4e1768cddf8853bb2d551b",
    ),
]
LENGTHS = [0, 1, 15, 16, 17, 40, 300]


@pytest.mark.parametrize(("key", "nonce", "plain", "aad", "cipher", "tag"), GCM_VECTORS)
def test_the_published_vectors_of_the_mode_hold(
    key: str, nonce: str, plain: str, aad: str, cipher: str, tag: str
) -> None:
    box = AESGCM(bytes.fromhex(key)).encrypt(*map(bytes.fromhex, (nonce, plain, aad)))
    assert box.hex() == cipher + tag


@pytest.mark.parametrize(("key", "nonce", "plain", "aad", "cipher", "tag"), GCM_VECTORS)
def test_a_box_holds_format_nonce_and_the_published_ciphertext(
    key: str, nonce: str, plain: str, aad: str, cipher: str, tag: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = MemoryKeyStore()
    ring = ring_over(store)
    name = f"data.{ANA}"
    store.create(name, KeyRecord((wrap(ring.keks, name, "k1", bytes.fromhex(key)),)).encode())
    ring.prepare(ANA)
    monkeypatch.setattr("muniment.commands.drawn.Randomness.take", lambda _, size: bytes.fromhex(nonce)[:size])
    sealed = ring.seal(ANA, "field", bytes.fromhex(plain))
    assert sealed.key == "k1"
    assert sealed.box[:-16].hex() == "01" + nonce + cipher  # the ciphertext does not depend on what is authenticated


@pytest.mark.parametrize("length", LENGTHS)
def test_what_is_sealed_opens_again(ring: KeyRing, length: int) -> None:
    plain = bytes(range(256))[:length] * (1 + length // 256)
    assert ring.unseal(ANA, "totp", ring.seal(ANA, "totp", plain)) == plain


def test_the_same_value_never_looks_the_same(ring: KeyRing) -> None:
    boxes = {ring.seal(ANA, "totp", b"same").box for _ in range(1_000)}
    assert len(boxes) == 1_000
    assert len({box[1:13] for box in boxes}) == 1_000  # SP 800-38D 8: no nonce twice under one key


def damaged(box: bytes) -> list[bytes]:
    flips = [box[:at] + bytes([box[at] ^ bit]) + box[at + 1 :] for at in range(len(box)) for bit in (1, 128)]
    return [*flips, *(box[:size] for size in range(len(box))), box + b"\0", b"\0" + box]


def refusal_of(action: Callable[[], object]) -> tuple[type[BaseException], str, object]:
    with pytest.raises(Unreadable) as caught:
        action()
    return type(caught.value), str(caught.value), caught.value.__cause__


def test_every_damaged_byte_of_a_box_is_refused_alike(ring: KeyRing) -> None:
    sealed = ring.seal(ANA, "totp", b"seed")
    refusals = {
        refusal_of(lambda box=box: ring.unseal(ANA, "totp", Sealed(sealed.key, box)))  # type: ignore[misc]
        for box in damaged(sealed.box)
    }
    assert refusals == {(Unreadable, "the sealed value cannot be read", None)}


def test_every_damaged_byte_of_owner_field_and_key_id_is_refused_alike(ring: KeyRing) -> None:
    sealed = ring.seal(ANA, "totp", b"seed")
    ring.prepare(BOB)

    def changed(text: str) -> list[str]:
        flips = [text[:at] + chr(ord(text[at]) ^ 1) + text[at + 1 :] for at in range(len(text))]
        return [*flips, "", text[:-1], text + "x", text + "\0", " " + text, text.upper(), "é" * 3, "a" * 300]

    refusals = {
        *(refusal_of(lambda o=o: ring.unseal(o, "totp", sealed)) for o in (*changed(ANA), BOB)),  # type: ignore[misc]
        *(refusal_of(lambda f=f: ring.unseal(ANA, f, sealed)) for f in changed("totp")),  # type: ignore[misc]
        *(
            refusal_of(lambda k=k: ring.unseal(ANA, "totp", Sealed(k, sealed.box)))  # type: ignore[misc]
            for k in changed(sealed.key)
            if k != sealed.key
        ),
    }
    assert refusals == {(Unreadable, "the sealed value cannot be read", None)}


def test_a_box_moved_to_another_owner_does_not_open(ring: KeyRing) -> None:
    assert ring.seal(BOB, "totp", b"bob").key != ring.seal(ANA, "totp", b"ana").key
    with pytest.raises(Unreadable):
        ring.unseal(BOB, "totp", ring.seal(ANA, "totp", b"ana"))


def test_a_wrapped_key_moved_to_another_owner_opens_nothing(store: MemoryKeyStore) -> None:
    ring_over(store).seal(ANA, "totp", b"ana")
    kept = store.get(f"data.{ANA}")
    assert kept is not None
    store.create(f"data.{BOB}", kept.value)
    with pytest.raises(Unreadable):
        ring_over(store).seal(BOB, "totp", b"bob")


@pytest.mark.parametrize("at", range(0, 120, 3))
def test_a_damaged_record_is_refused_alike(at: int, store: MemoryKeyStore) -> None:
    sealed = ring_over(store).seal(ANA, "totp", b"seed")
    kept = store.get(f"data.{ANA}")
    assert kept is not None
    value = bytearray(kept.value)
    value[at % len(value)] ^= 1
    store.update(f"data.{ANA}", bytes(value), kept.revision)
    assert refusal_of(lambda: ring_over(store).unseal(ANA, "totp", sealed)) == (
        Unreadable,
        "the sealed value cannot be read",
        None,
    )


@given(st.lists(st.text() | st.binary(), max_size=4), st.lists(st.text() | st.binary(), max_size=4))
def test_no_two_tuples_are_bound_to_the_same_bytes(left: list[str | bytes], right: list[str | bytes]) -> None:
    def plain(parts: list[str | bytes]) -> list[bytes]:
        return [part.encode() if isinstance(part, str) else part for part in parts]

    assert (bind(*left) == bind(*right)) == (plain(left) == plain(right))


def test_text_that_is_no_unicode_is_refused_alike(ring: KeyRing) -> None:
    sealed = ring.seal(ANA, "totp", b"seed")
    assert refusal_of(lambda: ring.unseal("account.1/\ud800", "totp", sealed))[1] == "the sealed value cannot be read"


def test_two_rings_over_one_store_read_each_other(store: MemoryKeyStore) -> None:
    one, other = ring_over(store), ring_over(store)
    sealed = one.seal(ANA, "totp", b"seed")
    assert other.unseal(ANA, "totp", sealed) == b"seed"
    assert other.seal(ANA, "totp", b"again").key == sealed.key


def test_rings_that_race_for_an_owner_agree_on_one_data_key(store: MemoryKeyStore) -> None:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for number in range(30):
            owner, start, keys = f"account.123456789012/AIDA{number}", threading.Barrier(6), []

            def run(owner: str = owner, start: threading.Barrier = start, keys: list[str] = keys) -> None:
                ring = ring_over(store)
                start.wait()
                keys.append(ring.seal(owner, "totp", b"seed").key)

            threads = [threading.Thread(target=run) for _ in range(6)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert len(keys) == 6
            assert len(set(keys)) == 1
    finally:
        sys.setswitchinterval(before)


def test_the_store_is_asked_once_for_an_owner_that_is_used_again(
    store: MemoryKeyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring = ring_over(store)
    sealed = ring.seal(ANA, "totp", b"seed")
    monkeypatch.setattr(store, "get", lambda name: pytest.fail("asked again"))
    ring.prepare(ANA)
    assert ring.unseal(ANA, "totp", sealed) == b"seed"
    assert ring.seal(ANA, "totp", b"more").key == sealed.key


def test_the_cache_is_bounded_and_forgets_nothing_for_good(store: MemoryKeyStore) -> None:
    ring = ring_over(store, owners_max=10)
    sealed = {
        f"account.123456789012/AIDA{n}": ring.seal(f"account.123456789012/AIDA{n}", "f", b"%d" % n) for n in range(50)
    }
    assert len(ring._young) + len(ring._old) <= 10
    for number, (owner, box) in enumerate(sealed.items()):
        assert ring.unseal(owner, "f", box) == b"%d" % number
    assert len(ring._young) + len(ring._old) <= 10


def test_a_worn_data_key_is_replaced_and_the_old_one_still_opens(store: MemoryKeyStore) -> None:
    ring, other = ring_over(store, seals_max=3), ring_over(store)
    boxes = [ring.seal(ANA, "totp", b"%d" % n) for n in range(8)]
    assert [len({box.key for box in boxes[:n]}) for n in (3, 6, 8)] == [1, 2, 3]
    assert [other.unseal(ANA, "totp", box) for box in boxes] == [b"%d" % n for n in range(8)]
    kept = store.get(f"data.{ANA}")
    assert kept is not None
    assert [key.id for key in decode("", kept.value).keys] == list(dict.fromkeys(box.key for box in reversed(boxes)))


def test_a_key_made_by_another_node_after_ours_was_cached_is_found(store: MemoryKeyStore) -> None:
    worn, other = ring_over(store, seals_max=1), ring_over(store)
    other.prepare(ANA)
    worn.seal(ANA, "totp", b"first")
    assert other.unseal(ANA, "totp", worn.seal(ANA, "totp", b"second")) == b"second"


@pytest.mark.parametrize("owner", ["", "a b", "account.*/x", "account.>", ".x", "x.", "a..b", "x" * 300, "a\n", "é"])
def test_an_owner_that_cannot_be_a_name_is_a_mistake_of_ours(owner: str, ring: KeyRing) -> None:
    with pytest.raises(ValueError, match="cannot name a key"):
        ring.seal(owner, "totp", b"seed")
    with pytest.raises(Unreadable):
        ring.unseal(owner, "totp", Sealed("k", b"\1" + bytes(40)))


def test_a_ring_without_the_right_kek_reads_nothing_and_makes_no_second_key(store: MemoryKeyStore) -> None:
    sealed = ring_over(store).seal(ANA, "totp", b"seed")
    stranger = ring_over(store, NEW)
    with pytest.raises(Unreadable):
        stranger.unseal(ANA, "totp", sealed)
    with pytest.raises(Unreadable):
        stranger.seal(ANA, "totp", b"other")
    assert ring_over(store).unseal(ANA, "totp", sealed) == b"seed"


def test_nothing_secret_is_in_reprs_or_tracebacks(store: MemoryKeyStore) -> None:
    ring = ring_over(store)
    sealed = ring.seal(ANA, "totp", b"canary-value")
    kept = store.get(f"data.{ANA}")
    assert kept is not None
    shown = [repr(ring), str(ring), repr(ring.keks), repr(sealed), repr(ring.entries), repr(vars(ring))]
    try:
        ring.unseal(BOB, "totp", sealed)
    except Unreadable:
        shown.append(traceback.format_exc())
    text = "".join(shown)
    for secret in (b"canary-value", b"o" * 32, sealed.box):
        assert secret.decode("latin-1") not in text
        assert secret.hex() not in text
        assert repr(secret) not in text


def test_erased_reads_like_any_other_unreadable_value() -> None:
    assert str(Erased()) == str(Unreadable())
    assert isinstance(Erased(), Unreadable)
