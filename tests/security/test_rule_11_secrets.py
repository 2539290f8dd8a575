"""SECURITY rule 11, CVE row 27, for secrets: the log has ciphertext alone, deletion destroys the key, values are nowhere else."""

import base64
import json
import os
import shutil
import signal
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from muniment.domain.sealing import Erased, Unreadable
from muniment.domain.secret.state import CURRENT, Secret, boundary_of, value_field
from muniment.ops.host import on_host
from muniment.ops.jetstream.keystore import BUCKET, JetStreamKeyShredder
from muniment.ops.jetstream.kv import KeyValue
from muniment.ops.jetstream.loop import NatsLoop
from muniment.ops.keys.erase import find_in_files
from muniment.ops.keys.record import DATA, TOMBSTONE, decode
from muniment.ops.keys.ring import KeyRing
from tests.muniment_server import MUNIMENT, Muniment
from tests.scenarios.refusing import refused
from tests.scenarios.wire import Wire
from tests.security.test_cve_27_canaries import dresses, haystacks

STRING = "canary-string-Pq7Xw2vB9k"
BINARY = b"canary-binary-\x00\xfe-Ls83hGq1"
CANARIES = {
    "string": STRING,
    "binary": BINARY,
    "of a new version": "canary-put-Nn4T0eWz6r",
    "of an update": "canary-update-Yb5Rk8sJ1c",
    "of a conflict": "canary-conflict-Hd2Vm6uF3x",
    "given twice": "canary-both-Cg9Ea4oQ7z",
    "in no JSON": "canary-broken-Ku1Mi5yT8w",
    "where none belongs": "canary-misplaced-Zf6Ot3bL0p",
    "deleted": "canary-deleted-Rj8Sx1nD4v",
    "of another type": "canary-typed-Ga3Wc7hE2m",
}
TOKEN = "t" * 32


def _use(server):
    """Every way in which a value comes and goes; what was answered to requests that were refused."""
    secrets = server.client("secretsmanager", parameter_validation=False)
    secrets.create_secret(Name="string", SecretString=STRING, ClientRequestToken=TOKEN)
    secrets.create_secret(Name="binary", SecretBinary=BINARY)
    secrets.put_secret_value(SecretId="string", SecretString=CANARIES["of a new version"], VersionStages=["AWSPENDING"])
    secrets.update_secret(SecretId="string", SecretString=CANARIES["of an update"], Description="known to all")
    secrets.create_secret(Name="gone", SecretString=CANARIES["deleted"])
    assert secrets.get_secret_value(SecretId="string", VersionId=TOKEN)["SecretString"] == STRING
    assert secrets.get_secret_value(SecretId="binary")["SecretBinary"] == BINARY
    assert len(secrets.batch_get_secret_value(SecretIdList=["string", "binary", "gone"])["SecretValues"]) == 3
    secrets.delete_secret(SecretId="gone", ForceDeleteWithoutRecovery=True)
    with refused("ResourceExistsException"):
        secrets.put_secret_value(SecretId="string", SecretString=CANARIES["of a conflict"], ClientRequestToken=TOKEN)
    with refused("InvalidParameterException"):
        secrets.create_secret(Name="both", SecretString=CANARIES["given twice"], SecretBinary=b"x")
    told = [
        json.dumps(secrets.list_secrets(), default=str),
        json.dumps(secrets.describe_secret(SecretId="string"), default=str),
    ]
    wire = Wire(server)
    headers = {"X-Amz-Target": "secretsmanager.CreateSecret", "Content-Type": "application/x-amz-json-1.1"}
    for body in (
        f'{{"Name": "x", "SecretString": "{CANARIES["in no JSON"]}", }}',
        json.dumps({"Name": "x", "Unknown": CANARIES["where none belongs"]}),
        json.dumps({"Name": "typed", "SecretString": [CANARIES["of another type"]]}),
        json.dumps({"Name": "typed", "SecretBinary": CANARIES["of another type"]}),
    ):
        told.append(wire.ask(body=body.encode(), headers=headers, service="secretsmanager").text)
    return told


