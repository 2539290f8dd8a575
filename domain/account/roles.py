"""Roles: their facts, and what each changes in the account. Trust policies are kept with unique ids (domain/account/trust.py)."""

from typing import ClassVar

from muniment.domain.account import drafting
from muniment.domain.account.state import Account, AccountFact, Role, Tags
from muniment.domain.account.tags import merged, without
from muniment.domain.ledger import Entry
from muniment.domain.quotas import ROLE_SESSION_SECONDS_MIN


class RoleCreated(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A role came to be. `principals` tells, for each unique id in the trust policy, the ARN it was written as."""

    role_name: str
    role_id: str
    assume_role_policy_document: str
    path: str = "/"
    description: str = ""
    max_session_duration: int = ROLE_SESSION_SECONDS_MIN
    permissions_boundary: str = ""
    tags: Tags = {}
    principals: dict[str, str] = {}

    def role(self, entry: Entry) -> Role:
        """The role as it was at its beginning."""
        return Role(
            self.role_name,
            self.role_id,
            self.path,
            entry.time,
            self.assume_role_policy_document,
            description=self.description,
            max_session_seconds=self.max_session_duration,
            tags=self.tags,
            boundary=self.permissions_boundary,
            principals=self.principals,
        )

    def evolve(self, state: Account, entry: Entry) -> None:
        state.roles[self.role_name.lower()] = self.role(entry)
        state.ids[self.role_id] = self.role_name.lower()
        if self.permissions_boundary:
            drafting.count(state.bounds, self.permissions_boundary, +1)


class RoleDeleted(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A role is gone. Nothing hung on it but, perhaps, a permissions boundary."""

    role_name: str

    def evolve(self, state: Account, entry: Entry) -> None:
        role = state.roles.pop(self.role_name.lower())
        del state.ids[role.id]
        if role.boundary:
            drafting.count(state.bounds, role.boundary, -1)


class RoleDescriptionChanged(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A role has another description."""

    changes: ClassVar[frozenset[str]] = frozenset()

    role_name: str
    description: str

    def evolve(self, state: Account, entry: Entry) -> None:
        drafting.change(state.roles, self.role_name, description=self.description)


class RoleSessionDurationChanged(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """Sessions of a role may last this long, in seconds."""

    changes: ClassVar[frozenset[str]] = frozenset()

    role_name: str
    max_session_duration: int

    def evolve(self, state: Account, entry: Entry) -> None:
        drafting.change(state.roles, self.role_name, max_session_seconds=self.max_session_duration)


class RoleTrustPolicyReplaced(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A role trusts others than before."""

    role_name: str
    policy_document: str
    principals: dict[str, str] = {}

    def evolve(self, state: Account, entry: Entry) -> None:
        drafting.change(state.roles, self.role_name, trust=self.policy_document, principals=self.principals)


class RoleTagged(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A role has these tags, besides those it had."""

    role_name: str
    tags: Tags

    def evolve(self, state: Account, entry: Entry) -> None:
        old = state.role(self.role_name).tags
        drafting.change(state.roles, self.role_name, tags=merged(old, self.tags, fold_case=True))


class RoleUntagged(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """A role no longer has these tags."""

    role_name: str
    tag_keys: tuple[str, ...]

    def evolve(self, state: Account, entry: Entry) -> None:
        old = state.role(self.role_name).tags
        drafting.change(state.roles, self.role_name, tags=without(old, self.tag_keys, fold_case=True))


class RoleUsed(AccountFact, frozen=True, gc=False, omit_defaults=True):
    """Credentials of a role were used: recorded once for each role and hour. A role that is gone meanwhile is not marked, nor
    another that has its name now."""

    changes: ClassVar[frozenset[str]] = frozenset()

    role_name: str
    role_id: str
    time: int  # microseconds; when they were used, which is before it was recorded
    used_region: str = ""

    def evolve(self, state: Account, entry: Entry) -> None:
        if self.role_id in state.ids:
            drafting.change(state.roles, self.role_name, last_used=self.time, last_region=self.used_region)
