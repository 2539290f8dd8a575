"""Signing: RFC 8032, an ordered list of keys, agreement between nodes, and verification far from any server."""

import json
import threading

import pytest

from muniment.ops.keys.record import KeyRecord, decode, wrap
from muniment.ops.keys.signing import SigningKeys, SigningKeysUnusable, key_id_of
from muniment.ops.keys.store import MemoryKeyStore
from muniment.ops.keys.verification import BadKeySet, Verifier, export

from .conftest import NEW, OLD, Crash, CrashingStore, ring_over

# RFC 8032 7.1, tests 1 to 3: secret key, public key, message, signature
RFC8032 = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]


@pytest.mark.parametrize(("seed", "public", "message", "signature"), RFC8032)
def test_the_published_vectors_hold(seed: str, public: str, message: str, signature: str) -> None:
    store = MemoryKeyStore()
    ring = ring_over(store)
    key_id = key_id_of(bytes.fromhex(public))
    store.create(
        "signing.entries", KeyRecord((wrap(ring.keks, "signing.entries", key_id, bytes.fromhex(seed)),)).encode()
    )
    assert ring.sign(bytes.fromhex(message)) == (key_id, bytes.fromhex(signature))
    assert ring.verify(key_id, bytes.fromhex(signature), bytes.fromhex(message))
    assert ring.entries.public()[0].public.hex() == public


def test_every_damaged_byte_of_signature_payload_and_key_id_is_refused(store: MemoryKeyStore) -> None:
    ring = ring_over(store)
    payload = b"muniment-entry-v1\0body"
    key_id, signature = ring.sign(payload)
    assert ring.verify(key_id, signature, payload)
    for at in range(len(signature)):
        assert not ring.verify(key_id, signature[:at] + bytes([signature[at] ^ 1]) + signature[at + 1 :], payload)
        assert not ring.verify(key_id, signature[:at], payload)
    for at in range(len(payload)):
        assert not ring.verify(key_id, signature, payload[:at] + bytes([payload[at] ^ 1]) + payload[at + 1 :])
    for wrong in ("", key_id[:-1], key_id.upper(), key_id + "a", "\ud800"):
        assert not ring.verify(wrong, signature, payload)


def test_nodes_that_start_together_agree_on_one_signing_key() -> None:
    for _ in range(20):
        store, start, ids = MemoryKeyStore(), threading.Barrier(4), []

        def run(store: MemoryKeyStore = store, start: threading.Barrier = start, ids: list[str] = ids) -> None:
            ring = ring_over(store)
            start.wait()
            ids.append(ring.sign(b"x")[0])

        threads = [threading.Thread(target=run) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(ids) == 4
        assert len(set(ids)) == 1


def test_after_a_rotation_the_new_key_signs_and_all_verify(store: MemoryKeyStore) -> None:
    ring, other = ring_over(store), ring_over(store)
    old_id, old = ring.sign(b"x")
    other.verify(old_id, old, b"x")
    new_id = ring.entries.rotate()
    signed_by, new = ring.sign(b"x")
    assert signed_by == new_id != old_id
    assert ring.verify(old_id, old, b"x")
    assert other.verify(new_id, new, b"x")  # it had never heard of the new key
    assert other.sign(b"x")[0] == new_id
    assert [key.id for key in ring.entries.public()] == [new_id, old_id]


def test_purposes_have_keys_of_their_own(store: MemoryKeyStore) -> None:
    ring = ring_over(store)
    heads = SigningKeys(store, ring.keks, "heads")
    key_id, signature = heads.sign(b"x")
    assert heads.verify(key_id, signature, b"x")
    assert not ring.verify(key_id, signature, b"x")
    with pytest.raises(ValueError, match="signing keys are for"):
        SigningKeys(store, ring.keks, "other")


def test_a_key_that_others_put_into_the_store_is_not_trusted(store: MemoryKeyStore) -> None:
    ring = ring_over(store)
    ring.sign(b"x")
    forger = ring_over(MemoryKeyStore(), NEW)
    key_id, signature = forger.sign(b"forged")
    forged = forger.store.get("signing.entries")
    kept = store.get("signing.entries")
    assert forged is not None
    assert kept is not None
    both = KeyRecord((*decode("", kept.value).keys, *decode("", forged.value).keys))
    store.update("signing.entries", both.encode(), kept.revision)
    with pytest.raises(SigningKeysUnusable):
        ring.verify(key_id, signature, b"forged")


def test_a_record_whose_ids_were_exchanged_is_refused(store: MemoryKeyStore) -> None:
    ring = ring_over(store)
    seed = bytes(32)
    store.create("signing.entries", KeyRecord((wrap(ring.keks, "signing.entries", "another", seed),)).encode())
    with pytest.raises(SigningKeysUnusable, match="do not carry their own ids"):
        ring.sign(b"x")


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("nth", range(1, 4))
def test_a_crash_while_keys_are_made_or_rotated_leaves_a_working_list(
    nth: int, before: bool, store: CrashingStore
) -> None:
    store.crash_at(nth, before=before)
    signed: list[tuple[str, bytes]] = []

    def run() -> None:
        ring = ring_over(store)
        signed.append(ring.sign(b"x"))
        ring.entries.rotate()
        signed.append(ring.sign(b"x"))
        ring.entries.rotate()

    with pytest.raises(Crash):
        run()
    again = ring_over(store)
    assert all(again.verify(*one, b"x") for one in signed)
    assert again.verify(*again.sign(b"x"), b"x")


def test_exported_keys_verify_without_the_store(store: MemoryKeyStore) -> None:
    ring = ring_over(store)
    first = ring.sign(b"x")
    ring.entries.rotate()
    second = ring.sign(b"x")
    exported = export(ring.entries.public())
    verifier = Verifier(exported)
    assert verifier.verify(*first, b"x")
    assert verifier.verify(*second, b"x")
    assert not verifier.verify(*first, b"y")
    assert not verifier.verify("unknown", first[1], b"x")
    jwk = json.loads(exported)["keys"][0]  # RFC 8037 2
    assert (jwk["kty"], jwk["crv"], jwk["kid"]) == ("OKP", "Ed25519", second[0])
    assert set(jwk) == {"kty", "crv", "kid", "x", "use", "alg"}


@pytest.mark.parametrize(
    "exported",
    [
        b"",
        b"{}",
        b'{"keys":[{"kid":"a","x":"AA"}]}',
        b'{"keys":[{"kid":"a","x":"!"}]}',
        b'{"keys":[{"kid":"other","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","kty":"OKP","crv":"Ed25519"}]}',
        b'{"keys":[{"kid":"a","x":"AA","kty":"RSA"}]}',
    ],
)
def test_a_key_set_that_is_none_is_refused(exported: bytes) -> None:
    with pytest.raises(BadKeySet):
        Verifier(exported)


def test_a_wrong_kek_is_named_and_nothing_is_overwritten(store: MemoryKeyStore) -> None:
    before = ring_over(store, OLD).sign(b"x")
    with pytest.raises(SigningKeysUnusable, match="which is not configured"):
        ring_over(store, NEW).sign(b"x")
    assert ring_over(store, OLD).verify(*before, b"x")
