"""Rule 4: every known way to give oneself more, tried by whoever may do all else; nothing of the account may change.

The actions are those of the rule (Rhino Security Labs' list and PMapper's edges); those of services that are not here are left out.
"""

import json

import pytest
from botocore.exceptions import ClientError

from muniment.commands.command import COMMANDS
from muniment.ops import actions as _actions  # noqa: F401 - every action is known once it is imported
from tests.scenarios.conftest import another_account, iam, member, no_fault, running, server
from tests.scenarios.sessions import allow, deny, holding, policy, refused, role, trust
from tests.scenarios.wire import Wire

__all__ = ["another_account", "iam", "member", "no_fault", "running", "server"]

ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
ALL = policy(allow("*"))
METADATA = "<x>" + " " * 1_000 + "</x>"


def ways(account):
    """(name of the call, parameters) of each way to more rights."""
    mine, team, boss = {"UserName": "mallory"}, {"GroupName": "admins"}, {"UserName": "boss"}
    custom = f"arn:aws:iam::{account}:policy/held"
    app = {"RoleName": "app"}
    return {
        "CreatePolicyVersion": {"PolicyArn": custom, "PolicyDocument": ALL, "SetAsDefault": True},
        "SetDefaultPolicyVersion": {"PolicyArn": custom, "VersionId": "v1"},
        "AttachUserPolicy": {**mine, "PolicyArn": ADMIN},
        "AttachGroupPolicy": {"GroupName": "staff", "PolicyArn": ADMIN},
        "AttachRolePolicy": {**app, "PolicyArn": ADMIN},
        "PutUserPolicy": {**mine, "PolicyName": "all", "PolicyDocument": ALL},
        "PutGroupPolicy": {"GroupName": "staff", "PolicyName": "all", "PolicyDocument": ALL},
        "PutRolePolicy": {**app, "PolicyName": "all", "PolicyDocument": ALL},
        "AddUserToGroup": {**mine, **team},
        "UpdateAssumeRolePolicy": {"RoleName": "admin", "PolicyDocument": trust(account)},
        "CreateRole": {"RoleName": "new", "AssumeRolePolicyDocument": trust(account)},
        "CreateUser": {"UserName": "new"},
        "CreatePolicy": {"PolicyName": "new", "PolicyDocument": ALL},
        "CreateAccessKey": boss,
        "UpdateAccessKey": {**boss, "AccessKeyId": "AKIAAAAAAAAAAAAAAAAA", "Status": "Active"},
        "CreateLoginProfile": {**boss, "Password": "Correct-Horse-1"},
        "UpdateLoginProfile": {**boss, "Password": "Correct-Horse-1"},
        "DeactivateMFADevice": {**boss, "SerialNumber": f"arn:aws:iam::{account}:mfa/boss"},
        "DeleteVirtualMFADevice": {"SerialNumber": f"arn:aws:iam::{account}:mfa/boss"},
        "ResyncMFADevice": {
            **boss,
            "SerialNumber": f"arn:aws:iam::{account}:mfa/boss",
            "AuthenticationCode1": "000000",
            "AuthenticationCode2": "000001",
        },
        "CreateVirtualMFADevice": {"VirtualMFADeviceName": "new"},
        "EnableMFADevice": {
            **boss,
            "SerialNumber": f"arn:aws:iam::{account}:mfa/boss",
            "AuthenticationCode1": "000000",
            "AuthenticationCode2": "000001",
        },
        "DeleteUserPermissionsBoundary": mine,
        "DeleteRolePermissionsBoundary": app,
        "PutUserPermissionsBoundary": {**mine, "PermissionsBoundary": ADMIN},
        "PutRolePermissionsBoundary": {**app, "PermissionsBoundary": ADMIN},
        "DeleteUserPolicy": {**mine, "PolicyName": "inline"},
        "DetachUserPolicy": {**mine, "PolicyArn": ADMIN},
        "DeleteRolePolicy": {**app, "PolicyName": "inline"},
        "TagUser": {**mine, "Tags": [{"Key": "team", "Value": "admins"}]},
        "TagRole": {**app, "Tags": [{"Key": "team", "Value": "admins"}]},
        "UntagUser": {**mine, "TagKeys": ["team"]},
        "UpdateUser": {**mine, "NewUserName": "boss2"},
        "UpdateGroup": {**team, "NewGroupName": "staff2"},
        "UpdateRole": {**app, "MaxSessionDuration": 43_200},
        "CreateOpenIDConnectProvider": {"Url": "https://evil.example", "ClientIDList": ["x"]},
        "AddClientIDToOpenIDConnectProvider": {
            "OpenIDConnectProviderArn": f"arn:aws:iam::{account}:oidc-provider/a.example",
            "ClientID": "evil",
        },
        "UpdateOpenIDConnectProviderThumbprint": {
            "OpenIDConnectProviderArn": f"arn:aws:iam::{account}:oidc-provider/a.example",
            "ThumbprintList": ["0" * 40],
        },
        "CreateSAMLProvider": {"Name": "evil", "SAMLMetadataDocument": METADATA},
        "UpdateSAMLProvider": {
            "SAMLProviderArn": f"arn:aws:iam::{account}:saml-provider/x",
            "SAMLMetadataDocument": METADATA,
        },
        "DeleteAccountPasswordPolicy": {},
        "UpdateAccountPasswordPolicy": {"MinimumPasswordLength": 6},
    }


