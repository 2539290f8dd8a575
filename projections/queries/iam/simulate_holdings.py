"""The policies of a user, group or role as a simulation takes them: each with where it comes from, some of them left out.
IAM API reference, SimulatePrincipalPolicy, PolicyIdentifier.
"""

from collections.abc import Iterator
from typing import Final

import msgspec

from muniment.domain.account.state import Account, Group, Role, User
from muniment.domain.arn import ARN, name_of
from muniment.domain.errors import InvalidInput, NoSuchEntity
from muniment.domain.policy.decision import SourceType
from muniment.domain.policy.layers import Source
from muniment.domain.policy.matching import Budget, matches, split_wildcards
from muniment.projections.access.documents import Documents
from muniment.projections.access.holdings import managed

INLINE: Final = "inline"
BOUNDARY: Final = "permission-boundary"
STARS_MAX: Final = 1  # of a pattern in a PolicyIdentifier


class InlinePolicyIdentifier(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Inline policies by name, of whatever entities the pattern is for."""

    policy_name: str
    attachment_type: str
    attachment_name: str


class PolicyIdentifier(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Policies that are left out: all of a type, some managed ones, or some inline ones. Exactly one is given."""

    policy_type: str = ""
    policy_arn: str = ""
    inline_policy_identifier: InlinePolicyIdentifier | None = None


class Held(msgspec.Struct, frozen=True):
    """A policy and how its holder has it."""

    source: Source
    type: str  # PolicyIdentifierPolicyType
    name: str
    arn: str = ""  # of a managed policy
    holder_type: str = ""
    holder_name: str = ""


def entity(account: Account, source_arn: str) -> User | Group | Role:
    """The user, group or role with this ARN. Raises InvalidInput for other ARNs; NoSuchEntity, also for those of other accounts."""
    parsed = ARN.parse(source_arn)
    kind = "" if parsed is None or parsed.service != "iam" else parsed.resource.partition("/")[0]
    key = name_of(source_arn).lower()
    if kind == "user":
        if (user := account.users.get(key)) is not None and account.user_arn(user) == source_arn:
            return user
    elif kind == "group":
        if (group := account.groups.get(key)) is not None and account.group_arn(group) == source_arn:
            return group
    elif kind == "role":
        if (role := account.roles.get(key)) is not None and account.role_arn(role) == source_arn:
            return role
    else:
        raise InvalidInput(f"Invalid Entity Arn: {source_arn} does not clearly define entity type and name.")
    raise NoSuchEntity(f"The {kind} with name {name_of(source_arn)} cannot be found.")


def held(account: Account, holder: User | Group | Role) -> tuple[Held, ...]:
    """Every policy of the entity, those of a user's groups too."""
    documents = Documents()
    found = list(_of(account, holder, documents))
    if isinstance(holder, User):
        for group_id in holder.groups:
            found.extend(_of(account, account.groups[account.ids[group_id]], documents))
    return tuple(found)


def boundary_of(account: Account, holder: User | Group | Role) -> tuple[Source, ...] | None:
    """The entity's permissions boundary; None where there is none. One whose policy is gone allows nothing."""
    if isinstance(holder, Group) or not holder.boundary:
        return None
    source = managed(account, holder.boundary, Documents())
    return () if source is None else (source,)


def _of(account: Account, holder: User | Group | Role, documents: Documents) -> Iterator[Held]:
    kind = (
        SourceType.USER
        if isinstance(holder, User)
        else SourceType.GROUP
        if isinstance(holder, Group)
        else SourceType.ROLE
    )
    for name, text in holder.inline.items():
        source = Source(documents.read(text), f"{kind.value}_{holder.name}_{name}", kind)
        yield Held(source, INLINE, name, "", kind.value, holder.name)
    for policy_arn in holder.attached:
        if (found := managed(account, policy_arn, documents)) is not None:
            yield Held(found, found.type.value, name_of(policy_arn), policy_arn)


class Exclusions:
    """Which policies a simulation leaves out. Raises InvalidInput where an identifier does not say which."""

    def __init__(self, identifiers: tuple[PolicyIdentifier, ...]) -> None:
        for each in identifiers:
            given = (bool(each.policy_type), bool(each.policy_arn), each.inline_policy_identifier is not None)
            if sum(given) != 1:
                raise InvalidInput(
                    "Invalid Input PolicyExclusionList: exactly one of PolicyType, PolicyArn and InlinePolicyIdentifier is given"
                )
            inline = each.inline_policy_identifier
            pattern = each.policy_arn.rpartition("/")[2] if inline is None else inline.attachment_name
            if pattern.count("*") > STARS_MAX:
                raise InvalidInput("Invalid Input PolicyExclusionList: at most one * can stand in a name")
        self._identifiers = identifiers

    def type(self, name: str) -> bool:
        """Whether all policies of a type are left out."""
        return any(each.policy_type == name for each in self._identifiers)

    def excludes(self, policy: Held) -> bool:
        """Whether this one is left out."""
        return self.type(policy.type) or any(self._names(each, policy) for each in self._identifiers)

    @staticmethod
    def _names(each: PolicyIdentifier, policy: Held) -> bool:
        if each.policy_arn:
            return bool(policy.arn) and _like(each.policy_arn, policy.arn)
        inline = each.inline_policy_identifier
        if inline is None or policy.type != INLINE:
            return False
        same = (inline.policy_name, inline.attachment_type) == (policy.name, policy.holder_type)
        return same and _like(inline.attachment_name, policy.holder_name)


def _like(pattern: str, text: str) -> bool:
    return matches(tuple(split_wildcards(pattern)), text, Budget())
