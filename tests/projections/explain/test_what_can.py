"""WhatCan: every row evaluates true, and what evaluates true is covered by a row."""

import json
import random
from typing import Any

import msgspec
import pytest

import muniment.projections.queries.what_can
from muniment.domain.account.groups import GroupCreated, GroupMemberAdded
from muniment.domain.account.inline import GroupInlinePolicyPut, UserInlinePolicyPut
from muniment.domain.account.permissions_boundaries import UserPermissionsBoundarySet
from muniment.domain.account.policies import PolicyCreated
from muniment.domain.account.state import Account
from muniment.domain.account.users import UserCreated, UserTagged
from muniment.domain.errors import NoSuchEntity, ValidationError
from muniment.domain.ledger import Actor
from muniment.domain.policy.matching import Budget, action_matches, resource_matches, split_wildcards
from muniment.domain.policy.request import AccessRequest
from muniment.projections.explain.reach import name_of, principals_of
from muniment.projections.query import QUERIES, Asked
from tests.differential.changes import NUMBERS, RESOURCES
from tests.projections.logs import ACCOUNT
from tests.projections.past.house import House, history

NUMBER = ACCOUNT.partition(".")[2]
KNOWN = (
    "iam:CreateUser",
    "iam:GetUser",
    "s3:GetObject",
    "s3:PutObject",
    "sqs:Send",
    "sts:AssumeRole",
    "sts:GetCallerIdentity",
)


