"""Given, when, then without a server: states after facts, a predictable Given, and a house of boundaries that runs commands."""

import hashlib
from contextlib import contextmanager

import msgspec
import pytest

from muniment.commands.command import At
from muniment.domain import facts as _every_fact  # noqa: F401 fills the registry
from muniment.domain import ids
from muniment.domain.account.state import Account
from muniment.domain.boundary import fold, new_state
from muniment.domain.caller import Caller
from muniment.domain.ledger import Actor, Cause, Entry, Sealed
from tests.commands.bench import Bench, Plain

ACCOUNT = "123456789012"
BOUNDARY = f"account.{ACCOUNT}"
ROOT = Actor(ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root", ACCOUNT, "Root")
OPERATOR = Actor(ids.NOBODY, "arn:muniment:ops::000000000000:operator/eva", "operator/eva", "Operator", "eva")
SESSION = Actor(ACCOUNT, f"arn:aws:sts::{ACCOUNT}:assumed-role/ops/eva", "AROAOPS:eva", "AssumedRole")
START = 1_700_000_000_000_000  # microseconds
SECOND = 1_000_000

ALLOW = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}'
DENY = '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"s3:*","Resource":"*"}]}'


def trust(*principals):
    """A trust policy for these principals of type AWS."""
    named = principals[0] if len(principals) == 1 else list(principals)
    statement = {"Effect": "Allow", "Principal": {"AWS": named}, "Action": "sts:AssumeRole"}
    return msgspec.json.encode({"Version": "2012-10-17", "Statement": [statement]}).decode()


def arn(kind, name, path="/", account=ACCOUNT):
    return f"arn:aws:iam::{account}:{kind}{path}{name}"


def policy_arn(name, path="/"):
    return arn("policy", name, path)


def ana(user_id="AIDAANA", name="ana"):
    """The user Ana as a caller."""
    return Actor(ACCOUNT, arn("user", name), user_id, "IAMUser", name)


class Fixed:
    """A Given without surprises: ids count up, seals open only with the owner and field they were made with."""

    def __init__(self, actor=ROOT, now=START, also=None, principals=None):
        self.actor, self.now, self.also = actor, now, also or {}
        self.principals = principals or {}
        self.drawn = 0
        self.prepared = None

    def random(self, count):
        self.drawn += 1
        return hashlib.shake_256(f"{self.now} {self.drawn}".encode()).digest(count)

    def unique_id(self, prefix):
        self.drawn += 1
        digest = hashlib.sha256(f"{self.now} {self.drawn}".encode()).digest()
        return ids.unique_id(prefix, digest)

    def account_number(self):
        self.drawn += 1
        return f"{200_000_000_000 + self.now // SECOND % 1_000_000 * 1_000 + self.drawn}"

    def secret(self):
        return f"secret-{self.now}-{self.drawn}".ljust(40, "x")

    def seal(self, owner, field, plain):
        return Sealed(f"{owner} {field}", plain.encode()[::-1])

    def unseal(self, owner, field, sealed):
        assert sealed.key == f"{owner} {field}"
        return sealed.box[::-1].decode()

    def principal_id(self, arn):
        return self.principals.get(arn)


def now(actor=ROOT, **options):
    return Fixed(actor, **options)


def entry(fact, state, actor=ROOT, time=None, key=b""):
    """The entry that would come next."""
    version = state.version + 1
    return Entry(
        f"entry-{version}",
        state.id,
        version,
        START + version * SECOND if time is None else time,
        actor,
        Cause("iam:Test", f"request-{version}", key=key),
        state.head,
        fact,
        digest=hashlib.sha256(f"{state.id} {version}".encode()).digest(),
    )


def then(state, *facts):
    """The state after more facts; the given one is not changed."""
    for fact in facts:
        state = fold(state, [entry(fact, state)])
    return state


def after(*facts, boundary=BOUNDARY):
    """The state of a boundary, an account's where nothing is said, after these facts."""
    return then(new_state(boundary), *facts)


@contextmanager
def refused(kind, message=None):
    """Exactly this refusal, in exactly these words."""
    with pytest.raises(kind) as caught:
        yield caught
    assert type(caught.value) is kind
    if message is not None:
        assert caught.value.message == message


def facts_of(decision):
    """A decision as a tuple."""
    return () if decision is None else decision if isinstance(decision, tuple) else (decision,)


class House:
    """All boundaries of a site, and commands run on them as the Ledger would, one after another."""

    def __init__(self, *states):
        self.states = {state.id: state for state in states}
        self.time = START
        self.entries = []
        self.bench = Bench()
        self.passwords = Plain()

    def state(self, boundary):
        return self.states.get(boundary) or new_state(boundary)

    @property
    def account(self):
        state = self.state(BOUNDARY)
        assert isinstance(state, Account)
        return state

    def principal_id(self, arn):
        found = self.states.get(f"account.{arn.split(':')[4]}")
        return found.id_of(arn) if found is not None else None

    def do(self, command, actor=ROOT):
        """Gate's question, decision, record, answer."""
        return self.run(command, actor)[1]

    def run(self, command, actor=ROOT):
        """The entries of the command's own boundary and of those it names elsewhere, and the answer."""
        self.time += SECOND
        target = command.located(actor, self.state)
        given = Fixed(actor, self.time, {name: self.state(name) for name in command.also(actor)})
        given.principal_id = self.principal_id
        state = self.state(target)
        assert all(resource.arn for resource in command.resources(state, actor))
        if command.prepares:
            given.prepared = self.prepare(command, actor, given)
        recorded = tuple(self._record(item, target, actor) for item in facts_of(command.decide(state, given)))
        return recorded, command.answer(self.state(target), recorded, given)

    def prepare(self, command, actor=ROOT, given=None):
        """What the command prepares before its lane."""
        self.bench.now = self.time
        caller = Caller(actor, address="10.0.0.1")
        given = given or Fixed(actor, self.time)
        return command.prepare(self.state(command.target(actor)), given, caller, self.bench.workshop(self.passwords))

    def again(self, command, entries, actor=ROOT):
        """The answer of a repeat, from the entries that the Ledger would find."""
        target = command.located(actor, self.state)
        own = tuple(item for item in entries if item.boundary == target)
        elsewhere = command.elsewhere(own)
        found = own + tuple(item for item in entries if item.boundary in elsewhere and item.boundary != target)
        return command.answer(self.state(target), found, Fixed(actor, self.time + SECOND))

    def _record(self, item, target, actor):
        boundary, fact = (item.boundary, item.fact) if isinstance(item, At) else (target, item)
        assert fact.kind == boundary.split(".", 1)[0]
        state = self.state(boundary)
        new = entry(fact, state, actor, self.time)
        self.entries.append(new)
        self.states[boundary] = fold(state, [new])
        return new
