"""Commands on roles and their trust policies (FEATURES 1b)."""

from typing import Any

from muniment.commands.command import Decision, Given
from muniment.commands.iam import tags as tag_rules
from muniment.commands.iam.contexts import Keys, permissions_boundary, request_tags, tag_keys
from muniment.commands.iam.documents import trust_to_store
from muniment.commands.iam.entity import IAMCommand, RoleCommand
from muniment.commands.iam.managed import check_boundary
from muniment.commands.iam.tags import Tag
from muniment.domain import arn, ids
from muniment.domain.account.roles import (
    RoleCreated,
    RoleDeleted,
    RoleDescriptionChanged,
    RoleSessionDurationChanged,
    RoleTagged,
    RoleTrustPolicyReplaced,
    RoleUntagged,
)
from muniment.domain.account.state import Account, Role
from muniment.domain.account.trust import shown
from muniment.domain.arn import ARN
from muniment.domain.errors import DeleteConflict, EntityAlreadyExists, LimitExceeded, ValidationError
from muniment.domain.ledger import Actor, Entry, Fact
from muniment.domain.quotas import ROLE_SESSION_SECONDS_MAX, ROLE_SESSION_SECONDS_MIN, ROLES_PER_ACCOUNT_MAX
from muniment.domain.resource import Resource


class CreateRole(IAMCommand, frozen=True, kw_only=True, rename="pascal"):
    """Create a role. https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html"""

    role_name: str
    assume_role_policy_document: str
    path: str = "/"
    description: str = ""
    max_session_duration: int = ROLE_SESSION_SECONDS_MIN
    permissions_boundary: str = ""
    tags: tuple[Tag, ...] = ()

    def resources(self, state: Account, actor: Actor) -> tuple[Resource, ...]:
        keys = request_tags(tag_rules.as_tags(self.tags)) | permissions_boundary(self.permissions_boundary)
        return (Resource(arn.iam(state.number, "role", self.path, self.role_name), keys),)

    def decide(self, state: Account, given: Given) -> Fact:
        if self.role_name.lower() in state.roles:
            raise EntityAlreadyExists(f"Role with name {self.role_name} already exists.")
        if len(state.roles) >= ROLES_PER_ACCOUNT_MAX:
            raise LimitExceeded(f"Cannot exceed quota for RolesPerAccount: {ROLES_PER_ACCOUNT_MAX}")
        check_session_duration(self.max_session_duration)
        tags = tag_rules.checked(self.tags, fold_case=True)
        if self.permissions_boundary:
            check_boundary(state, self.permissions_boundary)
        trust = trust_to_store(self.assume_role_policy_document, state, given)
        return RoleCreated(
            self.role_name,
            given.unique_id(ids.ROLE),
            trust.document,
            path=self.path,
            description=self.description,
            max_session_duration=self.max_session_duration,
            permissions_boundary=self.permissions_boundary,
            tags=tags,
            principals=trust.principals,
        )

    def answer(self, state: Account, entries: tuple[Entry, ...], given: Given) -> dict[str, Any]:
        fact = entries[0].fact
        assert isinstance(fact, RoleCreated)
        return {"Role": _shown(state, fact.role(entries[0]))}


class UpdateRole(RoleCommand, frozen=True, kw_only=True, rename="pascal"):
    """Change a role's description or longest session. https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateRole.html"""

    description: str | None = None
    max_session_duration: int | None = None

    def decide(self, state: Account, given: Given) -> Decision:
        role = state.role(self.role_name)
        facts: list[Fact] = []
        if self.max_session_duration is not None and self.max_session_duration != role.max_session_seconds:
            check_session_duration(self.max_session_duration)
            facts.append(RoleSessionDurationChanged(role.name, self.max_session_duration))
        if self.description is not None and self.description != role.description:
            facts.append(RoleDescriptionChanged(role.name, self.description))
        return tuple(facts)


class UpdateRoleDescription(RoleCommand, frozen=True, kw_only=True, rename="pascal"):
    """Change a role's description. https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateRoleDescription.html"""

    description: str

    def decide(self, state: Account, given: Given) -> Decision:
        role = state.role(self.role_name)
        return None if role.description == self.description else RoleDescriptionChanged(role.name, self.description)

    def answer(self, state: Account, entries: tuple[Entry, ...], given: Given) -> dict[str, Any]:
        """The role with this description; a repeat that comes after the role's end has no more to show."""
        if (role := state.roles.get(self.role_name.lower())) is None:
            return {}
        document = shown(role.trust, lambda unique_id: _arn_now(state, role, unique_id))
        now = {"Description": self.description, "AssumeRolePolicyDocument": document}
        return {"Role": _shown(state, role) | now}


