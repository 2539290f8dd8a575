"""Which actions are answered: every one of the first tier."""

import re
from pathlib import Path

import pytest

from muniment.commands.command import COMMANDS
from muniment.ops import actions as _actions  # noqa: F401 - importing it registers every command and query
from muniment.projections.query import QUERIES

# INTERFACES section 6, `iam T1`, as it is written there: {A,B}C is AC and BC, X(s) is X in the plural, a/b both.
USERS = ("CreateUser", "GetUser", "ListUsers", "UpdateUser", "DeleteUser", "TagUser", "UntagUser", "ListUserTags")
GROUPS = ("CreateGroup", "GetGroup", "ListGroups", "UpdateGroup", "DeleteGroup")
MEMBERS = ("AddUserToGroup", "RemoveUserFromGroup", "ListGroupsForUser")
POLICIES = (
    "CreatePolicy", "GetPolicy", "ListPolicies", "DeletePolicy", "CreatePolicyVersion", "GetPolicyVersion",
    "ListPolicyVersions", "DeletePolicyVersion", "SetDefaultPolicyVersion", "TagPolicy", "UntagPolicy",
    "ListPolicyTags", "ListEntitiesForPolicy",
)  # fmt: skip
KINDS = ("User", "Group", "Role")
ATTACHMENTS = tuple(
    name for kind in KINDS for name in (f"Attach{kind}Policy", f"Detach{kind}Policy", f"ListAttached{kind}Policies")
)
INLINE = tuple(
    name
    for kind in KINDS
    for name in (f"Put{kind}Policy", f"Get{kind}Policy", f"Delete{kind}Policy", f"List{kind}Policies")
)
ROLES = (
    "CreateRole", "GetRole", "ListRoles", "UpdateRole", "DeleteRole", "TagRole", "UntagRole", "ListRoleTags",
    "UpdateRoleDescription", "UpdateAssumeRolePolicy", "ListInstanceProfilesForRole",
)  # fmt: skip
BOUNDARIES = tuple(f"{verb}{kind}PermissionsBoundary" for verb in ("Put", "Delete") for kind in ("User", "Role"))
KEYS = ("CreateAccessKey", "DeleteAccessKey", "UpdateAccessKey", "ListAccessKeys", "GetAccessKeyLastUsed")
ACCOUNT = (
    "CreateAccountAlias", "DeleteAccountAlias", "ListAccountAliases", "GetAccountSummary",
    "GetAccountAuthorizationDetails",
)  # fmt: skip
PASSWORDS = (
    "CreateLoginProfile", "GetLoginProfile", "UpdateLoginProfile", "DeleteLoginProfile", "ChangePassword",
    "UpdateAccountPasswordPolicy", "GetAccountPasswordPolicy", "DeleteAccountPasswordPolicy",
)  # fmt: skip
FACTORS = (
    "CreateVirtualMFADevice", "DeleteVirtualMFADevice", "EnableMFADevice", "DeactivateMFADevice",
    "ResyncMFADevice", "ListMFADevices", "ListVirtualMFADevices", "GetMFADevice",
)  # fmt: skip
SIMULATION = (
    "SimulateCustomPolicy", "SimulatePrincipalPolicy", "GetContextKeysForCustomPolicy",
    "GetContextKeysForPrincipalPolicy",
)  # fmt: skip
FEDERATION = (
    "CreateOpenIDConnectProvider", "GetOpenIDConnectProvider", "ListOpenIDConnectProviders",
    "DeleteOpenIDConnectProvider", "UpdateOpenIDConnectProviderThumbprint",
    "AddClientIDToOpenIDConnectProvider", "RemoveClientIDFromOpenIDConnectProvider",
    "CreateSAMLProvider", "GetSAMLProvider", "ListSAMLProviders", "UpdateSAMLProvider", "DeleteSAMLProvider",
)  # fmt: skip
REPORT = ("GenerateCredentialReport", "GetCredentialReport")
IAM = (
    *USERS,
    *GROUPS,
    *MEMBERS,
    *POLICIES,
    *ATTACHMENTS,
    *INLINE,
    *ROLES,
    *BOUNDARIES,
    *KEYS,
    *ACCOUNT,
    *PASSWORDS,
    *FACTORS,
    *REPORT,
    *SIMULATION,
    *FEDERATION,
)

ORGANIZATIONS = (
    "CreateOrganization", "DescribeOrganization", "DeleteOrganization", "EnableAllFeatures", "LeaveOrganization",
    "RemoveAccountFromOrganization", "CreateAccount", "DescribeCreateAccountStatus",
    "ListCreateAccountStatus", "ListAccounts", "DescribeAccount", "MoveAccount",
    "ListAccountsForParent", "ListRoots", "ListParents", "ListChildren",
    "CreateOrganizationalUnit", "UpdateOrganizationalUnit", "DescribeOrganizationalUnit", "DeleteOrganizationalUnit",
    "ListOrganizationalUnitsForParent", "CreatePolicy", "UpdatePolicy", "DescribePolicy", "DeletePolicy", "ListPolicies",
    "AttachPolicy", "DetachPolicy", "ListPoliciesForTarget", "ListTargetsForPolicy", "EnablePolicyType",
    "DisablePolicyType", "TagResource", "UntagResource", "ListTagsForResource",
)  # fmt: skip

REQUIRED = (
    *(("iam", name) for name in IAM),
    ("sts", "GetCallerIdentity"),
    ("sts", "GetAccessKeyInfo"),
    *(("organizations", name) for name in ORGANIZATIONS),
    ("muniment", "CreateAccount"),
)


def test_the_lists_make_up_the_whole_first_tier():
    assert len(set(IAM)) == 109  # INTERFACES section 6


@pytest.mark.parametrize(("service", "action"), REQUIRED)
def test_a_command_or_query_answers(service, action):
    assert (service, action) in COMMANDS or (service, action) in QUERIES


def test_every_required_action_is_driven_by_boto3_here():
    """A list of what ought to be tested is worth nothing unless something reads the tests."""
    tests = "".join(
        path.read_text() for path in Path(__file__).parent.glob("test_*.py") if path.name != "test_actions.py"
    )
    called = set(re.findall(r"\.([a-z_]+)\b", tests)) | set(re.findall(r'"([a-z]+(?:_(?:[a-z]+|{}|{kind}))+)"', tests))
    for kind in ("user", "group", "role"):
        called |= {name.replace("{}", kind).replace("{kind}", kind) for name in called}
    missing = [action for service, action in REQUIRED if service != "muniment" and _snake(action) not in called]
    assert missing == []


def _snake(action):
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", action).lower()
