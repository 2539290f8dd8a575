"""WhoCan: exactly those for whom a decision is yes, and those who can become one of them by assuming roles."""

import json
import random
from typing import Any

import msgspec
import pytest

import muniment.projections.queries.who_can
from muniment.domain.account.groups import GroupCreated, GroupMemberAdded
from muniment.domain.account.inline import GroupInlinePolicyPut, RoleInlinePolicyPut, UserInlinePolicyPut
from muniment.domain.account.roles import RoleCreated
from muniment.domain.account.state import Account
from muniment.domain.account.users import UserCreated
from muniment.domain.errors import LimitExceeded, ValidationError
from muniment.domain.ledger import Actor
from muniment.domain.policy.request import AccessRequest
from muniment.projections.explain.reach import name_of, principals_of
from muniment.projections.query import QUERIES, Asked
from tests.differential.changes import ACTIONS, NUMBERS, RESOURCES
from tests.projections.logs import ACCOUNT
from tests.projections.past.house import House, history

NUMBER = ACCOUNT.partition(".")[2]
IAM = f"arn:aws:iam::{NUMBER}"


def ask(house: House, account: str = NUMBER, **params: Any) -> Any:
    query = msgspec.convert(params, QUERIES["muniment", "WhoCan"])
    asked = Asked(Actor(account, f"arn:aws:iam::{account}:root", account, "Root"), 1_900_000_000_000_000)
    assert query.resources(house, asked)
    return query.answer(house, asked)


def walk(house: House, **params: Any) -> list[Any]:
    found, token = [], {}
    while True:
        answer = ask(house, **params, **token)
        found += answer["Principals"]
        if "NextToken" not in answer:
            return found
        token = {"NextToken": answer["NextToken"]}


def may(house: House, principal: Any, action: str, resource: str) -> bool:
    return bool(house.access.evaluate(AccessRequest(action=action, resource=resource, principal=principal)))


def brute(house: House, account: Account, action: str, resource: str) -> tuple[set[str], set[str]]:
    """Who may, and who can become somebody who may, by the plain evaluator and nothing else."""
    everybody = list(principals_of(house.access, account))
    able = {name_of(one) for one in everybody if may(house, one, action, resource)}
    roles = {name_of(one): one for one in everybody if one.issuer_arn}
    reached = {name for name in able if name in roles}
    while True:
        more = {
            name
            for name, role in roles.items()
            if name not in reached and any(may(house, role, "sts:AssumeRole", one) for one in reached)
        }
        if not more:
            break
        reached |= more
    climbing = {
        name_of(one)
        for one in everybody
        if any(one.issuer_arn != role and may(house, one, "sts:AssumeRole", role) for role in reached)
    }
    return able, climbing


@pytest.mark.parametrize("seed", range(8))
def test_exactly_those_are_listed_who_may_or_can_become_one_who_may(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    log, _ = history(seed + 40, 120, monkeypatch)
    house = House(log)
    house.follow()
    luck, listed = random.Random(seed), 0  # noqa: S311 - not a secret
    for _ in range(15):
        number, action, resource = luck.choice(NUMBERS), luck.choice(ACTIONS), luck.choice(RESOURCES)
        account = house.directory.state(f"account.{number}")
        assert isinstance(account, Account)
        found = walk(house, account=number, Action=action, Resource=resource, MaxResults=luck.choice([1, 2, 1_000]))
        direct = {one["Arn"] for one in found if any(path["Via"] != "role" for path in one["Paths"])}
        chained = {one["Arn"] for one in found if any(path["Via"] == "role" for path in one["Paths"])}
        assert (direct, chained) == brute(house, account, action, resource), (number, action, resource)
        assert [one["Arn"] for one in found] == sorted(one["Arn"] for one in found)
        past = walk(house, account=number, Action=action, Resource=resource, AsOf=len(log.messages))
        assert past == found
        listed += len(found)
    assert listed > 10


def document(action: str, resource: str = "*", **more: Any) -> str:
    return json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": resource, **more}]}
    )


def trusting(name: str) -> str:
    said = {"Effect": "Allow", "Principal": {"AWS": name}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [said]})


def company() -> House:
    ana, guard, keeper = ("AIDA" + letter * 17 for letter in "A"), "AROA" + "G" * 17, "AROA" + "K" * 17
    (ana_id,) = ana
    house = House()
    house.log.append(
        ACCOUNT,
        UserCreated("ana", ana_id, "/"),
        UserCreated("eva", "AIDA" + "E" * 17, "/"),
        UserCreated("ida", "AIDA" + "I" * 17, "/"),
        GroupCreated("readers", "AGPAR", "/"),
        GroupInlinePolicyPut("readers", "read", document("s3:*")),
        GroupMemberAdded("readers", "eva"),
        UserInlinePolicyPut("eva", "own", document("s3:Get*")),
        RoleCreated("guard", guard, trusting(ana_id)),
        RoleInlinePolicyPut("guard", "up", document("sts:AssumeRole")),
        RoleCreated("keeper", keeper, trusting(guard)),
        RoleInlinePolicyPut("keeper", "read", document("s3:*")),
    )
    house.follow()
    return house


def test_paths_say_how_somebody_comes_to_it() -> None:
    found = {
        one["Arn"].rpartition(":")[2]: one
        for one in walk(company(), Action="s3:GetObject", Resource="arn:aws:s3:::b/k")
    }
    assert set(found) == {"root", "user/ana", "user/eva", "role/guard", "role/keeper"}
    assert found["root"]["Paths"] == [{"Via": "root"}]
    assert found["user/ana"]["Paths"] == [{"Via": "role", "Roles": [f"{IAM}:role/guard", f"{IAM}:role/keeper"]}]
    assert [(path["Via"], path.get("Group")) for path in found["user/eva"]["Paths"]] == [
        ("direct", None),
        ("group", "readers"),
    ]
    assert found["user/eva"]["Paths"][0]["Policies"][0]["Policy"] == "user_eva_own"
    assert found["role/keeper"]["Type"] == "Role"
    assert found["role/guard"]["Paths"] == [{"Via": "role", "Roles": [f"{IAM}:role/keeper"]}]


def test_it_can_be_asked_as_of_a_moment() -> None:
    house = company()
    names = [one["Arn"] for one in walk(house, Action="s3:GetObject", AsOf=5)]
    assert names == [f"{IAM}:root"]


def test_a_page_that_takes_too_long_ends_early_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = walk(company(), Action="s3:GetObject")
    monkeypatch.setattr(muniment.projections.queries.who_can, "DECISIONS_MAX", 9)
    first = ask(company(), Action="s3:GetObject")
    assert "NextToken" in first
    assert walk(company(), Action="s3:GetObject") == whole
    monkeypatch.setattr(muniment.projections.queries.who_can, "DECISIONS_MAX", 2)
    with pytest.raises(LimitExceeded, match="too many roles"):
        ask(company(), Action="s3:GetObject")


def test_a_marker_is_good_for_its_question_alone() -> None:
    token = ask(company(), Action="s3:GetObject", MaxResults=1)["NextToken"]
    with pytest.raises(ValidationError, match="NextToken"):
        ask(company(), Action="s3:PutObject", MaxResults=1, NextToken=token)
    with pytest.raises(ValidationError, match="NextToken"):
        ask(company(), Action="s3:GetObject", MaxResults=1, NextToken=token, account="444455556666")
