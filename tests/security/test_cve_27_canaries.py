"""SECURITY part 2, row 27: planted secrets are looked for in everything the server leaves behind, in every dress."""

import base64
import contextlib
import gzip
import os
import zlib
from pathlib import Path

import pytest

from tests.muniment_server import MUNIMENT, Muniment
from tests.scenarios.wire import Wire

SOURCE = "198.51.100.77"
AGENT = "canary-agent/7.91-Zq4kT"
PATH_SECRET = "canary-body-secret-Xw93hf"  # sent where it does not belong, so that refusals might repeat it


def dresses(secret):
    """The bytes of a secret as they might lie about: plain, hexadecimal, UTF-16, base64 at its three alignments."""
    plain = secret if isinstance(secret, bytes) else secret.encode()
    found = {"plain": plain, "hex": plain.hex().encode(), "HEX": plain.hex().upper().encode()}
    for order in ("utf-16-le", "utf-16-be"):
        found[order] = plain.decode("latin-1").encode(order)
    for shift in range(3):
        for name, encode in (("base64", base64.b64encode), ("base64url", base64.urlsafe_b64encode)):
            text = encode(b"\x00" * shift + plain).rstrip(b"=")
            found[f"{name} at {shift}"] = text[4 if shift else 0 : -4]  # what does not depend on its neighbours
    return found


def haystacks(server, folder):
    """Everything there is to look through, by name: files as they are and, where they are compressed, unpacked."""
    for path in folder.rglob("*"):
        if path.is_file() and path.name != "ready.json":  # the ready file is how root gets its key
            data = path.read_bytes()
            yield str(path.relative_to(folder)), data
            yield from _unpacked(str(path.relative_to(folder)), data)
    pids = [server.process.pid, *_children(server.process.pid)]
    for pid in pids:
        yield f"argv of {pid}", Path(f"/proc/{pid}/cmdline").read_bytes()


def environments(server):
    for pid in [server.process.pid, *_children(server.process.pid)]:
        yield f"environment of {pid}", Path(f"/proc/{pid}/environ").read_bytes()


def _children(pid):
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()] + [
        int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()
    ]


def _unpacked(name, data):
    for magic, unpack in ((b"\x1f\x8b\x08", gzip.decompress), (b"\x78\x9c", zlib.decompress)):
        start = data.find(magic)
        while start >= 0:
            with contextlib.suppress(OSError, EOFError, zlib.error):
                yield f"{name} unpacked at {start}", unpack(data[start:])
            start = data.find(magic, start + 1)


@pytest.fixture(scope="module")
def left_behind(tmp_path_factory):
    """A server that was given canaries, refused some, was restarted, rebuilt, backed up; what lies about, and the canaries."""
    folder = tmp_path_factory.mktemp("canaries")
    kek = base64.b64encode(os.urandom(32)).decode()
    environment = {"CANARY_KEK": kek}
    canaries = {"kek as given": kek.encode()[:-2], "kek": base64.b64decode(kek)}
    bodies = []
    with Muniment(
        folder / "data", "--trusted-proxy", "127.0.0.0/8", "--kek", "environment:CANARY_KEK", environment=environment
    ) as server:
        wire = Wire(server)
        dressed = {"X-Forwarded-For": SOURCE, "User-Agent": AGENT}
        canaries |= {"source": SOURCE, "agent": AGENT, "root secret": server.root["secret_access_key"]}
        for number in range(3):
            wire.call("CreateUser", UserName=f"u{number}", headers=dressed)
            made = wire.call("CreateAccessKey", UserName=f"u{number}", headers=dressed).text
            secret = made.split("<SecretAccessKey>")[1].split("<")[0]
            canaries[f"secret {number}"] = secret
            user = Wire(server, (made.split("<AccessKeyId>")[1].split("<")[0], secret))
            user.call("GetCallerIdentity", service="sts", headers=dressed)
            bodies.append(user.call("ListUsers", headers=dressed).body)
        other = wire.native(
            "CreateAccount", {"AccountName": "o", "Email": "o@example.com"}, service="muniment", headers=dressed
        )
        canaries["other root secret"] = other.text.split('SecretAccessKey":"')[1].split('"')[0]
        bodies += [answer.body for answer in _refusals(wire, dressed)]
        server.run(MUNIMENT, "rebuild", "access")
        bodies.append(wire.send("GET", "/metrics", b"", {}).body)
        bodies.append(wire.send("GET", "/readyz", b"", {}).body)
        bodies.append(wire.call("GetAccountAuthorizationDetails").body)
        bodies.append(wire.call("ListAccessKeys", UserName="u0").body)
        server.stop()
        _forget_the_announcement(server)
        server.start()
        Wire(server).call("ListUsers", headers=dressed)
        hay = list(haystacks(server, folder)) + list(haystacks(server, server.folder))
        hay += [(f"answer {number}", body) for number, body in enumerate(bodies)]
        yield hay, canaries, server


