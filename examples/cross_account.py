"""Cross-account access, end to end, with boto3 as it is: account A trusts account B, and B's user works in A for an hour.

Run it against a server that is new, as its root user:

    muniment serve --ephemeral --port 8020 --ready-file /tmp/ready.json &
    python examples/cross_account.py /tmp/ready.json

It makes a second account; in A (the new one) a role that trusts B's user only with an external id and a second factor of the last
five minutes, and a secret that the role may read; in B a user with a key and an authenticator app. Then the user tries without the
factor and is refused, assumes the role with it, reads, and finally loses the session by a revocation.
"""

import json
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pyotp
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

EXTERNAL_ID = "a-works-with-b"
REGION = "us-east-1"

Key = tuple[str, ...]  # id, secret and, for temporary credentials, token
Client = Callable[[str, Key], Any]


def main(ready_file: Path) -> None:
    """Tell the story, and check each step of it."""
    ready = json.loads(ready_file.read_text())
    endpoint = ready["endpoint"]
    root_b = (ready["root"]["access_key_id"], ready["root"]["secret_access_key"])
    client = clients(endpoint)
    account_a, root_a = make_account(endpoint, root_b)
    say(f"A is {account_a}, B is {ready['account_id']}")

    user_key, device = make_user(client, root_b, account_a)
    role = make_role(client, root_a, ready["account_id"])
    say(f"A trusts B's user: {role}")

    sts = client("sts", user_key)
    asked = {"RoleArn": role, "RoleSessionName": "ana-in-a", "ExternalId": EXTERNAL_ID}
    say(f"without a factor: {refusal(sts.assume_role, **asked)}")
    answer = sts.assume_role(**asked, SerialNumber=device.serial, TokenCode=device.code())
    session = tuple(answer["Credentials"][name] for name in ("AccessKeyId", "SecretAccessKey", "SessionToken"))
    say(f"with one: {client('sts', session).get_caller_identity()['Arn']}")
    work(client, root_a, session)

    revoke(endpoint, root_a, session[0])
    say(f"after A ended the session: {refusal(client('sts', session).get_caller_identity)}")
    show_records(client, root_a, root_b)


def clients(endpoint: str) -> Client:
    """boto3 clients of this server."""

    def client(service: str, key: Key) -> Any:
        return boto3.client(
            service,
            endpoint_url=endpoint,
            region_name=REGION,
            aws_access_key_id=key[0],
            aws_secret_access_key=key[1],
            aws_session_token=key[2] if len(key) > 2 else None,
        )

    return client


def make_account(endpoint: str, root: Key) -> tuple[str, Key]:
    """A second account, by our own action: its answer holds the new root user's key, which AWS's cannot."""
    made = native(endpoint, root, "CreateAccount", {"AccountName": "A", "Email": "a@example.com"})
    return made["AccountId"], (made["Root"]["AccessKeyId"], made["Root"]["SecretAccessKey"])


