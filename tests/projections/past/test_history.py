"""AccessHistory: the intervals are those that evaluating at every single position gives."""

import os
import random
from typing import Any

import msgspec
import pytest

import muniment.projections.queries.access_history  # noqa: F401
from muniment.domain.account.groups import GroupCreated, GroupMemberAdded, GroupMemberRemoved
from muniment.domain.account.inline import GroupInlinePolicyPut, UserInlinePolicyDeleted, UserInlinePolicyPut
from muniment.domain.account.users import UserCreated, UserDeleted, UserRenamed
from muniment.domain.errors import ValidationError
from muniment.domain.ledger import Actor
from muniment.projections.explain.asking import principal_named, request_of
from muniment.projections.past import history as histories
from muniment.projections.query import QUERIES, Asked
from tests.differential.changes import ACTIONS, NUMBERS, RESOURCES, Changes
from tests.differential.organized import Organized
from tests.projections.logs import ACCOUNT
from tests.projections.past.house import House, history

NUMBER = ACCOUNT.partition(".")[2]
HISTORIES = 60 if os.environ.get("HYPOTHESIS_PROFILE") == "heavy" else 6
ALLOW = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}'


def ask(house: House, account: str = NUMBER, **params: Any) -> Any:
    query = msgspec.convert(params, QUERIES["muniment", "AccessHistory"])
    asked = Asked(Actor(account, f"arn:aws:iam::{account}:root", account, "Root"), 1_900_000_000_000_000)
    assert query.resources(house, asked)
    return query.answer(house, asked)


def walk(house: House, **params: Any) -> list[Any]:
    found, token = [], {}
    while True:
        answer = ask(house, **params, **token)
        found += answer["Intervals"]
        if "NextToken" not in answer:
            return found
        token = {"NextToken": answer["NextToken"]}


def shape(intervals: list[Any]) -> list[tuple[bool, int | None, int | None]]:
    return [
        (one["Allowed"], one.get("Began", {}).get("Sequence"), one.get("Ended", {}).get("Sequence"))
        for one in intervals
    ]


def brute(house: House, account: str, params: dict[str, Any], last: int) -> list[tuple[bool, int | None, int | None]]:
    """By evaluating, plainly, at every position."""
    found: list[tuple[bool, int | None, int | None]] = []
    for position in range(last + 1):
        access = house.past.access(position)
        principal = principal_named(access, params["Principal"], account)
        request = principal and request_of(principal, params["Action"], params["Resource"], {})
        allowed = bool(request and access.evaluate(request))
        if not found:
            found.append((allowed, None, None))
        elif found[-1][0] is not allowed:
            before, began, _ = found[-1]
            found[-1] = (before, began, position)
            found.append((allowed, position, None))
    return found


@pytest.mark.parametrize("seed", range(HISTORIES))
@pytest.mark.parametrize("teller", [Changes, Organized])
def test_the_intervals_are_those_of_evaluating_at_every_position(
    seed: int, teller: type[Changes], monkeypatch: pytest.MonkeyPatch
) -> None:
    log, changes = history(seed + 100, 90, monkeypatch, teller)
    house = House(log, keep=7)
    house.follow()
    luck, turns = random.Random(seed), 0  # noqa: S311 - not a secret
    names = ["ana", "Bob", "c3", "root"]
    for _ in range(25):
        number = luck.choice(NUMBERS)
        ids = sorted(changes.states[f"account.{number}"].ids)  # type: ignore[attr-defined]
        other = luck.choice([f"arn:aws:iam::{number}:role/{luck.choice(names)}", *ids])
        params = {
            "Principal": luck.choice([*names, other]),
            "Action": luck.choice(ACTIONS),
            "Resource": luck.choice(RESOURCES),
        }
        wanted = brute(house, number, params, len(log.messages))
        assert shape(walk(house, account=number, **params)) == wanted, params
        assert shape(walk(house, account=number, MaxResults=1, **params)) == wanted, params
        monkeypatch.setattr(histories, "ENTRIES_MAX", luck.choice([3, 20_000]))
        turns += len(wanted) - 1
    assert turns > 1, "nothing ever changed"


