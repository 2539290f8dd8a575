"""`muniment readers` and `muniment decisions` beside a running server, and a reader without any server parts."""

import json
import subprocess
import sys
import time

import pytest
from botocore.exceptions import ClientError

from tests.muniment_server import MUNIMENT, Muniment

READER = """
import sys
SERVER_PARTS = {"eventsourcing", "fastapi", "starlette", "uvicorn", "uvloop", "botocore", "regex", "sqlalchemy", "psycopg",
    "structlog", "prometheus_client", "typer", "rich", "platformdirs", "argon2", "jinja2", "lxml", "signxml", "joserfc", "webauthn"}

class Without:
    def __init__(self, finder):
        self.finder = finder

    def find_spec(self, name, path=None, target=None):
        return None if name.partition(".")[0] in SERVER_PARTS else self.finder.find_spec(name, path, target)

sys.meta_path[:] = [Without(finder) for finder in sys.meta_path]
from muniment.client import Access

with Access.open(sys.argv[1]) as access:
    for user, action in (("ana", "iam:ListUsers"), ("ana", "iam:CreateUser"), ("nobody", "iam:ListUsers")):
        print(bool(access.decide(f"arn:aws:iam::{sys.argv[2]}:user/{user}", action, "*")))
"""


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    with Muniment(tmp_path_factory.mktemp("kept") / "data") as server:
        iam = server.client("iam")
        iam.create_user(UserName="ana")
        document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iam:List*", "Resource": "*"}]}
        iam.put_user_policy(UserName="ana", PolicyName="p", PolicyDocument=json.dumps(document))
        ana = server.client("iam", iam.create_access_key(UserName="ana")["AccessKey"])
        ana.list_users()
        with pytest.raises(ClientError):
            ana.create_user(UserName="eva")
        yield server


def muniment(server, *words, check=True):
    done = subprocess.run(
        [MUNIMENT, *words, "--data", server.data], capture_output=True, text=True, timeout=60, check=False
    )
    assert not check or done.returncode == 0, done.stderr
    return done


def test_a_reader_decides_in_a_process_without_server_parts(kept, tmp_path):
    file = tmp_path / "shop.json"
    said = muniment(kept, "readers", "add", "shop", "--account", kept.account, "--file", file).stdout
    assert f"follow account {kept.account}" in said
    assert file.stat().st_mode & 0o777 == 0o600
    done = subprocess.run(
        [sys.executable, "-c", READER, file, kept.account], capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == ["True", "False", "False"], done.stderr
    assert "shop" in muniment(kept, "readers", "list").stdout
    muniment(kept, "readers", "renew", file)
    again = muniment(kept, "readers", "add", "shop", "--file", tmp_path / "other.json", check=False)
    assert again.returncode == 1
    assert "there is a reader `shop` already" in again.stderr
    muniment(kept, "readers", "remove", "shop")
    assert muniment(kept, "readers", "remove", "shop", check=False).returncode == 1


def test_a_reader_of_no_account_that_there_is_is_refused(kept, tmp_path):
    done = muniment(
        kept, "readers", "add", "x", "--account", "999999999999", "--file", tmp_path / "x.json", check=False
    )
    assert done.returncode == 1
    assert "there is no account 999999999999" in done.stderr
    assert not (tmp_path / "x.json").exists()


def test_the_decision_log_is_readable(kept):
    time.sleep(0.6)
    lines = muniment(kept, "decisions", "--json").stdout.splitlines()
    rows = [json.loads(line) for line in lines]
    ana = [(row["action"], row["effect"]) for row in rows if row["principal"].endswith("user/ana")]
    assert ana == [("iam:ListUsers", "allowed"), ("iam:CreateUser", "implicitDeny")]
    assert all(row["context"]["aws:SourceIp"] == ["127.0.0.1"] for row in rows)
    table = muniment(kept, "decisions", "--denied").stdout
    assert "iam:CreateUser" in table
    assert "iam:ListUsers" not in table
    assert "nothing lost" in table


def expecting(request, **_):
    request.headers["X-Muniment-Expect"] = "denied=0"


def test_a_server_may_log_no_decisions_and_then_nothing_can_be_expected(tmp_path):
    with Muniment(tmp_path / "data", "--decision-log", "off") as server:
        iam = server.client("iam")
        iam.list_users()
        iam.meta.events.register("before-sign.*.*", expecting)
        with pytest.raises(ClientError, match="logs no decisions"):
            iam.create_group(GroupName="g")
        assert "0 decisions" in muniment(server, "decisions").stdout


def test_a_share_that_is_none_is_refused(tmp_path):
    done = subprocess.run(
        [MUNIMENT, "serve", "--data", tmp_path, "--decision-log", "2"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "neither all nor off" in done.stderr
