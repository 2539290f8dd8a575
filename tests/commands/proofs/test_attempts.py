"""Attempts are counted before their proof is checked; delays grow and end (SECURITY 7, 8; CVE rows 1–4)."""

import threading

import pytest

from muniment.commands.proofs.attempts import CODE, PASSWORD, SOURCE, Attempts, source_of
from muniment.commands.proofs.cells import TRIES_MAX, Cells
from muniment.domain.errors import ServiceUnavailable, TooManyRequests
from tests.commands.bench import SECOND


def fail(attempts, count, kind="password", who="account.1/AIDAANA", source=""):
    for _ in range(count):
        attempts.begin(kind, who, source).failed()


def wait_of(attempts, kind="password", who="account.1/AIDAANA", source=""):
    with pytest.raises(TooManyRequests) as caught:
        attempts.begin(kind, who, source)
    assert caught.value.status == 429
    return caught.value.retry_after_seconds


@pytest.mark.parametrize(("kind", "limit"), [("password", PASSWORD), ("code", CODE)])
def test_the_sixth_attempt_waits(bench, kind, limit):
    attempts = bench.attempts()
    fail(attempts, 5, kind)
    assert wait_of(attempts, kind) == limit.first_seconds


def test_delays_double_up_to_a_bound(bench):
    attempts, seen = bench.attempts(), []
    fail(attempts, 5)
    for _ in range(8):
        seen.append(wait_of(attempts))
        bench.sleep(seen[-1])
        fail(attempts, 1)
    assert seen == [2, 4, 8, 16, 32, 60, 60, 60]


def test_what_is_refused_while_a_delay_runs_does_not_lengthen_it(bench):
    """No permanent lock by strangers."""
    attempts = bench.attempts()
    fail(attempts, 5)
    for _ in range(50):
        wait_of(attempts)
    bench.sleep(2)
    attempts.begin("password", "account.1/AIDAANA", "").succeeded()


def test_a_right_password_makes_the_wrong_ones_forgotten(bench):
    attempts = bench.attempts()
    fail(attempts, 4)
    attempts.begin("password", "account.1/AIDAANA", "").succeeded()
    fail(attempts, 5)
    assert wait_of(attempts) == 2


def test_a_right_code_does_not_clear_the_wrong_ones(bench):  # CVE row 2
    attempts = bench.attempts()
    fail(attempts, 4, "code")
    attempts.begin("code", "account.1/AIDAANA", "").succeeded()
    fail(attempts, 1, "code")
    assert wait_of(attempts, "code") == 300


def test_right_codes_alone_never_lock(bench):
    attempts = bench.attempts()
    for _ in range(20):
        attempts.begin("code", "account.1/AIDAANA", "10.0.0.1").succeeded()


def test_failures_are_forgotten_after_a_quiet_time(bench):
    attempts = bench.attempts()
    fail(attempts, 5)
    bench.sleep(PASSWORD.forget_seconds)
    fail(attempts, 5)
    assert wait_of(attempts) == 2


def test_a_source_waits_whoever_it_tries(bench):
    attempts = bench.attempts()
    for number in range(SOURCE.free):
        fail(attempts, 1, who=f"account.1/AIDA{number}", source="10.0.0.1")
    assert wait_of(attempts, who="account.1/ANOTHER", source="10.0.0.1") == 1
    attempts.begin("password", "account.1/ANOTHER", "10.0.0.2").succeeded()


def test_the_addresses_of_one_ipv6_network_are_one_source(bench):
    attempts = bench.attempts()
    for number in range(SOURCE.free):
        fail(attempts, 1, who=f"account.1/AIDA{number}", source=f"2001:db8:1:2:{number}::1")
    assert wait_of(attempts, who="account.1/ANOTHER", source="2001:db8:1:2:ffff::9") == 1
    attempts.begin("password", "account.1/ANOTHER", "2001:db8:1:3::1").succeeded()


@pytest.mark.parametrize(
    ("address", "source"), [("::ffff:192.0.2.1", "192.0.2.1"), ("192.0.2.1", "192.0.2.1"), ("", "")]
)
def test_an_address_is_itself_where_nobody_has_many(address, source):
    assert source_of(address) == source


def test_a_right_password_does_not_clear_its_source(bench):
    """Else whoever has one account could guess at all the others without end."""
    attempts = bench.attempts()
    for number in range(SOURCE.free - 1):
        fail(attempts, 1, who=f"account.1/AIDA{number}", source="10.0.0.1")
    attempts.begin("password", "account.1/MINE", "10.0.0.1").succeeded()
    fail(attempts, 1, who="account.1/LAST", source="10.0.0.1")
    assert wait_of(attempts, who="account.1/ANOTHER", source="10.0.0.1") == 1


def test_many_who_sign_in_rightly_from_one_place_do_not_wait(bench):
    attempts = bench.attempts()
    running = [attempts.begin("password", f"account.1/AIDA{number}", "10.0.0.1") for number in range(60)]
    for attempt in running:
        attempt.succeeded()
    attempts.begin("password", "account.1/ANOTHER", "10.0.0.1").succeeded()


def test_one_place_has_no_more_than_so_many_attempts_under_way(bench):
    attempts = bench.attempts()
    for number in range(SOURCE.together + SOURCE.free):
        attempts.begin("password", f"account.1/AIDA{number}", "10.0.0.1")
    wait_of(attempts, who="account.1/ANOTHER", source="10.0.0.1")


def test_a_withdrawn_attempt_was_none(bench):
    attempts = bench.attempts()
    for _ in range(20):
        attempts.begin("password", "account.1/AIDAANA", "10.0.0.1").withdrawn()


def test_a_hundred_parallel_guesses_are_a_hundred_attempts(bench):  # SECURITY 8: on two nodes
    nodes = [bench.attempts(), bench.attempts()]
    begun, refused = [], []

    def guess(number):
        try:
            begun.append(nodes[number % 2].begin("code", "account.1/AIDAANA", ""))
        except TooManyRequests:
            refused.append(number)

    threads = [threading.Thread(target=guess, args=(number,)) for number in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(begun), len(refused)) == (5, 95)


def test_names_in_the_log_tell_nobody_who_signs_in(bench):
    bench.attempts().begin("password", "account.1/AIDAANA", "10.0.0.1")
    assert all("AIDAANA" not in key and "10.0.0.1" not in key for key in bench.memory.values)
    assert {key.split(".")[0] for key in bench.memory.values} == {"attempts"}
    assert all(len(key.split(".")) == 2 and len(key.split(".")[1]) == 64 for key in bench.memory.values)


def test_without_the_log_nobody_may_try(bench):  # fail closed
    bench.memory.away = True
    with pytest.raises(ServiceUnavailable):
        bench.attempts().begin("password", "account.1/AIDAANA", "")


def test_endless_conflicts_end(bench):
    def interfere(key):
        data, _, _ = bench.memory.values.get(key, (b"\x90", 0, 0))
        bench.memory.revision += 1
        bench.memory.values[key] = (data, bench.memory.revision, bench.now + 1_000 * SECOND)

    attempts = Attempts(Cells(bench.memory), bench.clock)
    bench.memory.on_get = interfere
    import muniment.commands.proofs.cells as cells

    before, cells.STEP_ASIDE_SECONDS = cells.STEP_ASIDE_SECONDS, 0
    try:
        with pytest.raises(ServiceUnavailable):
            attempts.begin("password", "account.1/AIDAANA", "")
    finally:
        cells.STEP_ASIDE_SECONDS = before
    assert TRIES_MAX >= 100