@pytest.fixture(autouse=True)
def known_actions(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server knows these."""
    monkeypatch.setattr(muniment.projections.queries.what_can, "every_action", lambda: frozenset(KNOWN))


def ask(house: House, account: str = NUMBER, **params: Any) -> Any:
    query = msgspec.convert(params, QUERIES["muniment", "WhatCan"])
    asked = Asked(Actor(account, f"arn:aws:iam::{account}:root", account, "Root"), 1_900_000_000_000_000)
    assert query.resources(house, asked)
    return query.answer(house, asked)


def walk(house: House, **params: Any) -> list[Any]:
    found, token = [], {}
    while True:
        answer = ask(house, **params, **token)
        found += answer["Permissions"]
        if "NextToken" not in answer:
            return found
        token = {"NextToken": answer["NextToken"]}


@pytest.mark.parametrize("seed", range(8))
def test_every_row_evaluates_true_and_what_evaluates_true_is_covered(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, _ = history(seed + 70, 120, monkeypatch)
    house = House(log)
    house.follow()
    luck, listed = random.Random(seed), 0  # noqa: S311 - not a secret
    for number in NUMBERS:
        account = house.directory.state(f"account.{number}")
        assert isinstance(account, Account)
        for principal in principals_of(house.access, account):
            rows = walk(house, account=number, Principal=name_of(principal), MaxResults=luck.choice([1, 3, 1_000]))
            listed += len(rows)
            for row in rows:
                assert house.access.evaluate(
                    AccessRequest(action=row["Action"], resource=row["Resource"], principal=principal)
                ), row
            for action in KNOWN[:-1]:
                for resource in RESOURCES:
                    request = AccessRequest(action=action, resource=resource, principal=principal)
                    here = request.owner == number and not (action == "sts:AssumeRole" and resource == "*")
                    if here and house.access.evaluate(request):
                        assert covered(rows, action, resource), (rows, action, resource)
    assert listed > 10


def covered(rows: list[Any], action: str, resource: str) -> bool:
    return any(
        action_matches(row["Action"], action, Budget())
        and resource_matches(split_wildcards(row["Resource"]), resource, Budget())
        for row in rows
    )


def document(*statements: dict[str, Any]) -> str:
    return json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": "*", **one} for one in statements]}
    )


def told(*facts: Any) -> House:
    house = House()
    house.log.append(ACCOUNT, UserCreated("ana", "AIDAANA", "/"), *facts)
    house.follow()
    return house


def brief(rows: list[Any]) -> list[tuple[str, str, list[str]]]:
    return [(row["Action"], row["Resource"], row["Except"]) for row in rows]


def test_wildcards_in_actions_are_told_as_what_they_mean_here() -> None:
    house = told(UserInlinePolicyPut("ana", "p", document({"Action": ["s3:*", "IAM:get*", "ec2:*", "app:read"]})))
    assert brief(walk(house, Principal="ana")) == [
        ("app:read", "*", []),
        ("ec2:*", "*", []),
        ("iam:GetUser", "*", []),
        ("s3:GetObject", "*", []),
        ("s3:PutObject", "*", []),
    ]
    assert brief(walk(house, Principal="ana", Action="s3:Put*")) == [("s3:PutObject", "*", [])]
    assert ("ec2:RunInstances", "*", []) in brief(walk(house, Principal="ana", Actions=["ec2:RunInstances"]))


def test_resources_are_told_with_variables_replaced_and_what_a_deny_takes_out() -> None:
    house = told(
        UserTagged("ana", {"team": "a*b"}),
        UserInlinePolicyPut(
            "ana",
            "p",
            document(
                {
                    "Action": "s3:GetObject",
                    "Resource": ["arn:aws:s3:::home/${aws:username}/*", "arn:aws:s3:::home/ana/x/*"],
                },
                {"Action": "s3:GetObject", "Resource": "arn:aws:s3:::${aws:PrincipalTag/team}/*"},
                {"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::home/ana/secret"},
            ),
        ),
    )
    assert brief(walk(house, Principal="ana")) == [
        ("s3:GetObject", "arn:aws:s3:::a${*}b/*", []),
        ("s3:GetObject", "arn:aws:s3:::home/ana/*", ["arn:aws:s3:::home/ana/secret"]),
    ]


def test_a_boundary_narrows_what_is_told() -> None:
    boundary = f"arn:aws:iam::{NUMBER}:policy/edge"
    house = told(
        PolicyCreated("edge", "ANPAEDGE", document({"Action": "s3:Get*", "Resource": "arn:aws:s3:::*/pub"})),
        UserInlinePolicyPut("ana", "p", document({"Action": "s3:*", "Resource": "arn:aws:s3:::home/*"})),
        UserPermissionsBoundarySet("ana", boundary),
    )
    assert brief(walk(house, Principal="ana")) == [("s3:GetObject", "arn:aws:s3:::home/*/pub", [])]


def test_conditions_count_with_the_keys_that_are_given() -> None:
    house = told(
        UserInlinePolicyPut("ana", "p", document({"Action": "sqs:Send", "Condition": {"Bool": {"a:b": "true"}}}))
    )
    assert walk(house, Principal="ana") == []
    assert brief(walk(house, Principal="ana", Context={"a:b": True})) == [("sqs:Send", "*", [])]


def test_paths_name_the_group() -> None:
    house = told(
        GroupCreated("readers", "AGPAR", "/"),
        GroupInlinePolicyPut("readers", "p", document({"Action": "sqs:Send"})),
        GroupMemberAdded("readers", "ana"),
    )
    (row,) = walk(house, Principal="ana")
    assert [(path["Via"], path["Group"]) for path in row["Paths"]] == [("group", "readers")]


def test_it_can_be_asked_as_of_a_moment_and_of_nobody_else() -> None:
    house = told(UserInlinePolicyPut("ana", "p", document({"Action": "sqs:Send"})))
    assert walk(house, Principal="ana", AsOf=1) == []
    for wrong in (
        {"Principal": "eva"},
        {"Principal": "ana", "account": "444455556666"},
        {"Principal": "ana", "AsOf": 0},
    ):
        with pytest.raises(NoSuchEntity):
            ask(house, **wrong)


def test_a_page_that_takes_too_long_ends_early_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    house = told(UserInlinePolicyPut("ana", "p", document({"Action": ["s3:*", "iam:*"]})))
    whole = walk(house, Principal="ana")
    monkeypatch.setattr(muniment.projections.queries.what_can, "DECISIONS_MAX", 4)
    assert "NextToken" in ask(house, Principal="ana")
    assert walk(house, Principal="ana") == whole


def test_a_marker_is_good_for_its_question_alone() -> None:
    house = told(UserInlinePolicyPut("ana", "p", document({"Action": "s3:*"})))
    token = ask(house, Principal="ana", MaxResults=1)["NextToken"]
    with pytest.raises(ValidationError, match="NextToken"):
        ask(house, Principal="root", NextToken=token)
