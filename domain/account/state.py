"""One account: its users, groups, roles, policies and keys. The account is the lock that every rule inside it holds (DESIGN §2)."""

from typing import ClassVar

import msgspec

from muniment.domain import arn, ids
from muniment.domain.account.application import Application, ApplicationEntity
from muniment.domain.account.provider import OIDCProvider, SAMLProvider
from muniment.domain.account.proving import LoginProfile, MFADevice, PasswordPolicy, RecoveryCodes, SignInSession
from muniment.domain.boundary import State
from muniment.domain.errors import NoSuchEntity
from muniment.domain.ledger import Fact, Sealed

Tags = dict[str, str]


class AccountFact(Fact, frozen=True, gc=False, omit_defaults=True):
    """A fact of the `account` boundary."""

    kind: ClassVar[str] = "account"


class AccessKey(msgspec.Struct, frozen=True, gc=False):
    """A long-term credential. The secret is sealed under its user's data key."""

    id: str  # AKIA…
    secret: Sealed
    created: int  # microseconds
    active: bool = True
    last_used: int = 0
    last_service: str = ""
    last_region: str = ""
    reminded: int = 0  # microseconds; when its user was last told that it is due for rotation


class User(msgspec.Struct, frozen=True, gc=False):
    """An IAM user. Like all records in a state's tables it is in no cycle, so the collector need not walk through the tables."""

    name: str
    id: str  # AIDA…, never used again
    path: str
    created: int
    tags: Tags = {}
    boundary: str = ""  # the ARN of its permissions boundary
    attached: tuple[str, ...] = ()  # policy ARNs, in the order they were attached
    inline: dict[str, str] = {}  # policy name → document
    groups: tuple[str, ...] = ()  # group ids, AGPA…
    keys: tuple[AccessKey, ...] = ()
    login: LoginProfile | None = None
    recovery: RecoveryCodes | None = None


class Group(msgspec.Struct, frozen=True, gc=False):
    """A group of users. Groups are never principals."""

    name: str
    id: str  # AGPA…
    path: str
    created: int
    attached: tuple[str, ...] = ()
    inline: dict[str, str] = {}


class Role(msgspec.Struct, frozen=True, gc=False):
    """A role. Its trust policy names principals by unique id, so that a recycled name inherits nothing."""

    name: str
    id: str  # AROA…
    path: str
    created: int
    trust: str  # the document as stored: IAM principals of any account as unique ids (domain/account/trust.py)
    description: str = ""
    max_session_seconds: int = 3_600
    tags: Tags = {}
    boundary: str = ""
    attached: tuple[str, ...] = ()
    inline: dict[str, str] = {}
    last_used: int = 0  # microseconds; 0: never
    last_region: str = ""
    principals: dict[
        str, str
    ] = {}  # unique id in `trust` → the ARN it was written as; its account part says where to look


class PolicyVersion(msgspec.Struct, frozen=True, gc=False):
    """One version of a managed policy."""

    id: str  # v1, v2 …: never used again
    document: str
    created: int


class Policy(msgspec.Struct, frozen=True, gc=False):
    """A customer managed policy."""

    name: str
    id: str  # ANPA…
    arn: str
    path: str
    created: int
    updated: int
    versions: dict[str, PolicyVersion]
    default: str
    latest: int = 1  # the highest version number ever given
    description: str = ""
    tags: Tags = {}

    @property
    def document(self) -> str:
        """The default version's document."""
        return self.versions[self.default].document


