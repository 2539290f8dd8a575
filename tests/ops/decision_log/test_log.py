"""The decision log from the deciding thread to whoever reads it, over a real stream."""

import threading
import time

import pytest

from muniment.domain import logged
from muniment.domain.logged import Window
from muniment.domain.policy.decision import Effect, Layer
from muniment.domain.policy.request import AccessRequest, Principal, PrincipalKind
from muniment.domain.session import Passed
from muniment.ops.decision_log.metrics import DecisionMetrics
from muniment.ops.decision_log.reader import DECISIONS, DecisionReader
from muniment.ops.decision_log.writer import DecisionLog
from muniment.ops.jetstream.keystore import JetStreamKeyShredder, JetStreamKeyStore
from muniment.ops.jetstream.loop import NatsLoop
from muniment.ops.jetstream.provision import reset
from muniment.ops.jetstream.publisher import Publisher
from muniment.ops.keys.erase import erase
from muniment.ops.keys.kek import KEKs
from muniment.ops.keys.keksource import KEKMemory
from muniment.ops.keys.ring import KeyRing
from muniment.projections.access.decided import Decided
from tests.nats_server import running_server

ACCOUNT, OTHER = "111111111111", "222222222222"
SECRET = "203.0.113.77"


@pytest.fixture(scope="module")
def server():
    with running_server() as running:
        yield running


@pytest.fixture
def loop(server):
    reset(server.credentials("provision"))
    with NatsLoop(server.credentials("api")) as connected:
        connected.wait_ready(5)
        yield connected


@pytest.fixture
def ring(loop):
    return KeyRing(JetStreamKeyStore(loop), KEKs(KEKMemory()))


@pytest.fixture
def writer(loop, ring):
    log = DecisionLog(Publisher(loop, DECISIONS), ring)
    yield log
    log.close()


def user(name="ana", account=ACCOUNT, **more):
    arn = f"arn:aws:iam::{account}:user/{name}"
    return Principal(kind=PrincipalKind.USER, arn=arn, account=account, unique_id=f"AIDA{name.upper()}", **more)


def request(number=0, principal=None, **context):
    keys = {"aws:SourceIp": (SECRET,), "aws:SecureTransport": ("true",), "shop:customer": ("jo@example.com",)}
    return AccessRequest(
        action="shop:Read",
        resource=f"arn:shop:::{number}",
        principal=principal or user(),
        context={**keys, **context},
    )


def decided(effect=Effect.ALLOWED):
    return Decided(effect, Layer.IDENTITY, 7, None, None, None)


def note(log, count, **more):
    for number in range(count):
        log.note(logged.EVALUATION, request(number, **more), decided())


def read(loop, ring, count=10**6, account=ACCOUNT, **limits):
    window = Window()
    return list(DecisionReader(loop, ring).last(account, count, window, **limits)), window


def test_a_decision_is_read_as_it_was_asked(loop, ring, writer):
    asked = request(1, principal=user(tags={"team": "blue"}))
    writer.note(logged.GATE, asked, decided(Effect.EXPLICIT_DENY), Passed(policies=("arn:p",)))
    assert writer.flush()
    (found,), window = read(loop, ring)
    assert found.request == asked
    assert found.asker.passed == Passed(policies=("arn:p",))
    assert (found.row.source, found.row.effect, found.row.allowed, found.row.position) == (
        "gate",
        "explicitDeny",
        False,
        7,
    )
    assert (window.decisions, window.rates, window.dropped, window.unreadable) == (1, (1.0, 1.0), 0, 0)


def test_nothing_about_a_person_stands_in_clear(loop, ring, writer):
    # DESIGN 7: personal data is ciphertext
    note(writer, 3, principal=user(tags={"mail": "ana@example.com"}))
    assert writer.flush()
    raw = b"".join(each.data for each in DecisionReader(loop, ring)._between(ACCOUNT, 1, 100))
    assert b"shop:Read" in raw
    for private in (SECRET, "jo@example.com", "ana@example.com"):
        assert private.encode() not in raw


def test_the_last_so_many_are_the_newest_in_order(loop, ring, writer):
    for _ in range(5):
        note(writer, 700)
        writer.flush()
    found, window = read(loop, ring, 1_500)
    numbers = [int(each.row.resource.rpartition(":")[2]) for each in found]
    assert numbers == [*range(600, 700), *range(700), *range(700)]
    assert window.decisions == 1_500
    assert window.began == found[0].row.time


