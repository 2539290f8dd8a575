"""Argon2id in niced children: right, bounded, and never in the way (SECURITY 7)."""

import os
import threading
import time

import pytest

from muniment.domain.errors import PasswordPolicyViolation, ServiceUnavailable, TooManyRequests
from muniment.ops.passwords import pool as pool_module
from muniment.ops.passwords.pool import PasswordPool

PEPPER = b"p" * 32
FLOOR = "$argon2id$v=19$m=19456,t=2,p=1$"  # OWASP: 19 MiB, two passes, one lane


@pytest.fixture(scope="module")
def pool():
    pool = PasswordPool(PEPPER)
    yield pool
    pool.close()


def children():
    """The niceness and command of our child processes."""
    found = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat") as stat, open(f"/proc/{name}/cmdline") as line:
                    fields = stat.read().rsplit(")", 1)[1].split()
                    if int(fields[1]) == os.getpid() and "passwords.child" in line.read():
                        found[int(name)] = int(fields[16])
            except (OSError, IndexError):
                continue
    return found


def test_a_hash_has_the_owasp_floor_and_a_salt_of_its_own(pool):
    first, second = pool.hash("correct horse"), pool.hash("correct horse")
    assert first.startswith(FLOOR)
    assert first != second
    assert pool.verify("correct horse", first)
    assert not pool.verify("Correct horse", first)


def test_children_are_nicer_than_we_are_and_two_at_the_most(pool):
    threads = [threading.Thread(target=pool.hash, args=("x",)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ours = os.getpriority(os.PRIO_PROCESS, 0)
    assert len(children()) == 2
    assert all(niceness == min(19, ours + 10) for niceness in children().values())


def test_a_hash_without_our_pepper_is_worth_nothing(pool):
    other = PasswordPool(b"q" * 32)
    try:
        assert not other.verify("secret", pool.hash("secret"))
    finally:
        other.close()


def test_passwords_are_normalized_once(pool):  # NFKC: full-width letters and a composed accent
    hashed = pool.hash("ﬁancée")
    assert pool.verify("fiance\u0301e", hashed)


@pytest.mark.parametrize("password", ["ü" * 513, "x" * 1_025, "ﷺ" * 100])  # the last grows eighteenfold in NFKC
def test_a_password_of_more_than_1024_bytes_is_refused_and_never_right(pool, password):
    with pytest.raises(PasswordPolicyViolation, match="at most 1024 bytes"):
        pool.hash(password)
    assert not pool.verify(password, pool.hash("short"))


def test_1024_bytes_are_a_password(pool):
    assert pool.verify("x" * 1_024, pool.hash("x" * 1_024))


def test_somebody_who_is_not_there_costs_the_same_work(pool):
    hashed = pool.hash("secret")
    pool.verify("secret", None)  # the decoy is made once

    def cost(target):
        began = time.process_time(), time.monotonic()
        pool.verify("wrong", target)
        return time.monotonic() - began[1]

    known = sorted(cost(hashed) for _ in range(9))[4]
    unknown = sorted(cost(None) for _ in range(9))[4]
    assert 0.4 < unknown / known < 2.5  # the same order: the statistics are in tests/security


def test_a_damaged_hash_is_wrong_and_no_fault(pool):
    assert not pool.verify("secret", "$argon2id$v=19$m=19456,t=2,p=1$damaged")
    assert not pool.verify("secret", "")


def test_older_hashes_are_known_as_such(pool):
    from argon2 import PasswordHasher

    weak = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1)
    assert pool.is_old(weak.hash(b"x"))
    assert not pool.is_old(pool.hash("x"))


def test_a_full_queue_is_429():
    pool = PasswordPool(PEPPER, children=1, queue_max=2)
    refused, done = [], []

    def one():
        try:
            done.append(pool.hash("x"))
        except TooManyRequests as error:
            refused.append(error.status)

    threads = [threading.Thread(target=one) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pool.close()
    assert set(refused) == {429}
    assert done
    assert len(done) + len(refused) == 20


def test_a_child_that_was_killed_is_replaced(pool):
    pool.hash("x")
    for child in children():
        os.kill(child, 9)
    outcomes = []
    for _ in range(6):
        try:
            outcomes.append(pool.hash("x").startswith(FLOOR))
        except ServiceUnavailable:
            outcomes.append(None)
    assert outcomes[-1] is True
    assert outcomes.count(None) <= 2  # one for each child that was gone


def test_a_closed_pool_has_no_children():
    pool = PasswordPool(PEPPER)
    before = set(children())
    pool.hash("x")
    started = set(children()) - before
    pool.close()
    assert started
    assert not started & set(children())
    with pytest.raises(ServiceUnavailable):
        pool.hash("x")


def test_the_environment_of_a_child_holds_no_secrets(monkeypatch):
    given = {}
    monkeypatch.setenv("MUNIMENT_KEK", "a key")
    monkeypatch.setattr(pool_module.subprocess, "Popen", lambda words, **options: given.update(options))
    pool_module._spawn()
    assert "MUNIMENT_KEK" not in given["env"]
    assert "PATH" in given["env"]
