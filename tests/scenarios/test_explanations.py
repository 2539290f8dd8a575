"""Explanations and the past, asked of a real server as a client would: ExplainDecision, WhoCan, WhatCan, AccessHistory."""

import json
import shutil
import subprocess
import time
from datetime import UTC, datetime

import pytest

from tests.muniment_server import MUNIMENT, Muniment
from tests.scenarios.wire import Wire

BUCKET = "arn:aws:s3:::letters/a"
QUESTION = {"Principal": "ana", "Action": "s3:GetObject", "Resource": BUCKET}


def document(action="s3:*", effect="Allow", **more):
    statement = {"Effect": effect, "Action": action, "Resource": "*", **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def ask(wire, action, **params):
    answer = wire.native(action, params, service="muniment")
    assert answer.status == 200, answer
    return json.loads(answer.text)


@pytest.fixture
def ana(iam):
    """A user who could read for a while, through a group."""
    iam.create_user(UserName="ana")
    iam.create_group(GroupName="readers")
    iam.put_group_policy(GroupName="readers", PolicyName="read", PolicyDocument=document())
    iam.add_user_to_group(GroupName="readers", UserName="ana")
    return iam


def test_a_decision_is_explained_with_who_made_it_so(server, ana, wire):
    told = ask(wire, "ExplainDecision", **QUESTION)
    assert told["Decision"] is True
    (statement,) = told["Statements"]
    (way,) = statement["BroughtIn"]
    assert way["Via"] == "readers"
    assert [entry["Action"] for entry in way["Entries"]] == ["iam:PutGroupPolicy", "iam:AddUserToGroup"]
    rows = ask(wire, "ListTimeline", EntryId=way["Entries"][1]["EntryId"])["Rows"]
    assert [row["Action"] for row in rows] == ["iam:AddUserToGroup"]
    assert rows[0]["Principal"] == way["Entries"][1]["Principal"] == f"arn:aws:iam::{server.account}:root"


def test_a_moment_can_be_named_in_three_ways(ana, wire):
    before = datetime.now(UTC).isoformat()
    time.sleep(0.01)
    token = wire.native("ExplainDecision", QUESTION, service="muniment").headers["x-muniment-position"]
    position = ask(wire, "ExplainDecision", **QUESTION)["Position"]
    ana.remove_user_from_group(GroupName="readers", UserName="ana")
    assert ask(wire, "ExplainDecision", **QUESTION)["Decision"] is False
    for moment in (before, token, position, str(position)):
        assert ask(wire, "ExplainDecision", **QUESTION, AsOf=moment)["Decision"] is True, moment
    assert wire.native("ExplainDecision", {**QUESTION, "AsOf": position + 99}, service="muniment").status == 400
    assert wire.native("ExplainDecision", {**QUESTION, "AsOf": "2999-01-01"}, service="muniment").status == 400
    assert wire.native("ExplainDecision", {**QUESTION, "AsOf": -1}, service="muniment").status == 400


def test_the_history_of_an_access_is_told(ana, wire):
    ana.remove_user_from_group(GroupName="readers", UserName="ana")
    never, then, since = ask(wire, "AccessHistory", **QUESTION)["Intervals"]
    assert [never["Allowed"], then["Allowed"], since["Allowed"]] == [False, True, False]
    assert (then["Began"]["Action"], then["Ended"]["Action"]) == ("iam:AddUserToGroup", "iam:RemoveUserFromGroup")


def test_who_can_and_what_can(server, ana, wire):
    found = ask(wire, "WhoCan", Action="s3:GetObject", Resource=BUCKET)["Principals"]
    assert [one["Arn"].rpartition(":")[2] for one in found] == ["root", "user/ana"]
    assert found[1]["Paths"][0]["Group"] == "readers"
    ana.put_user_policy(UserName="ana", PolicyName="own", PolicyDocument=document(["iam:GetUser", "iam:ListUs*"]))
    rows = ask(wire, "WhatCan", Principal="ana")["Permissions"]
    assert [(row["Action"], row["Resource"]) for row in rows] == [
        ("iam:GetUser", "*"),
        ("iam:ListUserPolicies", "*"),
        ("iam:ListUserTags", "*"),
        ("iam:ListUsers", "*"),
        ("s3:*", "*"),
    ]


@pytest.mark.parametrize("action", ["ExplainDecision", "AccessHistory", "WhoCan", "WhatCan"])
def test_whoever_asks_must_be_allowed_to(server, iam, member, action):
    """SECURITY 14: and the refusal is on record."""
    params = {"WhoCan": {"Action": "s3:GetObject"}, "WhatCan": {"Principal": "ana"}}.get(action, QUESTION)
    iam.create_user(UserName="ana")
    on = "*" if action == "WhoCan" else f"arn:aws:iam::{server.account}:user/ana"
    iam.create_user(UserName="eva")
    key = iam.create_access_key(UserName="eva")["AccessKey"]
    eva = Wire(server, (key["AccessKeyId"], key["SecretAccessKey"]))
    refused = eva.native(action, params, service="muniment")
    assert (refused.status, refused.code) == (403, "AccessDenied")
    statement = {"Effect": "Allow", "Action": f"muniment:{action}", "Resource": on}
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="eva", PolicyName="p", PolicyDocument=text)
    assert eva.native(action, params, service="muniment").status == 200
    if action != "WhoCan":
        assert eva.native(action, {**params, "Principal": "eva"}, service="muniment").status == 403
    give_up, rows = time.monotonic() + 5, []
    while not rows and time.monotonic() < give_up:
        rows = ask(Wire(server), "ListTimeline", ActionName=f"muniment:{action}", Refused=True)["Rows"]
    assert rows[-1]["Principal"].endswith(":user/eva")


