"""The process that rotates: once for each due id on all nodes, at once where a window was missed, again where a step failed."""

import time

import msgspec
import pytest

from muniment.commands.command import COMMANDS
from muniment.commands.secretsmanager.rotating import BeginRotation
from muniment.commands.task import Context
from muniment.domain.caller import Caller
from muniment.domain.ledger import Actor
from muniment.domain.secret.rotation import Retirement, Rotation, RotationRun
from muniment.domain.secret.schedule import DAY, HOUR
from muniment.domain.secret.state import PENDING, Secret
from muniment.ops import actions as _actions  # noqa: F401 - registers every command
from muniment.ops.jetstream.loop import NatsLoop
from muniment.ops.rotation.agenda import Due, due
from muniment.ops.rotation.claims import Claims
from muniment.ops.rotation.steps import ITSELF, PAUSE, PAUSE_MAX, pause
from tests.ops.rotation.nodes import SECOND, Node, entries, move


def test_what_is_due_is_done_once_on_all_nodes(site, target):
    secrets = [site.secret(f"s{number}") for number in range(6)]
    nodes = [Node(site, name, target) for name in ("one", "two")]
    for node in nodes:
        node.start(site)
    site.until(lambda: all(site.state(boundary).run is None for boundary in secrets))  # the tests of the configuration
    assert target.calls["test"] == len(secrets)
    move(site, nodes, 4 * HOUR)
    site.until(lambda: all(site.state(boundary).rotated for boundary in secrets))
    time.sleep(0.3)
    for boundary in secrets:
        assert len(entries(site, boundary, "SecretRotationStarted")) == 2  # the test, and the one that was due
        assert len(site.state(boundary).versions) == 2
        assert site.state(boundary).rotation.due > site.clock.now
    assert target.calls["create"] == target.calls["finish"] == len(secrets)


def test_the_command_begins_a_due_id_once(site):
    boundary = site.secret("s")
    site.ledger.execute(
        msgspec.convert({"SecretId": "s"}, COMMANDS["secretsmanager", "CancelRotateSecret"]), _root(site)
    )
    site.do("RotateSecret", SecretId="s", RotateImmediately=False)
    node_sees = site.state(boundary)
    assert node_sees.rotation.enabled
    begin = BeginRotation(secret=boundary, arn=node_sees.arn, due_id=node_sees.rotation.due_id)
    before = len(entries(site, boundary, "SecretRotationStarted"))
    site.ledger.execute(begin, Context(ITSELF, "0190-a"))  # it is not due yet
    assert len(entries(site, boundary, "SecretRotationStarted")) == before
    site.clock.now = node_sees.rotation.due
    for _ in range(3):
        site.ledger.execute(begin, Context(ITSELF, "0190-b"))
    assert len(entries(site, boundary, "SecretRotationPostponed")) == 1


def _root(site):
    actor = Actor(site.account, f"arn:aws:iam::{site.account}:root", site.account, type="Root")
    return Context(Caller(actor), "0190-test")


def test_a_window_that_was_missed_is_made_up_for_at_once_and_once(site, target):
    boundary = site.secret("s", "rate(1 day)")
    first = Node(site, "one", target)
    first.start(site)
    site.until(lambda: site.state(boundary).run is None)
    first.process.close()
    site.clock.now += 9 * DAY  # nothing ran for nine days
    Node(site, "one", target).start(site)
    site.until(lambda: site.state(boundary).rotated)
    time.sleep(0.2)
    assert len(site.state(boundary).versions) == 2
    assert site.state(boundary).rotation.due == site.clock.now - site.clock.now % DAY + DAY


@pytest.mark.parametrize("step", ["create", "set", "test", "finish"])
def test_a_step_that_fails_is_tried_again_later_and_leaves_the_current_value(site, target, step):
    boundary = site.secret("s")
    node = Node(site, "one", target)
    node.start(site)
    site.until(lambda: site.state(boundary).run is None)
    target.failures[step] = 2
    move(site, [node], 4 * HOUR)
    for attempt in (1, 2):
        site.until(lambda: (run := site.state(boundary).run) is not None and run.attempts == attempt)  # noqa: B023
        time.sleep(0.05)
        secret = site.state(boundary)
        assert (secret.run.step, secret.run.reason) == (step, "the target is away")
        assert secret.run.retry == site.clock.now + PAUSE * 2 ** (attempt - 1)
        assert site.value(boundary) == "first"
        move(site, [node], secret.run.retry - site.clock.now)
    site.until(lambda: site.state(boundary).rotated)
    assert site.value(boundary) == ("made-3" if step == "create" else "made-1")
    assert site.state(boundary).staged(PENDING) is None
    assert entries(site, boundary, "SecretRotationFailed") == []


def test_a_rotation_that_keeps_failing_raises_one_alarm_and_goes_on(site, target):
    boundary = site.secret("s")
    node = Node(site, "one", target)
    node.start(site)
    site.until(lambda: site.state(boundary).run is None)
    target.failures["set"] = 7
    move(site, [node], 4 * HOUR)
    for attempt in range(1, 8):
        site.until(lambda: (run := site.state(boundary).run) is not None and run.attempts == attempt)  # noqa: B023
        time.sleep(0.05)
        assert bool(site.state(boundary).run.failed) is (attempt >= 5)
        move(site, [node], site.state(boundary).run.retry - site.clock.now)
    site.until(lambda: site.state(boundary).rotated)
    alarms = entries(site, boundary, "SecretRotationFailed")
    assert [(alarm.severity, alarm.step, alarm.attempts) for alarm in alarms] == [("high", "set", 5)]


