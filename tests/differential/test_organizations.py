"""Whatever an organization does, the compiled engine decides as the plain evaluator does over a fresh fold, and its policies only
take away (POLICY_EVALUATION 2.2, steps 2 and 3)."""

import os
import random

import msgspec
import pytest

from muniment.domain.policy.decision import Layer
from muniment.domain.policy.evaluate import evaluate
from muniment.domain.policy.request import AccessRequest
from muniment.projections.access.decided import policies
from muniment.projections.access.known import context, issued
from tests.differential.changes import document
from tests.differential.organized import Organized
from tests.differential.seeded import luck as luck_of
from tests.differential.test_live_changes import compare, session
from tests.projections import histories
from tests.projections.logs import Log, Signer
from tests.projections.worlds import World

HISTORIES = 1_000 if os.environ.get("HYPOTHESIS_PROFILE") == "heavy" else 25
FACTS = 40


def organized(world: World, luck: random.Random, monkeypatch: pytest.MonkeyPatch) -> Organized:
    monkeypatch.setattr(histories, "DOCUMENTS", tuple(document(luck) for _ in range(12)))
    return Organized(world.log, luck)


@pytest.mark.parametrize("share", range(5))
def test_after_any_history_of_an_organization_live_answers_equal_those_of_a_fresh_fold(
    share: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    layers = set()
    for seed in range(share, HISTORIES, 5):
        luck, world = luck_of(seed), World()
        changes = organized(world, luck, monkeypatch)
        told = 0
        for _ in range(FACTS):
            changes.tell(luck.choice)
            if luck.random() < 0.4:
                world.take(world.log.messages[told:])
                told = len(world.log.messages)
                for request in changes.requests():
                    compare(world.access, world.access, request, session(luck, world))
        world.take(world.log.messages[told:])
        fresh = World()
        fresh.log = Log(Signer())
        fresh.take(world.log.messages)
        for request in changes.requests():
            compare(world.access, fresh.access, request, session(luck, world))
            layers.add(world.access.decide(request).layer)
    assert {Layer.SCP, Layer.RCP} <= layers


def without_organization(world: World, request: AccessRequest) -> bool:
    """The plain answer where nothing of the organization counts but its name."""
    decided = world.access.decide(request)
    frame, question = decided.frame, decided.question
    full = msgspec.structs.replace(
        request,
        principal=issued(request.principal, frame.account),
        context=context(request, frame.account, frame.organizations),
    )
    return bool(evaluate(full, msgspec.structs.replace(policies(frame, question), scps=None, rcps=None)))


def test_any_set_of_organization_policies_only_removes(monkeypatch: pytest.MonkeyPatch) -> None:
    removed = 0
    for seed in range(HISTORIES):
        luck, world = luck_of(10_000 + seed), World()
        changes = organized(world, luck, monkeypatch)
        for _ in range(FACTS):
            changes.tell(luck.choice)
        world.take(world.log.messages)
        for request in changes.requests():
            allowed = bool(world.access.decide(request))
            before = without_organization(world, request)
            assert before or not allowed, request
            removed += before and not allowed
    assert removed >= HISTORIES // 2
