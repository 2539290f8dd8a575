"""Passwords of Redis users, at a real Redis: old and new both work until the old one is retired."""

import contextlib
import json
import secrets
import shutil
import tempfile
from pathlib import Path

import msgspec
import pytest
import redis
import trustme
from redis.backoff import NoBackoff
from redis.retry import Retry

from muniment.ops.federation.fetch import Fetcher
from muniment.ops.rotation.reach import Reach
from muniment.ops.rotation.redis_acl import RedisACLUser
from muniment.ops.rotation.rotator import NotRotated
from tests.redis_server import Redis, free_port


@pytest.fixture
def rotator(reach, redis_server, safe):
    admin = {"host": "127.0.0.1", "port": redis_server.port, "username": "admin", "password": redis_server.password}
    safe.values["123456789012", "admin"] = json.dumps(admin)
    return RedisACLUser(reach, safe.read)


@pytest.fixture
def user(redis_server):
    name = f"app{secrets.token_hex(4)}"
    with redis_server.as_admin() as admin:
        admin.execute_command("ACL", "SETUSER", name, "on", ">old-password", "~*", "+get")
        admin.execute_command("ACL", "SAVE")
    return {"host": "127.0.0.1", "port": redis_server.port, "username": name, "password": "old-password"}


def test_both_passwords_work_until_the_old_one_is_retired(rotator, redis_server, user, job):
    name, current = user["username"], json.dumps(user)
    pending = rotator.create(job, current)
    new = json.loads(pending)["password"]
    assert not redis_server.takes(name, new)
    for _ in range(2):
        rotator.set(job, current, pending)
        rotator.test(job, pending)
    assert redis_server.takes(name, "old-password")
    assert redis_server.takes(name, new)
    for _ in range(2):
        assert rotator.retire(job, current, pending) == "password removed from the user"
    assert not redis_server.takes(name, "old-password")
    assert redis_server.takes(name, new)


def test_the_new_password_outlives_a_restart_of_redis(rotator, redis_server, user, job):
    pending = rotator.create(job, json.dumps(user))
    rotator.set(job, json.dumps(user), pending)
    redis_server.stop()
    redis_server.start()
    rotator.test(job, pending)


def test_a_user_keeps_its_rights(rotator, redis_server, user, job):
    pending = rotator.create(job, json.dumps(user))
    with redis_server.as_admin() as admin:
        before = admin.execute_command("ACL", "GETUSER", user["username"])
        rotator.set(job, json.dumps(user), pending)
        after = admin.execute_command("ACL", "GETUSER", user["username"])
    assert len(after.pop("passwords")) == len(before.pop("passwords")) + 1
    assert after == before


def test_a_password_is_set_as_its_digest(rotator, user, job, monkeypatch):
    sent, plainly = [], redis.Redis.execute_command
    monkeypatch.setattr(
        redis.Redis, "execute_command", lambda *words, **how: sent.append(words[1:]) or plainly(*words, **how)
    )
    pending = rotator.create(job, json.dumps(user))
    rotator.set(job, json.dumps(user), pending)
    assert any("SETUSER" in words for words in sent)
    assert json.loads(pending)["password"] not in str(sent)


def test_who_cannot_log_in_as_a_user_cannot_have_it_rotated(rotator, redis_server, user, job):
    forged = json.dumps({**user, "password": "guess"})
    with pytest.raises(NotRotated, match="does not take the current login"):
        rotator.set(job, forged, rotator.create(job, forged))
    assert redis_server.takes(user["username"], "old-password")


def test_the_administrators_password_goes_to_no_other_server(rotator, user, job):
    elsewhere = json.dumps({**user, "port": 1})
    with pytest.raises(NotRotated, match="another server"):
        rotator.retire(job, elsewhere, elsewhere)


def test_a_password_that_was_not_applied_fails_the_test(rotator, user, job):
    with pytest.raises(NotRotated, match="though it was set"):
        rotator.test(job, rotator.create(job, json.dumps(user)))


def test_places_that_the_operator_did_not_list_are_not_reached(safe, user, job):
    """SECURITY CVE row 30."""
    with pytest.raises(NotRotated, match="an operator may allow"):
        RedisACLUser(Reach(Fetcher()), safe.read).test(job, json.dumps(user))


