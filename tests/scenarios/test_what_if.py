"""What-if questions over the decision log of a real server, and commands that say what they may change."""

import json
import time

import pytest
from botocore.exceptions import ClientError

READ = {"Effect": "Allow", "Action": "iam:List*", "Resource": "*"}


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def ask(wire, *commands, **more):
    listed = [
        each if isinstance(each, dict) else {"Service": "iam", "Action": each[0], "Parameters": each[1]}
        for each in commands
    ]
    reply = wire.native("WhatIf", {"Commands": listed, **more}, service="muniment")
    return reply, json.loads(reply.text)


@pytest.fixture
def history(iam, member):
    """Ana listed users three times and groups twice, and may not create users."""
    ana = member("ana", READ)("iam")
    for _ in range(3):
        ana.list_users()
    for _ in range(2):
        ana.list_groups()
    with pytest.raises(ClientError):
        ana.create_user(UserName="eva")
    return ana


NO_LISTS = document({"Effect": "Deny", "Action": "iam:ListUsers", "Resource": "*"})
DENY_USERS = ("PutUserPolicy", {"UserName": "ana", "PolicyName": "no", "PolicyDocument": NO_LISTS})
EVERYTHING = document({"Effect": "Allow", "Action": "*", "Resource": "*"})
ALLOW_ALL = ("PutUserPolicy", {"UserName": "ana", "PolicyName": "all", "PolicyDocument": EVERYTHING})


def test_exactly_the_requests_whose_answer_differs_are_told_and_nothing_is_written(wire, iam, history):
    reply, told = ask(wire, DENY_USERS)
    assert reply.status == 200, reply.text
    assert (told["NewlyDenied"], told["NewlyAllowed"]) == (3, 0)
    assert {(each["Action"], each["Before"]["Effect"], each["After"]["Effect"]) for each in told["Differences"]} == {
        ("iam:ListUsers", "allowed", "explicitDeny")
    }
    assert told["Window"]["SharesLogged"] == [1.0, 1.0]
    assert told["Window"]["Decisions"] > 6
    assert iam.list_user_policies(UserName="ana")["PolicyNames"] == ["inline"]
    history.list_users()


def test_several_candidates_count_together(wire, history):
    _, told = ask(wire, DENY_USERS, ALLOW_ALL)
    assert (told["NewlyDenied"], told["NewlyAllowed"]) == (3, 1)
    _, told = ask(wire, DENY_USERS, ALLOW_ALL, ("DeleteUserPolicy", {"UserName": "ana", "PolicyName": "no"}))
    assert (told["NewlyDenied"], told["NewlyAllowed"]) == (0, 1)
    _, told = ask(wire, DENY_USERS, ALLOW_ALL, MaxItems=1, Skip=2)
    assert len(told["Differences"]) == 1
    assert told["IsTruncated"]


def test_the_window_can_be_cut_by_count_and_by_time(wire, history):
    time.sleep(0.4)
    middle = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 1))
    _, told = ask(wire, DENY_USERS, Last=1)
    assert told["Window"]["Decisions"] == 1
    time.sleep(1.2)
    history.list_users()
    _, told = ask(wire, DENY_USERS, Since=middle)
    assert told["NewlyDenied"] == 1
    _, told = ask(wire, DENY_USERS, Until=middle)
    assert told["NewlyDenied"] == 3


def test_a_window_that_ends_before_it_begins_is_refused(wire, history):
    reply, _ = ask(wire, DENY_USERS, Since="2026-02-01T00:00:00Z", Until="2026-01-01T00:00:00Z")
    assert reply.status == 400
    assert "`Since` must be before `Until`" in reply.text


def test_the_state_at_the_window_s_end_is_the_one_of_then(wire, iam, history):
    time.sleep(1.1)
    then = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    time.sleep(1.1)
    iam.put_user_policy(UserName="ana", PolicyName="no", PolicyDocument=DENY_USERS[1]["PolicyDocument"])
    _, told = ask(wire, DENY_USERS)
    assert told["NewlyDenied"] == 0
    reply, told = ask(wire, DENY_USERS, Until=then)
    assert reply.status == 200, reply.text
    assert told["NewlyDenied"] == 3


def test_a_candidate_that_would_be_refused_is_named(wire, history):
    reply, _ = ask(wire, DENY_USERS, ("DeleteUser", {"UserName": "nobody"}))
    assert reply.status == 404
    assert "Commands[1] (iam:DeleteUser): The user with name nobody cannot be found." in reply.text
    reply, _ = ask(
        wire, {"Service": "muniment", "Action": "CreateAccount", "Parameters": {"AccountName": "o", "Email": "o@e.org"}}
    )
    assert reply.status == 400
    assert "not decided in the caller's own account" in reply.text  # SECURITY rule 16
    reply, _ = ask(wire, ("NoSuchThing", {}))
    assert reply.status == 400
    reply, _ = ask(wire, ("PutUserPolicy", {"UserName": "ana"}))
    assert reply.status == 400


