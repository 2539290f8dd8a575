"""What-if questions equal brute force: the plain evaluator over fresh folds of the log, with and without candidates (DESIGN 5)."""

import os
import time

import pytest

from muniment.commands.hypothesis import Hypothesis
from muniment.domain.logged import Asker, Found, Row
from muniment.projections.what_if import OutOfTime, Worlds
from tests.differential.changes import Changes, document
from tests.differential.organized import Organized
from tests.differential.seeded import luck as luck_of
from tests.projections import histories
from tests.projections.logs import ACTOR, Log, Signer
from tests.projections.worlds import World

HISTORIES = 500 if os.environ.get("HYPOTHESIS_PROFILE") == "heavy" else 30
FACTS, CANDIDATES = 60, 12


def found(number, request):
    row = Row(number, 0, request.action, request.resource, False, "", "", 0, "evaluation")
    return Found(row, Asker(request.principal), request)


def fresh(messages):
    world = World()
    world.log = Log(Signer())
    world.take(messages)
    return world


@pytest.mark.parametrize("teller", [Changes, Organized])
def test_the_differences_are_those_of_brute_force(teller, monkeypatch):
    differing = 0
    for seed in range(HISTORIES):
        luck = luck_of(seed)
        monkeypatch.setattr(histories, "DOCUMENTS", tuple(document(luck) for _ in range(12)))
        changes = teller(Log(Signer()), luck)
        for _ in range(FACTS):
            changes.tell(luck.choice)
        told = len(changes.log.messages)
        before = fresh(changes.log.messages[:told])
        asked = [*changes.requests()]
        for _ in range(CANDIDATES):
            changes.tell(luck.choice)
        after = fresh(changes.log.messages)
        hypothesis = Hypothesis(before.directory.state, ACTOR, 1, lambda arn: None)
        for message in changes.log.messages[told:]:
            entry = changes.log.entry_of(message)
            hypothesis.record(entry.boundary, entry.fact, "iam:Test")
        worlds = Worlds(before.access, {}, hypothesis.changed)
        logged = [found(number, request) for number, request in enumerate(asked)]
        differences = [*worlds.differences(logged, time.monotonic() + 60)]
        wanted = [
            each.row.time
            for each in logged
            if bool(before.access.evaluate(each.request)) is not bool(after.access.evaluate(each.request))
        ]
        assert [each.found.row.time for each in differences] == wanted
        differing += len(wanted)
    assert differing > HISTORIES // 10


def test_asking_changes_nothing():
    luck = luck_of(3)
    changes = Changes(Log(Signer()), luck)
    for _ in range(FACTS):
        changes.tell(luck.choice)
    world = fresh(changes.log.messages)
    before = world.directory.digest()
    hypothesis = Hypothesis(world.directory.state, ACTOR, 1, lambda arn: None)
    changes.tell(luck.choice)
    entry = changes.log.entry_of(changes.log.messages[-1])
    hypothesis.record(entry.boundary, entry.fact, "iam:Test")
    logged = [found(0, request) for request in changes.requests()]
    list(Worlds(world.access, {}, hypothesis.changed).differences(logged, time.monotonic() + 60))
    assert world.directory.digest() == before


def test_it_stops_when_its_time_is_up():
    luck = luck_of(4)
    changes = Changes(Log(Signer()), luck)
    for _ in range(FACTS):
        changes.tell(luck.choice)
    world = fresh(changes.log.messages)
    logged = [found(0, request) for request in changes.requests()] * 50
    with pytest.raises(OutOfTime):
        list(Worlds(world.access, {}, {}).differences(logged, time.monotonic() - 1))