OURS = {  # of the native API
    "RequireExternalIds": {"Required": False},
    "SetEscalationGuard": {"Mode": "off"},
    "RevokeSessions": {"UserName": "boss"},
    "RevokeSignInSessions": {"UserName": "boss"},
    "CreateAccount": {"AccountName": "evil", "Email": "evil@example.com"},
}
NOT_MORE = {  # changes of IAM by which nobody gets more than before
    *(
        "CreateAccountAlias",
        "DeleteAccountAlias",
        "CreateGroup",
        "DeleteGroup",
        "DeleteUser",
        "DeleteRole",
        "DeletePolicy",
    ),
    *(
        "DeletePolicyVersion",
        "DeleteAccessKey",
        "DeleteLoginProfile",
        "DeleteOpenIDConnectProvider",
        "DeleteSAMLProvider",
    ),
    *("RemoveUserFromGroup", "DetachGroupPolicy", "DetachRolePolicy", "DeleteGroupPolicy", "GenerateCredentialReport"),
    *("UpdateRoleDescription", "RemoveClientIDFromOpenIDConnectProvider", "ChangePassword", "UntagRole"),
    *(
        f"{verb}{what}"
        for verb in ("Tag", "Untag")
        for what in ("Policy", "MFADevice", "OpenIDConnectProvider", "SAMLProvider")
    ),
}


@pytest.fixture
def fort(server, iam, member):
    """An account with somebody worth being, and mallory, who holds nearly everything that is not here."""
    mallory = member("mallory")
    iam.create_user(UserName="boss")
    iam.attach_user_policy(UserName="boss", PolicyArn=ADMIN)
    for name in ("staff", "admins"):
        iam.create_group(GroupName=name)
    iam.add_user_to_group(GroupName="staff", UserName="mallory")
    iam.attach_group_policy(GroupName="admins", PolicyArn=ADMIN)
    iam.create_policy(PolicyName="held", PolicyDocument=policy(allow("s3:*")))
    role(iam, "app", trust(server.account), allow("*"))
    role(iam, "admin", trust(f"arn:aws:iam::{server.account}:user/boss"), allow("*"))
    return mallory


def state_of(iam):
    found = iam.get_account_authorization_details()
    for each in (found["RoleDetailList"], found["UserDetailList"]):
        for noun in each:
            noun.pop("RoleLastUsed", None)
            noun.pop("PasswordLastUsed", None)
    return json.dumps({key: value for key, value in found.items() if key != "ResponseMetadata"}, default=str)


def nothing_works(server, iam, client, native):
    before = state_of(iam)
    called = {name: getattr(client, method) for method, name in client.meta.method_to_api_mapping.items()}
    for action, params in ways(server.account).items():
        assert refused(called[action], **params)[0] == "AccessDenied", action
    for action, params in OURS.items():
        answer = native(action, params)
        assert answer.status == 403, (action, answer.text)
    assert state_of(iam) == before


def test_every_action_that_changes_rights_is_tried():
    changing = {action for service, action in COMMANDS if service == "iam"}
    assert changing == set(ways("1")) | NOT_MORE
    assert not set(ways("1")) & NOT_MORE


