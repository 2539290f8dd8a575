"""After any history, told in batches of any size, the live model answers as the plain evaluator does over a fresh fold of the same
log; and readers beside it only ever see whole states (DESIGN §4, §5).
"""

import os
import random
import threading

import pytest

from muniment.domain.account.attachments import UserPolicyAttached
from muniment.domain.account.policies import PolicyCreated, PolicyVersionCreated
from muniment.domain.account.users import UserCreated
from muniment.domain.policy.layers import Source
from muniment.domain.policy.request import AccessRequest
from muniment.domain.policy.statements import Kind
from muniment.projections.access.model import Access
from tests.differential.changes import Changes, document
from tests.differential.seeded import luck as luck_of
from tests.projections import histories
from tests.projections.access.test_model import ANA, POLICY_ARN, allow
from tests.projections.logs import Log, Signer
from tests.projections.worlds import World

HISTORIES = 1_000 if os.environ.get("HYPOTHESIS_PROFILE") == "heavy" else 25
FACTS = 30


def session(luck: random.Random, world: World) -> tuple[Source, ...] | None:
    """Session policies for some."""
    if luck.random() < 0.7:
        return None
    return (Source(world.access._documents.read(document(luck), Kind.SESSION)),)


def compare(live: Access, plain: Access, request: AccessRequest, policies: tuple[Source, ...] | None) -> None:
    decided, wanted = live.decide(request, policies), plain.evaluate(request, policies)
    assert (decided.effect, decided.layer, decided.alarm) == (wanted.effect, wanted.layer, wanted.alarm), request
    assert decided.reason == wanted.reason
    assert decided.decision == wanted


@pytest.mark.parametrize("share", range(5))
def test_after_any_history_live_answers_equal_those_of_a_fresh_fold(
    share: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed in range(share, HISTORIES, 5):
        luck = luck_of(seed)
        monkeypatch.setattr(histories, "DOCUMENTS", tuple(document(luck) for _ in range(12)))
        world = World()
        changes = Changes(world.log, luck)
        told = 0
        for _ in range(FACTS):
            changes.tell(luck.choice)
            if luck.random() < 0.5:
                world.take(world.log.messages[told:])
                told = len(world.log.messages)
                for request in changes.requests():
                    policies = session(luck, world)
                    compare(world.access, world.access, request, policies)
        world.take(world.log.messages[told:])
        fresh = World()
        fresh.log = Log(Signer())
        fresh.take(world.log.messages)
        for request in changes.requests():
            compare(world.access, fresh.access, request, session(luck, world))


def test_readers_beside_the_changes_only_see_whole_states() -> None:
    """Two policies are swapped in one batch: there is always exactly one that allows."""
    other = POLICY_ARN.replace("policy/p", "policy/q")
    give, deny_none = allow("iam:GetUser"), allow("sqs:Nothing")
    world = World(
        UserCreated("ana", ANA.unique_id),
        PolicyCreated("p", "ANPA1", give),
        PolicyCreated("q", "ANPA2", deny_none),
        UserPolicyAttached("ana", POLICY_ARN),
        UserPolicyAttached("ana", other),
    )
    request = AccessRequest(action="iam:GetUser", resource="*", principal=ANA)
    refused: list[object] = []
    going = True

    def read() -> None:
        while going:
            if not (decided := world.access.decide(request)):
                refused.append(decided)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for number in range(300):
        texts = (deny_none, give) if number % 2 == 0 else (give, deny_none)
        facts = [
            PolicyVersionCreated(arn, f"v{number + 2}", text, True)
            for arn, text in zip((POLICY_ARN, other), texts, strict=True)
        ]
        world.happened(*facts)
    going = False
    for reader in readers:
        reader.join()
    assert refused == []
