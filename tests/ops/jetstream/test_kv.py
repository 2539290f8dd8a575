"""Compare-and-set values, and erasure that is proven by a scan through the API and over the files."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from eventsourcing.persistence import OperationalError

from muniment.ops.jetstream.embedded import EmbeddedServer
from muniment.ops.jetstream.keystore import JetStreamKeyShredder, JetStreamKeyStore
from muniment.ops.jetstream.kv import Conflict, KeyValue, Value
from muniment.ops.jetstream.loop import NatsLoop
from muniment.ops.jetstream.provision import provision
from muniment.ops.jetstream.subjects import BadSubject
from muniment.ops.keys.store import Conflict as KeyConflict
from muniment.ops.keys.store import Kept


@pytest.fixture
def aliases(loop: NatsLoop) -> KeyValue:
    return KeyValue.bucket(loop, "IAM_ALIASES")


def test_a_value_is_created_once_and_updated_by_revision(aliases: KeyValue) -> None:
    assert aliases.get("access") is None
    first = aliases.create("access", b"1")
    with pytest.raises(Conflict):
        aliases.create("access", b"2")
    second = aliases.update("access", b"2", first)
    with pytest.raises(Conflict):
        aliases.update("access", b"3", first)
    assert aliases.get("access") == Value(b"2", second)


def test_of_many_writers_one_creates_and_one_updates(loop: NatsLoop, aliases: KeyValue) -> None:
    won: list[int] = []

    def write(number: int, revision: int) -> None:
        with contextlib.suppress(Conflict):
            won.append(aliases.update("access", b"%d" % number, revision))

    for revision in (0, 1):
        threads = [threading.Thread(target=write, args=(number, revision)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert won == [1, 2]


def test_names_are_listed_whole_or_below_a_part(aliases: KeyValue) -> None:
    for key in ("b.x", "a.y.z", "a.x", "ab"):
        aliases.create(key, b"v")
    assert aliases.names() == ["a.x", "a.y.z", "ab", "b.x"]
    assert aliases.names("a") == ["a.x", "a.y.z"]
    assert aliases.names("c") == []


@pytest.mark.parametrize("key", ["", "a b", "a.*", ">", ".a", "a..b", "a\r\nPUB"])
def test_what_is_no_plain_key_is_refused(aliases: KeyValue, key: str) -> None:
    with pytest.raises(BadSubject):
        aliases.get(key)


def test_a_proof_is_spent_once_and_forgotten_after_its_time(loop: NatsLoop) -> None:
    proofs = KeyValue(loop, "IAM_PROOFS", "iam.")
    proofs.create("proof.abc", b"57")
    with pytest.raises(Conflict):
        proofs.create("proof.abc", b"57")
    proofs.create("challenge.abc", b"x", ttl_seconds=1)
    assert proofs.get("challenge.abc") is not None
    give_up = time.monotonic() + 5
    while proofs.get("challenge.abc") is not None:
        assert time.monotonic() < give_up
        time.sleep(0.05)
    assert proofs.create("challenge.abc", b"y") > 0


def test_a_stream_that_forgets_nothing_refuses_a_time_to_live(loop: NatsLoop) -> None:
    with pytest.raises(OperationalError, match="TTL"):
        KeyValue.bucket(loop, "IAM_ALIASES").create("a", b"v", ttl_seconds=1)


class Keys:
    """A server that keeps its files, with both roles that touch keys."""

    def __init__(self, server: EmbeddedServer, api: NatsLoop, erasure: NatsLoop) -> None:
        self.store = JetStreamKeyStore(api)
        self.shredder = JetStreamKeyShredder(erasure)
        self.values = KeyValue.bucket(erasure, "IAM_KEYS")
        self.api_values = KeyValue.bucket(api, "IAM_KEYS")
        self._files = server.store

    def on_disk(self, needle: bytes) -> bool:
        return any(needle in path.read_bytes() for path in self._files.rglob("*") if path.is_file())


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Keys]:
    with EmbeddedServer(tmp_path) as server:
        provision(server.credentials("provision"))
        with NatsLoop(server.credentials("api")) as api, NatsLoop(server.credentials("erasure")) as erasure:
            yield Keys(server, api, erasure)


def test_the_key_store_keeps_names_and_revisions(kept: Keys) -> None:
    store = kept.store
    assert store.get("account.1/AIDA") is None
    first = store.create("account.1/AIDA", b"one")
    with pytest.raises(KeyConflict):
        store.create("account.1/AIDA", b"other")
    second = store.update("account.1/AIDA", b"two", first)
    with pytest.raises(KeyConflict):
        store.update("account.1/AIDA", b"three", first)
    store.create("account.1/AIDB", b"b")
    assert store.get("account.1/AIDA") == Kept(b"two", second)
    assert store.names() == ["account.1/AIDA", "account.1/AIDB"]


# SECURITY rule 12
def test_shredding_overwrites_what_is_superseded_in_the_files_too(kept: Keys) -> None:
    old, new, other = b"wrapped-key-old-4711", b"wrapped-key-new-4711", b"wrapped-key-of-another"
    revision = kept.store.create("account.1/AIDA", old)
    kept.store.create("account.1/AIDB", other)
    kept.store.update("account.1/AIDA", new, revision)
    assert kept.on_disk(old)  # JetStream keeps every revision until it is erased
    assert kept.shredder.shred_superseded("account.1/AIDA") == 1
    assert not kept.on_disk(old)
    assert kept.on_disk(new)
    assert list(kept.shredder.messages()) == [("account.1/AIDB", other), ("account.1/AIDA", new)]
    assert kept.shredder.shred_superseded("account.1/AIDA") == 0


def test_erasing_a_key_leaves_nothing_of_it(kept: Keys) -> None:
    for revision in (0, 1):
        kept.store.update("account.1/AIDA", b"secret-%d-4711" % revision, revision)
    assert kept.values.erase("account.1/AIDA") == 2
    assert kept.store.get("account.1/AIDA") is None
    assert list(kept.values.revisions()) == []
    assert not kept.on_disk(b"-4711")


def test_the_running_role_cannot_erase(kept: Keys) -> None:
    kept.store.create("account.1/AIDA", b"one")
    with pytest.raises(OperationalError, match="may not publish"):
        kept.api_values.erase("account.1/AIDA")
    assert kept.store.get("account.1/AIDA") is not None


def test_erasing_what_an_earlier_try_erased_is_no_error(kept: Keys) -> None:
    revision = kept.store.create("account.1/AIDA", b"one")
    kept.store.update("account.1/AIDA", b"two", revision)
    kept.values._overwrite(revision)
    kept.values._overwrite(revision)
    assert kept.shredder.shred_superseded("account.1/AIDA") == 0