def test_a_window_may_end_and_begin_at_a_time(loop, ring, writer):
    note(writer, 10)
    writer.flush()
    time.sleep(0.01)
    moment = time.time_ns() // 1_000
    note(writer, 20)
    writer.flush()
    assert len(read(loop, ring, until=moment)[0]) == 10
    assert len(read(loop, ring, since=moment)[0]) == 20
    (one,), window = read(loop, ring, 1, until=moment)
    assert one.row.resource == "arn:shop:::9"
    assert window.decisions == 1


def test_accounts_are_apart(loop, ring, writer):
    # SECURITY rule 16
    note(writer, 2)
    note(writer, 3, principal=user(account=OTHER))
    assert writer.flush()
    assert len(read(loop, ring)[0]) == 2
    assert len(read(loop, ring, account=OTHER)[0]) == 3
    assert read(loop, ring, account="333333333333")[0] == []


def test_what_finds_no_room_is_counted_in_the_log_and_in_the_metric(loop, ring):
    gate = threading.Event()

    class Slow(Publisher):
        def publish(self, messages, deadline=None):
            gate.wait(10)
            return super().publish(messages, deadline)

    log = DecisionLog(Slow(loop, DECISIONS), ring, waiting_max=50)
    try:
        note(log, 1)
        deadline = time.monotonic() + 5
        while log._waiting and time.monotonic() < deadline:
            time.sleep(0.005)
        note(log, 80)
        assert log.dropped == 30
        gate.set()
        assert log.flush()
        note(log, 1)
        assert log.flush()
    finally:
        log.close()
    _, window = read(loop, ring)
    assert (window.decisions, window.dropped, window.missing) == (52, 30, 0)
    values = {family.name: family.samples[0].value for family in DecisionMetrics(log).collect()}
    assert values["muniment_decisions_dropped"] == 30
    assert values["muniment_decisions_logged"] == 52


def test_when_the_log_is_away_decisions_wait_and_are_stored_once(loop, ring):
    class Flaky(Publisher):
        tries = 0

        def publish(self, messages, deadline=None):
            self.tries += 1
            stored = super().publish(messages, deadline) if self.tries != 1 else None
            if self.tries == 2:
                raise ConnectionError("the answer was lost")
            if stored is None:
                raise ConnectionError("away")
            return stored

    log = DecisionLog(Flaky(loop, DECISIONS), ring)
    try:
        note(log, 5)
        assert log.flush()
    finally:
        log.close()
    found, window = read(loop, ring)
    assert (len(found), window.missing, log.dropped) == (5, 0, 0)


def test_a_sampled_log_says_its_share(loop, ring):
    log = DecisionLog(Publisher(loop, DECISIONS), ring, rate=0.25)
    try:
        note(log, 4_000)
        assert log.flush()
    finally:
        log.close()
    found, window = read(loop, ring)
    assert 700 < len(found) < 1_300
    assert window.rates == (0.25, 0.25)


def test_a_message_that_we_did_not_sign_is_not_believed(loop, ring, writer):
    note(writer, 1)
    writer.flush()
    stranger = KeyRing(JetStreamKeyStore(loop), KEKs(KEKMemory()))
    stranger.sign = lambda payload: ("nobody", b"\0" * 64)
    forger = DecisionLog(Publisher(loop, DECISIONS), stranger)
    note(forger, 3, principal=user())
    forger.flush()
    forger.close()
    found, window = read(loop, ring)
    assert (len(found), window.unbelievable) == (1, 1)


def test_after_its_principal_is_erased_a_decision_cannot_be_asked_again(server, loop, ring, writer):
    # SECURITY rule 12
    note(writer, 2)
    note(writer, 1, principal=user("eva"))
    writer.flush()
    with NatsLoop(server.credentials("erasure")) as erasing:
        erasing.wait_ready(5)
        erase(ring, JetStreamKeyShredder(erasing), f"account.{ACCOUNT}/AIDAANA")
    found, window = read(loop, ring)
    assert [each.request is None for each in found] == [True, True, False]
    assert (window.decisions, window.unreadable) == (3, 2)


def test_what_was_signed_is_remembered_without_the_decisions(ring, writer):
    """The key ring remembers its last 4 096 signatures with their payloads: whole messages among them were a gigabyte."""
    note(writer, 1_000)
    assert writer.flush()
    assert all(len(payload) < 100 for _, payload in ring.entries._made.values())
    assert len(ring.entries._made) > 0
