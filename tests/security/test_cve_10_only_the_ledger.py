"""SECURITY part 2, row 10: no way into the log passes the authorizer by; only the Ledger writes."""

import ast
import json
from pathlib import Path

import msgspec
import pytest

from muniment.api.aws import models
from muniment.commands.command import COMMANDS
from muniment.commands.sts.issue import ISSUES
from muniment.ops import actions as _actions  # noqa: F401 - importing it registers every command and query
from muniment.projections.query import QUERIES
from tests.muniment_server import MUNIMENT

ROOT = Path(__file__).parents[2]
EXAMPLE = next((ROOT / "examples").glob("*.json"))
DOCUMENT = json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})
TRUST = DOCUMENT.replace('"Resource": "*"', '"Principal": "*"').replace('"Action": "*"', '"Action": "sts:AssumeRole"')
# nobody can be denied to know who it is; a session token is anybody's own, and provers of an identity come without credentials
ANYBODYS = {
    ("sts", "GetCallerIdentity"),
    ("sts", "GetSessionToken"),
    ("sts", "AssumeRoleWithWebIdentity"),
    ("sts", "AssumeRoleWithSAML"),
}

OTHER_THINGS_SAVED = {
    "projections/keeper.py",  # snapshots
    "projections/rebuild.py",
    "commands/iam/qr.py",  # a picture, into memory
    "ops/cli/readers.py",  # a credential, into the operator's file
}

# A value for each parameter that an action requires; what is not here is text of no meaning.
VALUES = {
    "AssumeRolePolicyDocument": TRUST,
    "PolicyDocument": DOCUMENT,
    "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess",
    "PermissionsBoundary": "arn:aws:iam::aws:policy/AdministratorAccess",
    "Tags": [{"Key": "k", "Value": "v"}],
    "TagKeys": ["k"],
    "Status": "Inactive",
    "AccessKeyId": "AKIAAAAAAAAAAAAAAAAA",
    "AccountId": "999999999999",
    "OpenIDConnectProviderArn": "arn:aws:iam::999999999999:oidc-provider/id.example.com",
    "SAMLProviderArn": "arn:aws:iam::999999999999:saml-provider/corporate",
    "SAMLMetadataDocument": "x" * 1_000,
    "ThumbprintList": ["a" * 40],
    "VersionId": "v1",
    "Email": "a@example.com",
    "CreateAccountRequestId": "car-" + "a" * 32,
    "RoleArn": "arn:aws:iam::999999999999:role/nobody",
    "ActionNames": ["iam:GetUser"],
    "PolicyInputList": [DOCUMENT],
    "PolicySourceArn": "arn:aws:iam::999999999999:user/nobody",
    "access": [{"actions": ["iam:GetUser"]}],
    "policyType": "IDENTITY_POLICY",
    "resourceType": "AWS::S3::Bucket",
    "Time": 1,
    "SerialNumber": "arn:aws:iam::999999999999:mfa/nobodys",
    "AuthenticationCode1": "123456",
    "AuthenticationCode2": "654321",
    "Action": "iam:ListUsers",
    "Mode": "on",
    "RootId": "r-aaaa",
    "OrganizationalUnitId": "ou-aaaa-aaaaaaaa",
    "ParentId": "r-aaaa",
    "SourceParentId": "r-aaaa",
    "DestinationParentId": "ou-aaaa-aaaaaaaa",
    "ChildId": "999999999999",
    "ChildType": "ACCOUNT",
    "PolicyId": "p-aaaaaaaa",
    "TargetId": "r-aaaa",
    "ResourceId": "r-aaaa",
    "PolicyType": "SERVICE_CONTROL_POLICY",
    "Type": "SERVICE_CONTROL_POLICY",
    "Filter": "SERVICE_CONTROL_POLICY",
    "Commands": [{"Action": "iam:CreateUser", "Parameters": {"UserName": "other"}}],
}
# What entities are called in the questions that AuthZEN asks.
ENTITIES = {
    "Subject": {"type": "user", "id": "root"},
    "Action": {"name": "iam:ListUsers"},
    "Resource": {"type": "any", "id": "*"},
}
ASKING = {"Evaluate", "SearchActions", "SearchResources", "SearchSubjects"}


def parameters(service, action):
    """What the action requires."""
    if action in ASKING:
        return ENTITIES
    model = models.service(service)
    operation = model.operation(action) if model is not None else None
    if operation is not None:
        names = operation.input.required if operation.input is not None else ()
    else:
        kind = COMMANDS.get((service, action)) or QUERIES[service, action]
        names = [field.encode_name for field in msgspec.structs.fields(kind) if field.required]
    return {name: VALUES.get(name, "nobody") for name in names}


def test_every_action_is_denied_to_whoever_is_allowed_nothing(keyed, wire):
    """Enumerated from the registries, so that an action that comes later is here by itself."""
    nobody = keyed("nobody")
    before = (
        wire.call("GetAccountAuthorizationDetails").text.split("<UserDetailList>")[1].split("<ResponseMetadata>")[0]
    )
    let_through = []
    for service, action in sorted({*COMMANDS, *QUERIES, *ISSUES} - ANYBODYS):
        answer = nobody.native(action, parameters(service, action), service=service)
        if (answer.status, answer.code) not in ((403, "AccessDenied"), (403, "AccessDeniedException")):
            let_through.append((service, action, answer))
    assert not let_through, "\n".join(map(str, let_through))
    after = wire.call("GetAccountAuthorizationDetails").text.split("<UserDetailList>")[1].split("<ResponseMetadata>")[0]
    assert before == after


def test_an_import_is_made_of_ordinary_commands_of_whoever_imports(keyed, server, iam):
    nobody = keyed("nobody")
    environment = {**server.environ(), "AWS_ACCESS_KEY_ID": nobody.key[0], "AWS_SECRET_ACCESS_KEY": nobody.key[1]}
    import subprocess

    answer = subprocess.run(
        [MUNIMENT, "import", "aws-account", EXAMPLE],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert answer.returncode != 0
    assert "Traceback" not in answer.stderr
    assert [user["UserName"] for user in iam.list_users()["Users"]] == ["nobody"]
    assert iam.list_roles()["Roles"] == []
    assert iam.list_policies(Scope="Local")["Policies"] == []


def calls(tree, *names):
    """The lines on which a method of one of these names is called."""
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in names
    ]


@pytest.mark.parametrize(
    ("names", "allowed"),
    [
        (("save",), {"commands/ledger.py", *OTHER_THINGS_SAVED}),
        (("insert_events", "_insert_events"), {"ops/jetstream/recorder.py"}),
        (("Publisher",), set()),
    ],
)
def test_nothing_but_the_ledger_and_the_activity_writer_appends(names, allowed):
    found = set()
    for folder in ("api", "client", "commands", "domain", "ops", "projections"):
        for path in (ROOT / folder).rglob("*.py"):
            if calls(ast.parse(path.read_text()), *names):
                found.add(str(path.relative_to(ROOT)))
    assert found <= allowed


def test_the_layers_that_answer_do_not_know_the_log():
    for folder in ("api", "projections"):
        for path in (ROOT / folder).rglob("*.py"):
            assert "ops.jetstream" not in path.read_text(), path
