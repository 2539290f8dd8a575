"""Issuing a reader's credential: its consumers, its place in the NATS server's configuration, and the file it is handed."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from muniment.domain.secret.state import boundary_of
from muniment.domain.secret.versions import SecretVersionPromoted
from muniment.domain.site.state import SITE, Site
from muniment.ops.host import Host
from muniment.ops.jetstream.errors import NatsError
from muniment.ops.jetstream.loop import NatsLoop
from muniment.ops.jetstream.permissions import foreign_reader, render_reader
from muniment.ops.jetstream.provision import provision_followers
from muniment.ops.jetstream.readers import ReaderEntry, load_readers, save_readers
from muniment.ops.jetstream.settings import ConnectionSettings, new_seed, public_key
from muniment.ops.keys.verification import export
from muniment.ops.reader.credential import FORMAT, ReaderCredential
from muniment.ops.settings import BadSetting

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
ADMITTED_SECONDS_MAX = 20.0
LOOK_SECONDS = 0.1
CONSUMER_PREFIX = "reader-"


class Issued(msgspec.Struct, frozen=True):
    """A new credential, and what an operator of an external cluster has to add to its configuration."""

    credential: ReaderCredential
    configuration: str


def issue(
    host: Host,
    name: str,
    account: str = "",
    processes: int = 1,
    administrator: ConnectionSettings | None = None,
    secrets: Sequence[str] = (),
) -> Issued:
    """Make a reader of one account, or of all where none is named; with `secrets`, one that is told of new values of these
    secrets of the account, and of nothing else. `administrator` is for an external server.

    Raises BadSetting, NatsError.
    """
    if not NAME.fullmatch(name):
        raise BadSetting(f"`{name}` cannot name a reader: lower-case letters, digits and `-`, at most 32")
    boundaries = boundaries_of(host, account) if account else ()
    if secrets:
        boundaries = promotions_of(account, secrets)
    seed = new_seed()
    consumers = tuple(f"{CONSUMER_PREFIX}{name}-{number}" for number in range(processes))
    entry = ReaderEntry(name, public_key(seed), consumers, boundaries, account)
    if administrator is None:
        _register(host.settings.data, entry)
    else:
        provision_followers(administrator, consumers, boundaries)
    connection = host.as_role("api")
    credential = ReaderCredential(
        format=FORMAT,
        name=name,
        url=",".join(connection.urls),
        seed=seed,
        epoch=host.epoch(),
        consumers=consumers,
        keys=msgspec.Raw(export(host.ring.entries.public())),
        account=account,
        boundaries=boundaries,
        ca=str(host.settings.nats_ca or ""),
    )
    if administrator is None:
        _wait_admitted(credential)
    return Issued(credential, render_reader(foreign_reader(name, "IAM", *consumers), entry.key))


def renew(host: Host, credential: ReaderCredential) -> ReaderCredential:
    """The same credential with the keys and addresses of now: after signing keys were rotated, or a server has moved."""
    return msgspec.structs.replace(
        credential,
        url=",".join(host.as_role("api").urls),
        keys=msgspec.Raw(export(host.ring.entries.public())),
        epoch=host.epoch(),
    )


def withdraw(data: Path, name: str) -> bool:
    """Let a reader connect no more; False where there is none of that name. Embedded servers only."""
    readers = load_readers(data)
    left = tuple(reader for reader in readers if reader.name != name)
    if len(left) == len(readers):
        return False
    save_readers(data, left)
    return True


def boundaries_of(host: Host, account: str) -> tuple[str, ...]:
    """What decisions for an account are made from: the account, and the organization it is in. Raises BadSetting."""
    with host.ledger() as ledger:
        site = ledger.boundaries.get(SITE)
    if not isinstance(site, Site) or (known := site.accounts.get(account)) is None:
        raise BadSetting(f"there is no account {account}")
    organization = (f"organization.{known.organization}",) if known.organization else ()
    return (f"account.{account}", *organization)


def promotions_of(account: str, secrets: Sequence[str]) -> tuple[str, ...]:
    """The change events of these secrets, by name. Raises BadSetting."""
    if not account:
        raise BadSetting("`--secret` needs the account whose secrets they are: give `--account` too")
    return tuple(f"{boundary_of(account, name)}.{SecretVersionPromoted.__name__}" for name in secrets)


def _register(data: Path, entry: ReaderEntry) -> None:
    readers = load_readers(data)
    if any(reader.name == entry.name for reader in readers):
        raise BadSetting(f"there is a reader `{entry.name}` already: remove it first with `muniment readers remove`")
    save_readers(data, (*readers, entry))


def _wait_admitted(credential: ReaderCredential) -> None:
    """Wait until the supervisor has let the reader in. Raises NatsError."""
    give_up = time.monotonic() + ADMITTED_SECONDS_MAX
    while True:
        try:
            _try(credential.settings(), credential.consumers)
        except NatsError:
            if time.monotonic() > give_up:
                raise
            time.sleep(LOOK_SECONDS)
        else:
            return


def _try(settings: ConnectionSettings, consumers: Sequence[str]) -> None:
    with NatsLoop(settings) as loop:
        loop.wait_ready(LOOK_SECONDS * 10)
        for consumer in consumers:
            loop.run(loop.link.request(loop.link.api(f"CONSUMER.INFO.IAM.{consumer}"), b"", 1.0))
