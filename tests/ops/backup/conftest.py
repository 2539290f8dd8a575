"""One log with everything in it and its backup, for all tests of this folder, and a place to restore to."""

import pytest

from muniment.domain.sealing import owner
from muniment.ops.backup.backup import STREAMS, back_up
from muniment.ops.jetstream.provision import reset
from tests.ops import histories
from tests.ops.backup.places import fresh
from tests.ops.realm import realm


@pytest.fixture(scope="package")
def origin(tmp_path_factory):
    """A log with everything in it: entries, activity, heads, sealed values, an erased principal."""
    with realm(tmp_path_factory.mktemp("origin") / "heads.log") as running:
        running.write()
        running.sign()
        running.write(histories.sequel())
        with running.ledger() as ledger:
            ana = ledger.boundaries.get(histories.BOUNDARY).users["ana"]
            histories.erase(ledger, ana.id)
        running.sign()
        running.erased = owner(histories.BOUNDARY, ana.id)
        yield running


@pytest.fixture(scope="package")
def copies(origin, tmp_path_factory):
    """The two files of a backup."""
    folder = tmp_path_factory.mktemp("copies")
    path, keys = folder / "log", folder / "keys"
    sources = [origin.source(name) for name in STREAMS]
    back_up(sources, origin.ring, origin.heads, path, store=origin.store, keys_path=keys)
    return path, keys


@pytest.fixture(scope="package")
def target(tmp_path_factory, origin):
    with realm(tmp_path_factory.mktemp("target") / "heads.log") as running:
        running.keks = origin.keks  # the operator has put the key-encryption key there
        yield running


@pytest.fixture
def empty(target):
    """A provisioned, empty server."""
    reset(target.server.credentials("provision"))
    target.file.close()
    target.file.path.unlink(missing_ok=True)
    target.ring, target.heads = fresh(target)
    return target
