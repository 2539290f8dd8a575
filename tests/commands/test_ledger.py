"""The Ledger on the library's in-memory recorder (POPO): the same code that runs on JetStream (LEDGER §4)."""

import threading
import time

import msgspec
import pytest

from muniment.commands.command import Command
from muniment.commands.gate import OpenGate
from muniment.commands.ledger import Ledger
from muniment.commands.task import Context
from muniment.domain.account.state import Account
from muniment.domain.account.users import UserCreated, UserDeleted
from muniment.domain.caller import Caller
from muniment.domain.errors import EntityAlreadyExists, IdempotencyMismatch, ServiceUnavailable
from muniment.domain.ledger import Actor, Sealed

ROOT = Caller(Actor("123456789012", "arn:aws:iam::123456789012:root", "123456789012", "Root"))
BOUNDARY = "account.123456789012"
POPO = {"PERSISTENCE_MODULE": "eventsourcing.popo"}


class AddUser(Command[Account], frozen=True, kw_only=True, rename="pascal"):
    """A command of this test's own: it is in no registry, for it names no service."""

    boundary = Account
    user_name: str
    note: str = ""

    def resources(self, state, actor):
        return ()

    def decide(self, state, given):
        if self.user_name.lower() in state.users:
            raise EntityAlreadyExists(f"User with name {self.user_name} already exists.")
        return UserCreated(self.user_name, given.unique_id("AIDA"))

    def answer(self, state, entries, given):
        return {"Id": entries[0].fact.user_id}


class PlainSigner:
    """A signer that can be told to distrust: its signatures are not secret, only recognizable."""

    good = True

    def sign(self, payload):
        return "k1", b"s" * 64

    def verify(self, key_id, signature, payload):
        return self.good and signature == b"s" * 64


class PlainSealer:
    """A sealer that keeps text as it is."""

    def seal(self, owner, field, plain):
        return Sealed(owner, plain)

    def unseal(self, owner, field, sealed):
        return sealed.box


def ledger(**options):
    return Ledger(POPO, signer=options.pop("signer", PlainSigner()), sealer=PlainSealer(), gate=OpenGate(), **options)


def add(name, request="r", **context):
    return AddUser(user_name=name), Context(ROOT, request, **context)


def test_a_command_becomes_a_fact():
    with ledger() as log:
        outcome = log.execute(*add("ana"))
        (entry,) = outcome.entries
        assert entry.fact == UserCreated("ana", outcome.result["Id"])
        assert (entry.version, entry.prev, entry.actor) == (1, b"", ROOT.actor)
        assert outcome.position == 1


def test_entries_of_a_boundary_are_chained():  # DESIGN §3
    with ledger() as log:
        first = log.execute(*add("ana")).entries[0]
        second = log.execute(*add("ben")).entries[0]
        assert second.prev == first.digest != b""


class OtherProcess(Ledger):
    """A second Ledger over the first one's log, with states of its own."""

    def __init__(self, first, **options):
        self._first = first
        super().__init__(POPO, signer=PlainSigner(), sealer=PlainSealer(), gate=OpenGate(), **options)

    def construct_recorder(self):
        return self._first.recorder


def test_a_refusal_is_decided_on_a_fresh_state():
    """Another process wrote in between: what is refused on the old state is decided again (DESIGN §3)."""
    with ledger() as one:
        two = OtherProcess(one)
        two.execute(*add("zoe"))
        one.execute(*add("ana"))
        with pytest.raises(EntityAlreadyExists):
            two.execute(*add("ANA"))


def test_a_conflict_with_another_process_is_decided_again():
    with ledger() as one:
        two = OtherProcess(one)
        for n in range(10):
            one.execute(*add(f"a-{n}"))
            two.execute(*add(f"b-{n}"))
        one.boundaries.forget()
        assert len(one.boundaries.get("account.123456789012").users) == 20


def test_a_repeat_with_the_same_key_gets_the_first_result():
    with ledger() as log:
        first = log.execute(*add("ana", idempotency_key="k"))
        again = log.execute(*add("ana", idempotency_key="k"))
        assert again.repeated
        assert not first.repeated
        assert again.result == first.result
        assert log.recorder.max_notification_id() == 1


def test_the_same_key_with_another_body_is_refused():
    with ledger() as log:
        log.execute(*add("ana", idempotency_key="k"))
        with pytest.raises(IdempotencyMismatch):
            log.execute(*add("ben", idempotency_key="k"))


def test_a_repeat_is_remembered_over_a_restart():
    with ledger() as log:
        first = log.execute(*add("ana", idempotency_key="k"))
        log.boundaries.forget()
        assert log.execute(*add("ana", idempotency_key="k")).result == first.result


def test_many_threads_on_one_account_lose_and_double_nothing():
    names = [f"user-{n}" for n in range(200)]
    with ledger() as log:
        work = iter(names)
        guard = threading.Lock()

        def worker():
            while True:
                with guard:
                    name = next(work, None)
                if name is None:
                    return
                log.execute(*add(name))

        threads = [threading.Thread(target=worker) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        log.boundaries.forget()
        account = log.boundaries.get("account.123456789012")
        assert sorted(account.users) == sorted(names)
        assert account.version == len(names)


def test_a_request_whose_time_is_up_does_nothing():
    with ledger() as log:
        with pytest.raises(ServiceUnavailable):
            log.execute(*add("ana", deadline=time.monotonic() - 1))
        assert log.recorder.max_notification_id() is None


def test_a_command_does_not_build_on_an_entry_nobody_signed():
    signer = PlainSigner()
    with ledger(signer=signer) as log:
        log.execute(*add("ana"))
        log.boundaries.forget()
        signer.good = False
        with pytest.raises(ServiceUnavailable, match=r"version 1 of .* carries no valid signature"):
            log.execute(*add("ben"))


def test_a_command_on_an_entry_that_cannot_have_happened_is_a_503_and_no_answer_of_that_entry():
    with ledger() as log:
        log.execute(*add("ana"))
        state = log.boundaries.get(BOUNDARY)
        happened, bad = log.events.get(BOUNDARY, gt=0), UserDeleted("nobody")
        entry = msgspec.structs.replace(next(iter(happened)), version=state.version + 1, prev=state.head, fact=bad)
        log.save(log.mapper.prepare(entry))
        log.boundaries.forget()
        with pytest.raises(ServiceUnavailable, match=r"entry 2 of .* cannot be applied: KeyError"):
            log.execute(*add("ben"))


def test_a_long_boundary_starts_from_its_snapshot():
    with ledger() as log:
        for n in range(510):
            log.execute(*add(f"user-{n}"))
        deadline = time.monotonic() + 5
        while not list(log.snapshots.get("account.123456789012")) and time.monotonic() < deadline:
            time.sleep(0.01)
        kept = log.boundaries.get("account.123456789012")
        log.boundaries.forget()
        assert log.boundaries._start("account.123456789012").version == 500
        assert log.boundaries.get("account.123456789012") == kept


def test_stray_environment_variables_replace_nothing(monkeypatch):  # LEDGER §4, configuration trap
    monkeypatch.setenv("MAPPER_TOPIC", "os:system")
    with ledger() as log:
        assert "MAPPER_TOPIC" not in log.env
    with pytest.raises(ValueError, match="PERSISTENCE_MODULE"):
        Ledger({}, signer=PlainSigner(), sealer=PlainSealer(), gate=OpenGate())
