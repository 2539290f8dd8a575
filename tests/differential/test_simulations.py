"""What SimulatePrincipalPolicy says of a user or role is what happens when it asks: the same answers as `Access.decide`, after any
history. What a simulation cannot know is left out: others' resources, and roles that do not exist.
"""

import os
from typing import Any

import msgspec
import pytest

from muniment.domain.account.state import Account
from muniment.domain.boundary import State, new_state
from muniment.domain.ledger import Actor
from muniment.domain.policy.layers import Level
from muniment.domain.policy.request import AccessRequest
from muniment.projections.queries.iam import simulate
from muniment.projections.query import Asked
from tests.differential.changes import ACTIONS, RESOURCES, Changes, document
from tests.differential.seeded import luck as luck_of
from tests.projections import histories
from tests.projections.worlds import World

HISTORIES = 300 if os.environ.get("HYPOTHESIS_PROFILE") == "heavy" else 12
FACTS = 60
ASSUME = "sts:AssumeRole"


class Views:
    """What the query asks, over a world of facts."""

    cursor_key = b"c" * 32
    timeline = credentials = rebuilds = past = what_if = unsealer = None

    def __init__(self, world: World) -> None:
        self.access: Any = world.access

    def state(self, boundary: str) -> State:
        found: State | None = self.access.table.get(boundary)
        return found or new_state(boundary)


def simulated(views: Views, account: Account, source: str, on: str, **more: Any) -> dict[str, str]:
    """The decision on each action."""
    said = {"PolicySourceArn": source, "ActionNames": list(ACTIONS), "ResourceArns": [on], **more}
    query: Any = msgspec.convert(said, simulate.SimulatePrincipalPolicy)
    root = f"arn:aws:iam::{account.number}:root"
    results = query.answer(views, Asked(Actor(account.number, root, account.number, "Root"), 0))["EvaluationResults"]
    return {result["EvalActionName"]: result["EvalDecision"] for result in results}


def principals(account: Account) -> list[str]:
    users = [account.user_arn(user) for user in account.users.values()]
    return users + [account.role_arn(role) for role in account.roles.values()]


def test_simulations_answer_as_decisions_do(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = 0
    for seed in range(HISTORIES):
        luck = luck_of(seed)
        monkeypatch.setattr(histories, "DOCUMENTS", tuple(document(luck) for _ in range(12)))
        world = World()
        changes = Changes(world.log, luck)
        for _ in range(FACTS):
            changes.tell(luck.choice)
        world.take(world.log.messages)
        views = Views(world)
        for account in [state for state in world.access.table.values() if isinstance(state, Account)]:
            roles = {account.role_arn(role) for role in account.roles.values()}
            for source in principals(account):
                on = luck.choice([each for each in RESOURCES if f"::{account.number}:" in each or "s3" in each] + ["*"])
                found = simulated(views, account, source, on)
                principal = world.access.principal(source)
                assert principal is not None
                for action in ACTIONS:
                    if action != ASSUME or on == "*" or on in roles:
                        asked = AccessRequest(action=action, resource=on, principal=principal)
                        assert found[action] == world.access.decide(asked).effect.value, (seed, source, action, on)
                        compared += 1
    assert compared > 100


def test_an_organization_over_the_account_counts_unless_it_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """SCPs come from where `Access` has them."""
    world = World()
    luck = luck_of(1)
    changes = Changes(world.log, luck)
    while not any(isinstance(state, Account) and state.users for state in world.access.table.values()):
        changes.tell(luck.choice)
        world.take(world.log.messages[-1:])
    account = next(state for state in world.access.table.values() if isinstance(state, Account) and state.users)
    source = principals(account)[0]
    everything = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
    given = {"PolicyInputList": [msgspec.json.encode(everything).decode()]}
    views = Views(world)
    free = simulated(views, account, source, "*", **given, PolicyExclusionList=[{"PolicyType": "permission-boundary"}])
    nothing = (Level("root", ()),)
    real = world.access.policies

    def under(principal: Any) -> Any:
        return msgspec.structs.replace(real(principal), scps=nothing)

    monkeypatch.setattr(world.access, "policies", under)
    held = simulated(views, account, source, "*", **given)
    assert held["s3:GetObject"] != "allowed"
    left_out = [{"PolicyType": "scp"}, {"PolicyType": "permission-boundary"}]
    assert simulated(views, account, source, "*", **given, PolicyExclusionList=left_out) == free
