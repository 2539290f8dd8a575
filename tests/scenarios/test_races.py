"""Two writers at once, and servers that die or lose their log in the middle of things."""

import json
import os
import signal
import subprocess
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from tests.muniment_server import MUNIMENT, Muniment
from tests.scenarios.wire import Wire

WRITERS = 8


def code_of(call):
    """The code of a call's refusal, None where it is not refused."""
    try:
        call()
    except ClientError as refused:
        return refused.response["Error"]["Code"]
    return None


def together(*calls):
    """Do all of it at the same moment; the results in order."""
    gate = threading.Barrier(len(calls))

    def run(call):
        gate.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def test_of_many_who_make_one_user_exactly_one_does(server):
    clients = [server.client("iam", max_pool_connections=20 + number) for number in range(WRITERS)]
    for round in range(10):
        codes = together(
            *(
                lambda client=client, number=number, round=round: code_of(
                    lambda: client.create_user(UserName=f"{'Ana' if number % 2 else 'aNA'}{round}")
                )
                for number, client in enumerate(clients)
            )
        )
        assert Counter(codes) == {None: 1, "EntityAlreadyExists": WRITERS - 1}
    assert len(clients[0].list_users()["Users"]) == 10


def test_a_quota_holds_against_many_at_once(server, iam):
    iam.create_user(UserName="ana")
    codes = together(*(lambda: code_of(lambda: iam.create_access_key(UserName="ana")) for _ in range(WRITERS)))
    assert Counter(codes) == {None: 2, "LimitExceeded": WRITERS - 2}
    assert len(iam.list_access_keys(UserName="ana")["AccessKeyMetadata"]) == 2


def test_attach_and_delete_at_once_leave_no_dangling_policy(iam):
    document = json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})
    for number in range(10):
        name = f"user{number}"
        iam.create_user(UserName=name)
        arn = iam.create_policy(PolicyName=f"p{number}", PolicyDocument=document)["Policy"]["Arn"]
        attach, delete = together(
            lambda name=name, arn=arn: code_of(lambda: iam.attach_user_policy(UserName=name, PolicyArn=arn)),
            lambda arn=arn: code_of(lambda: iam.delete_policy(PolicyArn=arn)),
        )
        assert (attach, delete) in ((None, "DeleteConflict"), ("NoSuchEntity", None))


def test_one_idempotency_key_at_once_is_one_command(wire):
    answers = together(
        *(lambda: wire.call("CreateUser", UserName="ana", headers={"Idempotency-Key": "k"}) for _ in range(WRITERS))
    )
    assert {answer.status for answer in answers} == {200}
    assert len({answer.text.split("<UserId>")[1].split("<")[0] for answer in answers}) == 1
    assert wire.call("CreateUser", UserName="bob", headers={"Idempotency-Key": "k"}).status == 422


def test_a_remembered_answer_is_only_for_who_got_it(server, iam, wire):
    """The same key of another principal is another key, and a repeat passes the gate again (SECURITY 3)."""
    admin = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "iam:*", "Resource": "*"}}
    wires = []
    for name in ("ana", "bob"):
        iam.create_user(UserName=name)
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=json.dumps(admin))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        wires.append(Wire(server, (key["AccessKeyId"], key["SecretAccessKey"])))
    ana, bob = wires
    key = {"Idempotency-Key": "k"}
    made = ana.call("CreateAccessKey", UserName="ana", headers=key)
    assert made.status == 200
    assert bob.call("CreateAccessKey", UserName="ana", headers=key).code == "LimitExceeded"
    assert ana.call("CreateAccessKey", UserName="ana", headers=key).text.split("<SecretAccessKey>")[1][:40] in made.text
    iam.delete_user_policy(UserName="ana", PolicyName="p")
    assert ana.call("CreateAccessKey", UserName="ana", headers=key).code == "AccessDenied"


def test_kill_nine_under_load_loses_nothing_and_doubles_nothing(tmp_path):
    """Every acknowledged user is there once; what was not acknowledged is repeated with its own key and is there once."""
    with Muniment(tmp_path / "data") as server:
        acknowledged, unknown = [], []
        for round in range(2):
            stop = threading.Event()

            def write(writer, round=round, stop=stop):
                wire = Wire(server)
                for number in range(10_000):
                    if stop.is_set():
                        return
                    name = f"u-{round}-{writer}-{number}"
                    try:
                        answer = wire.call("CreateUser", UserName=name, headers={"Idempotency-Key": name})
                    except OSError:
                        unknown.append(name)
                        return
                    except Exception:  # http.client's own for an answer cut in the middle
                        unknown.append(name)
                        return
                    (acknowledged if answer.status == 200 else unknown).append(name)

            threads = [threading.Thread(target=write, args=(writer,)) for writer in range(4)]
            for thread in threads:
                thread.start()
            time.sleep(1.0)
            server.kill()
            stop.set()
            for thread in threads:
                thread.join()
            server.start()
        iam = server.client("iam")
        names = [user["UserName"] for page in iam.get_paginator("list_users").paginate() for user in page["Users"]]
        assert len(names) == len(set(names))
        assert set(acknowledged) <= set(names)
        assert len(acknowledged) > 20, "there was no load"
        wire = Wire(server)
        for name in (*unknown, *acknowledged[:3], *acknowledged[-3:]):
            assert wire.call("CreateUser", UserName=name, headers={"Idempotency-Key": name}).status == 200
        pages = iam.get_paginator("list_users").paginate()
        after = [user["UserName"] for page in pages for user in page["Users"]]
        assert sorted(after) == sorted({*names, *unknown})
        _a_second_process_is_refused(tmp_path / "data", server)


