"""What one may do held against what another may: never covered where a request says otherwise, covered where people expect it."""

from collections.abc import Mapping
from random import Random
from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from muniment.domain.policy.checks.person import Person
from muniment.domain.policy.checks.result import Work
from muniment.domain.policy.checks.rights import Rights, cover, rights, uncovered
from muniment.domain.policy.decision import Layer
from muniment.domain.policy.document import Kind, PolicyDocument, parse_for_writing
from muniment.domain.policy.layers import Source, read_policies
from muniment.domain.policy.request import AccessRequest, Circumstances, Principal, PrincipalKind
from tests.domain.policy.checks.asking import changed, document, read
from tests.domain.policy.people import A, statement, text
from tests.domain.policy.worlds import ACTIONS, CONTEXT, RESOURCES

Keys = Mapping[str, tuple[str, ...]]
SESSION = ("aws:MultiFactorAuthPresent", "aws:MultiFactorAuthAge")
TAG = "aws:PrincipalTag/team"


def whoever(name: str, team: str | None) -> dict[str, tuple[str, ...]]:
    """The keys of a user's own."""
    arn = f"arn:aws:iam::{A}:user/{name}"
    tags = {} if team is None else {TAG: (team,)}
    return {"aws:username": (name,), "aws:PrincipalArn": (arn,), "aws:userid": (f"AIDA{name}",), **tags}


def lowered(keys: Keys) -> Keys:
    return {key.lower(): values for key, values in keys.items()}


def allowed(layers: tuple[PolicyDocument, ...], action: str, resource: str, keys: Keys) -> bool:
    """Whether every layer allows and none denies, by the plain evaluator."""
    principal = Principal(kind=PrincipalKind.USER, arn=keys["aws:PrincipalArn"][0], account=A)
    request = AccessRequest(action=action, resource=resource, principal=principal, context=keys)
    said = [read_policies(Layer.IDENTITY, (Source(one),), Circumstances(request)) for one in layers]
    return all(one.allows and not one.denies for one in said)


def shown(one: Rights, other: Rights) -> bool:
    work = Work()
    covers = (cover(one, other, work),)
    return all(uncovered(rule, other, covers, work) is None for rule in other.allowing[0])


def documents(luck: Random, like: list[dict[str, Any]]) -> tuple[PolicyDocument, ...]:
    """One layer or two; some of them are like those of somebody else."""
    found = []
    for _ in range(luck.choice([1, 1, 2])):
        made = document(luck.randrange(1 << 24), Kind.IDENTITY)
        if like and luck.random() < 0.8:
            made = changed(luck.choice(like), luck.randrange(1 << 24), Kind.IDENTITY)
        like.append(made)
        if (parsed := read(made, Kind.IDENTITY)) is not None:
            found.append(parsed)
    return tuple(found)


def judged(seed: int) -> bool | None:
    """Whether ana's rights are shown to cover bob's; any request is a witness against it."""
    luck = Random(seed)  # noqa: S311 - not a secret
    like: list[dict[str, Any]] = []
    hers, his = documents(luck, like), documents(luck, like)
    if not hers or not his:
        return None
    ana, bob = whoever("ana", luck.choice([None, "red", "blue"])), whoever("bob", luck.choice([None, "red", "*"]))
    now = {key: luck.choice(CONTEXT[key]) for key in SESSION if luck.random() < 0.5}
    her = Person(lowered(ana | now), generous=False, tags_known=True, session_known=True)
    him = Person(lowered(bob), generous=True, tags_known=True)
    if not shown(rights([[one] for one in hers], her), rights([[one] for one in his], him)):
        return False
    for _ in range(60):
        keys = luck.sample([key for key in CONTEXT if key not in (*SESSION, TAG)], luck.randint(0, 5))
        around = {key: luck.choice(CONTEXT[key]) for key in keys}
        his_session = {key: luck.choice(CONTEXT[key]) for key in SESSION if luck.random() < 0.5}
        action, resource = luck.choice(ACTIONS), luck.choice(RESOURCES)
        if allowed(his, action, resource, around | bob | his_session):
            assert allowed(hers, action, resource, around | ana | now), (seed, action, resource, around)
    return True