class Account(State, kw_only=True):
    """One account. Tables are keyed by lower-cased name, for names are unique without regard to case (FEATURES 1b)."""

    kind = "account"

    name: str = ""
    email: str = ""
    created: int = 0
    alias: str = ""
    root_keys: tuple[AccessKey, ...] = ()
    root_login: LoginProfile | None = None
    root_recovery: RecoveryCodes | None = None
    users: dict[str, User] = {}
    groups: dict[str, Group] = {}
    roles: dict[str, Role] = {}
    policies: dict[str, Policy] = {}
    ids: dict[str, str] = {}  # unique id → key in the table its prefix names
    keys: dict[str, str] = {}  # access key id → key of its user; "" for root
    oidc_providers: dict[str, OIDCProvider] = {}  # by ARN
    saml_providers: dict[str, SAMLProvider] = {}
    external_id_required: bool = False  # of whoever assumes a role from another account
    escalation_guarded: bool = False  # whether nobody may give more than they may do themselves
    revoked: dict[str, int] = {}  # session ASIA… → when it was ended before its time (microseconds)
    revoked_before: dict[str, int] = {}  # principal or credential id → its sessions issued before then have ended
    attachments: dict[str, int] = {}  # policy ARN → how many entities it is attached to
    bounds: dict[str, int] = {}  # policy ARN → how many entities it is the permissions boundary of
    applications: dict[str, Application] = {}
    entities: dict[str, ApplicationEntity] = {}  # of applications, by `type/id`: ids of theirs keep their case
    password_policy: PasswordPolicy | None = None
    report_requested: int = 0  # microseconds; when a credential report was last asked for
    mfa_devices: dict[str, MFADevice] = {}  # by serial number
    sign_ins: dict[str, SignInSession] = {}  # by the SHA-256 of their token in hex

    def user(self, name: str) -> User:
        """The user called `name`, in any case. Raises NoSuchEntity in AWS's words."""
        if (found := self.users.get(name.lower())) is None:
            raise NoSuchEntity(f"The user with name {name} cannot be found.")
        return found

    def group(self, name: str) -> Group:
        """The group called `name`. Raises NoSuchEntity."""
        if (found := self.groups.get(name.lower())) is None:
            raise NoSuchEntity(f"The group with name {name} cannot be found.")
        return found

    def role(self, name: str) -> Role:
        """The role called `name`. Raises NoSuchEntity."""
        if (found := self.roles.get(name.lower())) is None:
            raise NoSuchEntity(f"The role with name {name} cannot be found.")
        return found

    def policy(self, policy_arn: str) -> Policy:
        """The customer managed policy with this ARN. Raises NoSuchEntity."""
        if (found := self.find_policy(policy_arn)) is None:
            raise NoSuchEntity(f"Policy {policy_arn} was not found.")
        return found

    def find_policy(self, policy_arn: str) -> Policy | None:
        """The customer managed policy with this ARN, or None. ARNs keep their case (POLICY_EVALUATION 2.6)."""
        found = self.policies.get(arn.name_of(policy_arn).lower())
        return found if found is not None and found.arn == policy_arn else None

    def subject_application(self, subject_type: str) -> Application | None:
        """The application that has this subject type."""
        for application in self.applications.values():
            if subject_type in application.subject_types:
                return application
        return None

    def resource_application(self, resource_type: str) -> Application | None:
        """The application that has this resource type."""
        for application in self.applications.values():
            if resource_type in application.resource_types:
                return application
        return None

    def members(self, group: Group) -> tuple[User, ...]:
        """The users in a group, in no order that matters."""
        return tuple(user for user in self.users.values() if group.id in user.groups)

    def arn_of(self, unique_id: str) -> str | None:
        """The ARN, as of now, of the user, role, group or policy with this unique id; None where it is gone."""
        if (key := self.ids.get(unique_id)) is None:
            return None
        prefix = unique_id[:4]
        if prefix == ids.USER:
            return self.user_arn(self.users[key])
        if prefix == ids.ROLE:
            return self.role_arn(self.roles[key])
        return self.group_arn(self.groups[key]) if prefix == ids.GROUP else self.policies[key].arn

    def id_of(self, principal_arn: str) -> str | None:
        """The unique id of the user or role with exactly this ARN; None where there is none."""
        name = arn.name_of(principal_arn).lower()
        user = self.users.get(name)
        if user is not None and self.user_arn(user) == principal_arn:
            return user.id
        role = self.roles.get(name)
        return role.id if role is not None and self.role_arn(role) == principal_arn else None

    def user_arn(self, user: User) -> str:
        """arn:aws:iam::ACCOUNT:user/PATH/NAME"""
        return arn.iam(self.number, "user", user.path, user.name)

    def group_arn(self, group: Group) -> str:
        """arn:aws:iam::ACCOUNT:group/PATH/NAME"""
        return arn.iam(self.number, "group", group.path, group.name)

    def role_arn(self, role: Role) -> str:
        """arn:aws:iam::ACCOUNT:role/PATH/NAME"""
        return arn.iam(self.number, "role", role.path, role.name)
