"""Passwords of PostgreSQL roles, at a real PostgreSQL: each step does its work, may be done twice, and touches nothing else."""

import json
import secrets

import msgspec
import psycopg
import pytest

from muniment.ops.federation.fetch import Fetcher
from muniment.ops.rotation.postgresql import PostgreSQL
from muniment.ops.rotation.postgresql_alternating import PostgreSQLAlternatingUsers, other
from muniment.ops.rotation.postgresql_single import PostgreSQLSingleUser
from muniment.ops.rotation.reach import Reach
from muniment.ops.rotation.rotator import NotRotated


@pytest.fixture
def name():
    return f"app_{secrets.token_hex(4)}"


@pytest.fixture
def single(reach):
    return PostgreSQLSingleUser(PostgreSQL(reach))


@pytest.fixture
def alternating(reach, database, safe):
    safe.values["123456789012", "admin"] = json.dumps(database.admin())
    return PostgreSQLAlternatingUsers(PostgreSQL(reach), safe.read)


def refused(step, *words):
    with pytest.raises(NotRotated) as found:
        step(*words)
    return str(found.value)


def test_a_single_user_gets_a_new_password_and_the_old_one_dies(single, database, job, name):
    before = database.role(name, "old-password")
    current = json.dumps(before)
    pending = single.create(job, current)
    after = json.loads(pending)
    assert after["password"] != before["password"]
    assert {**after, "password": ""} == {**before, "password": ""}
    assert database.takes(before)  # nothing has happened yet
    for _ in range(2):
        single.set(job, current, pending)
        single.test(job, pending)
        assert database.takes(after)
        assert not database.takes(before)
        assert single.retire(job, current, pending) == "password replaced"


def test_a_login_that_nobody_has_is_not_set(single, database, job, name):
    before = {**database.role(name, "right"), "password": "wrong"}
    pending = single.create(job, json.dumps(before))
    said = refused(single.set, job, json.dumps(before), pending)
    assert "neither the current nor the pending" in said
    assert "wrong" not in said
    assert database.takes({**before, "password": "right"})


def test_a_password_that_was_accepted_and_not_applied_fails_the_test(single, database, job, name):
    current = json.dumps(database.role(name, "old-password"))
    pending = single.create(job, current)
    assert "does not take the new password" in refused(single.test, job, pending)


def test_the_server_is_sent_the_verifier_alone(single, database, job, name):
    """SECURITY 18: its log would keep the statement."""
    database.do(f"CREATE ROLE {name} LOGIN PASSWORD 'old-password'")
    before = {**database.place(), "username": name, "password": "old-password"}
    pending = single.create(job, json.dumps(before))
    database.do("ALTER SYSTEM SET log_statement = 'all'")
    database.do("SELECT pg_reload_conf()")
    try:
        single.set(job, json.dumps(before), pending)
    finally:
        database.do("ALTER SYSTEM RESET log_statement")
        database.do("SELECT pg_reload_conf()")
    with open(f"{database.folder}/log") as log:
        logged = log.read()
    assert f'ALTER ROLE "{name}"' in logged
    assert "SCRAM-SHA-256$" in logged
    assert json.loads(pending)["password"] not in logged


def test_alternating_users_take_turns(alternating, database, job, name):
    """FEATURES 1f: a reader with the old value logs in until the overlap is over."""
    first = database.role(name, "old-password")
    current = json.dumps(first)
    pending = alternating.create(job, current)
    second = json.loads(pending)
    assert second["username"] == f"{name}_clone"
    for _ in range(2):
        alternating.set(job, current, pending)
        alternating.test(job, pending)
    assert database.takes(first)
    assert database.takes(second)
    assert database.who(second) == (
        f"{name}_clone",
        name,
    )  # it has the first one's rights, and makes things as the first
    for _ in range(2):
        assert alternating.retire(job, current, pending) == "login taken from the role"
    assert not database.takes(first)
    assert database.takes(second)
    third = alternating.create(job, pending)
    assert json.loads(third)["username"] == name
    alternating.set(job, pending, third)
    alternating.test(job, third)
    alternating.retire(job, pending, third)
    assert database.takes(json.loads(third))
    assert not database.takes(second)
    assert not database.takes(first)