def test_nobody_asks_about_the_principals_of_another_account(server, ana, another_account):
    """SECURITY 16."""
    number, key = another_account()
    other = Wire(server, key)
    arn = f"arn:aws:iam::{server.account}:user/ana"
    for action, params in (("ExplainDecision", QUESTION), ("WhatCan", {})):
        answer = other.native(action, {**params, "Principal": arn}, service="muniment")
        assert answer.status in (403, 404), answer
    answer = other.native("AccessHistory", {**QUESTION, "Principal": arn}, service="muniment")
    if answer.status == 200:
        assert not any(one["Allowed"] for one in json.loads(answer.text)["Intervals"])
    names = [one["Arn"] for one in ask(other, "WhoCan", Action="s3:GetObject")["Principals"]]
    assert names == [f"arn:aws:iam::{number}:root"]


def test_the_past_outlives_a_restart(tmp_path):
    with Muniment(tmp_path / "data") as server:
        iam = server.client("iam")
        iam.create_user(UserName="ana")
        iam.put_user_policy(UserName="ana", PolicyName="p", PolicyDocument=document())
        position = ask(Wire(server), "ExplainDecision", **QUESTION)["Position"]
        moment = datetime.now(UTC).isoformat()
        time.sleep(0.01)
        iam.delete_user_policy(UserName="ana", PolicyName="p")
        server.stop()
        server.start()
        for as_of in (position, moment):
            told = ask(Wire(server), "ExplainDecision", **QUESTION, AsOf=as_of)
            assert told["Decision"] is True
            assert told["Position"] == position
        assert ask(Wire(server), "ExplainDecision", **QUESTION)["Decision"] is False


HEADER = "x-muniment-authorization-message"


def denial(client):
    """The message that a denied call's answer carries."""
    with pytest.raises(client.exceptions.ClientError) as refused:
        client.list_users()
    assert refused.value.response["Error"]["Code"] == "AccessDenied"
    return refused.value.response["ResponseMetadata"]["HTTPHeaders"][HEADER]


def test_a_denied_request_can_be_explained_from_its_message_alone(server, iam, member):
    deny = {"Sid": "No", "Effect": "Deny", "Action": "iam:ListUsers", "Resource": "*"}
    eva = member("eva", {"Effect": "Allow", "Action": "iam:*", "Resource": "*"}, deny)
    message = denial(eva("iam"))
    assert len(message) < 4_096
    assert "ListUsers" not in message  # sealed
    iam.delete_user_policy(UserName="eva", PolicyName="inline")  # it tells what was so then
    told = json.loads(server.client("sts").decode_authorization_message(EncodedMessage=message)["DecodedMessage"])
    assert (told["allowed"], told["explicitDeny"]) == (False, True)
    (statement,) = told["matchedStatements"]["items"]
    assert (statement["statementId"], statement["effect"]) == ("No", "DENY")
    assert told["context"]["action"] == "iam:ListUsers"
    assert told["context"]["principal"]["arn"].endswith(":user/eva")
    keys = {one["key"]: one["values"]["items"][0]["value"] for one in told["context"]["conditions"]["items"]}
    assert keys["aws:SourceIp"] == "127.0.0.1"