@pytest.fixture(scope="module")
def left_behind(tmp_path_factory):
    """A server that was given secrets, refused some, was killed, rebuilt and backed up: what lies about."""
    folder = tmp_path_factory.mktemp("secrets")
    with Muniment(folder / "data") as server:
        told = _use(server)
        server.run(MUNIMENT, "rebuild", "directory", check=False)
        server.kill()
        server.start()
        assert server.client("secretsmanager").get_secret_value(SecretId="binary")["SecretBinary"] == BINARY
        server.stop()
        data = ("--data", str(folder / "data"))
        server.run(MUNIMENT, "backup", str(folder / "backup"), "--keys", str(folder / "keys"), *data)
        exports = [server.run(MUNIMENT, "replay", "--json", *data).stdout]
        exports.append(server.run(MUNIMENT, "replay", "--timeline", *data).stdout)
        hay = [(name, text.encode() if isinstance(text, str) else text) for name, text in enumerate([*told, *exports])]
        server.start()
        yield [*hay, *haystacks(server, folder), *haystacks(server, server.folder)]


def test_no_secret_lies_about(left_behind):
    hits = [
        (secret, dress, name)
        for secret, value in CANARIES.items()
        for dress, needle in dresses(value).items()
        for name, data in left_behind
        if needle in data
    ]
    assert hits == []


def test_the_scan_looks_where_secrets_are(left_behind):
    """That the scan above could fail: names and descriptions are in clear, in the log, in a backup and in the exports."""
    for word in (b"SecretVersionCreated", b"known to all"):
        found = {str(name).split("/")[0] for name, data in left_behind if word in data}
        assert len(found) >= 2, (word, found)


@pytest.fixture
def vault(tmp_path):
    with Muniment(tmp_path / "data") as server:
        yield server


@contextmanager
def _key_of(server, name):
    """The data key's name, a version of the secret, and the open host."""
    with on_host(server.data) as host, host.ledger() as ledger:
        secret = ledger.boundaries.get(boundary_of(server.account, name))
        assert isinstance(secret, Secret)
        yield secret, host


def _messages(host, name):
    loop = NatsLoop(host.as_role("erasure"))
    try:
        return [value for held, value in JetStreamKeyShredder(loop).messages() if held == name]
    finally:
        loop.close()


def test_every_secret_has_a_data_key_of_its_own_and_deletion_destroys_it(vault):
    secrets = vault.client("secretsmanager")
    for name in ("doomed", "other"):
        secrets.create_secret(Name=name, SecretString=f"value of {name}")
    with _key_of(vault, "other") as (other, _):
        pass
    with _key_of(vault, "doomed") as (doomed, host):
        version = doomed.staged(CURRENT)
        assert version.value.key != other.staged(CURRENT).value.key
        assert host.ring.unseal(doomed.owner, value_field(version.id), version.value) == b"value of doomed"
        with pytest.raises(Unreadable):  # the key is bound to its secret
            host.ring.unseal(other.owner, value_field(version.id), version.value)
        (record,) = _messages(host, DATA + doomed.owner)
        box = decode(DATA + doomed.owner, record).keys[0].box
        assert find_in_files(vault.data, [box])
        secrets.delete_secret(SecretId="doomed", ForceDeleteWithoutRecovery=True)
        give_up = time.monotonic() + 30
        while _messages(host, DATA + doomed.owner) != [TOMBSTONE.encode()]:
            assert time.monotonic() < give_up, "the data key was not overwritten"
            time.sleep(0.2)
        assert find_in_files(vault.data / "nats", [box]) == []
        with pytest.raises(Erased):
            KeyRing(host.store, host.keks).unseal(doomed.owner, value_field(version.id), version.value)
    assert secrets.get_secret_value(SecretId="other")["SecretString"] == "value of other"
    secrets.create_secret(Name="doomed", SecretString="again")
    assert secrets.get_secret_value(SecretId="doomed")["SecretString"] == "again"


def test_a_damaged_or_missing_data_key_fails_its_secret_alone(vault):
    secrets = vault.client("secretsmanager")
    for name in ("damaged", "missing", "whole"):
        secrets.create_secret(Name=name, SecretString=f"value of {name}")
    with _key_of(vault, "damaged") as (damaged, host):
        key = DATA + damaged.owner
        host.store.update(key, b"\x00 no record", host.store.get(key).revision)
    with _key_of(vault, "missing") as (missing, host):
        loop = NatsLoop(host.as_role("erasure"))
        KeyValue.bucket(loop, BUCKET).erase(DATA + missing.owner)
        loop.close()
    vault.stop()
    vault.start()
    for name in ("damaged", "missing"):
        with refused("DecryptionFailure", 400, r"Secrets Manager can't decrypt the protected secret text.*"):
            secrets_of(vault).get_secret_value(SecretId=name)
    assert secrets_of(vault).get_secret_value(SecretId="whole")["SecretString"] == "value of whole"
    got = secrets_of(vault).batch_get_secret_value(SecretIdList=["damaged", "whole"])
    assert [each["SecretString"] for each in got["SecretValues"]] == ["value of whole"]
    assert [each["ErrorCode"] for each in got["Errors"]] == ["DecryptionFailure"]
    assert secrets_of(vault).describe_secret(SecretId="damaged")["Name"] == "damaged"