def test_who_cannot_log_in_as_a_role_cannot_have_it_rotated(alternating, database, job, name):
    victim = database.role(name, "nobody-knows")
    forged = json.dumps({**victim, "username": f"{name}_clone", "password": "guess"})
    pending = alternating.create(job, forged)
    assert json.loads(pending)["username"] == name
    assert "does not take the current login" in refused(alternating.set, job, forged, pending)
    assert database.takes(victim)


def test_the_administrators_password_goes_to_no_other_server(alternating, database, job, name):
    forged = json.dumps({**database.role(name, "x"), "host": "db.example.com"})
    pending = alternating.create(job, forged)
    with pytest.raises(NotRotated):
        alternating.set(job, forged, pending)
    assert "another server" in refused(alternating.retire, job, forged, pending)


def test_a_long_name_has_no_room_for_a_clone():
    assert "no room" in refused(other, "x" * 58)


def test_quotes_in_names_are_names(single, database, job):
    """No statement is made of a secret's text."""
    name = f"o'b\"{secrets.token_hex(3)}; DROP ROLE muniment"
    with psycopg.connect(database.admin_url, autocommit=True) as connection:
        from psycopg import sql

        connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'old'").format(sql.Identifier(name)))
    current = json.dumps({**database.place(), "username": name, "password": "old"})
    pending = single.create(job, current)
    single.set(job, current, pending)
    single.test(job, pending)


def test_places_that_the_operator_did_not_list_are_not_reached(database, job, name):
    """SECURITY CVE row 30."""
    closed = PostgreSQLSingleUser(PostgreSQL(Reach(Fetcher())))
    value = database.role(name, "x")
    assert "operator may allow" in refused(closed.set, job, json.dumps(value), json.dumps(value))
    for host in ("127.0.0.1", "10.0.0.1", "169.254.169.254", "localhost"):
        there = json.dumps({**value, "host": host})
        assert "not a public address" in refused(closed.set, job, there, there)


@pytest.mark.parametrize(
    "value", ["", "[]", "{}", '{"host": 1}', '{"host": "/tmp", "port": 0}', '{"host":"/tmp","port":"x"}']
)
def test_a_value_of_another_form_says_what_is_missing(single, job, value):
    with pytest.raises(NotRotated, match=r"value|port"):
        single.set(job, value, value)


def test_an_unreachable_server_is_another_matter_than_a_wrong_password(reach, postgres, job):
    gone = Reach(Fetcher(), (f"{postgres.folder}:5999",))
    value = json.dumps({"host": str(postgres.folder), "port": 5999, "username": "a", "password": "b"})
    assert "could not be reached" in refused(PostgreSQLSingleUser(PostgreSQL(gone)).set, job, value, value)


# -- sessions that the old login has opened ------------------------------------------------------------------------


def opened(value):
    return psycopg.connect(
        user=value["username"], password=value["password"], host=value["host"], dbname=value["dbname"], autocommit=True
    )


def ending(job):
    return msgspec.structs.replace(job, settings={**job.settings, "endSessions": "true"})


def test_sessions_live_on_when_a_login_ends(alternating, database, job, name):
    before = database.role(name, "old-password")
    current = json.dumps(before)
    pending = alternating.create(job, current)
    alternating.set(job, current, pending)
    with opened(before) as session:
        assert alternating.retire(job, current, pending) == "login taken from the role"
        assert session.execute("SELECT 1").fetchone() == (1,)
    assert not database.takes(before)


def test_sessions_end_with_their_login_where_that_was_asked_for(alternating, database, job, name):
    before = database.role(name, "old-password")
    current = json.dumps(before)
    pending = alternating.create(job, current)
    alternating.set(job, current, pending)
    with opened(before) as old, opened(json.loads(pending)) as new:
        for _ in range(2):
            assert alternating.retire(ending(job), current, pending) == "login taken from the role, its sessions ended"
        with pytest.raises(psycopg.OperationalError):
            old.execute("SELECT 1")
        assert new.execute("SELECT 1").fetchone() == (1,)


def test_a_single_users_sessions_end_where_that_was_asked_for(single, database, job, name):
    before = database.role(name, "old-password")
    current = json.dumps(before)
    pending = single.create(job, current)
    with opened(before) as session:
        single.set(job, current, pending)
        assert session.execute("SELECT 1").fetchone() == (1,)
        assert single.retire(ending(job), current, pending) == "password replaced, sessions ended"
        with pytest.raises(psycopg.OperationalError):
            session.execute("SELECT 1")
    single.test(job, pending)
