"""The fixture of AuthZEN's certification scenario, registered as an application would: who may read, write and delete records."""

import json

ALICE, BOB = {"type": "user", "id": "alice"}, {"type": "user", "id": "bob"}
RECORD_1, RECORD_2 = {"type": "record", "id": "record-1"}, {"type": "record", "id": "record-2"}
ARCHIVED, ACTIVE = {"status": "archived"}, {"status": "active"}
ADMIN = {"role": "admin"}


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action, resource, **condition):
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    return statement | ({"Condition": condition} if condition else {})


def rules(account):
    """Alice's, Bob's and the administrators' statements."""
    records = f"arn:muniment:app::{account}:record/*"
    alice = (
        allow("app:read", records),
        allow("app:write", records, StringNotEqualsIfExists={"authzen:resource/status": "archived"}),
        allow("app:delete", records, Bool={"authzen:action/soft": "true"}),
    )
    bob = (allow("app:read", records),)
    admins = (
        allow(
            "app:write",
            records,
            StringEquals={"authzen:subject/role": "admin", "authzen:resource/status": "archived"},
        ),
    )
    return alice, bob, admins


def registered(wire):
    """Register the application whose subjects are called `user`."""
    do(wire, "RegisterApplication", SubjectTypes=["user"], ResourceTypes={"record": ["read", "write", "delete"]})
    alice, bob, admins = rules(wire.server.account)
    for entity, properties in ((ALICE, {}), (BOB, ADMIN), (RECORD_1, ACTIVE), (RECORD_2, ARCHIVED)):
        do(wire, "PutApplicationEntity", EntityType=entity["type"], EntityId=entity["id"], Properties=properties)
    policy = {"SubjectType": "user", "PolicyName": "rules"}
    do(wire, "PutApplicationPolicy", **policy, SubjectId="alice", PolicyDocument=document(*alice))
    do(wire, "PutApplicationPolicy", **policy, SubjectId="bob", PolicyDocument=document(*bob))
    do(wire, "PutApplicationPolicy", SubjectType="user", PolicyName="admins", PolicyDocument=document(*admins))


def with_iam_users(wire, iam):
    """The same rules for IAM's own users of these names, of whom tags say what they are; only the records are an application's."""
    do(wire, "RegisterApplication", ResourceTypes={"record": ["read", "write", "delete"]})
    alice, bob, admins = rules(wire.server.account)
    condition = {"aws:PrincipalTag/role": "admin", "authzen:resource/status": "archived"}
    tagged = allow("app:write", admins[0]["Resource"], StringEquals=condition)
    for name, statements in (("alice", (*alice, *admins)), ("bob", (*bob, *admins, tagged))):
        iam.create_user(UserName=name, Tags=[{"Key": "role", "Value": "admin"}] if name == "bob" else [])
        iam.put_user_policy(UserName=name, PolicyName="rules", PolicyDocument=document(*statements))
    for entity, properties in ((RECORD_1, ACTIVE), (RECORD_2, ARCHIVED)):
        do(wire, "PutApplicationEntity", EntityType=entity["type"], EntityId=entity["id"], Properties=properties)


def do(wire, action, application="records", **params):
    """A command of ours on the application, which must be done."""
    answer = wire.native(action, {"ApplicationName": application, **params}, service="muniment")
    assert answer.status == 200, answer
    return json.loads(answer.text)


def ask(wire, path, body, headers=None, **how):
    """(status, headers, decoded body) of one AuthZEN request."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", **(headers or {})}
    answer = wire.ask(
        path=f"/access/v1/{path}", body=raw, headers=headers, service=how.pop("service", "muniment"), **how
    )
    return answer.status, answer.headers, json.loads(answer.text)
