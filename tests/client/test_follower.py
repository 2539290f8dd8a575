"""What the follower makes of what comes, without a server: SECURITY rules 2 and 13."""

import time

import msgspec
import pytest

from muniment.client.follower import Follower
from muniment.domain import stored
from muniment.domain.account.users import UserCreated
from muniment.ops.jetstream.api import Stored
from muniment.ops.jetstream.settings import new_seed
from muniment.ops.reader.credential import FORMAT, OwnSignature, ReaderCredential
from muniment.projections.readmodel import Foreign
from muniment.projections.snapshots import Snapshots
from tests.differential.changes import Changes, document
from tests.differential.seeded import luck as luck_of
from tests.projections import histories
from tests.projections.logs import ACCOUNT, Log, Signer
from tests.projections.worlds import World

OTHER = "account.999999999999"


class Keys:
    """The log's key, known; `unknown` as the real ones note it."""

    def __init__(self, signer):
        self.unknown, self._signer = "", signer

    def verify(self, key_id, signature, payload):
        if key_id != self._signer.name:
            self.unknown = key_id
            return False
        return self._signer.verify(key_id, signature, payload)


class Reading:
    """What a `Durable` is to the follower."""

    heard = 0.0

    def __init__(self):
        self.failed = None

    def fail(self, reason):
        self.failed = reason


def follower(log, boundaries=(ACCOUNT,), snapshots=None, seed=None):
    credential = ReaderCredential(
        format=FORMAT,
        name="r",
        url="nats://localhost:4222",
        seed=seed or new_seed(),
        epoch="e1",
        consumers=("c",),
        keys=msgspec.Raw(b"{}"),
        boundaries=boundaries,
    )
    own = OwnSignature(credential.seed)
    kept = Snapshots(snapshots, own) if snapshots is not None else None
    made = Follower(credential, Keys(log.signer), None, "c", kept, own)
    made._durable = Reading()
    return made


def log_of(*boundaries):
    log = Log(Signer())
    for number, boundary in enumerate(boundaries):
        log.append(boundary, UserCreated(f"u{number}", f"AIDA{number}"))
    return log


def messages(log, *only):
    return [
        Stored(each.stream, each.sequence, each.time_ns, each.subject, each.data)
        for each in log.messages
        if not only or any(each.subject.startswith(f"iam.{boundary}.") for boundary in only)
    ]


def test_entries_of_others_are_no_gap_for_a_reader_of_one_account():
    log = log_of(OTHER, ACCOUNT, OTHER, OTHER, ACCOUNT)
    one = follower(log)
    one._take(messages(log, ACCOUNT), 0)
    assert one._durable.failed is None
    assert one.taken == 2
    one._looked(9)
    assert one.model.position() == 9


def test_a_missing_entry_of_its_own_ends_it():
    log = log_of(ACCOUNT, ACCOUNT, ACCOUNT)
    one = follower(log)
    first, _, third = messages(log)
    one._take([first, third], 0)
    assert "version 3" in str(one._durable.failed)
    assert one.taken == 1


def test_a_gap_ends_a_reader_of_everything():
    log = log_of(ACCOUNT, OTHER, OTHER)
    one = follower(log, boundaries=())
    first, _, third = messages(log)
    one._take([first, third], 0)
    assert "entries are missing" in str(one._durable.failed)


@pytest.mark.parametrize("live", [False, True])
def test_a_forged_entry_is_not_applied(live):
    log = log_of(ACCOUNT)
    one = follower(log)
    one._take(messages(log), 0)
    assert live or one.model.reset() is None
    forger = Signer(b"x" * 32)
    entry = log.entry(ACCOUNT, UserCreated("eva", "AIDAEVA"))
    log.store(entry, signer=forger)
    if not live:
        one._fold.reset()
        one._chains = one._new_chains()
    one._take(messages(log) if not live else messages(log)[1:], 0)
    assert "no valid signature" in str(one._durable.failed)
    assert "eva" not in one.model.table[ACCOUNT].users