class Device:
    """An authenticator app."""

    def __init__(self, serial: str, seed: str) -> None:
        self.serial, self._totp, self._shown = serial, pyotp.TOTP(seed), 0

    def code(self) -> str:
        """A code that was not shown before; waits for the next where it must."""
        step = max(int(time.time()) // 30 - 1, self._shown + 1)
        while step > int(time.time()) // 30 + 1:
            time.sleep(0.2)
        self._shown = step
        return self._totp.at(step * 30)


def make_user(client: Client, root: Key, account_a: str) -> tuple[Key, Device]:
    """B's user: may assume roles of A, and nothing else; with an authenticator app."""
    iam = client("iam", root)
    iam.create_user(UserName="ana")
    roles_of_a = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": f"arn:aws:iam::{account_a}:role/*"}
    iam.put_user_policy(UserName="ana", PolicyName="into-a", PolicyDocument=document(roles_of_a))
    made = iam.create_virtual_mfa_device(VirtualMFADeviceName="ana-phone")["VirtualMFADevice"]
    device = Device(made["SerialNumber"], made["Base32StringSeed"].decode())
    step = int(time.time()) // 30
    codes = [device._totp.at((step - back) * 30) for back in (2, 1)]
    iam.enable_mfa_device(
        UserName="ana", SerialNumber=device.serial, AuthenticationCode1=codes[0], AuthenticationCode2=codes[1]
    )
    device._shown = step - 1
    key = iam.create_access_key(UserName="ana")["AccessKey"]
    return (key["AccessKeyId"], key["SecretAccessKey"]), device


def make_role(client: Client, root: Key, account_b: str) -> str:
    """A's role: for B's user, with the external id and a factor of the last five minutes."""
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{account_b}:user/ana"},
        "Action": "sts:AssumeRole",
        "Condition": {
            "StringEquals": {"sts:ExternalId": EXTERNAL_ID},
            "Bool": {"aws:MultiFactorAuthPresent": "true"},
            "NumericLessThan": {"aws:MultiFactorAuthAge": "300"},
        },
    }
    reading = {"Effect": "Allow", "Action": ["iam:ListRoles", "secretsmanager:GetSecretValue"], "Resource": "*"}
    iam = client("iam", root)
    made = iam.create_role(RoleName="partner", AssumeRolePolicyDocument=document(trust))
    iam.put_role_policy(RoleName="partner", PolicyName="read", PolicyDocument=document(reading))
    return made["Role"]["Arn"]


def work(client: Client, root: Key, session: Key) -> None:
    """What the user may do in A: read A's secret, list A's roles, and no more."""
    client("secretsmanager", root).create_secret(Name="partner/password", SecretString="correct horse")
    secret = client("secretsmanager", session).get_secret_value(SecretId="partner/password")
    assert secret["SecretString"] == "correct horse"
    say(f"A's secret, read by B's user: {secret['Name']}")
    roles = client("iam", session).list_roles()["Roles"]
    say(f"A's roles, seen by B's user: {[role['RoleName'] for role in roles]}")
    say(f"A's users: {refusal(client('iam', session).list_users)}")


def revoke(endpoint: str, root: Key, session_key: str) -> None:
    """A ends the session, and whatever was begun with it."""
    native(endpoint, root, "RevokeSession", {"AccessKeyId": session_key})


def show_records(client: Client, root_a: Key, root_b: Key) -> None:
    """Both accounts have the assumption on record, under one shared id."""
    shared = []
    for name, root in (("A", root_a), ("B", root_b)):
        events: list[dict[str, Any]] = []
        give_up = time.monotonic() + 10
        while not events and time.monotonic() < give_up:
            found = client("cloudtrail", root).lookup_events(
                LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "AssumeRole"}]
            )["Events"]
            records = [json.loads(event["CloudTrailEvent"]) for event in found]
            events = [record for record in records if "sharedEventID" in record]
        say(f"{name}'s record: {events[0]['eventTime']} {events[0]['userIdentity']['arn']}")
        shared.append(events[0]["sharedEventID"])
    assert shared[0] == shared[1]
    say(f"joined by {shared[0]}")


def native(endpoint: str, key: Key, action: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """An action that AWS lacks, in the service `muniment`, signed like every other."""
    url, body = f"{endpoint}/v1/muniment/{action}", json.dumps(parameters).encode()
    request = AWSRequest("POST", url, data=body, headers={"Content-Type": "application/json"})
    SigV4Auth(Credentials(*key), "muniment", REGION).add_auth(request)
    sent = urllib.request.Request(url, body, dict(request.headers), method="POST")  # noqa: S310 - the server's own URL
    with urllib.request.urlopen(sent) as answer:  # noqa: S310
        found: dict[str, Any] = json.load(answer)
    return found


def refusal(call: Callable[..., Any], **parameters: Any) -> str:
    """The code of the refusal that must come."""
    try:
        call(**parameters)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    raise AssertionError("this was to be refused")


def document(*statements: dict[str, Any]) -> str:
    """A policy document."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def say(text: str) -> None:
    """Tell the reader."""
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
