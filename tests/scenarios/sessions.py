"""What the scenarios of temporary credentials share: documents, and clients that hold a session."""

import json

from botocore.config import Config
from botocore.exceptions import ClientError

from tests.muniment_server import SESSION


def trust(principal, *actions, **condition):
    """A trust policy; `condition` is operator → {key: value}."""
    statement = {
        "Effect": "Allow",
        "Principal": principal if isinstance(principal, dict) else {"AWS": principal},
        "Action": list(actions) or ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
    }
    return json.dumps(
        {"Version": "2012-10-17", "Statement": [{**statement, "Condition": condition} if condition else statement]}
    )


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action, resource="*", **condition):
    found = {"Effect": "Allow", "Action": action, "Resource": resource}
    return {**found, "Condition": condition} if condition else found


def deny(action, resource="*", **condition):
    return {**allow(action, resource, **condition), "Effect": "Deny"}


def holding(server, credentials, service):
    """A client that holds temporary credentials."""
    return SESSION.client(
        service,
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
        endpoint_url=server.endpoint,
        config=Config(retries={"max_attempts": 1}),
    )


def refused(call, **params):
    """The error code and message of a call that must be refused."""
    try:
        call(**params)
    except ClientError as error:
        return error.response["Error"]["Code"], error.response["Error"]["Message"]
    raise AssertionError(f"{call.__name__} was not refused")


def role(iam, name, document, *statements):
    """A role with an inline policy; its ARN."""
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
    if statements:
        iam.put_role_policy(RoleName=name, PolicyName="inline", PolicyDocument=policy(*statements))
    return arn
