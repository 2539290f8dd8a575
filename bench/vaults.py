"""A log with many secrets in one account, each with a data key and a value of its own, written through the real recorder."""

import os
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.biglog import BATCH, Writer
from muniment.commands.mapper import Prepared
from muniment.domain.ledger import Fact, Sealed
from muniment.domain.secret.naming import secret_arn
from muniment.domain.secret.rotations import SecretRotationScheduled
from muniment.domain.secret.secrets import SecretCreated
from muniment.domain.secret.state import Secret, boundary_of, value_field
from muniment.domain.secret.versions import SecretVersionCreated, SecretVersionPromoted
from muniment.domain.vault.state import SecretRegistered
from muniment.ops import founding
from muniment.ops.connection import LogServer
from muniment.ops.host import Host
from muniment.ops.jetstream.recorder import JetStreamRecorder
from muniment.ops.settings import Settings

MAKERS = 32  # threads that make data keys: each waits for the disk
VALUE = b'{"username":"shop","password":"Zq4kT7.91-Xw93hf-Pq7Xw2vB9k","host":"db.example.com","port":5432}'


def name_of(number: int) -> str:
    """The name of one of them."""
    return f"service-{number}/database"


def fill(folder: Path, secrets: int, due: int = 0) -> dict[str, str]:
    """Make the log in `folder`; the root key, which the server that starts there will not tell. `due`: a rotation's time."""
    settings = Settings(data=folder)
    folder.mkdir(parents=True)
    server = LogServer(settings)
    server.open()
    host = Host(settings, server)
    try:
        with host.ledger() as ledger:
            founded = founding.found(ledger, settings)
        assert founded is not None
        account = founded.account_id
        began = time.perf_counter()
        sealed = _seal(host, account, secrets)
        sys.stderr.write(f"  {secrets} data keys made in {time.perf_counter() - began:.0f} s\n")
        recorder, batch = JetStreamRecorder(host.loop, "IAM", "iam", str), []
        for prepared in _entries(Writer(host), account, sealed, due):
            batch.append(prepared)
            if len(batch) >= BATCH:
                recorder.insert_events([one.stored for one in batch])
                batch = []
        if batch:
            recorder.insert_events([one.stored for one in batch])
        sys.stderr.write(f"  {secrets} secrets written in {time.perf_counter() - began:.0f} s\n")
        return {
            "access_key_id": founded.root.access_key_id,
            "secret_access_key": founded.root.secret.reveal(),
            "account": account,
        }
    finally:
        host.close()
        server.close()


def _seal(host: Host, account: str, secrets: int) -> list[tuple[str, str, Sealed]]:
    """Of each secret: unique id, version id, sealed value."""
    guard = threading.Lock()
    done = 0

    def one(number: int) -> tuple[str, str, Sealed]:
        nonlocal done
        boundary, unique_id = boundary_of(account, name_of(number)), f"SECR{number:017d}"
        version = f"018bcfe5-6800-7000-8000-{number:012x}"
        owner = Secret(id=boundary)
        owner.unique_id = unique_id
        found = unique_id, version, host.ring.seal(owner.owner, value_field(version), VALUE)
        with guard:
            done += 1
            if done % 20_000 == 0:
                sys.stderr.write(f"  {done} data keys\n")
        return found

    with ThreadPoolExecutor(MAKERS) as makers:
        return list(makers.map(one, range(secrets)))


def _entries(writer: Writer, account: str, sealed: list[tuple[str, str, Sealed]], due: int) -> Iterator[Prepared]:
    for number, (unique_id, version, value) in enumerate(sealed):
        name = name_of(number)
        boundary, arn = boundary_of(account, name), secret_arn(account, name, "aBc123")
        yield writer.entry(f"vault.{account}", SecretRegistered(name, boundary, arn), account)
        facts: list[Fact] = [
            SecretCreated(account, name, unique_id, arn, "of the shop"),
            SecretVersionCreated(version, value),
            SecretVersionPromoted(version),
        ]
        if due:
            due_id = os.urandom(8).hex()
            facts.append(
                SecretRotationScheduled(
                    "muniment-generated", schedule="rate(4 hours)", overlap_seconds=300, due=due, due_id=due_id
                )
            )
        for fact in facts:
            yield writer.entry(boundary, fact, account)
