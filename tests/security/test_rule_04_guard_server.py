"""Rule 4: the guard on a real server, by boto3: switched, refusing, and on record."""

import json

import pytest

from tests.scenarios.conftest import another_account, iam, member, no_fault, running, server
from tests.scenarios.sessions import allow, holding, policy, refused, role, trust
from tests.scenarios.wire import Wire

__all__ = ["another_account", "iam", "member", "no_fault", "running", "server"]

ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"


@pytest.fixture
def guarded(server):
    answer = Wire(server).native("SetEscalationGuard", {"Mode": "on"}, service="muniment")
    assert answer.status == 200, answer.text
    return server


def test_a_helpdesk_gives_what_it_has_and_no_more(guarded, iam, member, audited):
    desk = member("desk", allow("iam:*"), allow("s3:*"))("iam")
    desk.create_user(UserName="new")
    desk.put_user_policy(UserName="new", PolicyName="s3", PolicyDocument=policy(allow("s3:GetObject")))
    assert desk.create_access_key(UserName="new")["AccessKey"]["AccessKeyId"]
    code, message = refused(desk.attach_user_policy, UserName="desk", PolicyArn=ADMIN)
    assert code == "AccessDenied"
    assert message.startswith(
        f"User: arn:aws:iam::{guarded.account}:user/desk is not authorized to perform: iam:AttachUserPolicy on resource: "
        f"arn:aws:iam::{guarded.account}:user/desk because the account's guard against escalation is on: it would let"
    )
    found = audited(asker=Wire(guarded), ActionName="iam:AttachUserPolicy", Refused=True)
    assert [(row["ErrorCode"], row["Principal"].endswith(":user/desk")) for row in found] == [("AccessDenied", True)]
    iam.attach_user_policy(UserName="desk", PolicyArn=ADMIN)  # root may give everything


def test_a_session_under_a_policy_gives_no_more_than_its_policy_leaves(guarded, iam, member):
    arn = role(iam, "wide", trust(guarded.account), allow("*"))
    sts = member("ana", allow("sts:AssumeRole", arn))("sts")
    limits = policy(allow("iam:*"), allow("s3:*"))
    session = sts.assume_role(RoleArn=arn, RoleSessionName="ana", Policy=limits)["Credentials"]
    bounded = holding(guarded, session, "iam")
    assert refused(bounded.attach_user_policy, UserName="ana", PolicyArn=ADMIN)[0] == "AccessDenied"
    bounded.put_user_policy(UserName="ana", PolicyName="s3", PolicyDocument=policy(allow("s3:*")))
    free = holding(guarded, sts.assume_role(RoleArn=arn, RoleSessionName="ana")["Credentials"], "iam")
    free.attach_user_policy(UserName="ana", PolicyArn=ADMIN)


def mode(server):
    answer = Wire(server).native("GetEscalationGuard", {}, service="muniment")
    return json.loads(answer.text)["Mode"]


def test_who_may_switch_it_off(guarded, iam, member):
    member("desk", allow(["muniment:*", "iam:*"]))
    key = iam.create_access_key(UserName="desk")["AccessKey"]
    desk = Wire(guarded, (key["AccessKeyId"], key["SecretAccessKey"]))
    answer = desk.native("SetEscalationGuard", {"Mode": "off"}, service="muniment")
    assert (answer.status, "only the root user" in answer.text) == (403, True)
    assert Wire(guarded).native("SetEscalationGuard", {"Mode": "maybe"}, service="muniment").status == 400
    assert mode(guarded) == "on"
    assert Wire(guarded).native("SetEscalationGuard", {"Mode": "off"}, service="muniment").status == 200
    assert mode(guarded) == "off"
    assert desk.native("SetEscalationGuard", {"Mode": "on"}, service="muniment").status == 200