def test_a_key_that_is_not_known_is_waited_for():
    log = log_of(ACCOUNT)
    one = follower(log)
    one._take(messages(log), 0)
    log.store(log.entry(ACCOUNT, UserCreated("eva", "AIDAEVA")), signer=Signer(b"x" * 32, "k2"))
    one._take(messages(log)[1:], 0)
    assert "muniment readers renew" in str(one._durable.failed)
    assert one.broken == ""


@pytest.mark.parametrize("how", ["another", "gone", "earlier"])
def test_the_last_entry_must_come_again_after_a_break(how):
    log = log_of(ACCOUNT, ACCOUNT)
    one = follower(log)
    one._take(messages(log), 0)
    one._to_prove = stored.digest(log.messages[-1].data)
    one._chains = one._new_chains()
    if how == "gone":
        one._looked(1)
    else:
        other = log_of(ACCOUNT, ACCOUNT, ACCOUNT)
        one._take(messages(other)[2:] if how == "another" else messages(other)[:1], 0)
    assert "no longer there" in str(one._durable.failed)


def test_the_last_entry_that_comes_again_is_applied_once():
    log = log_of(ACCOUNT, ACCOUNT)
    one = follower(log)
    one._take(messages(log), 0)
    one._to_prove = stored.digest(log.messages[-1].data)
    one._chains = one._new_chains()
    log.append(ACCOUNT, UserCreated("eva", "AIDAEVA"))
    one._take(messages(log)[1:], 0)
    assert one._durable.failed is None
    assert one.taken == 3
    assert "eva" in one.model.table[ACCOUNT].users


def test_a_snapshot_of_other_boundaries_is_passed_over(tmp_path):
    log, seed = log_of(ACCOUNT, OTHER), new_seed()
    every = follower(log, boundaries=(), snapshots=tmp_path, seed=seed)
    every._take(messages(log), 0)
    every._keeper.saved = -(10**6)
    every._keeper.close()
    again = follower(log, boundaries=(), snapshots=tmp_path, seed=seed)
    again._load_snapshot()
    assert again.model.position() == 2
    one = follower(log, boundaries=(ACCOUNT,), snapshots=tmp_path, seed=seed)
    one._load_snapshot()
    assert one.model.position() == 0


def test_a_fact_that_this_release_does_not_know_lets_the_state_grow_old():
    # SECURITY rule 2: a model that stopped is not up to date, however often the server is heard
    log = log_of(ACCOUNT)
    one = follower(log)
    one._take(messages(log), 0)
    log.append(ACCOUNT, Foreign("Invented", 1))
    one._take(messages(log)[1:], 0)
    assert one.model.stopped
    assert "unknown fact" in one.model.status.reason
    one._durable.heard = time.monotonic() + 100
    assert 0 <= one.age() < 5


@pytest.mark.parametrize("seed", range(8))
def test_after_any_history_it_answers_as_the_plain_evaluator(seed, monkeypatch):
    luck = luck_of(seed)
    monkeypatch.setattr(histories, "DOCUMENTS", tuple(document(luck) for _ in range(12)))
    changes = Changes(Log(Signer()), luck)
    for _ in range(60):
        changes.tell(luck.choice)
    every = messages(changes.log)
    one = follower(changes.log, boundaries=())
    at = 0
    while at < len(every):
        size = luck.randint(1, 9)
        one._take(every[at : at + size], max(0, len(every) - at - size) if luck.random() < 0.5 else 0)
        at += size
    assert one._durable.failed is None
    fresh = World()
    fresh.log = Log(Signer())
    fresh.take(changes.log.messages)
    for request in changes.requests():
        found, wanted = one.model.decide(request), fresh.access.evaluate(request)
        assert (found.effect, found.layer) == (wanted.effect, wanted.layer), request