def told() -> House:
    house = House()
    house.log.append(
        ACCOUNT,
        UserCreated("ana", "AIDAANA", "/"),
        GroupCreated("readers", "AGPAR", "/"),
        GroupInlinePolicyPut("readers", "p", ALLOW),
        GroupMemberAdded("readers", "ana"),
        UserInlinePolicyPut("ana", "p", ALLOW),
        GroupMemberRemoved("readers", "ana"),
        UserInlinePolicyDeleted("ana", "p"),
    )
    house.follow()
    return house


QUESTION = {"Principal": "ana", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/k"}


def test_somebody_who_never_was_there_is_told_so() -> None:
    (never,) = walk(told(), **{**QUESTION, "Principal": "eva"})
    assert (never["Allowed"], never["Reason"]) == (False, "there is no such principal")


def test_an_interval_tells_who_began_and_who_ended_it() -> None:
    house = told()
    never, then, since = walk(house, **QUESTION)
    assert never["Allowed"] is False
    assert "no identity-based policy allows" in never["Reason"]  # though at its beginning there was no such principal
    assert (then["Allowed"], then["DecidedBy"]) == (True, "identity-based policy")
    assert (then["Began"]["Fact"], then["Ended"]["Fact"]) == ("GroupMemberAdded", "UserInlinePolicyDeleted")
    recorded = house.log.entry_of(house.log.messages[3])
    assert then["Began"] == {
        "EntryId": recorded.id,
        "Sequence": 4,
        "Time": house.log.messages[3].time_ns // 1_000,
        "Principal": recorded.actor.arn,
        "PrincipalId": recorded.actor.id,
        "Action": "iam:Test",
        "RequestId": "r4",
        "Fact": "GroupMemberAdded",
    }
    assert since["Began"] == then["Ended"]
    assert "Ended" not in since


def test_a_name_is_whoever_bears_it_and_an_id_is_one_and_the_same() -> None:
    house = House()
    house.log.append(
        ACCOUNT,
        UserCreated("ana", "AIDAONE", "/"),
        UserInlinePolicyPut("ana", "p", ALLOW),
        UserRenamed("ana", "eva"),
        UserCreated("ana", "AIDATWO", "/"),
        UserInlinePolicyPut("ana", "p", ALLOW),
        UserInlinePolicyDeleted("eva", "p"),
        UserDeleted("eva"),
    )
    house.follow()
    assert shape(walk(house, **QUESTION)) == [(False, None, 2), (True, 2, 3), (False, 3, 5), (True, 5, None)]
    one = {**QUESTION, "Principal": "AIDAONE"}
    assert shape(walk(house, **one)) == [(False, None, 2), (True, 2, 6), (False, 6, None)]


def test_a_history_can_be_asked_between_two_moments() -> None:
    house = told()
    assert shape(walk(house, **QUESTION, Since=5, Until=6)) == [(True, None, None)]
    assert shape(walk(house, **QUESTION, Since=3, Until=4)) == [(False, None, 4), (True, 4, None)]
    with pytest.raises(ValidationError, match="lies behind Until"):
        ask(house, **QUESTION, Since=5, Until=4)


def test_a_marker_is_good_for_its_question_alone() -> None:
    house = told()
    token = ask(house, **QUESTION, MaxResults=1)["NextToken"]
    assert shape(ask(house, **QUESTION, MaxResults=1, NextToken=token)["Intervals"]) == [(True, 4, 7)]
    for change in ({"Principal": "eva"}, {"Action": "s3:PutObject"}, {"Context": {"a": "b"}}, {"Since": 1}):
        with pytest.raises(ValidationError, match="NextToken"):
            ask(house, **{**QUESTION, **change}, MaxResults=1, NextToken=token)
    with pytest.raises(ValidationError, match="NextToken"):
        ask(house, **QUESTION, account="444455556666", NextToken=token)
