"""A statement as it concerns one principal: what asks who it is is answered, and what is not known gives more or fewer rights."""

import json
from typing import Any

import pytest

from muniment.domain.policy.checks.person import ANYBODY, Person, asks_who, concerning
from muniment.domain.policy.document import Kind, parse_stored
from muniment.domain.policy.statements import Statement

TEAM = "aws:PrincipalTag/team"
KNOWN = {"aws:username": ("ana",), "aws:principaltag/team": ("red",), "aws:multifactorauthpresent": ()}
ANA = Person(KNOWN, generous=False, tags_known=True, session_known=True)
SOMEBODY = Person({}, generous=False)


def statement(effect: str = "Allow", version: str = "2012-10-17", **said: Any) -> tuple[Statement, str]:
    body = {"Effect": effect, "Action": "s3:*", **({} if "NotResource" in said else {"Resource": "*"}), **said}
    document = parse_stored(json.dumps({"Version": version, "Statement": body}), Kind.IDENTITY)
    return document.statements[0], document.version


def left(person: Person, effect: str = "Allow", version: str = "2012-10-17", **said: Any) -> Statement | None:
    return concerning(*statement(effect, version, **said), person)


@pytest.mark.parametrize(
    ("key", "whose"),
    [
        ("aws:username", True),
        ("aws:principaltag/team", True),
        ("aws:multifactorauthage", True),
        ("accounts.example.com:sub", True),
        ("saml:aud", True),
        ("aws:sourceip", False),
        ("aws:resourcetag/team", False),
        ("iam:policyarn", False),
        ("sts:externalid", False),
    ],
)
def test_which_keys_the_principal_answers(key: str, whose: bool) -> None:
    assert asks_who(key) is whose


def test_conditions_that_hold_go_and_those_that_do_not_take_the_statement_along() -> None:
    red, blue = {"StringEquals": {TEAM: "red"}}, {"StringEquals": {TEAM: "blue"}}
    found = left(ANA, Condition=red)
    assert found is not None
    assert found.conditions == ()
    assert left(ANA, Condition=blue) is None
    assert left(ANA, Condition={"StringNotEquals": {TEAM: "red"}}) is None
    assert left(ANA, Condition={"Null": {"aws:PrincipalTag/cost": "true"}}) is not None  # she has no such tag
    assert left(ANA, Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}}) is None
    assert left(ANA, Condition={"BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}}) is not None


def test_conditions_of_the_request_stay() -> None:
    found = left(ANA, Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}})
    assert found is not None
    assert [one.key for one in found.conditions] == ["aws:SourceIp"]


@pytest.mark.parametrize(("effect", "person", "kept"), [
    ("Allow", ANYBODY, True), ("Deny", ANYBODY, False), ("Allow", SOMEBODY, False), ("Deny", SOMEBODY, True),
])  # fmt: skip
def test_what_is_not_known_gives_more_rights_or_fewer(effect: str, person: Person, kept: bool) -> None:
    found = left(person, effect, Condition={"StringEquals": {TEAM: "red"}})
    assert (found is not None) is kept
    assert found is None or found.conditions == ()


HOME = "arn:aws:s3:::home/${aws:username}/*"


def test_variables_become_the_principals_own_literally() -> None:
    found = left(ANA, Resource=HOME)
    assert found is not None
    assert found.resources == ("arn:aws:s3:::home/ana/*",)
    star = Person({"aws:username": ("a*?$",)}, generous=False)
    found = left(star, Resource=HOME)
    assert found is not None
    assert found.resources == ("arn:aws:s3:::home/a${*}${?}${$}/*",)


def test_variables_that_are_not_known_are_anything_or_nothing() -> None:
    found = left(ANYBODY, Resource=HOME)
    assert found is not None
    assert found.resources == ("arn:aws:s3:::home/*/*",)
    assert left(SOMEBODY, Resource=HOME) is None
    assert left(ANYBODY, "Deny", Resource=HOME) is None
    found = left(SOMEBODY, NotResource=HOME)
    assert found is not None
    assert found.not_resources == ("arn:aws:s3:::home/*/*",)  # an Allow for all but that allows less
    found = left(ANYBODY, NotResource=HOME)
    assert found is not None
    assert (found.resources, found.not_resources) == (("*",), None)


def test_a_variable_of_an_absent_key_matches_nothing_unless_it_has_a_default() -> None:
    assert left(ANA, Resource="arn:aws:s3:::b/${aws:PrincipalTag/cost}") is None
    found = left(ANA, Resource="arn:aws:s3:::b/${aws:PrincipalTag/cost, 'none'}")
    assert found is not None
    assert found.resources == ("arn:aws:s3:::b/none",)


def test_in_the_old_version_there_are_no_variables() -> None:
    found = left(ANA, version="2008-10-17", Resource=HOME)
    assert found is not None
    assert found.resources == (HOME,)


def test_variables_in_values_are_answered_and_those_of_the_request_stay() -> None:
    found = left(ANA, Condition={"StringEquals": {"aws:ResourceTag/team": f"${{{TEAM}}}"}})
    assert found is not None
    assert found.conditions[0].values == ("red",)
    found = left(ANA, Condition={"StringEquals": {"aws:ResourceTag/team": "${aws:RequestTag/team}"}})
    assert found is not None
    assert found.conditions[0].values == ("${aws:RequestTag/team}",)


def test_an_allow_of_which_something_is_unknown_says_nothing() -> None:
    assert left(ANYBODY, Foo="x") is None
    assert left(SOMEBODY, "Deny", Foo="x") is not None
