"""SECURITY part 2, row 25: what is decided twice is decided alike, whatever delimiters and nesting the question holds."""

import itertools
import json
import random

import pytest

from tests.muniment_server import MUNIMENT

DELIMITERS = [
    "a", "a:b", "a/b", "a|b", "a,b", "a\x1fb", "a\tb", "a\nb", 'a"b', "a'b", "a\\b", "a=b", "a;b", "é", "e\u0301", "ß",
    "SS", "İ", "\u200b", "\u202e", "\U0001f600", "*", "?", "${aws:username}", "", " ", "true", "1", "1.0", "null", "[]",
]  # fmt: skip
NAMES = ["a", "a.b", "a=b", "a,b", "a@b", "a+b", "a-b", "a_b", "ab", "A-B.c"]


def condition(value, allowed):
    document = {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Action": "app:Read",
            "Resource": "*",
            "Condition": {"ForAnyValue:StringEquals": {"app:value": allowed}, "StringEquals": {"app:other": value}},
        },
    }
    return json.dumps(document)


@pytest.fixture
def questions(iam):
    """Questions whose parts, run together, would be the same key of a careless cache; each with the answer it must get."""
    values = [value for value in DELIMITERS if value.isascii() and value.isprintable() and "${" not in value]
    choose = random.Random(25)  # noqa: S311
    expected = {}
    for name in NAMES:
        iam.create_user(UserName=name)
        first, second = choose.sample([value for value in values if value], 2)
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=condition(first, [second]))
        expected[name] = (first, second)
    asked = []
    for name, (first, second) in expected.items():
        for other, value in itertools.chain(
            [(first, second), (second, first)], zip(DELIMITERS, reversed(DELIMITERS), strict=True)
        ):
            for given in (value, [value], ["x", value], [[value]], {"a": value}):
                leaves = _texts(given)
                right = other == first and second in leaves
                asked.append((name, other, given, right))
    return asked


def _texts(value):
    if isinstance(value, list):
        return [text for each in value for text in _texts(each)]
    return [value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))]


def ask(wire, name, other, value):
    question = {
        "subject": {"type": "user", "id": name},
        "action": {"name": "app:Read"},
        "resource": {"type": "record", "id": "1"},
        "context": {"app:other": other, "app:value": value},
    }
    answer = wire.evaluate(question)
    assert answer.status == 200, answer
    return json.loads(answer.text)["decision"]


def test_asked_again_and_after_a_rebuild_the_answer_is_the_same(questions, wire, server):
    some = random.Random(1).sample(questions, 250)  # noqa: S311
    right = [question for question in questions if question[3]]
    some += right[:40]
    for name, other, value, expected in some:
        assert ask(wire, name, other, value) is expected, (name, other, value)
    server.run(MUNIMENT, "rebuild", "access")
    random.Random(2).shuffle(some)  # noqa: S311
    for name, other, value, expected in some:
        assert ask(wire, name, other, value) is expected, (name, other, value)


def test_a_change_is_seen_by_the_next_decision(iam, wire):
    """No decision outlives the policy that it came from, on the same process."""
    iam.create_user(UserName="a")
    for allowed in (True, False) * 20:
        if allowed:
            iam.put_user_policy(UserName="a", PolicyName="p", PolicyDocument=condition("x", ["y"]))
        else:
            iam.delete_user_policy(UserName="a", PolicyName="p")
        assert ask(wire, "a", "x", "y") is allowed


def test_no_context_says_who_the_principal_is(iam, wire, server):
    """Keys that the log knows cannot be brought along by whoever asks."""
    iam.create_user(UserName="a")
    forged = {
        "aws:PrincipalArn": f"arn:aws:iam::{server.account}:root",
        "AWS:PRINCIPALARN": f"arn:aws:iam::{server.account}:root",
        "aws:username": "root",
        "aws:userid": server.account,
        "aws:PrincipalTag/team": "blue",
        "aws:PrincipalAccount": "999999999999",
        "aws:PrincipalOrgID": "o-forged",
        "aws:PrincipalType": "Account",
    }
    for key, value in forged.items():
        document = json.loads(condition("x", ["y"]))
        document["Statement"]["Condition"] = {"StringEquals": {key: value}}
        iam.put_user_policy(UserName="a", PolicyName="p", PolicyDocument=json.dumps(document))
        question = {
            "subject": {"type": "user", "id": "a"},
            "action": {"name": "app:Read"},
            "resource": {"type": "record", "id": "1"},
            "context": forged,
        }
        assert json.loads(wire.evaluate(question).text)["decision"] is False, key