def test_what_if_is_permitted_like_any_other_action(history, server):
    # SECURITY rule 14: no door without its gate
    from tests.scenarios.wire import Wire

    key = server.client("iam").create_access_key(UserName="ana")["AccessKey"]
    ana = Wire(server, (key["AccessKeyId"], key["SecretAccessKey"]))
    reply, _ = ask(ana, DENY_USERS)
    assert reply.status == 403
    assert "muniment:WhatIf" in reply.text


def test_another_account_s_decisions_are_not_asked(wire, history, another_account, server):
    # SECURITY rule 16
    from tests.scenarios.wire import Wire

    _, key = another_account()
    theirs = Wire(server, key)
    theirs.native("CreateUser", {"UserName": "ana"}, service="iam")
    _, told = ask(theirs, DENY_USERS)
    assert told["NewlyDenied"] == 0


def expecting(client, text):
    def put(request, **_):
        request.headers["X-Muniment-Expect"] = text

    client.meta.events.register("before-sign.*.*", put)
    return client


def test_a_command_that_changes_more_than_expected_is_refused_with_the_list(server, iam, history):
    careful = expecting(server.client("iam"), "denied=2")
    with pytest.raises(ClientError) as refused:
        careful.put_user_policy(**DENY_USERS[1])
    assert refused.value.response["Error"]["Code"] == "ExpectationFailed"
    message = refused.value.response["Error"]["Message"]
    assert "3 would be newly denied and 0 newly allowed, expected were at most 2 newly denied" in message
    assert message.count("user/ana iam:ListUsers") == 3
    assert iam.list_user_policies(UserName="ana")["PolicyNames"] == ["inline"]
    expecting(server.client("iam"), "denied=3, allowed=0").put_user_policy(**DENY_USERS[1])
    assert iam.list_user_policies(UserName="ana")["PolicyNames"] == ["inline", "no"]


def test_who_may_not_ask_what_if_may_not_expect_either(member, history):
    # SECURITY rule 16: the list of a refusal tells what others asked for
    eva = expecting(member("eva", {"Effect": "Allow", "Action": "iam:Put*", "Resource": "*"})("iam"), "denied=0")
    with pytest.raises(ClientError) as refused:
        eva.put_user_policy(**DENY_USERS[1])
    assert refused.value.response["Error"]["Code"] == "AccessDenied"
    assert "muniment:WhatIf" in refused.value.response["Error"]["Message"]


def test_newly_allowed_requests_are_expected_too(server, history):
    with pytest.raises(ClientError, match="0 would be newly denied and 1 newly allowed"):
        expecting(server.client("iam"), "allowed=0").put_user_policy(**ALLOW_ALL[1])
    expecting(server.client("iam"), "allowed=0, last=1").create_group(GroupName="g")


UNCLEAR = ["", " ", "denied", "denied=-1", "denied=0, denied=1", "last=5", "denied=0, last=0", "denied=0, seconds=60"]


@pytest.mark.parametrize("text", UNCLEAR)
def test_an_expectation_that_says_nothing_clear_is_refused(server, text):
    with pytest.raises(ClientError, match="X-Muniment-Expect"):
        expecting(server.client("iam"), text).create_group(GroupName="g")


def test_a_query_expects_nothing(server):
    with pytest.raises(ClientError, match="changes nothing"):
        expecting(server.client("iam"), "denied=0").list_users()


def test_what_an_organization_would_change_for_others_is_not_answered_from_the_callers_log(server, wire, history):
    """The management account is bound by no SCP: its own log would say that nothing changes."""
    organizations = server.client("organizations")
    organizations.create_organization()
    root = organizations.list_roots()["Roots"][0]["Id"]
    enabling = {"RootId": root, "PolicyType": "SERVICE_CONTROL_POLICY"}
    reply, told = ask(wire, {"Service": "organizations", "Action": "EnablePolicyType", "Parameters": enabling})
    assert reply.status == 400
    assert "it binds other accounts" in told["detail"]
    expecting = wire.native(
        "EnablePolicyType", enabling, service="organizations", headers={"X-Muniment-Expect": "denied=0"}
    )
    assert expecting.status == 400
    assert "it binds other accounts" in expecting.message
    assert organizations.list_roots()["Roots"][0]["PolicyTypes"] == []
