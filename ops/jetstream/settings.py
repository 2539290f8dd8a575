"""Where a NATS server is and how one role proves itself there: the same for the embedded and for external servers."""

from __future__ import annotations

import base64
import json
import os
import secrets
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import nkeys

DEFAULT_PORT = 4222
CREDS_BEGIN = "-----BEGIN "
# These share the account of the streams; every other role lives in an account of its own.
ROLES_IN_LOG = ("provision", "api")
CREDS_END = "------END "


class BadSettings(ValueError):
    """The given URL, credentials or TLS files cannot be used; the message says why."""


@dataclass(frozen=True)
class Credentials:
    """How one user proves itself; every field but `user` is a secret and stays out of reprs.

    `seed` is an nkey user seed (`SU…`); `jwt` accompanies it when it comes from a `.creds` file.
    """

    seed: str = field(default="", repr=False)
    jwt: str = field(default="", repr=False)
    user: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)

    @classmethod
    def from_file(cls, path: Path) -> Credentials:
        """Read a `.creds` file (JWT and seed), or a file that holds just an nkey seed.

        Raises BadSettings when the file is neither, or others on this machine may read it.
        """
        if path.stat().st_mode & 0o077:
            raise BadSettings(f"credentials file `{path}` is readable by others: run `chmod 600 {path}`")
        text = path.read_text()
        if text.strip().startswith("SU"):
            return cls(seed=text.strip())
        blocks = _blocks(text)
        if "USER NKEY SEED" not in blocks:
            raise BadSettings(f"`{path}` holds neither a NATS `.creds` block nor an nkey seed")
        return cls(seed=blocks["USER NKEY SEED"], jwt=blocks.get("NATS USER JWT", ""))


def _blocks(text: str) -> dict[str, str]:
    blocks: dict[str, str] = {}
    name = ""
    for line in text.splitlines():
        stripped = line.strip()
        if stripped.startswith(CREDS_BEGIN):
            name = stripped.removeprefix(CREDS_BEGIN).strip("-").strip()
        elif stripped.startswith(CREDS_END):
            name = ""
        elif name and stripped:
            blocks[name] = blocks.get(name, "") + stripped
    return blocks


@dataclass(frozen=True)
class ConnectionSettings:
    """Everything needed to connect as one role.

    `inbox_prefix` is the subject prefix for answers; our permissions give each role its own (`_INBOX_<role>`), so
    that no role can listen to another's answers. `api_prefix` is where the role finds JetStream's API.
    """

    urls: tuple[str, ...]
    credentials: Credentials = Credentials()
    tls: ssl.SSLContext | None = field(default=None, repr=False)
    inbox_prefix: str = "_INBOX"
    api_prefix: str = "$JS.API"
    name: str = "muniment"

    def __post_init__(self) -> None:
        if not self.urls:
            raise BadSettings("no NATS URL given")
        for url in self.urls:
            parts = urlsplit(url)
            if parts.scheme not in ("nats", "tls") or not parts.hostname:
                raise BadSettings(
                    f"`{parts.scheme}://{parts.hostname or ''}` is not a NATS URL: use `nats://host:port` or `tls://host:port`"
                )
            if parts.username or parts.password:
                raise BadSettings("a NATS URL must not carry credentials: put them in a file and name the file")

    @classmethod
    def external(
        cls,
        urls: str,
        role: str,
        *,
        credentials_file: Path | None = None,
        tls_ca: Path | None = None,
        tls_cert: Path | None = None,
        tls_key: Path | None = None,
    ) -> ConnectionSettings:
        """Settings for servers that somebody else runs; `urls` may be several, separated by commas."""
        listed = tuple(url.strip() for url in urls.split(",") if url.strip())
        wants_tls = tls_ca is not None or tls_cert is not None or any(url.startswith("tls://") for url in listed)
        return cls(
            urls=listed,
            credentials=Credentials.from_file(credentials_file) if credentials_file else Credentials(),
            tls=tls_context(tls_ca, tls_cert, tls_key) if wants_tls else None,
            inbox_prefix=inbox_prefix(role),
            api_prefix=api_prefix(role),
            name=f"muniment-{role}",
        )

    @property
    def addresses(self) -> list[tuple[str, int]]:
        """Host and port of each URL, in the order given."""
        parts = [urlsplit(url) for url in self.urls]
        return [(part.hostname or "", part.port or DEFAULT_PORT) for part in parts]

    def connect_options(self, nonce: str) -> dict[str, Any]:
        """The authentication fields of the protocol's CONNECT message, the server's nonce signed."""
        own = self.credentials
        options: dict[str, Any] = {}
        if own.seed:
            pair = nkeys.from_seed(bytearray(own.seed.encode()))
            options["sig"] = base64.b64encode(pair.sign(nonce.encode())).decode()
            if own.jwt:
                options["jwt"] = own.jwt
            else:
                options["nkey"] = pair.public_key.decode()
        if own.user:
            options["user"], options["pass"] = own.user, own.password
        if own.token:
            options["auth_token"] = own.token
        return options

    def introduction(self, nonce: str) -> bytes:
        """The protocol's CONNECT message, in answer to a server's INFO with this nonce."""
        options = {
            "verbose": False,
            "pedantic": False,
            "lang": "python",
            "version": "1",
            "protocol": 1,
            "headers": True,
            "no_responders": True,
            "echo": False,
            "tls_required": self.tls is not None,
            "name": self.name,
            **self.connect_options(nonce),
        }
        return b"CONNECT " + msgspec.json.encode(options) + b"\r\n"