def test_a_message_is_read_only_by_whoever_may_and_only_in_its_account(server, member, another_account):
    eva = member("eva")
    message = denial(eva("iam"))
    with pytest.raises(eva("sts").exceptions.ClientError, match="AccessDenied"):
        eva("sts").decode_authorization_message(EncodedMessage=message)
    _, (key_id, secret) = another_account()
    other = server.client("sts", {"AccessKeyId": key_id, "SecretAccessKey": secret})
    with pytest.raises(other.exceptions.InvalidAuthorizationMessageException):
        other.decode_authorization_message(EncodedMessage=message)


def test_a_message_that_was_touched_is_invalid_like_any_nonsense(server, member):
    sts = server.client("sts")
    message = denial(member("eva")("iam"))
    bent = [
        message[:place] + ("A" if message[place] != "A" else "B") + message[place + 1 :]
        for place in range(0, len(message), 9)
    ]
    for text in [*bent, "x", message + "A", message[:-1], "ä", "a\nb", "A" * 10_240]:
        with pytest.raises(sts.exceptions.InvalidAuthorizationMessageException, match="invalid or has expired"):
            sts.decode_authorization_message(EncodedMessage=text)


def test_the_command_line_explains(server, ana):
    shown = server.run(MUNIMENT, "explain", "ana", "s3:GetObject", BUCKET).stdout
    assert shown.startswith("YES")
    assert "held through group readers" in shown
    told = json.loads(server.run(MUNIMENT, "explain", "ana", "s3:GetObject", BUCKET, "--json").stdout)
    assert told["Decision"] is True
    history = json.loads(server.run(MUNIMENT, "explain", "ana", "s3:GetObject", BUCKET, "--history", "--json").stdout)
    assert [one["Allowed"] for one in history] == [False, True]
    early = server.run(MUNIMENT, "explain", "ana", "s3:GetObject", BUCKET, "--as-of", "1", check=False)
    assert early.returncode != 0
    assert "cannot be found in this account at position 1" in early.stderr
    assert (
        "user/ana   through group readers: group_readers_read" in server.run(MUNIMENT, "who-can", "s3:GetObject").stdout
    )
    assert "s3:*" in server.run(MUNIMENT, "what-can", "ana").stdout


def cli(data, *words):
    """The muniment program on a data directory of its own."""
    return subprocess.run(
        [MUNIMENT, *words, "--data", str(data)], capture_output=True, text=True, check=True, timeout=120
    )


def test_times_are_those_of_the_first_writing_after_a_restore(tmp_path):
    """DESIGN 4; docs/decisions/0005: a restored message carries the time JetStream first took it."""
    here, there = tmp_path / "here", tmp_path / "there"
    with Muniment(here) as server:
        iam = server.client("iam")
        iam.create_user(UserName="ana")
        iam.put_user_policy(UserName="ana", PolicyName="p", PolicyDocument=document())
        moment = datetime.now(UTC).isoformat()
        time.sleep(0.01)
        iam.delete_user_policy(UserName="ana", PolicyName="p")
        began = ask(Wire(server), "AccessHistory", **QUESTION)["Intervals"][1]["Began"]
        root = server.root
    cli(here, "backup", str(tmp_path / "log"), "--keys", str(tmp_path / "keys"))
    there.mkdir()
    shutil.copy(here / "kek", there / "kek")
    cli(there, "restore", str(tmp_path / "log"), "--keys", str(tmp_path / "keys"))
    with Muniment(there) as server:
        server.root = root
        assert ask(Wire(server), "ExplainDecision", **QUESTION)["Decision"] is False
        assert ask(Wire(server), "ExplainDecision", **QUESTION, AsOf=moment)["Decision"] is True
        assert ask(Wire(server), "AccessHistory", **QUESTION)["Intervals"][1]["Began"] == began


