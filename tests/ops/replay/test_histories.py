"""The replay equals the live read model at every position of a random history."""

import itertools
from collections.abc import Iterator

import pytest
from hypothesis import given, settings

from muniment.commands.gate import OpenGate
from muniment.commands.ledger import Ledger
from muniment.ops.keys.kek import KEKs
from muniment.ops.keys.keksource import KEKMemory
from muniment.ops.keys.ring import KeyRing
from muniment.ops.keys.store import MemoryKeyStore
from muniment.ops.replay import Moment, diff, replay_at, state_dump
from muniment.ops.replay.timeline import Asked, timeline
from muniment.projections.directory import Directory
from muniment.projections.feed import Feed
from muniment.projections.fold import Fold
from muniment.projections.readmodel import IAM_ACTIVITY
from muniment.projections.timeline.places import database_at
from muniment.projections.timeline.question import Question
from muniment.projections.timeline.timeline import Timeline
from tests.ops import histories
from tests.projections.logs import Log

POPO = {"PERSISTENCE_MODULE": "eventsourcing.popo"}

SOME = settings(max_examples=max(20, settings().max_examples // 4))  # each replays itself at every position


@pytest.fixture(scope="module")
def ring() -> KeyRing:
    return KeyRing(MemoryKeyStore(), KEKs(KEKMemory()))


class Written(Log):
    """A log that a real Ledger wrote, in memory."""

    def __init__(self, ring: KeyRing, history) -> None:
        super().__init__(ring)
        self.positions = [0]
        with Ledger(POPO, signer=ring, sealer=ring, gate=OpenGate()) as ledger:
            self.secret = histories.found(ledger)
            self._take(ledger)
            for command in history:
                histories.run(ledger, [command])
                self._take(ledger)

    def _take(self, ledger: Ledger) -> None:
        for item in ledger.recorder.select_notifications(start=len(self.messages) + 1, limit=1_000):
            self.put(f"iam.{item.originator_id}.{item.topic}", item.state)


def live(log: Log) -> Iterator[dict[str, object]]:
    """What a directory under a feed shows after each entry, which arrives on its own."""
    growing = Log(log.signer)
    fold = Fold()
    directory = Directory(fold)
    feed = Feed([growing.source()], log.signer, [directory], fold)
    feed.start()
    assert feed.wait_loaded(10)
    try:
        yield {}
        for message in log.messages:
            growing.put(message.subject, message.data)
            directory.wait(message.sequence)
            yield {boundary: state_dump(state) for boundary, state in feed.between(directory.picture).items()}
    finally:
        feed.close()


@SOME
@given(history=histories.histories())
def test_the_replay_equals_the_live_directory_at_every_position(ring, history):
    log = Written(ring, history)
    last = len(log.messages)
    replayed = replay_at(log.source(batch=13), ring, [Moment(sequence=position) for position in range(last + 1)])
    for position, (picture, one) in enumerate(zip(live(log), replayed, strict=True)):
        assert one.position == position
        assert {boundary: state_dump(state) for boundary, state in one.states.items()} == picture, position


@SOME
@given(history=histories.histories(40))
def test_nothing_changed_where_nothing_differs_and_something_where_something_does(ring, history):
    log = Written(ring, history)
    moments = [Moment(sequence=position) for position in range(len(log.messages) + 1)]
    states = [one.states for one in replay_at(log.source(), ring, moments)]
    for before, after in itertools.pairwise(states):
        assert diff(before, before) == []
        told = {(change.boundary, change.table, change.name) for change in diff(before, after)}
        shown = {boundary: _entities(state) for boundary, state in after.items()}
        known = {boundary: _entities(state) for boundary, state in before.items()}
        assert bool(told) == (shown != known)
        assert len(diff(after, before)) == len(told)


def _entities(state):
    dump = state_dump(state)
    derived = ("version", "position", "head", "ids", "keys", "attachments", "bounds", "emails", "aliases")
    return {name: value for name, value in dump.items() if name not in derived}


@SOME
@given(history=histories.histories(40))
def test_the_timeline_from_the_log_names_every_entry_once(ring, history):
    log = Written(ring, history)
    rows = timeline([log.source()], ring, Asked())
    assert [row.sequence for row in rows] == list(range(1, len(log.messages) + 1))
    ana = f"arn:aws:iam::{histories.NUMBER}:user/ana"
    about = timeline([log.source()], ring, Asked(resource=ana))
    assert [row.sequence for row in about] == [
        row.sequence for row in rows if any(ana == arn for _, arn, _ in row.record.resources)
    ]


@SOME
@given(history=histories.histories(40))
def test_the_timeline_from_the_log_equals_the_live_one(ring, tmp_path_factory, history):
    log = Written(ring, history)
    live = Timeline(database_at(tmp_path_factory.mktemp("timeline")))
    feed = Feed([log.source(), Log(ring, IAM_ACTIVITY).source()], ring, [live])
    feed.start()
    try:
        assert feed.wait_loaded(10)
        assert timeline([log.source()], ring, Asked()) == live.rows(Question(oldest_first=True))
        ana = f"arn:aws:iam::{histories.NUMBER}:user/ana"
        about = live.rows(Question(oldest_first=True, resource=ana))
        assert timeline([log.source()], ring, Asked(resource=ana)) == about
    finally:
        feed.close()
        live.close()


def test_every_command_of_iam_takes_part():
    assert len(histories.kinds()) > 40
    assert {field for kind in histories.kinds() for field in kind.__struct_fields__} <= set(histories.FIELDS)