def new_seed() -> str:
    """A new nkey user seed (`SU…`): a secret."""
    seed: bytes = nkeys.encode_seed(secrets.token_bytes(32), nkeys.PREFIX_BYTE_USER)
    return seed.decode()


def public_key(seed: str) -> str:
    """The public nkey (`U…`) of a seed."""
    public: bytes = nkeys.from_seed(bytearray(seed.strip().encode())).public_key
    return public.decode()


def inbox_prefix(role: str) -> str:
    """The prefix under which only this role may listen."""
    return f"_INBOX_{role}"


def api_prefix(role: str) -> str:
    """Where a role finds JetStream's API: in its own account, or imported into it (`permissions.py` says why)."""
    return "$JS.API" if role in ROLES_IN_LOG else "LOG.API"


def tls_context(ca: Path | None, cert: Path | None, key: Path | None) -> ssl.SSLContext:
    """TLS 1.3 to servers of this authority, with this client certificate; None for the system's authorities and none."""
    context = ssl.create_default_context(cafile=str(ca) if ca else None)
    context.minimum_version = ssl.TLSVersion.TLSv1_3  # SECURITY rule 13
    if cert is not None:
        context.load_cert_chain(str(cert), str(key) if key else None)
    return context


class HostFile(msgspec.Struct, frozen=True):
    """What an embedded server leaves in its data directory, mode 0600, so that tools on the host can connect."""

    url: str
    seeds: dict[str, str]

    def __repr__(self) -> str:
        return f"HostFile(url={self.url!r}, roles={sorted(self.seeds)})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("hidden", "***")]


HOST_FILE = "nats.json"


def write_host_file(data: Path, host: HostFile) -> None:
    """Replace the host file of a data directory in one step, readable by the owner alone."""
    target = data / HOST_FILE
    write_private(target, json.dumps({"url": host.url, "seeds": host.seeds}))


def settings_on_host(data: Path, role: str) -> ConnectionSettings:
    """Settings for a tool that runs beside an embedded server on the same data directory.

    Raises BadSettings when no server has been started there or the role has no seed on disk.
    """
    target = data / HOST_FILE
    if not target.exists():
        raise BadSettings(f"no server runs on `{data}`: `{HOST_FILE}` is not there; start `muniment serve` first")
    host = msgspec.json.decode(target.read_bytes(), type=HostFile)
    if role not in host.seeds:
        raise BadSettings(f"role `{role}` has no seed in `{target}`: it has {', '.join(sorted(host.seeds))}")
    return ConnectionSettings(
        urls=(host.url,),
        credentials=Credentials(seed=host.seeds[role]),
        inbox_prefix=inbox_prefix(role),
        api_prefix=api_prefix(role),
        name=f"muniment-{role}",
    )


def write_private(target: Path, text: str) -> None:
    """Write a file with mode 0600 from its first byte on, replacing an old one in one step."""
    temporary = target.with_name(target.name + ".new")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    os.replace(temporary, target)
