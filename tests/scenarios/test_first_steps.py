"""What a newcomer does first, with boto3, the aws CLI and plain HTTP."""

import json
import stat
import urllib.error
import urllib.request

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError
from botocore.httpsession import URLLib3Session

from tests.muniment_server import AWS, MUNIMENT, Muniment

ALLOW_LIST = {"Effect": "Allow", "Action": "iam:ListUsers", "Resource": "*"}


def test_a_user_is_made_and_read_back(iam):
    made = iam.create_user(UserName="ana", Path="/staff/", Tags=[{"Key": "team", "Value": "blue"}])["User"]
    read = iam.get_user(UserName="ana")["User"]
    assert read == made
    assert made["Arn"].endswith(":user/staff/ana")


def test_nobody_but_root_may_do_anything_until_a_policy_says_so(member, iam):  # POLICY_EVALUATION 2.2 step 7
    ana = member("ana")("iam")
    with pytest.raises(ClientError) as refused:
        ana.list_users()
    error = refused.value.response["Error"]
    assert error["Code"] == "AccessDenied"
    assert error["Message"].startswith("User: arn:aws:iam::")
    assert error["Message"].endswith("because no identity-based policy allows the iam:ListUsers action")
    iam.attach_user_policy(UserName="ana", PolicyArn="arn:aws:iam::aws:policy/IAMReadOnlyAccess")
    assert [user["UserName"] for user in ana.list_users()["Users"]] == ["ana"]


def test_a_deny_wins_over_an_allow(member, iam):  # POLICY_EVALUATION 2.2 step 1
    ana = member("ana", ALLOW_LIST, {"Effect": "Deny", "Action": "iam:*", "Resource": "*"})("iam")
    with pytest.raises(ClientError, match="with an explicit deny in an identity-based policy"):
        ana.list_users()


def test_the_aws_cli_works_with_only_an_endpoint(server):
    server.run(AWS, "iam", "create-group", "--group-name", "admins")
    answer = json.loads(server.run(AWS, "iam", "list-groups").stdout)
    assert [group["GroupName"] for group in answer["Groups"]] == ["admins"]


def test_the_answer_tells_a_position_and_a_reader_may_ask_for_it(iam):  # DESIGN §4
    answer = iam.create_user(UserName="ana")
    assert answer["ResponseMetadata"]["HTTPHeaders"]["x-muniment-position"]


def test_a_repeat_of_botocores_own_gets_the_first_answer(server, monkeypatch):
    """A CreateUser whose answer was lost succeeds on retry: botocore repeats its invocation id."""
    iam = server.client("iam", retries={"max_attempts": 3, "mode": "standard"})
    lost = []
    send = URLLib3Session.send

    def losing_the_first_answer(self, request):
        answer = send(self, request)
        if not lost:
            lost.append(answer)
            raise ConnectionClosedError(endpoint_url=request.url)
        return answer

    monkeypatch.setattr(URLLib3Session, "send", losing_the_first_answer)
    made = iam.create_user(UserName="ana")
    assert made["ResponseMetadata"]["RetryAttempts"] == 1
    assert b"<UserId>" + made["User"]["UserId"].encode() in lost[0].content


def test_the_ready_file_is_for_its_owner_alone(running):
    mode = stat.S_IMODE((running.folder / "ready.json").stat().st_mode)
    assert mode == 0o600


def test_reset_brings_the_first_start_back(server):
    before = server.client("sts").get_caller_identity()["Account"]
    server.client("iam").create_user(UserName="ana")
    urllib.request.urlopen(urllib.request.Request(f"{server.endpoint}/_muniment/reset", method="POST")).read()
    assert server.client("iam").list_users()["Users"] == []
    assert server.client("sts").get_caller_identity()["Account"] == before


def test_a_web_page_cannot_reset_the_server(server):
    server.client("iam").create_user(UserName="ana")
    for header in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        request = urllib.request.Request(f"{server.endpoint}/_muniment/reset", method="POST", headers=header)
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(request)
    assert len(server.client("iam").list_users()["Users"]) == 1


def test_a_kept_server_has_no_reset_and_shows_its_root_key_once(tmp_path):
    with Muniment(tmp_path / "data", "--account-id", "123456789012") as server:
        assert server.account == "123456789012"
        secret = server.root["secret_access_key"]
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(urllib.request.Request(f"{server.endpoint}/_muniment/reset", method="POST"))
        assert refused.value.code in (400, 403, 404, 405)
        server.client("iam").create_user(UserName="ana")
        assert server.stop() == 0
        server.start()
        assert "root" not in server.ready
        assert [user["UserName"] for user in server.client("iam").list_users()["Users"]] == ["ana"]
        assert server.output().count(secret) == 1


def test_readiness_names_every_model(server):
    report = json.load(urllib.request.urlopen(f"{server.endpoint}/readyz"))
    assert report["ready"]
    assert {"access", "credentials", "directory"} <= set(report["models"])
    assert all(model["condition"] == "live" for model in report["models"].values())


def test_an_account_is_made_from_the_command_line(server):
    answer = json.loads(
        server.run(MUNIMENT, "accounts", "create", "payments", "--email", "pay@example.com", "--json").stdout
    )
    key = {"AccessKeyId": answer["root"]["access_key_id"], "SecretAccessKey": answer["root"]["secret_access_key"]}
    assert server.client("sts", key).get_caller_identity()["Account"] == answer["account_id"] != server.account
    again = server.run(MUNIMENT, "accounts", "create", "other", "--email", "PAY@example.com", check=False)
    assert again.returncode == 1
    assert "already exists" in again.stderr


def test_another_host_without_tls_is_refused(running):
    answer = running.run(MUNIMENT, "serve", "--ephemeral", "--host", "0.0.0.0", check=False)
    assert answer.returncode == 1
    assert "--tls-cert" in answer.stderr


def test_evaluation_answers_yes_and_no(server, member):  # INTERFACES, AuthZEN
    from muniment.ops import api_client

    member("ana", ALLOW_LIST)
    asked = {"Subject": {"type": "user", "id": "ana"}, "Resource": {"type": "any", "id": "*"}, "Context": {}}
    environment = server.environ()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        yes = api_client.call("muniment", "Evaluate", {**asked, "Action": {"name": "iam:ListUsers"}})
        no = api_client.call("muniment", "Evaluate", {**asked, "Action": {"name": "iam:CreateUser"}})
    assert yes["Decision"] is True
    assert no["Decision"] is False
    assert no["Context"]["layer"] == "identity-based policy"
