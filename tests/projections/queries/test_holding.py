"""Readers wait for a single-user rotation to finish, and never for long."""

import itertools

import pytest

from muniment.domain.secret.rotation import Rotation, RotationRun
from muniment.domain.secret.rotators import holds_readers
from muniment.domain.secret.state import Secret
from muniment.projections.queries.secretsmanager.holding import SECONDS_MAX, settled


def secret(step="", rotator="muniment-postgresql-single-user", **run):
    made = Secret(id="secret.0")
    made.rotation = Rotation(rotator)
    made.run = RotationRun("v", 1, step=step, **run) if step else None
    return made


def test_readers_wait_until_the_rotation_is_finished():
    states = iter([secret("set"), secret("set"), secret("test"), secret("finish"), secret()])
    assert settled(lambda: next(states), lambda: 0.0, lambda seconds: None).run is None


def test_readers_wait_two_hundred_milliseconds_at_the_most():
    clock = itertools.count(0, 0.01)
    slept = []
    found = settled(lambda: secret("test"), lambda: next(clock), slept.append)
    assert found.run is not None
    assert SECONDS_MAX == 0.2
    assert sum(slept) <= SECONDS_MAX
    assert next(clock) <= SECONDS_MAX + 0.03


def test_nobody_waits_where_nothing_rotates():
    settled(lambda: secret(), lambda: pytest.fail("waited"), lambda seconds: pytest.fail("slept"))


@pytest.mark.parametrize(
    ("held", "found"),
    [
        (False, secret("create")),
        (True, secret("set")),
        (True, secret("test")),
        (True, secret("finish")),
        (False, secret("set", attempts=1)),
        (False, secret("set", failed=1)),
        (False, secret("test", test_only=True)),
        (False, secret("set", rotator="muniment-redis-acl-user")),
        (False, Secret(id="secret.0")),
    ],
)
def test_only_a_rotation_of_one_password_on_its_way_holds_readers(held, found):
    assert holds_readers(found) is held
