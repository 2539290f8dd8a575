"""CVE row 6: whether a user exists, told by the time or the shape of an answer (Vault 2025-6011, ZITADEL 2026-23511)."""

import math
import statistics
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.scenarios.signing_in import with_password
from tests.security.sign_in import Crowd, behind_proxy, crowd

__all__ = ["behind_proxy", "crowd"]

T_MAX = 4.5


def welch(first, second):
    """Welch's t."""
    spread = statistics.variance(first) / len(first) + statistics.variance(second) / len(second)
    return (statistics.fmean(first) - statistics.fmean(second)) / math.sqrt(spread)


def timed(crowd, name):
    began = time.perf_counter()
    reply = Crowd(crowd).sign_in(name, "Wrong-Password-1")
    return time.perf_counter() - began, reply


def measure(crowd, names):
    """Seconds of one sign-in each for known and unknown users, interleaved; and everything that was answered."""
    iam = crowd.client("iam")
    for number in range(names):
        iam.create_user(UserName=f"known{number}")
    with_password(iam, "model")
    order = [f"{kind}{number}" for number in range(names) for kind in ("known", "ghost")]
    for number in range(0, names, 2):  # half of those who exist have a password, half have none
        iam.create_login_profile(UserName=f"known{number}", Password="Correct-Horse-1")
    times, shapes = {"known": [], "ghost": []}, set()
    with ThreadPoolExecutor(2) as pool:
        for name, (seconds, reply) in zip(order, pool.map(lambda name: timed(crowd, name), order), strict=True):
            times[name[:5]].append(seconds)
            body = {key: value for key, value in reply.json.items() if key != "instance"}
            kept = {key: value for key, value in reply.headers.items() if key not in ("date", "x-request-id")}
            shapes.add((reply.status, str(sorted(body.items())), str(sorted(kept.items()))))
    return times, shapes


def test_known_and_unknown_users_are_answered_alike_in_time_and_shape(crowd):
    times, shapes = measure(crowd, 60)
    assert len(shapes) == 1
    assert abs(welch(times["known"], times["ghost"])) < T_MAX


@pytest.mark.heavy
def test_two_thousand_names_tell_nothing(crowd):
    times, shapes = measure(crowd, 1_000)
    assert len(shapes) == 1
    assert abs(welch(times["known"], times["ghost"])) < T_MAX


def test_the_statistic_would_see_a_difference(crowd):
    """Half a millisecond in a spread of one is found at this number of names."""
    base = [0.150 + 0.001 * math.sin(number * 12.9898) for number in range(1_000)]
    assert abs(welch(base, [each + 0.0005 for each in base])) > T_MAX