@pytest.mark.parametrize("action", ["ExplainDecision", "AccessHistory", "WhatCan"])
def test_a_deny_on_a_principal_counts_however_the_principal_is_named(server, iam, wire, action):
    """SECURITY 1: an explicit deny wins. Names in other case or without their path, unique ids, sessions once went past it."""
    iam.create_user(UserName="Boss", Path="/staff/")
    boss = iam.get_user(UserName="Boss")["User"]
    trust = {"Effect": "Allow", "Principal": {"AWS": server.account}, "Action": "sts:AssumeRole"}
    role = iam.create_role(
        RoleName="Run",
        Path="/staff/",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )["Role"]
    iam.create_user(UserName="eva")
    allow = {"Effect": "Allow", "Action": f"muniment:{action}", "Resource": "*"}
    deny = {"Effect": "Deny", "Action": f"muniment:{action}", "Resource": [boss["Arn"], role["Arn"]]}
    text = json.dumps({"Version": "2012-10-17", "Statement": [allow, deny]})
    iam.put_user_policy(UserName="eva", PolicyName="p", PolicyDocument=text)
    key = iam.create_access_key(UserName="eva")["AccessKey"]
    eva = Wire(server, (key["AccessKeyId"], key["SecretAccessKey"]))
    params = {} if action == "WhatCan" else {"Action": "s3:GetObject"}
    session = f"arn:aws:sts::{server.account}:assumed-role/Run/night"
    renamed = "boss2"
    for name in ("Boss", "boss", "BOSS", boss["UserId"], boss["Arn"], role["Arn"], role["RoleId"], session):
        refused = eva.native(action, {**params, "Principal": name}, service="muniment")
        assert (refused.status, refused.code) == (403, "AccessDenied"), name
    assert eva.native(action, {**params, "Principal": "eva"}, service="muniment").status == 200
    position = ask(wire, "ExplainDecision", **{**QUESTION, "Principal": "Boss"})["Position"]
    iam.update_user(UserName="Boss", NewUserName=renamed)
    iam.put_user_policy(
        UserName="eva", PolicyName="p", PolicyDocument=text.replace(boss["Arn"], boss["Arn"].replace("Boss", renamed))
    )
    moment = "Until" if action == "AccessHistory" else "AsOf"
    then = eva.native(action, {**params, "Principal": "Boss", moment: position}, service="muniment")
    assert then.status == 403, "the same user under an earlier name"


def test_a_session_is_explained_with_what_was_passed_to_it(server, iam, wire):
    trust = {"Effect": "Allow", "Principal": {"AWS": server.account}, "Action": "sts:AssumeRole"}
    made = iam.create_role(
        RoleName="Run", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    )["Role"]
    iam.put_role_policy(RoleName="Run", PolicyName="p", PolicyDocument=document("s3:*"))
    session = f"arn:aws:sts::{server.account}:assumed-role/Run/night"
    question = {**QUESTION, "Principal": session}
    assert ask(wire, "ExplainDecision", **question)["Decision"] is True
    told = ask(wire, "ExplainDecision", **question, Policy=document("s3:PutObject"))
    assert (told["Decision"], told["DecidedBy"]) == (False, "session policy")
    assert ask(wire, "ExplainDecision", **question, Policy=document("s3:Get*"))["Decision"] is True
    reading = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    gone = {"PolicyArns": [f"arn:aws:iam::{server.account}:policy/gone"]}
    assert ask(wire, "ExplainDecision", **question, **gone)["Decision"] is False
    assert ask(wire, "ExplainDecision", **question, PolicyArns=[reading])["Position"]
    for wrong in ({"Policy": "{"}, {"Policy": document("s3:*", Principal="*")}, {"PolicyArns": ["x"]}):
        assert wire.native("ExplainDecision", {**question, **wrong}, service="muniment").status == 400, wrong
    other = {**QUESTION, "Principal": made["Arn"].replace("role/Run", "user/ana"), "Policy": document()}
    assert wire.native("ExplainDecision", other, service="muniment").status in (400, 404)
    for name in ("assumed-role/run/night", "assumed-role/Run", "assumed-role/Run/", "assumed-role/Run/a/b"):
        arn = f"arn:aws:sts::{server.account}:{name}"
        assert wire.native("ExplainDecision", {**QUESTION, "Principal": arn}, service="muniment").status == 404, name