def _a_second_process_is_refused(data, server):
    answer = subprocess.run(
        [MUNIMENT, "serve", "--data", data, "--port", "0"], capture_output=True, text=True, timeout=60, check=False
    )
    assert answer.returncode != 0
    assert str(data) in answer.stderr
    assert "Traceback" not in answer.stderr
    assert server.client("iam").list_users(MaxItems=1)["Users"]


def test_no_child_outlives_a_killed_server(tmp_path):
    with Muniment() as server:
        children = _children(server.process.pid)
        assert children
        server.kill()
        give_up = time.monotonic() + 10
        while any(_runs(child) for child in children):
            assert time.monotonic() < give_up
            time.sleep(0.05)


def test_while_the_log_is_away(tmp_path):  # SECURITY 2, 14; DESIGN §4
    """Commands wait and are refused with 503, refusals that cannot be recorded too; reads and decisions go on; it recovers."""
    with Muniment() as server:
        (nats,) = _children(server.process.pid)
        iam = server.client("iam")
        wire = Wire(server)
        wire.call("CreateUser", UserName="ana")
        key = iam.create_access_key(UserName="ana")["AccessKey"]
        ana = Wire(server, (key["AccessKeyId"], key["SecretAccessKey"]))
        assert ana.call("ListUsers").code == "AccessDenied"
        os.kill(nats, signal.SIGSTOP)
        time.sleep(0.2)  # threads that run stop a little later
        try:
            began = time.monotonic()
            command, refusal, _ = together(
                lambda: wire.call("CreateUser", UserName="bob", headers={"Idempotency-Key": "bob"}),
                lambda: ana.call("ListUsers"),
                lambda: _reads_and_decisions_go_on(server, wire),
            )
            for answer in (command, refusal):
                assert (answer.status, answer.code) == (503, "ServiceUnavailable"), answer
                assert int(answer.headers["retry-after"]) >= 1
            assert time.monotonic() - began < 20
        finally:
            os.kill(nats, signal.SIGCONT)
        _recovers(wire)
        assert sorted(user["UserName"] for user in iam.list_users()["Users"]) == ["ana", "bob"]


def _reads_and_decisions_go_on(server, wire):
    app = {
        "subject": {"type": "account", "id": server.account},
        "action": {"name": "app:Read"},
        "resource": {"type": "record", "id": "1"},
    }
    for seconds in (0, 6):  # privileged actions are refused after five
        time.sleep(seconds)
        assert b"<UserName>ana" in wire.call("ListUsers").body
        assert wire.call("GetCallerIdentity", service="sts").status == 200
        assert Wire(server, ("AKIAAAAAAAAAAAAAAAAA", "x")).call("ListUsers").code == "InvalidClientTokenId"
        answer = wire.evaluate(app)
        assert answer.status == 200, answer
        assert json.loads(answer.text)["decision"] is True
        privileged = wire.evaluate({**app, "action": {"name": "iam:CreateUser"}})
        assert privileged.status == (503 if seconds else 200)


def test_a_killed_log_comes_back_by_itself(tmp_path):
    with Muniment(tmp_path / "data") as server:
        wire = Wire(server)
        assert wire.call("CreateUser", UserName="ana").status == 200
        (nats,) = _children(server.process.pid)
        os.kill(nats, signal.SIGKILL)
        _recovers(wire)
        assert {b"<UserName>ana" in wire.call("ListUsers").body, b"<UserName>bob" in wire.call("ListUsers").body} == {
            True
        }


def _recovers(wire):
    """The command that was refused succeeds, with its own key, within half a minute."""
    give_up = time.monotonic() + 30
    while wire.call("CreateUser", UserName="bob", headers={"Idempotency-Key": "bob"}).status != 200:
        assert time.monotonic() < give_up
        time.sleep(0.2)


def _children(pid):
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    return [int(line) for line in found.stdout.split()]


def _runs(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_lost_answer_is_not_made_twice_by_botocore(server, monkeypatch):
    """Every answer of the first try is lost; botocore's retry carries the same invocation id."""
    from botocore.httpsession import URLLib3Session

    iam = server.client("iam", retries={"max_attempts": 3, "mode": "standard"})
    send, tries = URLLib3Session.send, Counter()

    def losing(self, request):
        answer = send(self, request)
        tries[request.headers["amz-sdk-invocation-id"]] += 1
        if tries[request.headers["amz-sdk-invocation-id"]] == 1:
            from botocore.exceptions import ReadTimeoutError

            raise ReadTimeoutError(endpoint_url=request.url)
        return answer

    monkeypatch.setattr(URLLib3Session, "send", losing)
    user = iam.create_user(UserName="ana")["User"]
    key = iam.create_access_key(UserName="ana")["AccessKey"]
    monkeypatch.undo()
    assert iam.get_user(UserName="ana")["User"]["UserId"] == user["UserId"]
    assert [each["AccessKeyId"] for each in iam.list_access_keys(UserName="ana")["AccessKeyMetadata"]] == [
        key["AccessKeyId"]
    ]
    try:
        assert server.client("sts", key).get_caller_identity()["Arn"] == user["Arn"]
    except BotoCoreError as error:
        raise AssertionError("the repeated answer's secret does not sign") from error
