"""GetAccountAuthorizationDetails: every user, group, role and managed policy with what ties them together, in one paged list."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from muniment.domain.account.state import Account, Group, Policy, Role, User
from muniment.domain.resource import Resource
from muniment.projections.queries.iam import attached, groups, policies, policy_versions, resources, roles, tags, users
from muniment.projections.queries.iam.boundaries import boundary_shown
from muniment.projections.queries.iam.managed import AWS_POLICIES
from muniment.projections.queries.iam.query import IAMListQuery
from muniment.projections.queries.iam.trusts import trust_shown
from muniment.projections.queries.pagination import key_of
from muniment.projections.query import Asked, Views

Detail = User | Group | Role | Policy

MEMBERS: Final[dict[type[Any], str]] = {
    User: "UserDetailList",
    Group: "GroupDetailList",
    Role: "RoleDetailList",
    Policy: "Policies",
}


def inline_shown(inline: dict[str, str]) -> list[dict[str, str]]:
    """Inline policies with their documents, by name."""
    return [{"PolicyName": name, "PolicyDocument": document} for name, document in sorted(inline.items())]


def attached_shown(policy_arns: tuple[str, ...]) -> list[dict[str, str]]:
    """Attached policies, in the order of ListAttached…Policies."""
    return [attached.shown(arn) for arn in sorted(policy_arns, key=attached.place)]


def user_detail(account: Account, user: User) -> dict[str, Any]:
    """UserDetail: a user without inline policies has no UserPolicyList."""
    return {
        **users.listed(account, user),
        **({"UserPolicyList": inline_shown(user.inline)} if user.inline else {}),
        "GroupList": sorted((group.name for group in groups.groups_of(account, user)), key=str.lower),
        "AttachedManagedPolicies": attached_shown(user.attached),
        **boundary_shown(user.boundary),
        "Tags": tags.shown(user.tags),
    }


def group_detail(account: Account, group: Group) -> dict[str, Any]:
    """GroupDetail."""
    return {
        **groups.shown(account, group),
        "GroupPolicyList": inline_shown(group.inline),
        "AttachedManagedPolicies": attached_shown(group.attached),
    }


def role_detail(account: Account, role: Role, views: Views) -> dict[str, Any]:
    """RoleDetail: the shape has neither description nor session duration."""
    return {
        "Path": role.path,
        "RoleName": role.name,
        "RoleId": role.id,
        "Arn": account.role_arn(role),
        "CreateDate": role.created,
        "AssumeRolePolicyDocument": trust_shown(views, account, role),
        "InstanceProfileList": [],
        "RolePolicyList": inline_shown(role.inline),
        "AttachedManagedPolicies": attached_shown(role.attached),
        **boundary_shown(role.boundary),
        "Tags": tags.shown(role.tags),
        "RoleLastUsed": roles.last_used(role),
    }


def policy_detail(account: Account, policy: Policy) -> dict[str, Any]:
    """ManagedPolicyDetail with all versions, newest first."""
    newest_first = sorted(policy.versions.values(), key=policy_versions.number_of, reverse=True)
    return {
        **policies.listed(account, policy),
        **policies.described(policy),
        "PolicyVersionList": [policy_versions.shown(policy, version) for version in newest_first],
    }


class GetAccountAuthorizationDetails(IAMListQuery, frozen=True, kw_only=True, rename="pascal"):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html

    AWS's own managed policies are among them where the account uses them.
    """

    filter: tuple[str, ...] = ()

    def resources(self, views: Views, asked: Asked) -> tuple[Resource, ...]:
        return resources.ANY

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        account = self.account(views, asked)
        items, rest = self.page(views, asked, self._rows(account))
        show: dict[type[Any], Callable[[Any], dict[str, Any]]] = {
            User: lambda user: user_detail(account, user),
            Group: lambda group: group_detail(account, group),
            Role: lambda role: role_detail(account, role, views),
            Policy: lambda policy: policy_detail(account, policy),
        }
        lists: dict[str, list[dict[str, Any]]] = {member: [] for member in MEMBERS.values()}
        for item in items:
            lists[MEMBERS[type(item)]].append(show[type(item)](item))
        return {**lists, **rest}

    def _rows(self, account: Account) -> Iterator[tuple[bytes, Detail]]:
        in_use = {policy.name.lower(): policy for policy in AWS_POLICIES.values() if _is_used(account, policy)}
        tables: tuple[tuple[str, dict[str, Any]], ...] = (
            ("User", account.users),
            ("Group", account.groups),
            ("Role", account.roles),
            ("LocalManagedPolicy", account.policies),
            ("AWSManagedPolicy", in_use),
        )
        for rank, (kind, table) in enumerate(tables):
            if not self.filter or kind in self.filter:
                for key, item in table.items():
                    yield key_of(rank, key), item


def _is_used(account: Account, policy: Policy) -> bool:
    return policy.arn in account.attachments or policy.arn in account.bounds
