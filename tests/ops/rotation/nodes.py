"""One or more processes that rotate over one real log, whose time stands still until a test moves it, and a target that counts."""

import threading
import time
from collections import Counter

import msgspec

from muniment.commands.command import COMMANDS
from muniment.commands.task import Context
from muniment.domain.caller import Caller
from muniment.domain.ledger import Actor
from muniment.domain.secret.schedule import HOUR
from muniment.domain.secret.state import CURRENT, boundary_of
from muniment.ops import actions as _actions  # noqa: F401 - registers every command
from muniment.ops import founding
from muniment.ops.connection import LogServer
from muniment.ops.host import Host
from muniment.ops.jetstream.loop import NatsLoop
from muniment.ops.rotation.claims import Claims
from muniment.ops.rotation.process import Rotations
from muniment.ops.rotation.rotator import NotRotated
from muniment.ops.rotation.steps import Steps
from muniment.ops.settings import Settings

SECOND = 1_000_000
LATE = 15


class Clock:
    """A clock that a test sets."""

    def __init__(self):
        self.now = time.time_ns() // 1_000

    def __call__(self):
        return self.now


class Target:
    """A rotator that counts, and fails as often as it is told."""

    name = "generated"
    one_password = False

    def __init__(self):
        self.calls, self.failures, self.guard = Counter(), Counter(), threading.Lock()

    def _call(self, step):
        with self.guard:
            self.calls[step] += 1
            if self.failures[step] > 0:
                self.failures[step] -= 1
                raise NotRotated("the target is away")

    def create(self, job, current):
        self._call("create")
        return f"made-{self.calls['create']}"

    def set(self, job, current, pending):
        self._call("set")

    def test(self, job, pending):
        self._call("test")

    def finish(self, job, pending):
        self._call("finish")

    def retire(self, job, old, current):
        self._call("retire")
        return "ended"


class Node:
    """One process over the log."""

    def __init__(self, site, name, target):
        self.ledger = site.closing.enter_context(site.host.ledger())
        self.ledger.now = site.clock
        loop = site.closing.enter_context(NatsLoop(site.host.as_role("api")))
        self.claims = Claims(loop, name)
        steps = Steps(self.ledger, site.host.ring, {target.name: target}, site.clock)
        state = lambda boundary: self.ledger.boundaries.get(boundary, fresh=True)  # noqa: E731
        self.process = Rotations(steps, state, lambda: site.boundaries, lambda position: None, self.claims, site.clock)

    def start(self, site):
        self.process.start()
        site.closing.callback(self.process.close)


class Site:
    """A founded site, whose time stands still until a test moves it."""

    def __init__(self, folder, closing):
        self.closing, self.clock, self.boundaries = closing, Clock(), []
        settings = Settings(data=folder / "data")
        settings.data.mkdir()
        server = LogServer(settings)
        server.open()
        closing.callback(server.close)
        self.host = Host(settings, server)
        closing.callback(self.host.close)
        self.ledger = closing.enter_context(self.host.ledger())
        self.ledger.now = self.clock
        self.account = founding.found(self.ledger, settings).account_id

    def do(self, action, **parameters):
        command = msgspec.convert(parameters, COMMANDS["secretsmanager", action])
        actor = Actor(self.account, f"arn:aws:iam::{self.account}:root", self.account, type="Root")
        return self.ledger.execute(command, Context(Caller(actor), "0190-test")).result

    def secret(self, name, schedule="rate(4 hours)", **rules):
        """A secret that is rotated on a schedule, and is not being rotated now."""
        self.do("CreateSecret", Name=name, SecretString="first", ClientRequestToken="0" * 32)
        rotate = {"RotationRules": {"ScheduleExpression": schedule, **rules}} if schedule else {}
        self.do(
            "RotateSecret", SecretId=name, RotationLambdaARN="muniment-generated", RotateImmediately=False, **rotate
        )
        boundary = boundary_of(self.account, name)
        self.boundaries.append(boundary)
        return boundary

    def state(self, boundary):
        return self.ledger.boundaries.get(boundary, fresh=True)

    def value(self, boundary):
        secret = self.state(boundary)
        version = secret.staged(CURRENT)
        return self.host.ring.unseal(secret.owner, f"value/{version.id}", version.value).decode()

    def until(self, found):
        give_up = time.monotonic() + LATE
        while not found():
            assert time.monotonic() < give_up, "it did not happen in time"
            time.sleep(0.01)


def entries(site, boundary, fact):
    return [entry.fact for entry in site.ledger.events.get(boundary) if type(entry.fact).__name__ == fact]


def move(site, nodes, microseconds):
    """Let time pass. The processes sleep by the real clock, so they are woken."""
    site.clock.now += microseconds
    for node in nodes:
        for boundary in site.boundaries:
            node.process.heard(boundary)
        with node.process._changed:
            node.process._changed.notify_all()


def rotated_once(site, node):
    """A secret whose first rotation is over, the old credential still alive for 300 s."""
    boundary = site.secret("s")
    node.start(site)
    site.until(lambda: site.state(boundary).run is None)
    move(site, [node], 4 * HOUR)
    site.until(lambda: site.state(boundary).rotated)
    return boundary
