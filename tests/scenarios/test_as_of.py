"""Any query may be asked as of a past moment, by a header: lists, simulations, evaluations."""

import json

import pytest

from tests.scenarios.wire import Wire

AS_OF = "X-Muniment-As-Of"
ALLOW = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]})
QUESTION = {
    "Subject": {"type": "user", "id": "ana"},
    "Action": {"name": "s3:GetObject"},
    "Resource": {"type": "any", "id": "*"},
}


def at(client, position):
    """The client, asking as of a position."""
    client.meta.events.register("before-sign", lambda request, **_: request.headers.add_header(AS_OF, str(position)))
    return client


@pytest.fixture
def then(server, iam, wire):
    """The position at which ana could still read."""
    iam.create_user(UserName="ana")
    iam.put_user_policy(UserName="ana", PolicyName="p", PolicyDocument=ALLOW)
    answer = wire.native("Evaluate", QUESTION, service="muniment")
    position = json.loads(answer.text)["Context"]["revision"]
    iam.delete_user_policy(UserName="ana", PolicyName="p")
    iam.delete_user(UserName="ana")
    iam.create_user(UserName="eva")
    return position


def test_lists_and_entities_are_those_of_the_moment(server, iam, then):
    assert [user["UserName"] for user in iam.list_users()["Users"]] == ["eva"]
    past = at(server.client("iam"), then)
    assert [user["UserName"] for user in past.list_users()["Users"]] == ["ana"]
    assert past.get_user_policy(UserName="ana", PolicyName="p")["PolicyDocument"]["Statement"][0]["Action"] == "s3:*"
    with pytest.raises(past.exceptions.NoSuchEntityException):
        past.get_user(UserName="eva")


def test_simulations_are_those_of_the_moment(server, iam, then):
    arn = f"arn:aws:iam::{server.account}:user/ana"
    past = at(server.client("iam"), then)
    found = past.simulate_principal_policy(PolicySourceArn=arn, ActionNames=["s3:GetObject"])["EvaluationResults"]
    assert found[0]["EvalDecision"] == "allowed"
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.simulate_principal_policy(PolicySourceArn=arn, ActionNames=["s3:GetObject"])


def test_evaluations_are_those_of_the_moment(wire, then):
    def decision(**more):
        answer = wire.native("Evaluate", {**QUESTION, **more}, service="muniment")
        assert answer.status == 200, answer
        return json.loads(answer.text)["Decision"]

    assert decision() is False
    assert decision(AsOf=then) is True
    assert wire.native("Evaluate", QUESTION, service="muniment", headers={AS_OF: str(then)}).status == 200
    asked = {"subject": QUESTION["Subject"], "action": QUESTION["Action"], "resource": QUESTION["Resource"]}
    assert json.loads(wire.evaluate(asked).text)["decision"] is False
    assert json.loads(wire.evaluate({**asked, "as_of": then}).text)["decision"] is True


def test_asking_for_the_past_takes_a_permission_of_its_own(server, iam, member, then):
    own = {"Effect": "Allow", "Action": "iam:ListUsers", "Resource": "*"}
    eve = member("eve", own)
    assert eve("iam").list_users()["Users"]
    with pytest.raises(iam.exceptions.ClientError, match="muniment:ReadPast"):
        at(eve("iam"), then).list_users()
    iam.put_user_policy(
        UserName="eve",
        PolicyName="past",
        PolicyDocument=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Action": "muniment:ReadPast", "Resource": "*"}],
            }
        ),
    )
    assert [user["UserName"] for user in at(eve("iam"), then).list_users()["Users"]] == ["ana"]
    with pytest.raises(iam.exceptions.ClientError, match="iam:ListRoles"):
        at(eve("iam"), then).list_roles()


def test_the_past_cannot_be_changed_and_moments_must_be_known(server, iam, then):
    past = at(server.client("iam"), then)
    with pytest.raises(iam.exceptions.ClientError, match="the past cannot be changed"):
        past.create_user(UserName="late")
    for moment, why in ((10_000, "beyond the log"), ("x", "neither a position nor a time")):
        with pytest.raises(iam.exceptions.ClientError, match=why):
            at(server.client("iam"), moment).list_users()
    with pytest.raises(iam.exceptions.ClientError, match="only as it is now"):
        at(server.client("sts"), then).get_access_key_info(AccessKeyId=server.root["access_key_id"])


def test_the_audit_says_which_moment_was_asked_about(server, then):
    at(server.client("iam"), then).list_users()
    wire = Wire(server)
    for _ in range(100):
        rows = json.loads(wire.native("ListTimeline", {"ActionName": "iam:ListUsers"}, service="muniment").text)["Rows"]
        if rows:
            break
    assert rows[0]["Parameters"]["AsOf"] == str(then)


def test_a_header_that_says_nothing_is_refused_and_not_taken_for_none(wire, then):
    """An empty moment once was answered for now, an empty position for whatever was there."""
    for header in (AS_OF, "X-Muniment-Position"):
        for text in ("", " "):
            answer = wire.native("ListUsers", headers={header: text})
            assert (answer.status, answer.code) == (400, "ValidationError"), (header, text)
            assert wire.call("ListUsers", headers={header: text}).status == 400


def test_evaluations_are_not_answered_for_now_where_a_header_names_a_moment(wire, then):
    """The header once was passed over: the member `as_of` is how AuthZEN's questions name a moment."""
    question = {"subject": QUESTION["Subject"], "action": QUESTION["Action"], "resource": QUESTION["Resource"]}
    for path in ("evaluation", "evaluations", "search/action"):
        for moment in ("1", "", "nonsense"):
            headers = {"Content-Type": "application/json", AS_OF: moment}
            body = json.dumps(question).encode()
            answer = wire.ask(path=f"/access/v1/{path}", body=body, headers=headers, service="muniment")
            assert answer.status == 400, (path, moment)
            assert "as_of" in answer.text
