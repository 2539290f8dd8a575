"""Queries on the account as a whole: GetAccountSummary and ListAccountAliases."""

from typing import Any, Final

from muniment.domain import quotas
from muniment.domain.account.mfa import devices_of
from muniment.domain.account.state import Account
from muniment.domain.resource import Resource
from muniment.projections.queries.iam import resources
from muniment.projections.queries.iam.query import IAMListQuery, IAMQuery
from muniment.projections.queries.pagination import key_of
from muniment.projections.query import Asked, Views

# IAM User Guide, "IAM and AWS STS quotas", for kinds that are not kept here: reported as AWS does, there is nothing to enforce.
NOT_KEPT: Final = {
    "ServerCertificates": 0,
    "ServerCertificatesQuota": 20,
    "SigningCertificatesPerUserQuota": 2,
    "AccountSigningCertificatesPresent": 0,
    "InstanceProfiles": 0,
    "InstanceProfilesQuota": 1_000,
    "Providers": 0,
}
POLICY_VERSIONS_IN_ACCOUNT_MAX: Final = quotas.POLICIES_PER_ACCOUNT_MAX * quotas.VERSIONS_PER_POLICY_MAX
GLOBAL_ENDPOINT_TOKEN_VERSION: Final = 1  # AWS's default


def summary(account: Account) -> dict[str, int]:
    """The 34 figures of botocore's `summaryKeyType`."""
    return {
        "Users": len(account.users),
        "UsersQuota": quotas.USERS_PER_ACCOUNT_MAX,
        "Groups": len(account.groups),
        "GroupsQuota": quotas.GROUPS_PER_ACCOUNT_MAX,
        "Roles": len(account.roles),
        "RolesQuota": quotas.ROLES_PER_ACCOUNT_MAX,
        "Policies": len(account.policies),
        "PoliciesQuota": quotas.POLICIES_PER_ACCOUNT_MAX,
        "PolicyVersionsInUse": sum(len(policy.versions) for policy in account.policies.values()),
        "PolicyVersionsInUseQuota": POLICY_VERSIONS_IN_ACCOUNT_MAX,
        "VersionsPerPolicyQuota": quotas.VERSIONS_PER_POLICY_MAX,
        "PolicySizeQuota": quotas.MANAGED_POLICY_CHARACTERS_MAX,
        "UserPolicySizeQuota": quotas.USER_INLINE_POLICY_CHARACTERS_MAX,
        "GroupPolicySizeQuota": quotas.GROUP_INLINE_POLICY_CHARACTERS_MAX,
        "RolePolicySizeQuota": quotas.ROLE_INLINE_POLICY_CHARACTERS_MAX,
        "AssumeRolePolicySizeQuota": quotas.TRUST_POLICY_CHARACTERS_MAX,
        "AttachedPoliciesPerUserQuota": quotas.ATTACHED_POLICIES_PER_USER_MAX,
        "AttachedPoliciesPerGroupQuota": quotas.ATTACHED_POLICIES_PER_GROUP_MAX,
        "AttachedPoliciesPerRoleQuota": quotas.ATTACHED_POLICIES_PER_ROLE_MAX,
        "GroupsPerUserQuota": quotas.GROUPS_PER_USER_MAX,
        "AccessKeysPerUserQuota": quotas.ACCESS_KEYS_PER_USER_MAX,
        "MFADevices": len(account.mfa_devices),
        "MFADevicesInUse": sum(bool(device.enabled) for device in account.mfa_devices.values()),
        "AccountMFAEnabled": int(bool(devices_of(account, account.number))),
        "AccountPasswordPresent": int(account.root_login is not None),
        "AccountAccessKeysPresent": int(bool(account.root_keys)),
        "GlobalEndpointTokenVersion": GLOBAL_ENDPOINT_TOKEN_VERSION,
        **NOT_KEPT,
    }


class GetAccountSummary(IAMQuery, frozen=True, kw_only=True, rename="pascal"):
    """What the account holds, and its quotas. https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountSummary.html"""

    def resources(self, views: Views, asked: Asked) -> tuple[Resource, ...]:
        return resources.ANY

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        return {"SummaryMap": summary(self.account(views, asked))}


class ListAccountAliases(IAMListQuery, frozen=True, kw_only=True, rename="pascal"):
    """The alias, at most one. https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListAccountAliases.html"""

    def resources(self, views: Views, asked: Asked) -> tuple[Resource, ...]:
        return resources.ANY

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        alias = self.account(views, asked).alias
        return self.paged(views, asked, "AccountAliases", [(key_of(alias), alias)] if alias else [], str)
