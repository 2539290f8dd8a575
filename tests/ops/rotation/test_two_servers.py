"""Rotation by two servers over one external log: a schedule fires once, and what a killed one had begun the other ends."""

import collections
import contextlib
import json
import signal
import subprocess
import time

import msgspec
import pytest

from muniment.commands.command import COMMANDS
from muniment.commands.task import Context
from muniment.domain.caller import Caller
from muniment.domain.ledger import Actor
from muniment.domain.secret.schedule import HOUR
from muniment.domain.secret.state import boundary_of
from muniment.ops.connection import LogServer
from muniment.ops.host import Host
from muniment.ops.jetstream.kv import KeyValue
from muniment.ops.rotation.claims import PREFIX, SECONDS, STREAM
from muniment.ops.rotation.composing import node
from muniment.ops.settings import Settings
from tests.muniment_server import MUNIMENT, Muniment
from tests.ops.federation.issuer_server import Issuer
from tests.ops.test_durability import external_server

SECRETS = 8
LATE_SECONDS = 60


class Endpoint(Issuer):
    """A rotation webhook that notes what it is asked, and answers `second` for a new value."""

    def __init__(self, folder):
        super().__init__(folder)
        self.calls = collections.Counter()  # (secret's ARN, step) → how often
        self.before = lambda arn, step: None  # called before it answers
        self.server.RequestHandlerClass.do_POST = lambda handler: self.answer(handler)

    def answer(self, handler):
        """One call."""
        asked = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
        self.calls[asked["secretArn"], asked["step"]] += 1
        self.before(asked["secretArn"], asked["step"])
        told = b'{"SecretString": "second"}'
        with contextlib.suppress(OSError):  # who asked may be dead by now
            handler.send_response(200)
            handler.send_header("Content-Length", str(len(told)))
            handler.end_headers()
            handler.wfile.write(told)


class Site:
    """Two servers, the endpoint, and a way to the log past both."""

    def __init__(self, folder, url, closing):
        subprocess.run([MUNIMENT, "provision", "--nats", url], check=True)
        self.endpoint = Endpoint(folder)
        closing.callback(self.endpoint.close)
        options = ("--nats", url, "--kek", f"file:{folder / 'kek'}")
        targets = ("--rotation-allow", self.endpoint.place, "--rotation-ca", str(self.endpoint.ca))
        self.one = closing.enter_context(Muniment(folder / "one", *options, *targets))
        self.two = closing.enter_context(Muniment(folder / "two", *options, *targets))
        self.two.root = self.one.root
        settings = Settings(data=folder / "three", nats=url, kek=f"file:{folder / 'kek'}")
        settings.data.mkdir()
        self.host = Host(settings, LogServer(settings))
        closing.callback(self.host.close)
        self.ledger = closing.enter_context(self.host.ledger())
        self.claims = KeyValue(self.host.loop, STREAM, PREFIX)

    def do(self, action, **parameters):
        """A command as root, at whatever time `ledger.now` says."""
        account = self.one.account
        caller = Caller(Actor(account, f"arn:aws:iam::{account}:root", account, type="Root"))
        return self.ledger.execute(
            msgspec.convert(parameters, COMMANDS["secretsmanager", action]), Context(caller, "0190-test")
        ).result

    def boundary(self, name):
        return boundary_of(self.one.account, name)

    def state(self, name):
        return self.ledger.boundaries.get(self.boundary(name))

    def facts(self, name, kind):
        entries = self.ledger.events.get(self.boundary(name))
        return [entry.fact for entry in entries if type(entry.fact).__name__ == kind]

    def holder(self, name):
        """The server that works on a secret now."""
        claim = self.claims.get(self.boundary(name))
        nodes = {node(Settings(data=server.data)).encode(): server for server in (self.one, self.two)}
        return nodes[claim.data]


@pytest.fixture
def site(tmp_path):
    with external_server(tmp_path, "always") as (url, _), contextlib.ExitStack() as closing:
        yield Site(tmp_path, url, closing)


def until(found, seconds=LATE_SECONDS):
    give_up = time.monotonic() + seconds
    while not (result := found()):
        assert time.monotonic() < give_up, "it did not happen in time"
        time.sleep(0.1)
    return result


def test_schedules_that_are_due_on_two_servers_fire_once(site):
    """Both hear of schedules whose windows are open already: the commands are given by a clock four hours behind."""
    names = [f"s{number}" for number in range(SECRETS)]
    site.ledger.now = lambda: time.time_ns() // 1_000 - 4 * HOUR
    metadata = [{"Key": "url", "Value": f"{site.endpoint.url}/rotate"}]
    for name in names:
        site.do("CreateSecret", Name=name, SecretString="first")
        site.do(
            "RotateSecret",
            SecretId=name,
            RotationLambdaARN="muniment-webhook",
            ExternalSecretRotationMetadata=metadata,
            RotationRules={"ScheduleExpression": "rate(4 hours)"},
            RotateImmediately=False,
        )
    until(lambda: all(site.state(name).rotated for name in names))
    for name in names:
        secret, begun = site.state(name), [fact for fact in site.facts(name, "SecretRotationStarted") if fact.due_id]
        assert len(begun) == 1, name
        assert len(secret.versions) == 2
        assert secret.rotation.due > time.time_ns() // 1_000
        counts = {step: site.endpoint.calls[secret.arn, step] for step in ("create", "set", "finish")}
        assert counts == {"create": 1, "set": 1, "finish": 1}, name
    for server in (site.one, site.two):
        assert server.client("secretsmanager").get_secret_value(SecretId="s0")["SecretString"] == "second"


@pytest.mark.heavy  # the dead server's claim ends by itself, after a minute
def test_what_a_killed_server_had_begun_the_other_ends(site):
    site.one.client("secretsmanager").create_secret(Name="x", SecretString="first")
    killed = []

    def kill(arn, step):
        if step == "set" and not killed:
            server = site.holder("x")
            server.process.send_signal(signal.SIGKILL)
            server.process.wait()
            killed.append(server)

    site.endpoint.before = kill
    metadata = [{"Key": "url", "Value": f"{site.endpoint.url}/rotate"}, {"Key": "overlapSeconds", "Value": "1"}]
    site.do("RotateSecret", SecretId="x", RotationLambdaARN="muniment-webhook", ExternalSecretRotationMetadata=metadata)
    until(lambda: killed)
    until(lambda: site.state("x").rotated, SECONDS + LATE_SECONDS)
    until(lambda: site.facts("x", "SecretVersionRetired"))
    secret = site.state("x")
    calls = {step: site.endpoint.calls[secret.arn, step] for step in ("create", "set", "test", "finish", "retire")}
    assert calls == {"create": 1, "set": 2, "test": 1, "finish": 1, "retire": 1}
    assert len(secret.versions) == 2
    (alive,) = {site.one, site.two} - set(killed)
    assert alive.client("secretsmanager").get_secret_value(SecretId="x")["SecretString"] == "second"
