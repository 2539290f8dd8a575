"""`muniment simulate`: what it asks for, and the table that it prints."""

import io
import json
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from muniment.ops.cli import app, simulate
from muniment.ops.settings import BadSetting

PLACE = {"StartPosition": {"Line": 3, "Column": 5}, "EndPosition": {"Line": 4, "Column": 1}}
DENIED = {
    "EvalActionName": "s3:GetObject",
    "EvalResourceName": "[bold]b",
    "EvalDecision": "explicitDeny",
    "MatchedStatements": [{"SourcePolicyId": "own", "SourcePolicyType": "user", **PLACE}],
}
BOUNDED = {
    "EvalActionName": "s3:PutObject",
    "EvalResourceName": "*",
    "EvalDecision": "implicitDeny",
    "MatchedStatements": [],
    "MissingContextValues": ["aws:SourceIp"],
    "OrganizationsDecisionDetail": {"AllowedByOrganizations": False},
    "PermissionsBoundaryDecisionDetail": {"AllowedByPermissionsBoundary": False},
}


def printed(*results: dict[str, Any]) -> str:
    file = io.StringIO()
    Console(file=file, width=200).print(simulate.table(list(results)))
    return file.getvalue()


def test_each_answer_says_why() -> None:
    denied, bounded = (line for line in printed(DENIED, BOUNDED).splitlines() if "s3:" in line)
    assert "[bold]b" in denied
    assert "denied" in denied
    assert "own, line 3, column 5" in denied
    assert "the organization does not allow it; the permissions boundary does not allow it" in bounded
    assert "(not given: aws:SourceIp)" in bounded
    alone = {name: value for name, value in BOUNDED.items() if not name.endswith("Detail")}
    assert "no statement allows it" in printed(alone)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """What was called, in place of a server that answers in two pages."""
    calls: list[tuple[str, dict[str, Any]]] = []

    def call(service: str, action: str, params: dict[str, Any]) -> dict[str, Any]:
        calls.append((action, params))
        if action == "GetUser":
            return {"User": {"Arn": "arn:aws:iam::111122223333:user/x/ana"}}
        more = "Marker" not in params
        return {"EvaluationResults": [DENIED], "IsTruncated": more, **({"Marker": "m"} if more else {})}

    monkeypatch.setattr(simulate, "call", call)
    return calls


def test_a_name_is_looked_up_and_every_page_is_asked_for(asked: list[tuple[str, dict[str, Any]]]) -> None:
    words = ["simulate", "s3:GetObject", "-p", "ana", "--context", "a:b=1", "--context", "a:b=2", "--json"]
    ran = CliRunner().invoke(app, words)
    assert json.loads(ran.stdout) == [DENIED, DENIED]
    assert [action for action, _ in asked] == ["GetUser", "SimulatePrincipalPolicy", "SimulatePrincipalPolicy"]
    params = asked[1][1]
    assert params["PolicySourceArn"] == "arn:aws:iam::111122223333:user/x/ana"
    assert params["ContextEntries"] == [
        {"ContextKeyName": "a:b", "ContextKeyValues": ["1", "2"], "ContextKeyType": "stringList"}
    ]


def test_a_past_moment_is_asked_for(asked: list[tuple[str, dict[str, Any]]]) -> None:
    words = ["simulate", "a:b", "-p", "arn:aws:iam::111122223333:role/r", "--as-of", "7"]
    assert CliRunner().invoke(app, words).exit_code == 0
    assert asked[0][1]["AsOf"] == 7


def test_files_are_policies(asked: list[tuple[str, dict[str, Any]]], tmp_path: Any) -> None:
    file = tmp_path / "p.json"
    file.write_text("{}")
    ran = CliRunner().invoke(
        app, ["simulate", "a:b", "--policy", str(file), "--boundary", str(file), "--caller", "arn:x"]
    )
    assert ran.exit_code == 0
    action, params = asked[0]
    assert action == "SimulateCustomPolicy"
    assert (params["PolicyInputList"], params["PermissionsBoundaryPolicyInputList"]) == (["{}"], ["{}"])
    assert (params["CallerArn"], params["ResourceArns"]) == ("arn:x", ["*"])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["a:b"], "whose policies"),
        (["a:b", "--policy", "/nowhere"], "cannot be read"),
        (["a:b", "--policy", "/dev/null", "--as-of", "7"], "files have no past"),
        (["a:b", "-p", "ana", "--context", "x"], "is no condition key"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    asked: list[tuple[str, dict[str, Any]]], words: list[str], message: str
) -> None:
    ran = CliRunner().invoke(app, ["simulate", *words])
    assert isinstance(ran.exception, BadSetting)
    assert message in str(ran.exception)
