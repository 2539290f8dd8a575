"""Paths to administrators over HTTP and by the command line, and the gate for CI."""

import json

import pytest

from tests.muniment_server import MUNIMENT
from tests.scenarios.sessions import allow, policy
from tests.scenarios.wire import Wire

ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"


@pytest.fixture
def desk(server, iam, member):
    """A help desk that sets passwords, an administrator, and somebody harmless."""
    member("desk", allow("iam:UpdateLoginProfile"), allow("iam:CreateLoginProfile"))
    member("ana", allow("s3:GetObject"))
    iam.create_user(UserName="boss")
    iam.attach_user_policy(UserName="boss", PolicyArn=ADMIN)
    return f"arn:aws:iam::{server.account}:user/desk"


def ask(wire, **params):
    answer = wire.native("FindEscalationPaths", params, service="muniment")
    assert answer.status == 200, answer.text
    return json.loads(answer.text)


def test_who_can_become_an_administrator_and_how(server, iam, desk):
    found = ask(Wire(server))
    boss = f"arn:aws:iam::{server.account}:user/boss"
    assert found["Administrators"] == [boss]
    (path,) = found["Paths"]
    assert (path["Principal"], path["Type"], path["Administrator"]) == (desk, "User", boss)
    (step,) = path["Steps"]
    assert (step["Principal"], step["Action"], step["Resource"]) == (desk, "iam:CreateLoginProfile", boss)
    assert step["Paths"][0]["Policies"] == [{"Policy": "user_desk_inline", "PolicyArn": "", "Sid": "", "Index": 1}]
    iam.put_user_policy(
        UserName="desk",
        PolicyName="not",
        PolicyDocument=policy({"Effect": "Deny", "Action": "iam:*LoginProfile", "Resource": boss}),
    )
    assert ask(Wire(server))["Paths"] == []


def test_paths_come_in_pages(server, iam, member):
    for name in ("a", "b", "c"):
        member(name, allow("iam:PutUserPolicy"))
    wire, found, token = Wire(server), [], {}
    while True:
        page = ask(wire, MaxResults=2, **token)
        found += [path["Principal"].rpartition("/")[2] for path in page["Paths"]]
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert found == ["a", "b", "c"]
    altered = wire.native("FindEscalationPaths", {"NextToken": "x" + token["NextToken"]}, service="muniment")
    assert altered.status == 400


def test_whoever_asks_must_be_allowed_to(server, iam, desk):
    key = iam.create_access_key(UserName="desk")["AccessKey"]
    wire = Wire(server, (key["AccessKeyId"], key["SecretAccessKey"]))
    assert wire.native("FindEscalationPaths", {}, service="muniment").status == 403
    iam.attach_user_policy(UserName="desk", PolicyArn="arn:aws:iam::aws:policy/SecurityAudit")
    assert wire.native("FindEscalationPaths", {}, service="muniment").status == 200


def run(server, *arguments):
    """`muniment escalations` as root."""
    return server.run(MUNIMENT, "escalations", *arguments, check=False)


def test_the_command_line_and_the_gate(server, iam, desk, member, tmp_path):
    shown = run(server)
    assert shown.returncode == 0, shown.stderr
    assert "user/desk" in shown.stdout
    assert "iam:CreateLoginProfile" in shown.stdout
    assert "user_desk_inline" in shown.stdout
    known = tmp_path / "known.json"
    known.write_text(run(server, "--json").stdout)
    assert len(json.loads(known.read_text())) == 1
    passed = run(server, "--fail-on-new", str(known))
    assert (passed.returncode, passed.stdout.strip()) == (0, "no new path")
    member("eva", allow("iam:AttachUserPolicy"))
    failed = run(server, "--fail-on-new", str(known))
    assert failed.returncode == 3
    assert "user/eva" in failed.stdout
    assert "user/desk" not in failed.stdout
    known.write_text("{}")
    assert "is no output of" in run(server, "--fail-on-new", str(known)).stderr
