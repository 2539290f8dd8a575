"""Passwords of Redis users, at a real Redis: old and new both work until the old one is retired."""

import json
import secrets

import pytest
import redis

from muniment.ops.federation.fetch import Fetcher
from muniment.ops.rotation.reach import Reach
from muniment.ops.rotation.redis_acl import RedisACLUser
from muniment.ops.rotation.rotator import NotRotated


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