def _refusals(wire, headers):
    """Requests with a secret where none belongs: what they are told, and what is logged of them."""
    yield wire.call("CreateUser", UserName=PATH_SECRET + "!", headers=headers)
    yield wire.form(f"Action=CreateUser&Version=2010-05-08&{PATH_SECRET}=1&{PATH_SECRET}=2".encode(), headers=headers)
    yield wire.form(b"Action=CreateUser&Version=2010-05-08&UserName=%zz" + PATH_SECRET.encode(), headers=headers)
    yield wire.native("CreateUser", body=f'{{"UserName": "{PATH_SECRET}", }}'.encode(), headers=headers)
    yield wire.native("CreateUser", {"UserName": [PATH_SECRET]}, headers=headers)
    yield wire.native(
        "CreateAccount", {"Email": [PATH_SECRET], "AccountName": "x"}, service="muniment", headers=headers
    )
    yield wire.organizations("CreateAccount", f'{{"AccountName": "{PATH_SECRET}"'.encode())
    yield wire.evaluate(f'{{"subject": "{PATH_SECRET}"}}'.encode())
    yield wire.send("POST", "/", b"", {"Authorization": f"AWS4-HMAC-SHA256 Credential={PATH_SECRET}"})
    yield wire.send("POST", "/", b"", {"Authorization": f"Bearer {PATH_SECRET}"})
    yield wire.send("POST", "/?X-Amz-Security-Token=" + PATH_SECRET, b"", {})


def _forget_the_announcement(server):
    """The first start prints root's secret once, for whoever started it: that is not a leak, so it is taken out."""
    log = server.folder / "log"
    text = log.read_text()
    assert text.count(server.root["secret_access_key"]) == 1
    log.write_text(text.replace(server.root["secret_access_key"], "***"))


def test_no_canary_lies_about(left_behind):
    hay, canaries, _ = left_behind
    assert len(hay) > 20
    hits = [
        (secret, dress, name)
        for secret, value in canaries.items()
        for dress, needle in dresses(value).items()
        for name, data in hay
        if needle in data
    ]
    assert hits == []


def test_the_scan_finds_what_is_there(left_behind):
    """That the scan above could fail: names are in clear, so it must find those."""
    hay, _, server = left_behind
    assert any(b"UserCreated" in data for _, data in hay)
    assert any(server.account.encode() in data for _, data in hay)
    planted = base64.b64encode(b"x" + AGENT.encode())
    assert any(needle in planted for needle in dresses(AGENT).values())


def test_what_was_refused_is_not_in_the_log(left_behind):
    """The process's own log: no values of a request, good or bad (SECURITY 18)."""
    server = left_behind[-1]
    log = (server.folder / "log").read_bytes()
    assert log.count(b'"event": "request"') > 20
    for needle in dresses(PATH_SECRET).values():
        assert needle not in log


def test_the_embedded_server_gets_no_secret_from_its_parent(left_behind):
    """The KEK came by the environment, and stays in the process that it was given to."""
    _, canaries, server = left_behind
    own = f"environment of {server.process.pid}"
    hits = [name for name, data in environments(server) if canaries["kek as given"] in data and name != own]
    assert hits == []


def test_files_are_their_owners_alone(left_behind):
    _, _, server = left_behind
    for path in Path(server.data).rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path


def test_no_core_is_dumped_and_no_other_process_looks_in(left_behind):
    _, _, server = left_behind
    for pid in [server.process.pid]:
        limits = Path(f"/proc/{pid}/limits").read_text()
        line = next(line for line in limits.splitlines() if line.startswith("Max core file size"))
        assert line.split()[4:6] == ["0", "0"]
