"""A change in a few lines: what a person looks for in the column of a table."""

import json

import pytest

from muniment.ops.replay.brief import LINES, brief_lines

READ = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
)
MORE = READ.replace('"s3:GetObject"', '["s3:GetObject", "s3:PutObject"]')
POLICY = "arn:aws:iam::aws:policy/IAMReadOnlyAccess"


def told(what, old, new):
    return [line.text for line in brief_lines({"what": what, "old": old, "new": new})]


@pytest.mark.parametrize(
    ("change", "lines"),
    [
        (("users/ana", None, {"name": "ana", "id": "AIDA1", "path": "/", "created": 1}), ["+ ana", "path: /"]),
        (("users/ana", {"name": "ana", "id": "AIDA1"}, None), ["- ana"]),
        (("users/ana", {"attached": []}, {"attached": [POLICY]}), ["attached + IAMReadOnlyAccess"]),
        (("users/ana", {"attached": [POLICY]}, {"attached": []}), ["attached - IAMReadOnlyAccess"]),
        (("users/ana", {"tags": {"team": "blue"}}, {"tags": {"team": "red"}}), ["tags.team: blue → red"]),
        (("users/ana", {"tags": {"team": "blue"}}, {"tags": {}}), ["tags.team: blue → (none)"]),
        (("users/ana", {"inline": {}}, {"inline": {"p": READ}}), ["inline.p: policy, +10 −0 lines"]),
        (("users/ana", {"inline": {"p": READ}}, {"inline": {"p": MORE}}), ["inline.p: policy, +4 −1 lines"]),
        (("users/ana", {"keys": []}, {"keys": [{"id": "AKIA1", "created": 1}]}), ["+ AKIA1"]),
        (("users/ana", {"keys": [{"id": "AKIA1"}]}, {"keys": []}), ["- AKIA1"]),
        (
            ("users/ana", {"keys": [{"id": "AKIA1", "active": True}]}, {"keys": [{"id": "AKIA1", "active": False}]}),
            ["AKIA1.active: yes → no"],
        ),
        (("versions/v1", {"stages": []}, {"stages": ["AWSCURRENT"]}), ["stages + AWSCURRENT"]),
        (("created", 0, 1_700_000_000_000_000), ["created: 2023-11-14T22:13:20.000000Z"]),
        (("alias", "", "shop"), ["alias: shop"]),
    ],
)
def test_a_change_is_told_by_what_differs(change, lines):
    assert told(*change) == lines


def test_what_was_made_with_much_is_cut_and_says_so():
    lines = told("users/ana", None, {"name": "ana", "tags": {f"t{number}": "x" for number in range(9)}})
    assert len(lines) == LINES
    assert lines[-1] == "… 6 more"
