"""Keys on a real server: nodes agree, a rotation and an erasing leave nothing of the old keys in the server's files."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from muniment.domain.sealing import Erased
from muniment.ops.jetstream.embedded import EmbeddedServer
from muniment.ops.jetstream.keystore import JetStreamKeyShredder, JetStreamKeyStore
from muniment.ops.jetstream.loop import NatsLoop
from muniment.ops.jetstream.provision import provision
from muniment.ops.keys.erase import erase, find_in_files
from muniment.ops.keys.kek import KEKs
from muniment.ops.keys.keksource import KEKMemory
from muniment.ops.keys.record import decode
from muniment.ops.keys.ring import KeyRing
from muniment.ops.keys.rotate import rewrap_all

from .conftest import ANA, BOB, NEW, OLD


class Site:
    """A server with its files in a folder, and connections in the roles it takes."""

    def __init__(self, closing: ExitStack, folder: Path) -> None:
        self.folder, self._closing = folder, closing
        self.server = closing.enter_context(EmbeddedServer(folder))
        provision(self.server.credentials("provision"))
        self.store = JetStreamKeyStore(self._connected("api"))
        self.shredder = JetStreamKeyShredder(self._connected("erasure"))

    def ring(self, *keks: bytes) -> KeyRing:
        return KeyRing(JetStreamKeyStore(self._connected("api")), KEKs(KEKMemory(*keks)))

    def boxes(self, name: str) -> list[bytes]:
        return [key.box for held, value in self.shredder.messages() if held == name for key in decode("", value).keys]

    def _connected(self, role: str) -> NatsLoop:
        loop = NatsLoop(self.server.credentials(role))
        self._closing.callback(loop.close)
        loop.wait_ready(5)
        return loop


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with ExitStack() as closing:
        yield Site(closing, tmp_path)


def test_two_nodes_agree_and_read_each_other(site: Site) -> None:
    one, other = site.ring(OLD), site.ring(OLD)
    assert other.unseal(ANA, "totp", one.seal(ANA, "totp", b"seed")) == b"seed"
    assert other.verify(*one.sign(b"x"), b"x")


def test_after_a_rotation_the_files_hold_nothing_the_old_key_opens(site: Site) -> None:
    ring = site.ring(OLD)
    sealed, signed = ring.seal(ANA, "totp", b"seed"), ring.sign(b"x")
    old = [*site.boxes(f"data.{ANA}"), *site.boxes("signing.entries")]
    assert find_in_files(site.folder, old)
    assert rewrap_all(site.store, KEKs(KEKMemory(NEW, OLD)), site.shredder).is_complete
    assert find_in_files(site.folder, old) == []
    only_new = site.ring(NEW)
    assert only_new.unseal(ANA, "totp", sealed) == b"seed"
    assert only_new.verify(*signed, b"x")


def test_an_erased_owners_key_is_in_no_file_and_stays_erased_after_a_restart(site: Site) -> None:
    ring = site.ring(OLD)
    ana, bob = ring.seal(ANA, "source", b"192.0.2.1"), ring.seal(BOB, "source", b"192.0.2.2")
    gone, kept = site.boxes(f"data.{ANA}"), site.boxes(f"data.{BOB}")
    assert find_in_files(site.folder, gone)
    done = erase(ring, site.shredder, ANA)
    assert (done.key_ids, done.messages_overwritten) == ((ana.key,), 1)
    assert find_in_files(site.folder, gone) == []
    assert find_in_files(site.folder, kept)
    again = site.ring(OLD)
    with pytest.raises(Erased):
        again.unseal(ANA, "source", ana)
    with pytest.raises(Erased):
        again.prepare(ANA)
    assert again.unseal(BOB, "source", bob) == b"192.0.2.2"
