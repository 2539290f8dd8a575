"""No reader fails while secrets rotate every two seconds (FEATURES 1f, "No disruption"). The long form is run by `make heavy`."""

import json
import secrets
import threading
import time

import psycopg
import pytest
import redis

from muniment.client import Secrets
from tests.muniment_server import Muniment
from tests.ops.rotation.conftest import Database
from tests.postgres import postgres  # noqa: F401 - a fixture
from tests.redis_server import redis_server  # noqa: F401 - a fixture

ROTATE_SECONDS = 2.0
OVERLAP_SECONDS = 1
READERS = 2
WAIT_SECONDS_MAX = 0.2
SLACK_SECONDS = 0.3  # of a machine with two cores that does everything at once


@pytest.fixture(scope="module")
def rotating(postgres, redis_server):  # noqa: F811
    places = (f"{postgres.folder}:5432", f"127.0.0.1:{redis_server.port}")
    words = (word for place in places for word in ("--rotation-allow", place))
    with Muniment(None, *words, "--log-level", "warning") as server:
        yield server


@pytest.fixture
def name():
    return f"app_{secrets.token_hex(4)}"


@pytest.fixture
def database(postgres):  # noqa: F811
    return Database(postgres)


class Load:
    """Readers at work while a secret rotates. `login` takes a value and fails as the target's driver does."""

    def __init__(self, rotating, name, rotator, **settings):
        self.vault, self.name = rotating.client("secretsmanager"), name
        found = {"overlapSeconds": str(OVERLAP_SECONDS), **settings}
        metadata = [{"Key": key, "Value": value} for key, value in found.items()]
        self.rotation = {"RotationLambdaARN": f"muniment-{rotator}", "ExternalSecretRotationMetadata": metadata}
        self.rotations = self.done = 0
        self.failures, self.waits, self.others = [], [], []
        self._stop = threading.Event()

    def run(self, work, logins):
        """Rotate and read until there were so many logins, and at least two rotations."""
        threads = [threading.Thread(target=self._read, args=(work,)) for _ in range(READERS)]
        for thread in threads:
            thread.start()
        try:
            give_up = time.monotonic() + 60 + logins / 10
            while (self.done < logins or self.rotations < 2) and time.monotonic() < give_up:
                self._rotate()
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()
        assert self.failures == []
        assert self.done >= logins
        assert self.rotations >= 2
        return self

    def _rotate(self):
        began = time.monotonic()
        version = self.vault.rotate_secret(SecretId=self.name, **self.rotation)["VersionId"]
        while self.vault.describe_secret(SecretId=self.name)["VersionIdsToStages"].get(version) != ["AWSCURRENT"]:
            assert time.monotonic() - began < 30, "the rotation did not finish"
            time.sleep(0.02)
        self.rotations += 1
        time.sleep(max(0, ROTATE_SECONDS - (time.monotonic() - began)))

    def _read(self, work):
        while not self._stop.is_set():
            try:
                work()
                self.done += 1
            except Exception as error:
                self.failures.append(f"{type(error).__name__}: {error}")

    def watch(self, vault):
        """Time reads of the value, and beside them answers that no rotation holds: how late everything is on this machine."""
        while not self._stop.is_set():
            self.fetch(vault)
            began = time.monotonic()
            vault.get_random_password()
            self.others.append(time.monotonic() - began)

    def fetch(self, vault):
        """The current value; how long the server took is kept."""
        began = time.monotonic()
        found = json.loads(vault.get_secret_value(SecretId=self.name)["SecretString"])
        self.waits.append(time.monotonic() - began)
        return found


def into_postgresql(value):
    psycopg.connect(
        host=value["host"], dbname=value["dbname"], user=value["username"], password=value["password"]
    ).close()


def is_refused(error):
    return isinstance(error, psycopg.OperationalError) and "authentication failed" in str(error)


def alternating(rotating, name, database, logins):
    vault = rotating.client("secretsmanager")
    vault.create_secret(Name=name, SecretString=json.dumps(database.role(name, "old-password")))
    vault.create_secret(Name=f"{name}/admin", SecretString=json.dumps(database.admin()))
    load = Load(rotating, name, "postgresql-alternating-users", adminSecretArn=f"{name}/admin")
    load.run(lambda: into_postgresql(load.fetch(vault)), logins)


def single(rotating, name, database, logins, capsys):
    vault = rotating.client("secretsmanager")
    vault.create_secret(Name=name, SecretString=json.dumps(database.role(name, "old-password")))
    raw = []

    def login(value):
        try:
            into_postgresql(value)
        except psycopg.OperationalError as error:
            raw.append(str(error))
            raise

    load = Load(rotating, name, "postgresql-single-user")
    root = rotating.root
    with Secrets.open(rotating.endpoint, root["access_key_id"], root["secret_access_key"]) as kept:
        threading.Thread(target=load.watch, args=(vault,), daemon=True).start()
        load.run(lambda: kept.using(name, login, is_refused), logins)
    assert all("authentication failed" in each for each in raw)
    assert max(load.waits) <= WAIT_SECONDS_MAX + max(SLACK_SECONDS, 2 * max(load.others))
    with capsys.disabled():
        longest = max(load.waits) * 1_000
        print(
            f"\n{load.done} logins, {load.rotations} rotations, {len(raw)} raw failures, longest wait {longest:.0f} ms, "
            f"of others {max(load.others) * 1_000:.0f} ms"
        )


def with_redis(rotating, name, server, logins):
    place = {"host": "127.0.0.1", "port": server.port}
    with server.as_admin() as admin:
        admin.execute_command("ACL", "SETUSER", name, "on", ">old-password", "~*", "+ping")
    vault = rotating.client("secretsmanager")
    vault.create_secret(Name=name, SecretString=json.dumps({**place, "username": name, "password": "old-password"}))
    keeper = {**place, "username": "admin", "password": server.password}
    vault.create_secret(Name=f"{name}/admin", SecretString=json.dumps(keeper))
    load = Load(rotating, name, "redis-acl-user", adminSecretArn=f"{name}/admin")

    def login():
        value = load.fetch(vault)
        with redis.Redis("127.0.0.1", value["port"], username=value["username"], password=value["password"]) as client:
            client.ping()

    load.run(login, logins)


def test_no_plain_reader_fails_while_users_alternate(rotating, name, database):
    alternating(rotating, name, database, 200)


def test_no_reader_through_the_client_fails_while_one_password_becomes_another(rotating, name, database, capsys):
    single(rotating, name, database, 300, capsys)


def test_no_plain_reader_of_redis_fails(rotating, name, redis_server):  # noqa: F811
    with_redis(rotating, name, redis_server, 200)


@pytest.mark.heavy
def test_ten_thousand_logins_while_users_alternate(rotating, name, database):
    alternating(rotating, name, database, 10_000)


@pytest.mark.heavy
def test_ten_thousand_logins_with_one_password_at_a_time(rotating, name, database, capsys):
    single(rotating, name, database, 10_000, capsys)


@pytest.mark.heavy
def test_ten_thousand_logins_of_redis(rotating, name, redis_server):  # noqa: F811
    with_redis(rotating, name, redis_server, 10_000)
