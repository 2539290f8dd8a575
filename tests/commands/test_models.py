"""Our commands are AWS's actions: the same names, parameters and answers as botocore's models (INTERFACES; CONTRIBUTING)."""

import botocore.session
import msgspec
import pytest

import muniment.ops.actions  # noqa: F401 fills the registry
from muniment.commands.command import COMMANDS
from muniment.commands.iam.access_keys import CreateAccessKey
from muniment.commands.iam.credential_report import GenerateCredentialReport
from muniment.commands.iam.groups import CreateGroup
from muniment.commands.iam.login_profile import CreateLoginProfile
from muniment.commands.iam.mfa_devices import CreateVirtualMFADevice
from muniment.commands.iam.policies import CreatePolicy
from muniment.commands.iam.policy_versions import CreatePolicyVersion
from muniment.commands.iam.roles import CreateRole, UpdateRoleDescription
from muniment.commands.iam.tags import Tag
from muniment.commands.iam.users import CreateUser
from muniment.commands.organizations.organization import CreateAccount, CreateOrganization
from muniment.domain.site.state import SITE, AccountRegistered
from tests.commands.given import ACCOUNT, ALLOW, House, after, policy_arn, trust

SESSION = botocore.session.get_session()
AWS = sorted(key for key in COMMANDS if key[0] in ("iam", "organizations"))
# INTERFACES, section 6, `iam T1`: what changes something, for the nouns that are built
NOUNS_AND_VERBS = """
    CreateUser UpdateUser DeleteUser TagUser UntagUser CreateGroup UpdateGroup DeleteGroup AddUserToGroup RemoveUserFromGroup
    CreatePolicy DeletePolicy CreatePolicyVersion DeletePolicyVersion SetDefaultPolicyVersion TagPolicy UntagPolicy
    AttachUserPolicy AttachGroupPolicy AttachRolePolicy DetachUserPolicy DetachGroupPolicy DetachRolePolicy
    PutUserPolicy PutGroupPolicy PutRolePolicy DeleteUserPolicy DeleteGroupPolicy DeleteRolePolicy
    CreateRole UpdateRole DeleteRole TagRole UntagRole UpdateRoleDescription UpdateAssumeRolePolicy
    PutUserPermissionsBoundary PutRolePermissionsBoundary DeleteUserPermissionsBoundary DeleteRolePermissionsBoundary
    CreateAccessKey UpdateAccessKey DeleteAccessKey CreateAccountAlias DeleteAccountAlias
    CreateLoginProfile UpdateLoginProfile DeleteLoginProfile ChangePassword
    UpdateAccountPasswordPolicy DeleteAccountPasswordPolicy GenerateCredentialReport
    CreateVirtualMFADevice DeleteVirtualMFADevice EnableMFADevice DeactivateMFADevice ResyncMFADevice
    TagMFADevice UntagMFADevice
"""
WRITES = set(NOUNS_AND_VERBS.split())


def model(service, action):
    return SESSION.get_service_model(service).operation_model(action)


def test_every_write_action_is_there():
    assert {name for service, name in AWS if service == "iam"} >= WRITES
    assert {name for service, name in AWS if service == "organizations"} >= {"CreateOrganization", "CreateAccount"}


@pytest.mark.parametrize(("service", "action"), AWS)
def test_the_parameters_are_those_of_aws(service, action):
    shape = model(service, action).input_shape
    members = () if shape is None else shape.members
    ours = {field.encode_name for field in msgspec.structs.fields(COMMANDS[service, action])}
    assert ours == set(members)


@pytest.mark.parametrize(("service", "action"), AWS)
def test_what_aws_requires_is_required(service, action):
    fields = msgspec.structs.fields(COMMANDS[service, action])
    shape = model(service, action).input_shape
    required = () if shape is None else shape.required_members
    assert {field.encode_name for field in fields if field.required} == set(required)


@pytest.mark.parametrize(("service", "action"), AWS)
def test_the_documentation_leads_to_aws(service, action):
    assert f"/APIReference/API_{action}.html" in COMMANDS[service, action].__doc__


def assert_fits(shape, value, where):
    """Every member of an answer is in the model; what the model requires is there."""
    if shape.type_name == "structure":
        assert set(value) <= set(shape.members), where
        missing = set(shape.required_members) - set(value)
        assert not missing, f"{where} lacks {missing}"
        for name, item in value.items():
            assert_fits(shape.members[name], item, f"{where}.{name}")
    elif shape.type_name == "list":
        for item in value:
            assert_fits(shape.member, item, where)
    else:
        kinds = {"string": str, "timestamp": int, "integer": int, "boolean": bool, "blob": bytes}
        assert type(value) is kinds[shape.type_name], where


@pytest.mark.parametrize(
    "command",
    [
        CreateUser(user_name="u", permissions_boundary=policy_arn("p"), tags=(Tag("a", "1"),)),
        CreateGroup(group_name="g"),
        CreateRole(role_name="r2", assume_role_policy_document=trust(ACCOUNT), description="d", tags=(Tag("a", "1"),)),
        UpdateRoleDescription(role_name="r", description="d"),
        CreatePolicy(policy_name="q", policy_document=ALLOW, tags=(Tag("a", "1"),)),
        CreatePolicyVersion(policy_arn=policy_arn("p"), policy_document=ALLOW),
        CreateAccessKey(user_name="ana"),
        CreateLoginProfile(user_name="ana", password="Correct-Horse-1"),
        CreateVirtualMFADevice(virtual_mfa_device_name="phone", tags=(Tag("a", "1"),)),
        GenerateCredentialReport(),
        CreateOrganization(),
        CreateAccount(email="two@example.com", account_name="Two"),
    ],
)
def test_answers_have_the_shape_of_aws(command):
    house = House(after(AccountRegistered(ACCOUNT, "Management", "root@example.com"), boundary=SITE))
    house.do(CreatePolicy(policy_name="p", policy_document=ALLOW))
    house.do(CreateUser(user_name="ana"))
    house.do(CreateRole(role_name="r", assume_role_policy_document=trust(ACCOUNT)))
    if isinstance(command, CreateAccount):
        house.do(CreateOrganization())
    shape = model(command.service, type(command).__name__).output_shape
    assert_fits(shape, house.do(command), type(command).__name__)


@pytest.mark.parametrize(("service", "action"), [key for key in AWS if model(*key).output_shape is None])
def test_what_aws_answers_with_nothing_we_do_too(service, action):
    assert COMMANDS[service, action].answer(None, None, (), None) == {}