def test_the_old_credential_ends_after_the_overlap_and_is_marked_dead(site, target):
    """FEATURES 1f, "Attacker cut-off"."""
    boundary = site.secret("s")
    node = Node(site, "one", target)
    node.start(site)
    site.until(lambda: site.state(boundary).run is None)
    move(site, [node], 4 * HOUR)
    site.until(lambda: site.state(boundary).rotated)
    time.sleep(0.1)
    retirement = site.state(boundary).retirement
    assert retirement.version_id == "0" * 32
    assert retirement.due - site.state(boundary).rotated == 300 * SECOND
    assert target.calls["retire"] == 0
    target.failures["retire"] = 1
    move(site, [node], 300 * SECOND)
    site.until(lambda: site.state(boundary).retirement.attempts == 1)
    assert [each.severity for each in entries(site, boundary, "SecretRetirementFailed")] == ["high"]
    time.sleep(0.05)
    move(site, [node], SECOND)
    site.until(lambda: site.state(boundary).retirement is None)
    assert site.state(boundary).version_of("0" * 32).retired == site.clock.now
    assert [each.how for each in entries(site, boundary, "SecretVersionRetired")] == ["ended"]


def test_a_cancelled_rotation_goes_no_further(site, target):
    boundary = site.secret("s")
    node = Node(site, "one", target)
    node.start(site)
    site.until(lambda: site.state(boundary).run is None)
    target.failures["set"] = 1_000
    move(site, [node], 4 * HOUR)
    site.until(lambda: (run := site.state(boundary).run) is not None and run.attempts == 1)
    site.do("CancelRotateSecret", SecretId="s")
    move(site, [node], DAY)
    time.sleep(0.2)
    assert target.calls["set"] == 1
    assert site.value(boundary) == "first"
    assert site.state(boundary).rotation.enabled is False


def test_a_claim_is_one_nodes_until_it_is_given_back(site):
    loop = site.closing.enter_context(NatsLoop(site.host.as_role("api")))
    one, two = Claims(loop, "one"), Claims(loop, "two")
    assert one.take("secret.a")
    assert one.take("secret.a")
    assert not two.take("secret.a")
    assert two.take("secret.b")
    two.give_back("secret.a")  # it is not two's to give
    assert not two.take("secret.a")
    one.give_back("secret.a")
    assert two.take("secret.a")
    assert not one.take("secret.a")


# -- what is due ---------------------------------------------------------------------------------------------------


def secret(**parts):
    made = Secret(id="secret.0")
    made.arn, made.rotation = "arn", Rotation("r", due=100)
    for part, value in parts.items():
        setattr(made, part, value)
    return made


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        (Due(100, "begin"), secret()),
        (None, secret(arn="")),
        (None, secret(deletion=5)),
        (None, secret(rotation=None)),
        (None, secret(rotation=Rotation("r", enabled=False, due=100))),
        (None, secret(rotation=Rotation("r"))),
        (Due(1, "step"), secret(run=RotationRun("v", 1))),
        (Due(70, "step"), secret(run=RotationRun("v", 1, retry=70))),
        (Due(50, "retire"), secret(retirement=Retirement("v", 50))),
        (Due(60, "retire"), secret(retirement=Retirement("v", 50, retry=60))),
        (Due(100, "begin"), secret(retirement=Retirement("v", 150))),
        (Due(50, "retire"), secret(rotation=Rotation("r", enabled=False), retirement=Retirement("v", 50))),
        # one old credential at a time: its overlap is waited for before a new one is made, unless it will not end
        (Due(1, "retire"), secret(run=RotationRun("v", 1), retirement=Retirement("o", 150))),
        (
            Due(150, "retire"),
            secret(
                rotation=Rotation("r", overlap_seconds=300), run=RotationRun("v", 1), retirement=Retirement("o", 150)
            ),
        ),
        (
            Due(SECOND + 1, "retire"),
            secret(
                rotation=Rotation("r", overlap_seconds=1),
                run=RotationRun("v", 1),
                retirement=Retirement("o", 300 * SECOND),
            ),
        ),
        (Due(160, "retire"), secret(run=RotationRun("v", 1), retirement=Retirement("o", 150, retry=160))),
        (Due(1, "step"), secret(run=RotationRun("v", 1), retirement=Retirement("o", 150, attempts=5))),
        (Due(1, "step"), secret(run=RotationRun("v", 1, step="set"), retirement=Retirement("o", 150))),
    ],
)
def test_what_is_due_is_read_off_the_state(expected, found):
    assert due(found) == expected


def test_pauses_grow_and_end_at_an_hour():
    pauses = [pause(attempts) for attempts in range(40)]
    assert pauses[:4] == [SECOND, 2 * SECOND, 4 * SECOND, 8 * SECOND]
    assert pauses == sorted(pauses)
    assert max(pauses) == PAUSE_MAX == 3_600 * SECOND