@given(st.integers(0, 1 << 24))
def test_no_request_contradicts_that_one_covers_the_other(seed: int) -> None:
    event(f"covered: {judged(seed)}")


def test_it_is_shown_often_enough_to_mean_something() -> None:
    answers = [judged(seed) for seed in range(300)]
    assert answers.count(True) > 60
    assert answers.count(False) > 60


def covers(hers: list[Any], his: list[Any], *, bounds: list[Any] | None = None, now: Keys | None = None) -> bool:
    """Whether ana, tagged red, with these statements covers bob with those, within his boundary."""
    her = Person(lowered(whoever("ana", "red") | dict(now or {})), False, tags_known=True, session_known=True)
    him = Person(lowered(whoever("bob", None)), True, tags_known=True)
    layers = [[parse_for_writing(text(*his), Kind.IDENTITY)]]
    if bounds is not None:
        layers.append([parse_for_writing(text(*bounds), Kind.IDENTITY)])
    return shown(rights([[parse_for_writing(text(*hers), Kind.IDENTITY)]], her), rights(layers, him))


def s3(resource: Any = "*", action: Any = "s3:GetObject", **more: Any) -> dict[str, Any]:
    return statement(action=action, resource=resource, **more)


HOME = "arn:aws:s3:::home/${aws:username}/*"
RED = {"StringEquals": {TAG: "red"}}
SAME_TEAM = {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}
MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
NO_MFA = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}
NEAR = {"IpAddress": {"aws:SourceIp": "198.51.100.0/24"}}


@pytest.mark.parametrize(
    ("hers", "his"),
    [
        ([s3()], [s3()]),
        ([statement()], [s3(HOME)]),
        ([s3("arn:aws:s3:::home/*")], [s3(HOME)]),
        ([s3(Condition=RED)], [s3()]),
        ([s3(Condition=NEAR)], [s3(Condition=NEAR)]),
        ([s3(), statement("Deny", "iam:*")], [s3()]),
        ([statement(), statement("Deny", "iam:*")], [statement(), statement("Deny", "iam:*")]),
        ([statement(), statement("Deny", Condition=NEAR)], [statement(), statement("Deny", Condition=NEAR)]),
        ([statement(), statement("Deny", Condition={"StringNotEquals": {TAG: "red"}})], [s3()]),
        ([s3(Condition={"StringEquals": {"aws:ResourceTag/team": "red"}})], [s3(Condition=SAME_TEAM)]),
    ],
)
def test_what_covers(hers: list[Any], his: list[Any]) -> None:
    assert covers(hers, his)


@pytest.mark.parametrize(
    ("hers", "his"),
    [
        ([s3("arn:aws:s3:::b/*")], [s3()]),
        ([s3(HOME)], [s3(HOME)]),  # the same text, another home
        ([s3(Condition=RED)], [s3(action="s3:*")]),
        ([s3(Condition={"StringEquals": {TAG: "blue"}})], [s3()]),
        ([s3(Condition=NEAR)], [s3()]),
        ([s3(Condition=MFA)], [s3(Condition=MFA)]),  # she has proven no factor
        ([statement(), statement("Deny", "s3:*")], [s3()]),
        ([statement(), statement("Deny", Condition=NO_MFA)], [s3()]),
        ([statement(), statement("Deny", Condition=NEAR)], [s3()]),
        ([statement("Allow", "s3:*", "arn:aws:s3:::b/*", Sid="x")], [statement(action="s3:*")]),
    ],
)
def test_what_does_not(hers: list[Any], his: list[Any]) -> None:
    assert not covers(hers, his)


def test_a_boundary_narrows_what_has_to_be_covered() -> None:
    assert not covers([s3()], [statement()])
    assert covers([s3()], [statement()], bounds=[s3()])
    assert not covers([s3()], [statement()], bounds=[s3(action="s3:*")])


def test_what_the_session_has_proven_counts_for_whoever_grants() -> None:
    proven: Keys = {"aws:MultiFactorAuthPresent": ("true",)}
    assert covers([s3(Condition=MFA)], [s3()], now=proven)
    assert covers([statement(), statement("Deny", Condition=NO_MFA)], [s3()], now=proven)
