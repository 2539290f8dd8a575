"""An AWS account brought in by the command line: the example goes in whole, may be killed half-way, and a dump goes round."""

import json
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.muniment_server import AWS, MUNIMENT

EXAMPLE = Path(__file__).parents[2] / "examples" / "aws-account.json"


def imported(server, file=EXAMPLE, *options):
    """The report of an import."""
    return json.loads(server.run(MUNIMENT, "import", "aws-account", str(file), "--json", *options).stdout)


def listed(iam, action, member):
    return [
        item for page in iam.get_paginator(action).paginate(PaginationConfig={"PageSize": 37}) for item in page[member]
    ]


def test_the_example_account_comes_in_and_a_second_time_changes_nothing(server, iam):
    first = imported(server)
    assert first["Stopped"] is None
    assert first["Found"] == {"users": 200, "groups": 17, "roles": 60, "policies": 120}
    assert len(listed(iam, "list_users", "Users")) == 200
    assert len(listed(iam, "list_roles", "Roles")) == 58  # two are service-linked
    assert (
        sum(
            policy["Arn"].startswith("arn:aws:iam::aws:") is False
            for policy in listed(iam, "list_policies", "Policies")
        )
        == 120
    )
    assert iam.get_role(RoleName="deploy-green")["Role"]["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {
        "AWS": f"arn:aws:iam::{server.account}:role/deploy/deploy-blue"
    }
    second = imported(server)
    assert (second["Changed"], second["Done"]) == (0, {})
    assert second["Unchanged"] == 393


def test_an_import_killed_half_way_goes_on(server, iam):
    process = subprocess.Popen(
        [MUNIMENT, "import", "aws-account", str(EXAMPLE), "--json"], env=server.environ(), stdout=subprocess.DEVNULL
    )
    give_up = time.monotonic() + 30
    while not iam.list_groups(MaxItems=1)["Groups"]:
        assert time.monotonic() < give_up
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert 0 < imported(server)["Changed"] < 1_378
    assert len(listed(iam, "list_users", "Users")) == 200
    assert imported(server)["Changed"] == 0


def test_what_the_aws_cli_prints_here_comes_in_again_elsewhere(server, iam, tmp_path):
    imported(server)
    dump = tmp_path / "dump.json"
    dump.write_text(server.run(AWS, "iam", "get-account-authorization-details").stdout)
    assert imported(server, dump)["Changed"] == 0
    made = json.loads(
        server.run(MUNIMENT, "accounts", "create", "copy", "--email", "copy@example.com", "--json").stdout
    )
    key = {"AccessKeyId": made["root"]["access_key_id"], "SecretAccessKey": made["root"]["secret_access_key"]}
    environment = {
        **server.environ(),
        "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
    }
    command = [MUNIMENT, "import", "aws-account", str(dump), "--json"]
    report = json.loads(subprocess.run(command, env=environment, capture_output=True, check=True, text=True).stdout)
    assert report["TargetAccount"] == made["account_id"]
    assert report["NotTaken"] == []
    other = server.client("iam", key)
    assert {
        user["Arn"].replace(made["account_id"], server.account) for user in listed(other, "list_users", "Users")
    } == {user["Arn"] for user in listed(iam, "list_users", "Users")}


def test_who_may_not_is_stopped_at_once_and_nothing_is_there(server, iam, member):  # SECURITY CVE row 10
    member("ana")
    key = iam.create_access_key(UserName="ana")["AccessKey"]
    environment = {
        **server.environ(),
        "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
    }
    command = [MUNIMENT, "import", "aws-account", str(EXAMPLE)]
    ended = subprocess.run(command, env=environment, capture_output=True, check=False, text=True)
    assert ended.returncode == 1
    assert "AccessDenied" in ended.stderr
    assert [user["UserName"] for user in iam.list_users()["Users"]] == ["ana"]
    iam.attach_user_policy(UserName="ana", PolicyArn="arn:aws:iam::aws:policy/IAMReadOnlyAccess")
    ended = subprocess.run(command, env=environment, capture_output=True, check=False, text=True)
    assert ended.returncode == 1
    assert "AccessDenied" in ended.stdout
    assert iam.list_policies(Scope="Local")["Policies"] == []


@pytest.mark.parametrize("content", ["", "[]", '{"Users": []}', "not json"])
def test_a_wrong_file_is_refused_in_one_line(server, tmp_path, content):
    file = tmp_path / "x.json"
    file.write_text(content)
    ended = server.run(MUNIMENT, "import", "aws-account", str(file), check=False)
    assert ended.returncode == 1
    assert "is not what `aws iam get-account-authorization-details` prints" in ended.stderr
    assert "Traceback" not in ended.stderr
