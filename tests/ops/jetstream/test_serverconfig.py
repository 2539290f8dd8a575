"""Lint over every server configuration we write or ship (SECURITY regression row 29)."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from muniment.ops.jetstream.child import find_binary
from muniment.ops.jetstream.permissions import ROLES
from muniment.ops.jetstream.serverconfig import ServerConfig

NODE = Path(__file__).parents[3] / "ops" / "deploy" / "nats" / "node.conf"
KEY = "UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4"
FORBIDDEN = (
    "mqtt",
    "websocket",
    "leafnodes",
    "leafnode",
    "gateway",
    "no_auth_user",
    "password",
    "token",
    "user:",
    "https",
    "monitor_port",
    "http_port",
    "trace",
    "debug",
    "cipher",
    "resolver",
    "profile",
)


def statements(text: str) -> str:
    """The configuration without its comments."""
    return "\n".join(re.sub(r"(^|\s)#.*", "", line) for line in text.splitlines())


def embedded(tmp_path: Path) -> str:
    return ServerConfig("embedded", tmp_path / "nats", dict.fromkeys(ROLES, KEY), ports_dir=tmp_path).render()


@pytest.mark.parametrize("which", ["embedded", "node"])
def test_only_the_client_listener_is_open_and_the_monitor_is_on_loopback(tmp_path: Path, which: str) -> None:
    text = statements(embedded(tmp_path) if which == "embedded" else NODE.read_text())
    for word in FORBIDDEN:
        assert not re.search(rf"^\s*{word}\b", text, re.M | re.I), word
    (monitor,) = re.findall(r"^http: *(.+)$", text, re.M)
    assert monitor in ('"127.0.0.1:-1"', "$MUNIMENT_NATS_MONITOR")
    assert "sync_interval: always" in text
    assert "compression" not in text
    assert "async" not in text
    if which == "embedded":
        assert re.findall(r"^listen: *(.+)$", text, re.M) == ['"127.0.0.1:-1"']
    else:
        assert text.count('min_version: "1.3"') == 2
        assert "verify: true" in text


def test_an_ephemeral_server_does_not_sync(tmp_path: Path) -> None:
    text = ServerConfig("embedded", tmp_path, {}, sync_always=False).render()
    assert 'sync_interval: "2m"' in text


def test_nats_server_accepts_what_we_render_and_ship(tmp_path: Path) -> None:
    config = tmp_path / "nats.conf"
    config.write_text(embedded(tmp_path))
    environment = {
        **os.environ,
        "MUNIMENT_NATS_NAME": "nats-1",
        "MUNIMENT_NATS_LISTEN": "127.0.0.1:0",
        "MUNIMENT_NATS_MONITOR": "127.0.0.1:0",
        "MUNIMENT_NATS_ROUTES_AT": "127.0.0.1:0",
        "MUNIMENT_NATS_ROUTES": "[]",
        "MUNIMENT_NATS_STORE": str(tmp_path),
        **certificates(tmp_path),
        **{f"MUNIMENT_NKEY_{role.upper()}": KEY[:-1] + "4" for role in ROLES},
    }
    for file in (config, NODE):
        done = subprocess.run(
            [str(find_binary()), "-t", "-c", str(file)], env=environment, capture_output=True, text=True
        )
        assert "is valid" in done.stderr + done.stdout or "duplicate" in done.stderr.lower(), done.stderr


def certificates(folder: Path) -> dict[str, str]:
    import trustme

    authority = trustme.CA()
    node = authority.issue_cert("127.0.0.1")
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    node.cert_chain_pems[0].write_to_path(str(folder / "node.pem"))
    node.private_key_pem.write_to_path(str(folder / "node.key"))
    return {
        "MUNIMENT_NATS_CA": str(folder / "ca.pem"),
        "MUNIMENT_NATS_CERT": str(folder / "node.pem"),
        "MUNIMENT_NATS_KEY": str(folder / "node.key"),
    }


@pytest.mark.parametrize("name", ['a"b', "a\nb", "a\\b"])
def test_a_path_that_would_end_its_quotes_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="no quotes"):
        ServerConfig("embedded", tmp_path / name, {}).render()