NO_IAM = policy(
    {"Effect": "Allow", "NotAction": ["iam:*", "muniment:*"], "Resource": "*"}, allow(["iam:Get*", "iam:List*"])
)


def native_of(server, credentials):
    """Calls of the native API with these credentials."""
    wire = Wire(server, (credentials["AccessKeyId"], credentials["SecretAccessKey"]))
    token = credentials.get("SessionToken")
    return lambda action, params: wire.native(action, params, service="muniment", token=token)


def key_of(iam, user):
    return iam.create_access_key(UserName=user)["AccessKey"]


def test_without_the_permission_no_way_works(server, iam, fort):
    iam.put_user_policy(UserName="mallory", PolicyName="most", PolicyDocument=NO_IAM)
    nothing_works(server, iam, fort("iam"), native_of(server, key_of(iam, "mallory")))


def test_under_a_boundary_no_way_works_for_an_administrator(server, iam, fort):
    bound = iam.create_policy(PolicyName="bound", PolicyDocument=NO_IAM)["Policy"]["Arn"]
    iam.attach_user_policy(UserName="mallory", PolicyArn=ADMIN)
    iam.put_user_permissions_boundary(UserName="mallory", PermissionsBoundary=bound)
    nothing_works(server, iam, fort("iam"), native_of(server, key_of(iam, "mallory")))


def test_an_explicit_deny_holds_an_administrator(server, iam, fort):
    verbs = ("Create", "Set", "Attach", "Put", "Add", "Update", "Delete", "Detach", "Deactivate", "Enable", "Resync")
    verbs += ("Tag", "Untag", "Remove")
    document = policy(deny([*(f"IAM:{verb.upper()}*" for verb in verbs), "Muniment:*"]))
    iam.attach_user_policy(UserName="mallory", PolicyArn=ADMIN)
    iam.put_user_policy(UserName="mallory", PolicyName="not", PolicyDocument=document)
    nothing_works(server, iam, fort("iam"), native_of(server, key_of(iam, "mallory")))


def test_a_session_policy_holds_the_session_of_an_administrators_role(server, iam, fort):
    arn = role(iam, "wide", trust(server.account), allow("*"))
    iam.put_user_policy(UserName="mallory", PolicyName="may", PolicyDocument=policy(allow("sts:AssumeRole", arn)))
    session = fort("sts").assume_role(RoleArn=arn, RoleSessionName="mallory", Policy=NO_IAM)["Credentials"]
    nothing_works(server, iam, holding(server, session, "iam"), native_of(server, session))


def test_from_another_account_no_way_works_for_its_root(server, iam, fort, another_account):
    """Names mean the caller's own account; ARNs of another are as good as missing."""
    _, (key_id, secret) = another_account("evil")
    evil = server.client("iam", {"AccessKeyId": key_id, "SecretAccessKey": secret})
    before = state_of(iam)
    called = {name: getattr(evil, method) for method, name in evil.meta.method_to_api_mapping.items()}
    done = []
    for action, params in ways(server.account).items():
        try:
            called[action](**params)
            done.append(action)
        except ClientError as error:
            assert error.response["ResponseMetadata"]["HTTPStatusCode"] < 500, action
    assert state_of(iam) == before
    assert {*done} <= {"CreateRole", "CreateUser", "CreatePolicy", "CreateVirtualMFADevice", "CreateOpenIDConnectProvider",
                       "UpdateAccountPasswordPolicy", "DeleteAccountPasswordPolicy"}  # fmt: skip


def test_a_user_made_anew_is_not_trusted_for_its_name(server, iam, fort):  # CVE row 22, by the trust policy
    iam.put_user_policy(
        UserName="mallory", PolicyName="users", PolicyDocument=policy(allow(["iam:CreateUser", "iam:CreateAccessKey"]))
    )
    iam.detach_user_policy(UserName="boss", PolicyArn=ADMIN)
    iam.delete_user(UserName="boss")
    mallory = fort("iam")
    mallory.create_user(UserName="boss")
    key = mallory.create_access_key(UserName="boss")["AccessKey"]
    iam.put_user_policy(UserName="boss", PolicyName="sts", PolicyDocument=policy(allow("sts:*")))
    arn = f"arn:aws:iam::{server.account}:role/admin"
    assert refused(server.client("sts", key).assume_role, RoleArn=arn, RoleSessionName="mallory")[0] == "AccessDenied"
