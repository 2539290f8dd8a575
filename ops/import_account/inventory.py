"""What an account holds, as one or more answers of GetAccountAuthorizationDetails tell it."""

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from muniment.domain.arn import ARN
from muniment.ops.import_account import documents
from muniment.ops.import_account.documents import Document

AWS: Final = "aws"  # the account part of the ARNs of AWS's own policies
LISTS: Final = ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies")


class NotAnAccount(ValueError):
    """The input is not what `aws iam get-account-authorization-details` prints. The message says what is wrong."""


class Entity(msgspec.Struct, frozen=True):
    """A user, group or role."""

    name: str
    path: str
    arn: str
    inline: dict[str, Document]  # policy name → document
    attached: tuple[str, ...]  # policy ARNs
    tags: dict[str, str] = {}
    boundary: str = ""
    groups: tuple[str, ...] = ()  # users: the names of their groups
    trust: Document = None  # roles
    profiles: tuple[str, ...] = ()  # roles: the names of their instance profiles


class Version(msgspec.Struct, frozen=True):
    """One version of a managed policy."""

    id: str
    document: Document
    default: bool


class ManagedPolicy(msgspec.Struct, frozen=True):
    """A managed policy, its versions oldest first."""

    name: str
    path: str
    arn: str
    versions: tuple[Version, ...]
    description: str = ""

    @property
    def default(self) -> Version:
        """The version that counts."""
        return next(version for version in self.versions if version.default)


class Inventory(msgspec.Struct, frozen=True):
    """All of an account; each table by name, lower-cased, for names are unique without regard to case."""

    users: dict[str, Entity]
    groups: dict[str, Entity]
    roles: dict[str, Entity]
    policies: dict[str, ManagedPolicy]  # the account's own
    aws_policies: dict[str, ManagedPolicy]  # AWS's, by ARN, as far as the account uses them

    @property
    def account(self) -> str:
        """The account's number, "" where nothing tells it: the most frequent one among its own ARNs."""
        arns = [one.arn for table in (self.users, self.groups, self.roles, self.policies) for one in table.values()]
        numbers = Counter(parsed.account for parsed in map(ARN.parse, arns) if parsed is not None)
        return numbers.most_common(1)[0][0] if numbers else ""


def inventory(pages: Iterable[Any]) -> Inventory:
    """The account of these answers, whole or in pages; what comes twice counts once. Raises NotAnAccount."""
    tables: dict[str, dict[str, Any]] = {member: {} for member in LISTS}
    seen = False
    for page in pages:
        if not isinstance(page, dict) or not set(LISTS) & set(page):
            raise NotAnAccount(f"it holds none of {', '.join(LISTS)}")
        seen = True
        for member in LISTS:
            for item in _list(page, member):
                tables[member][_text(item, "Arn")] = item
    if not seen:
        raise NotAnAccount("it is empty")
    policies = [_policy(item) for item in tables["Policies"].values()]
    return Inventory(
        _by_name(_user(item) for item in tables["UserDetailList"].values()),
        _by_name(_group(item) for item in tables["GroupDetailList"].values()),
        _by_name(_role(item) for item in tables["RoleDetailList"].values()),
        {policy.name.lower(): policy for policy in policies if not is_aws(policy.arn)},
        {policy.arn: policy for policy in policies if is_aws(policy.arn)},
    )


def is_aws(policy_arn: str) -> bool:
    """Whether a policy is one of AWS's own."""
    parsed = ARN.parse(policy_arn)
    return parsed is not None and parsed.account == AWS


def _by_name(entities: Iterable[Entity]) -> dict[str, Entity]:
    return {entity.name.lower(): entity for entity in entities}


def _user(item: dict[str, Any]) -> Entity:
    return Entity(
        **_named(item, "UserName"),
        inline=_inline(item, "UserPolicyList"),
        tags=_tags(item),
        boundary=_boundary(item),
        groups=tuple(str(name) for name in _list(item, "GroupList", str)),
    )


def _group(item: dict[str, Any]) -> Entity:
    return Entity(**_named(item, "GroupName"), inline=_inline(item, "GroupPolicyList"))


def _role(item: dict[str, Any]) -> Entity:
    return Entity(
        **_named(item, "RoleName"),
        inline=_inline(item, "RolePolicyList"),
        tags=_tags(item),
        boundary=_boundary(item),
        trust=_document(item, "AssumeRolePolicyDocument"),
        profiles=tuple(_text(profile, "InstanceProfileName") for profile in _list(item, "InstanceProfileList")),
    )


def _policy(item: dict[str, Any]) -> ManagedPolicy:
    default = _text(item, "DefaultVersionId")
    versions = [
        Version(_text(one, "VersionId"), _document(one, "Document"), _text(one, "VersionId") == default)
        for one in _list(item, "PolicyVersionList")
    ]
    if not any(version.default for version in versions):
        raise NotAnAccount(f"policy {_text(item, 'Arn')} lacks its default version {default}")
    versions.sort(key=lambda version: _number(version.id))
    described = item.get("Description") or ""
    return ManagedPolicy(_text(item, "PolicyName"), _path(item), _text(item, "Arn"), tuple(versions), str(described))


def _named(item: dict[str, Any], member: str) -> dict[str, Any]:
    attached = tuple(_text(policy, "PolicyArn") for policy in _list(item, "AttachedManagedPolicies"))
    return {"name": _text(item, member), "path": _path(item), "arn": _text(item, "Arn"), "attached": attached}


def _path(item: dict[str, Any]) -> str:
    return str(item.get("Path") or "/")


def _inline(item: dict[str, Any], member: str) -> dict[str, Document]:
    return {_text(policy, "PolicyName"): _document(policy, "PolicyDocument") for policy in _list(item, member)}


def _tags(item: dict[str, Any]) -> dict[str, str]:
    return {_text(tag, "Key"): str(tag.get("Value", "")) for tag in _list(item, "Tags")}


def _boundary(item: dict[str, Any]) -> str:
    bound = item.get("PermissionsBoundary")
    return _text(bound, "PermissionsBoundaryArn") if isinstance(bound, dict) else ""


def _list(item: dict[str, Any], member: str, of: type[Any] = dict) -> list[Any]:
    found = item.get(member) or []
    if not isinstance(found, list) or not all(isinstance(one, of) for one in found):
        raise NotAnAccount(f"{member} is not a list of what AWS puts there")
    return found


def _text(item: dict[str, Any], member: str) -> str:
    if not isinstance(found := item.get(member), str) or not found:
        raise NotAnAccount(f"an entry lacks its {member}")
    return found


def _document(item: dict[str, Any], member: str) -> Document:
    try:
        return documents.read(item[member])
    except (KeyError, ValueError):
        raise NotAnAccount(f"an entry's {member} is missing or is not JSON") from None


def _number(version_id: str) -> int:
    digits = re.fullmatch(r"v(\d+)", version_id)
    return int(digits[1]) if digits else 0
