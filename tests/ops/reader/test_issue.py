"""Credentials of readers: for an external server an operator is told what to add to its configuration."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from muniment.client import Access
from muniment.ops import founding
from muniment.ops.connection import LogServer
from muniment.ops.host import Host
from muniment.ops.jetstream.permissions import render_accounts
from muniment.ops.jetstream.settings import new_seed, public_key
from muniment.ops.reader.credential import BadCredential, OwnSignature, load
from muniment.ops.reader.issue import issue
from muniment.ops.settings import BadSetting, Settings

NATS_SERVER = Path(sys.executable).with_name("nats-server")


@pytest.fixture
def host(tmp_path):
    """A log whose administration stays open, as an operator's of an external server does."""
    settings = Settings(data=tmp_path / "data", ephemeral=True)
    settings.data.mkdir()
    server = LogServer(settings)
    server.open()
    try:
        found = Host(settings, server)
        with found.ledger() as ledger:
            founding.found(ledger, settings)
            yield found
        found.close()
    finally:
        server.close()


def test_the_configuration_that_is_shown_is_one_that_a_server_takes(host, tmp_path):
    administrator = host._server.as_role("provision")
    issued = issue(host, "shop", "", 2, administrator)
    assert issued.credential.consumers == ("reader-shop-0", "reader-shop-1")
    assert issued.credential.seed not in issued.configuration
    assert not (host.settings.data / "readers.json").exists()
    users = {name: public_key(new_seed()) for name in ("api", "decisions")}
    accounts = render_accounts(users).replace("accounts {", f"accounts {{\n{issued.configuration}", 1)
    config = tmp_path / "nats.conf"
    config.write_text(f"jetstream {{ store_dir: {tmp_path}/store }}\n{accounts}\n")
    done = subprocess.run([NATS_SERVER, "-c", config, "-t"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["", "A", "a.b", "a b", "-a", "a" * 33, "a>*"])
def test_a_name_that_would_be_more_than_a_name_is_refused(host, name):
    with pytest.raises(BadSetting, match="cannot name a reader"):
        issue(host, name)


def test_a_credential_shows_no_seed_and_reads_back(host, tmp_path):
    found = issue(host, "shop", "", 1, host._server.as_role("provision")).credential
    found.save(tmp_path / "shop.json")
    read = load(tmp_path / "shop.json")
    assert msgspec.json.decode(read.keys) == msgspec.json.decode(found.keys)
    assert msgspec.structs.replace(read, keys=found.keys) == found
    assert found.seed not in repr(found)


@pytest.mark.parametrize("damage", [b"", b"{}", b"[1]", b"\xff"])
def test_a_damaged_file_is_named(tmp_path, damage):
    path = tmp_path / "x.json"
    path.write_bytes(damage)
    path.chmod(0o600)
    with pytest.raises(BadCredential, match=r"x\.json"):
        Access.open(path)


def test_a_file_of_another_release_or_without_a_seed_is_named(host, tmp_path):
    found = issue(host, "shop", "", 1, host._server.as_role("provision")).credential
    for changes, says in (({"format": 2}, "another release"), ({"seed": "SUnonsense"}, "not a reader's credential")):
        msgspec.structs.replace(found, **changes).save(tmp_path / "x.json")
        with pytest.raises(BadCredential, match=says):
            load(tmp_path / "x.json")


def test_only_the_owner_s_signature_is_its_own():
    one, other = OwnSignature(new_seed()), OwnSignature(new_seed())
    key, signature = one.sign(b"x")
    assert one.verify(key, signature, b"x")
    assert not one.verify(key, signature, b"y")
    assert not other.verify(key, signature, b"x")
    assert not other.verify(*other.sign(b"z")[:1], signature, b"x")