class UpdateAssumeRolePolicy(RoleCommand, frozen=True, kw_only=True, rename="pascal"):
    """Replace a role's trust policy. https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAssumeRolePolicy.html"""

    policy_document: str

    def decide(self, state: Account, given: Given) -> Decision:
        role = state.role(self.role_name)
        trust = trust_to_store(self.policy_document, state, given)
        if trust.document == role.trust:
            return None
        return RoleTrustPolicyReplaced(role.name, trust.document, trust.principals)


class DeleteRole(RoleCommand, frozen=True, kw_only=True, rename="pascal"):
    """Delete a role without policies. https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteRole.html"""

    def decide(self, state: Account, given: Given) -> Fact:
        role = state.role(self.role_name)
        if role.attached:
            raise DeleteConflict("Cannot delete entity, must detach all policies first.")
        if role.inline:
            raise DeleteConflict("Cannot delete entity, must delete policies first.")
        return RoleDeleted(role.name)


class TagRole(RoleCommand, frozen=True, kw_only=True, rename="pascal"):
    """Add tags to a role. https://docs.aws.amazon.com/IAM/latest/APIReference/API_TagRole.html"""

    tags: tuple[Tag, ...]

    def keys(self, role: Role | None) -> Keys:
        return request_tags(tag_rules.as_tags(self.tags))

    def decide(self, state: Account, given: Given) -> Decision:
        role = state.role(self.role_name)
        tags = tag_rules.added(role.tags, self.tags, fold_case=True)
        return RoleTagged(role.name, tags) if tags else None


class UntagRole(RoleCommand, frozen=True, kw_only=True, rename="pascal"):
    """Take tags from a role. https://docs.aws.amazon.com/IAM/latest/APIReference/API_UntagRole.html"""

    tag_keys: tuple[str, ...]

    def keys(self, role: Role | None) -> Keys:
        return tag_keys(self.tag_keys)

    def decide(self, state: Account, given: Given) -> Decision:
        role = state.role(self.role_name)
        keys = tag_rules.removed(role.tags, self.tag_keys, fold_case=True)
        return RoleUntagged(role.name, keys) if keys else None


def check_session_duration(seconds: int) -> None:
    """Raises ValidationError in AWS's words."""
    if not ROLE_SESSION_SECONDS_MIN <= seconds <= ROLE_SESSION_SECONDS_MAX:
        bound = (
            f"greater than or equal to {ROLE_SESSION_SECONDS_MIN}"
            if seconds < ROLE_SESSION_SECONDS_MIN
            else f"less than or equal to {ROLE_SESSION_SECONDS_MAX}"
        )
        raise ValidationError(
            f"1 validation error detected: Value '{seconds}' at 'maxSessionDuration' failed to satisfy constraint: "
            f"Member must have value {bound}"
        )


def _arn_now(account: Account, role: Role, unique_id: str) -> str | None:
    """The ARN that a trusted principal has now; of another account's, the one it was written as."""
    written = role.principals.get(unique_id, "")
    parsed = ARN.parse(written)
    return written if parsed and parsed.account != account.number else account.arn_of(unique_id)


def _shown(account: Account, role: Role) -> dict[str, Any]:
    """The role as CreateRole answers it: its trust policy with the ARNs that were written."""
    member: dict[str, Any] = {
        "Path": role.path,
        "RoleName": role.name,
        "RoleId": role.id,
        "Arn": account.role_arn(role),
        "CreateDate": role.created,
        "AssumeRolePolicyDocument": shown(role.trust, role.principals.get),
        "MaxSessionDuration": role.max_session_seconds,
    }
    if role.description:
        member["Description"] = role.description
    if role.boundary:
        member["PermissionsBoundary"] = {
            "PermissionsBoundaryType": "Policy",
            "PermissionsBoundaryArn": role.boundary,
        }
    if role.tags:
        member["Tags"] = tag_rules.shown(role.tags)
    return member
