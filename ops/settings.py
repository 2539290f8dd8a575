"""What an operator chooses, checked once before anything starts; every refusal says what to do instead."""

import ipaddress
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

import msgspec
import platformdirs

from muniment.domain.ids import is_account_number

Role = Literal["all", "api", "decisions"]

PORT_DEFAULT: Final = 8020
REGION_DEFAULT: Final = "us-east-1"


class BadSetting(ValueError):
    """A choice that cannot be run; the message says what to change."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The choices of `muniment serve`."""

    data: Path
    host: str = "127.0.0.1"
    port: int = PORT_DEFAULT
    public_url: str = ""
    tls_cert: Path | None = None
    tls_key: Path | None = None
    trusted_proxies: tuple[str, ...] = ()
    ephemeral: bool = False
    nats: str = ""  # an external server's URL; empty runs the embedded one
    nats_credentials: Path | None = None
    nats_ca: Path | None = None
    nats_cert: Path | None = None
    nats_key: Path | None = None
    nats_answers: Path | None = None  # credentials of the role `answers`: decisions are then asked for over NATS too
    nats_monitors: tuple[str, ...] = ()  # monitoring URLs of an external log's servers
    role: Role = "all"
    ready_file: Path | None = None
    account_id: str = ""
    email: str = "root@muniment.invalid"
    timeline: str = ""  # a PostgreSQL URL; empty keeps the timeline in SQLite
    log_reads: bool = True
    federation_allow: tuple[str, ...] = ()  # host:port of identity providers that may have private addresses
    federation_ca: Path | None = None  # further authorities that identity providers' certificates may be signed by
    saml_audience: str = ""  # whom SAML assertions must be made for; empty: the endpoint and `/saml`
    rotation_allow: tuple[
        str, ...
    ] = ()  # host:port of rotation targets that may have private addresses; folder:port of sockets
    rotation_ca: Path | None = None  # further authorities that targets' certificates may be signed by
    rotation_nats: str = ""  # where rotation functions answer on NATS; empty: none is asked
    rotation_nats_credentials: Path | None = None
    decision_log: float = 1.0  # the share of decisions that is logged: 0 none, 1 every one
    decision_days: int | None = None  # for how many days the decision log is kept; None: as it is, at first 30
    region: str = REGION_DEFAULT
    kek: str = ""  # where the key-encryption key comes from: file:PATH, env:NAME or command:…

    def __post_init__(self) -> None:
        self._check_exposure()
        self._check_tls()
        if self.account_id and not is_account_number(self.account_id):
            raise BadSetting(f"`--account-id {self.account_id}` is not an account number: give 12 digits")
        if self.account_id.startswith("0"):
            raise BadSetting("an account number does not begin with 0 here: the log keeps 000000000000 for nobody")
        if "@" not in self.email:
            raise BadSetting(f"`--email {self.email}` is not an e-mail address")
        if self.ephemeral and self.nats:
            raise BadSetting("`--ephemeral` keeps nothing and so cannot use an external server: leave out `--nats`")
        if self.decision_days is not None and self.nats:
            raise BadSetting(
                "an external server's streams are provisioned: give `--decision-days` to `muniment provision`"
            )
        if self.role != "all" and not self.nats:
            raise BadSetting(f"`--role {self.role}` is one of several processes on one log: name it with `--nats URL`")

        self._check_monitors()
        self._check_federation()
        self._check_rotation()

    @property
    def secure(self) -> bool:
        """Whether this process itself speaks TLS."""
        return self.tls_cert is not None

    @property
    def ledger_file(self) -> Path:
        """Snapshots of long boundaries."""
        return self.data / "snapshots.sqlite"

    def _check_exposure(self) -> None:
        """DESIGN §8: keys do not travel in clear text over a network."""
        if _is_loopback(self.host) or self.tls_cert is not None or self.trusted_proxies:
            return
        raise BadSetting(
            f"`--host {self.host}` would let credentials and answers travel in clear text: give `--tls-cert` and "
            "`--tls-key`, or name the TLS-terminating proxy in front with `--trusted-proxy ADDRESS`"
        )

    def _check_federation(self) -> None:
        for place in self.federation_allow:
            host, _, port = place.rpartition(":")
            if not host or not port.isdigit():
                raise BadSetting(f"`--federation-allow {place}` is not HOST:PORT, such as id.internal:443")
        if self.federation_ca is not None and not self.federation_ca.is_file():
            raise BadSetting(f"`{self.federation_ca}` does not exist")

    def _check_rotation(self) -> None:
        for place in self.rotation_allow:
            host, _, port = place.rpartition(":")
            if not host or not port.isdigit():
                raise BadSetting(f"`--rotation-allow {place}` is not HOST:PORT, such as db.internal:5432")
        for path in (self.rotation_ca, self.rotation_nats_credentials):
            if path is not None and not path.is_file():
                raise BadSetting(f"`{path}` does not exist")
        if self.rotation_nats_credentials is not None and not self.rotation_nats:
            raise BadSetting("`--rotation-nats-credentials` belongs to `--rotation-nats URL`: give that too")

    def _check_monitors(self) -> None:
        if self.nats_monitors and not self.nats:
            raise BadSetting("`--nats-monitor` belongs to an external log: give `--nats URL` too, or leave it out")
        for url in self.nats_monitors:
            found = urlsplit(url)
            if found.scheme not in ("http", "https") or not found.hostname or found.query or found.fragment:
                raise BadSetting(f"`--nats-monitor {url}` is not a URL such as http://127.0.0.1:8222")
            if found.username or found.password:
                raise BadSetting("a monitoring URL is shown by /readyz, so it must not hold a password")

    def _check_tls(self) -> None:
        if (self.tls_cert is None) != (self.tls_key is None):
            raise BadSetting("`--tls-cert` and `--tls-key` go together")
        for path in (self.tls_cert, self.tls_key):
            if path is not None and not path.is_file():
                raise BadSetting(f"`{path}` does not exist")
        for proxy in self.trusted_proxies:
            try:
                ipaddress.ip_network(proxy, strict=False)
            except ValueError:
                raise BadSetting(f"`--trusted-proxy {proxy}` is neither an IP address nor a CIDR block") from None


def default_data() -> Path:
    """Where this user's Muniment keeps its data: `~/.local/share/muniment` on Linux (XDG_DATA_HOME is honoured)."""
    return Path(platformdirs.user_data_path("muniment"))


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
