"""Targets for rotators: a PostgreSQL that asks for passwords, a Redis with users, and secrets to read."""

import contextlib
import secrets

import psycopg
import pytest

from muniment.ops.federation.fetch import Fetcher
from muniment.ops.rotation.reach import Reach
from muniment.ops.rotation.rotator import Job, NotRotated
from tests.ops.rotation.nodes import Site, Target
from tests.postgres import postgres  # noqa: F401 - a fixture
from tests.redis_server import redis_server  # noqa: F401 - a fixture

ACCOUNT = "123456789012"


class Safe:
    """Secrets that rotators may read."""

    def __init__(self):
        self.values = {}

    def read(self, account, name):
        if (account, name) not in self.values:
            raise NotRotated("no such secret")
        return self.values[account, name]


@pytest.fixture
def safe():
    return Safe()


class Database:
    """A database whose roles log in with passwords; `muniment` is its superuser."""

    def __init__(self, cluster):
        self.url = cluster.database()
        self.name = self.url.partition("@/")[2].partition("?")[0]
        self.folder = str(cluster.folder)
        rules = cluster.folder / "data" / "pg_hba.conf"
        rules.write_text(f"local {self.name} all scram-sha-256\n" + rules.read_text())
        self.admin_url = cluster.url("postgres")
        self.password = secrets.token_hex(8)
        self.do(f"ALTER ROLE muniment PASSWORD '{self.password}'")
        self.do("SELECT pg_reload_conf()")

    def do(self, statement):
        with psycopg.connect(self.admin_url, autocommit=True) as connection:
            return connection.execute(statement)

    def role(self, name, password):
        self.do(f"CREATE ROLE {name} LOGIN PASSWORD '{password}'")
        return {**self.place(), "username": name, "password": password}

    def place(self):
        return {"engine": "postgres", "host": self.folder, "port": 5432, "dbname": self.name}

    def admin(self):
        return {**self.place(), "username": "muniment", "password": self.password}

    def takes(self, value):
        """Whether it takes this login."""
        words = {"host": value["host"], "dbname": value["dbname"]}
        try:
            psycopg.connect(user=value["username"], password=value["password"], **words).close()
        except psycopg.OperationalError as error:
            assert "authentication failed" in str(error) or "not permitted" in str(error), error
            return False
        return True

    def who(self, value):
        """The session's and the current user of a login."""
        with psycopg.connect(
            user=value["username"], password=value["password"], host=value["host"], dbname=value["dbname"]
        ) as connection:
            return connection.execute("SELECT session_user, current_user").fetchone()


@pytest.fixture
def database(postgres):  # noqa: F811
    return Database(postgres)


@pytest.fixture
def reach(postgres, redis_server):  # noqa: F811
    places = [f"127.0.0.1:{redis_server.port}"]
    return Reach(Fetcher(places), (f"{postgres.folder}:5432", *places))


@pytest.fixture
def job():
    return Job(
        ACCOUNT,
        f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:db-abcdef",
        "db",
        "0" * 32,
        {"adminSecretArn": "admin"},
    )


@pytest.fixture
def site(tmp_path):
    with contextlib.ExitStack() as closing:
        yield Site(tmp_path, closing)


@pytest.fixture
def target():
    return Target()
