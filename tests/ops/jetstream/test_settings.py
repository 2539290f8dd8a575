"""Connection settings: no secret in a URL, a repr or a readable file; the three kinds of credentials."""

from __future__ import annotations

import secrets
from pathlib import Path

import nkeys
import pytest

from muniment.ops.jetstream.settings import BadSettings, ConnectionSettings, Credentials, write_private

SEED = nkeys.encode_seed(secrets.token_bytes(32), nkeys.PREFIX_BYTE_USER).decode()
CREDS = f"""-----BEGIN NATS USER JWT-----
eyJ0eXAiOiJKV1QiLCJhbGciOiJlZDI1NTE5LW5rZXkifQ.e30.c2ln
------END NATS USER JWT------

************************* IMPORTANT *************************
-----BEGIN USER NKEY SEED-----
{SEED}
------END USER NKEY SEED------
"""


def file(folder: Path, text: str, mode: int = 0o600) -> Path:
    target = folder / "user.creds"
    target.write_text(text)
    target.chmod(mode)
    return target


def test_a_creds_file_gives_jwt_and_seed(tmp_path: Path) -> None:
    own = Credentials.from_file(file(tmp_path, CREDS))
    assert own.seed == SEED
    assert own.jwt.startswith("eyJ0eXAi")
    options = ConnectionSettings(("nats://a",), own).connect_options("nonce")
    assert set(options) == {"sig", "jwt"}


def test_a_seed_file_gives_the_public_key_and_a_signature_over_the_nonce(tmp_path: Path) -> None:
    import base64

    settings = ConnectionSettings.external("nats://a", "api", credentials_file=file(tmp_path, SEED + "\n"))
    options = settings.connect_options("nonce")
    pair = nkeys.from_seed(bytearray(SEED.encode()))
    assert options["nkey"] == pair.public_key.decode()
    assert pair.verify(b"nonce", base64.b64decode(options["sig"]))
    assert settings.inbox_prefix == "_INBOX_api"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_credentials_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(BadSettings, match="chmod 600"):
        Credentials.from_file(file(tmp_path, CREDS, mode))


def test_a_file_that_holds_neither_is_refused_without_showing_it(tmp_path: Path) -> None:
    with pytest.raises(BadSettings) as refused:
        Credentials.from_file(file(tmp_path, "hunter2"))
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("url", ["nats://user:secret@host", "nats://token@host"])
def test_a_url_with_credentials_is_refused_without_showing_them(url: str) -> None:
    with pytest.raises(BadSettings, match="must not carry credentials") as refused:
        ConnectionSettings((url,))
    assert "secret" not in str(refused.value)
    assert "token@" not in str(refused.value)


@pytest.mark.parametrize("urls", ["http://host", "host:4222", "", "nats://"])
def test_what_is_no_nats_url_is_refused(urls: str) -> None:
    with pytest.raises(BadSettings):
        ConnectionSettings.external(urls, "api")


def test_several_servers_and_default_ports() -> None:
    settings = ConnectionSettings.external("nats://a, tls://b:5000,nats://[::1]:1", "decisions")
    assert settings.addresses == [("a", 4222), ("b", 5000), ("::1", 1)]
    assert settings.tls is not None  # one tls:// is enough: nothing goes out in clear


def test_secrets_stay_out_of_reprs() -> None:
    own = Credentials(seed=SEED, jwt="jjj.jjj", user="ana", password="ppppp", token="ttttt")
    text = repr(ConnectionSettings(("nats://a",), own))
    assert "ana" in text
    for secret in (SEED, "jjj.jjj", "ppppp", "ttttt"):
        assert secret not in text


def test_user_password_and_token_go_into_the_connect_message() -> None:
    options = ConnectionSettings(("nats://a",), Credentials(user="ana", password="p", token="t")).connect_options("")
    assert options == {"user": "ana", "pass": "p", "auth_token": "t"}


def test_a_private_file_is_private_from_its_first_byte_and_replaces_the_old_one(tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.write_text("old")
    target.chmod(0o644)
    write_private(target, "new")
    assert target.read_text() == "new"
    assert target.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
