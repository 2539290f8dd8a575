"""An explanation is readable: the answer first, then layers, the statement in its lines, the values, and who brought it in."""

import io
from copy import deepcopy
from typing import Any

import pytest
from rich.console import Console

from muniment.ops.cli.asking import keys, moment
from muniment.ops.cli.explaining import history_parts, parts
from muniment.ops.cli.who import path_told
from muniment.ops.settings import BadSetting

ENTRY = {
    "What": "attached",
    "EntryId": "0190",
    "Sequence": 7,
    "Time": 1_795_474_863_000_000,
    "Principal": "arn:aws:iam::111122223333:user/eva",
    "PrincipalId": "AIDAEVA",
    "Action": "iam:AttachUserPolicy",
    "RequestId": "r",
    "Fact": "UserPolicyAttached",
}
STATEMENT = {
    "Layer": "identity-based policy",
    "Policy": "[bold]letters",
    "PolicyType": "user-managed",
    "PolicyArn": "arn:aws:iam::111122223333:policy/letters",
    "Index": 1,
    "Sid": "",
    "Effect": "Allow",
    "Applies": False,
    "Differs": ["condition"],
    "Conditions": [
        {
            "Operator": "StringEquals",
            "Key": "aws:PrincipalTag/team",
            "PolicyValues": ["red"],
            "RequestValues": [],
            "Holds": False,
        }
    ],
    "Start": {"Line": 4, "Column": 1},
    "End": {"Line": 5, "Column": 9},
    "Text": '{"Effect": "Allow",\n "Action": "s3:*"}',
    "BroughtIn": [{"Via": "readers", "Entries": [ENTRY, {"What": "policy written"}]}],
}
TOLD: dict[str, Any] = {
    "Decision": False,
    "Effect": "implicitDeny",
    "DecidedBy": "identity-based policy",
    "Reason": "because no identity-based policy allows it",
    "Position": 9,
    "Principal": {"Arn": "arn:aws:iam::111122223333:user/ana", "Id": "AIDAANA"},
    "Action": "s3:GetObject",
    "Resource": "*",
    "Context": {},
    "Layers": [
        {"Layer": "identity-based policy", "Applies": True, "Effect": "implicitDeny", "Decides": True},
        {"Layer": "session policy", "Applies": False, "Decides": False},
    ],
    "Statements": [STATEMENT],
    "StatementsLeftOut": 3,
    "MissingKeys": ["aws:PrincipalTag/team"],
}


def printed(shown: Any) -> str:
    console = Console(file=io.StringIO(), width=140)
    for part in shown:
        console.print(part)
    return console.file.getvalue()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("layer", "via", "shown"),
    [
        ("identity-based policy", "direct", "held directly"),
        ("permissions boundary", "direct", "held directly"),
        ("service control policy", "prod", "attached to prod of the organization"),
        ("resource control policy", "111122223333", "attached to account 111122223333"),
    ],
)
def test_it_says_what_a_policy_hangs_on(layer, via, shown) -> None:
    told = deepcopy(TOLD)
    statement = told["Statements"][0]
    statement["Layer"], statement["BroughtIn"][0]["Via"] = layer, via
    text = printed(parts(told))
    assert shown in text
    assert "through group" not in text


def test_the_answer_comes_first_and_everything_it_rests_on_after_it() -> None:
    text = printed(parts(TOLD))
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    assert lines[0] == "NO  arn:aws:iam::111122223333:user/ana may not s3:GetObject on *"
    assert "identity-based policy   does not allow   ← decides" in text
    assert "Not part of this decision: session policy" in text
    assert "Allow: statement number 2 of [bold]letters (identity-based policy, lines 4–5)" in text
    assert '4 {"Effect": "Allow",' in text
    assert '5  "Action": "s3:*"}' in text
    assert "✗ StringEquals aws:PrincipalTag/team: the policy says 'red'; the request has nothing" in text
    assert "held through group readers" in text
    assert "attached: 2026-11-23 23:01:03 by user/eva (iam:AttachUserPolicy, entry 0190)" in text
    assert "and 3 more" in text
    assert lines[-1].endswith("does not bring: aws:PrincipalTag/team")


def test_no_line_ends_in_blanks_where_it_goes_into_a_pipe() -> None:
    shown = [line for line in printed(parts(TOLD)).splitlines() if "layer" not in line and "policy  " not in line]
    shown = [line for line in shown if line.strip(" ─")]
    assert len(shown) > 10
    assert all(line == line.rstrip() for line in shown)


def test_intervals_are_a_table() -> None:
    text = printed(
        history_parts(
            [
                {"Allowed": False, "Reason": "there is no such principal", "DecidedBy": "", "Ended": ENTRY},
                {"Allowed": True, "Reason": "", "DecidedBy": "identity-based policy", "Began": ENTRY},
            ]
        )
    )
    assert "the beginning" in text
    assert (
        "2026-11-23 23:01:03   now                   yes         identity-based policy        user/eva, iam:Attach"
        in text
    )


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ({"Via": "direct", "Policies": [{"Policy": "a"}, {"Policy": "a"}, {"Policy": "b"}]}, "directly: a, b"),
        ({"Via": "group", "Group": "g", "Policies": [{"Policy": "a"}]}, "through group g: a"),
        (
            {"Via": "role", "Roles": ["arn:aws:iam::1:role/x", "arn:aws:iam::1:role/y"]},
            "by assuming role/x, then role/y",
        ),
        ({"Via": "root"}, "as the root user"),
        ({"Via": "always"}, "everybody may"),
        ({"Via": "resource", "Policies": [{"Policy": "r"}]}, "named by the resource's policy: r"),
    ],
)
def test_paths_are_told_in_words(path: dict[str, Any], said: str) -> None:
    assert path_told(path) == said


def test_condition_keys_are_given_as_pairs() -> None:
    assert keys(["a:b=c=d", "a:b=e", "f:g="]) == {"a:b": ["c=d", "e"], "f:g": [""]}
    for wrong in ("a:b", "=c"):
        with pytest.raises(BadSetting, match="KEY=VALUE"):
            keys([wrong])


def test_moments_are_told_to_the_server_as_it_reads_them() -> None:
    assert moment("42") == 42
    assert moment("2026-03-01T12:00") == "2026-03-01T12:00:00.000000Z"
    assert str(moment("5 minutes ago")).endswith("Z")
    assert moment("kqdlMTI") == "kqdlMTI"  # a position that the server gave out