def secrets_of(server):
    return server.client("secretsmanager")


def _nats_of(server):
    """The process id of the embedded server."""
    children = [
        child
        for each in Path(f"/proc/{server.process.pid}/task").iterdir()
        for child in (each / "children").read_text().split()
    ]
    (found,) = [int(child) for child in children if "nats" in Path(f"/proc/{child}/comm").read_text()]
    return found


def test_no_value_leaves_while_its_read_cannot_be_recorded(vault):
    """SECURITY 14: on an audit outage reads of secrets fail closed."""
    secrets = vault.client("secretsmanager", retries={"max_attempts": 0}, read_timeout=60)
    secrets.create_secret(Name="s", SecretString="value")
    assert secrets.get_secret_value(SecretId="s")["SecretString"] == "value"
    nats = _nats_of(vault)
    os.kill(nats, signal.SIGSTOP)
    try:
        with refused("ServiceUnavailableException", 503):
            secrets.get_secret_value(SecretId="s")
    finally:
        os.kill(nats, signal.SIGCONT)


def test_a_key_that_a_killed_server_left_is_destroyed_by_the_next(vault):
    """A secret is deleted, and the server killed before it came to the key."""
    secrets_of(vault).create_secret(Name="doomed", SecretString="value")
    with _key_of(vault, "doomed") as (doomed, _):
        pass
    secrets_of(vault).delete_secret(SecretId="doomed", ForceDeleteWithoutRecovery=True)
    vault.kill()
    vault.start()
    with on_host(vault.data) as host:
        give_up = time.monotonic() + 30
        while _messages(host, DATA + doomed.owner) != [TOMBSTONE.encode()]:
            assert time.monotonic() < give_up, "the data key was not overwritten"
            time.sleep(0.2)
        with host.ledger() as ledger:
            while ledger.boundaries.get(doomed.id, fresh=True).erasing:
                assert time.monotonic() < give_up, "that it was overwritten is not on record"
                time.sleep(0.2)


def test_a_restore_destroys_again_the_keys_of_secrets_that_the_log_says_were_deleted(vault, tmp_path):
    for name in ("doomed", "other"):
        secrets_of(vault).create_secret(Name=name, SecretString=f"value of {name}")
    with _key_of(vault, "doomed") as (doomed, _):
        pass
    keys, log, restored = (str(tmp_path / name) for name in ("keys", "log", "restored"))
    vault.run(MUNIMENT, "backup", log, "--keys", keys, "--data", str(vault.data))  # the key is in it
    secrets_of(vault).delete_secret(SecretId="doomed", ForceDeleteWithoutRecovery=True)
    vault.run(MUNIMENT, "backup", str(tmp_path / "later"), "--data", str(vault.data))
    kek = f"file:{vault.data / 'kek'}"
    done = vault.run(
        MUNIMENT, "restore", str(tmp_path / "later"), "--keys", keys, "--data", restored, "--kek", kek
    ).stdout
    assert "1 of them erased again" in done
    shutil.copy(vault.data / "kek", tmp_path / "restored" / "kek")
    with on_host(tmp_path / "restored") as host:
        assert _messages(host, DATA + doomed.owner) == [TOMBSTONE.encode()]
    with Muniment(tmp_path / "restored") as server:
        server.root = vault.root
        assert secrets_of(server).get_secret_value(SecretId="other")["SecretString"] == "value of other"
        with refused("ResourceNotFoundException"):
            secrets_of(server).get_secret_value(SecretId="doomed")


def test_a_binary_value_comes_through_the_native_front(vault):
    secrets_of(vault).create_secret(Name="b", SecretBinary=BINARY)
    answer = Wire(vault).native("GetSecretValue", {"SecretId": "b"}, service="secretsmanager")
    assert base64.b64decode(json.loads(answer.text)["SecretBinary"]) == BINARY
