"""The command as a newcomer meets it: what it prints, in words and as JSON, and how it ends."""

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from muniment.ops.import_account import command
from muniment.ops.import_account.target import Refusal, Unreachable, connect

runner = CliRunner()
HERE = "222233334444"


@pytest.fixture
def run(house: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs the command line against the house."""
    monkeypatch.setattr(command, "connect", lambda endpoint, profile, region: house)
    for console in (command.out, command.err):
        monkeypatch.setattr(console, "_width", 200)
    parent = typer.Typer()
    command.register(parent)
    return lambda *arguments: runner.invoke(parent, ["import", "aws-account", *map(str, arguments)])


@pytest.fixture
def account(tmp_path: Path) -> Path:
    """One user with a denying policy that AWS alone has."""
    denying = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}
    arn = "arn:aws:iam::aws:policy/AWSDenyAll"
    file = tmp_path / "account.json"
    file.write_text(
        json.dumps(
            {
                "UserDetailList": [
                    {
                        "UserName": "ana",
                        "Path": "/",
                        "Arn": "arn:aws:iam::111111111111:user/ana",
                        "AttachedManagedPolicies": [{"PolicyName": "AWSDenyAll", "PolicyArn": arn}],
                    }
                ],
                "Policies": [
                    {
                        "PolicyName": "AWSDenyAll",
                        "Arn": arn,
                        "DefaultVersionId": "v1",
                        "PolicyVersionList": [{"VersionId": "v1", "Document": denying}],
                    }
                ],
            }
        )
    )
    return file


def test_it_says_what_it_found_did_and_could_not_take(run: Any, account: Path) -> None:
    result = run(account)
    assert result.exit_code == 0
    assert f"1 user, 0 groups, 0 roles, 0 policies of account 111111111111 → account {HERE}" in result.stdout
    assert "CreateUser" in result.stdout
    assert "user ana: attachment of AWS's AWSDenyAll (a Deny)" in result.stdout
    assert "allowed more than in AWS" in result.stdout
    assert "no access keys" in result.stdout


def test_a_second_run_says_that_there_is_nothing_to_change(run: Any, account: Path) -> None:
    run(account)
    assert "Nothing to change" in run(account).stdout


def test_json_holds_the_whole_report(run: Any, account: Path) -> None:
    report = json.loads(run(account, "--json").stdout)
    assert report["SourceAccount"] == "111111111111"
    assert report["TargetAccount"] == HERE
    assert report["Found"] == {"users": 1, "groups": 0, "roles": 0, "policies": 0}
    assert report["Done"] == {"CreateUser": 1}
    assert report["Changed"] == 1
    assert report["Stopped"] is None
    (missing,) = report["NotTaken"]
    assert missing["What"] == "attachment of arn:aws:iam::aws:policy/AWSDenyAll"
    assert missing["Widens"] is True


def test_a_dry_run_sends_nothing_and_says_so(run: Any, account: Path, house: Any) -> None:
    result = run(account, "--dry-run")
    assert "1 command would change something" in result.stdout
    assert house.commands.total() == 0


def test_an_import_that_stops_says_why_and_that_it_may_be_run_again(run: Any, account: Path, house: Any) -> None:
    house.refuse["CreateUser"] = Refusal("AccessDenied", "User: x is not authorized [to do] this")
    result = run(account)
    assert result.exit_code == 1
    assert "CreateUser ana: AccessDenied: User: x is not authorized [to do] this" in result.stdout
    assert "run the same command again" in result.stdout


def test_a_wrong_file_is_one_line_without_a_traceback(run: Any, tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    file.write_text("{}")
    result = run(file)
    assert result.exit_code == 1
    assert "is not what `aws iam get-account-authorization-details` prints" in result.stderr
    assert result.stdout == ""
    assert "no-such-profile" in run(file, "--profile", "no-such-profile").stderr
    missing = run(tmp_path / "nowhere.json")
    assert missing.exit_code == 1
    assert "nowhere.json" in missing.stderr


def test_no_server_is_told_with_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAAAAAAAAAAAAAAAAA")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")
    monkeypatch.setattr("muniment.ops.import_account.target.ATTEMPTS", 1)
    target = connect("http://127.0.0.1:9", "", "us-east-1")
    with pytest.raises(Unreachable, match=r"no answer from http://127\.0\.0\.1:9"):
        target("sts", "GetCallerIdentity", {})


def test_no_credentials_are_told_with_what_to_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    target = connect("http://127.0.0.1:9", "", "us-east-1")
    with pytest.raises(Unreachable, match="no credentials: set AWS_ACCESS_KEY_ID"):
        target("sts", "GetCallerIdentity", {})
    with pytest.raises(Unreachable, match="nosuch"):
        connect("http://127.0.0.1:9", "nosuch", "us-east-1")