def test_a_redis_that_is_away_is_another_matter_than_a_wrong_password(safe, user, job):
    reach = Reach(Fetcher(["127.0.0.1:1"]))
    with pytest.raises(NotRotated, match="could not be reached"):
        RedisACLUser(reach, safe.read).test(job, json.dumps({**user, "port": 1}))


def test_open_connections_live_on_when_a_password_ends(rotator, redis_server, user, job):
    pending = rotator.create(job, json.dumps(user))
    rotator.set(job, json.dumps(user), pending)
    with logged_in(user) as client:
        rotator.retire(job, json.dumps(user), pending)
        assert client.get("x") is None


def test_open_connections_end_with_the_password_where_that_was_asked_for(rotator, redis_server, user, job):
    job = msgspec.structs.replace(job, settings={**job.settings, "endSessions": "true"})
    pending = rotator.create(job, json.dumps(user))
    rotator.set(job, json.dumps(user), pending)
    with logged_in(user) as client:
        assert rotator.retire(job, json.dumps(user), pending).endswith("connections ended")
        with pytest.raises(redis.ConnectionError):
            client.get("x")
    with logged_in(json.loads(pending)) as client:
        assert client.get("x") is None


@contextlib.contextmanager
def logged_in(value):
    """One open connection, which does not come again by itself."""
    options = {"username": value["username"], "password": value["password"], "single_connection_client": True}
    with redis.Redis("127.0.0.1", value["port"], retry=Retry(NoBackoff(), 0), **options) as client:
        client.get("x")
        yield client


# -- over TLS ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def over_tls():
    """A Redis that talks TLS too, under a certificate of an authority of its own; (server, its TLS port, the authority)."""
    folder = Path(tempfile.mkdtemp(prefix="muniment-redis-"))
    authority = trustme.CA()
    certificate, ca, port = authority.issue_cert("localhost"), folder / "ca.pem", free_port()
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    certificate.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    authority.cert_pem.write_to_path(ca)
    files = ("--tls-cert-file", folder / "cert.pem", "--tls-key-file", folder / "key.pem", "--tls-ca-cert-file", ca)
    server = Redis(folder, "--tls-port", str(port), *files, "--tls-auth-clients", "no")
    try:
        yield server, port, ca
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def tls_value(over_tls, name, password, host="localhost"):
    return {"host": host, "port": over_tls[1], "username": name, "password": password, "tls": True}


def tls_rotator(over_tls, safe, ca, host="localhost"):
    server, port, _ = over_tls
    safe.values["123456789012", "admin"] = json.dumps(tls_value(over_tls, "admin", server.password, host))
    places = (f"localhost:{port}", f"127.0.0.1:{port}")
    return RedisACLUser(Reach(Fetcher(places), places, ca), safe.read)


def test_a_password_rotates_over_tls(over_tls, safe, job):
    server, _, ca = over_tls
    with server.as_admin() as admin:
        admin.execute_command("ACL", "SETUSER", "app", "on", ">old-password", "~*", "+get")
    rotator, current = tls_rotator(over_tls, safe, ca), json.dumps(tls_value(over_tls, "app", "old-password"))
    pending = rotator.create(job, current)
    rotator.set(job, current, pending)
    rotator.test(job, pending)
    assert server.takes("app", "old-password")
    rotator.retire(job, current, pending)
    assert not server.takes("app", "old-password")
    assert server.takes("app", json.loads(pending)["password"])


def test_no_password_is_sent_to_a_server_whose_certificate_nobody_known_has_signed(over_tls, safe, job):
    with pytest.raises(NotRotated, match="could not be reached"):
        tls_rotator(over_tls, safe, None).test(job, json.dumps(tls_value(over_tls, "app", "canary")))
    assert "canary" not in (over_tls[0].folder / "log").read_text()


def test_no_password_is_sent_to_a_server_of_another_name(over_tls, safe, job):
    rotator = tls_rotator(over_tls, safe, over_tls[2], "127.0.0.1")
    with pytest.raises(NotRotated, match="could not be reached"):
        rotator.test(job, json.dumps(tls_value(over_tls, "app", "canary", "127.0.0.1")))
