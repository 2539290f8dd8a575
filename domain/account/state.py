"""One account: its users, groups, roles, policies and keys. The account is the lock that every rule inside it holds (DESIGN §2)."""

from typing import ClassVar

import msgspec

from muniment.domain import arn
from muniment.domain.boundary import State
from muniment.domain.errors import NoSuchEntity
from muniment.domain.ledger import Fact, Sealed

Tags = dict[str, str]


class AccountFact(Fact):
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


class User(msgspec.Struct, frozen=True):
    """An IAM user."""

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


class Group(msgspec.Struct, frozen=True):
    """A group of users. Groups are never principals."""

    name: str
    id: str  # AGPA…
    path: str
    created: int
    attached: tuple[str, ...] = ()
    inline: dict[str, str] = {}


class Role(msgspec.Struct, frozen=True):
    """A role. Its trust policy names principals by unique id, so that a recycled name inherits nothing."""

    name: str
    id: str  # AROA…
    path: str
    created: int
    trust: str  # the document as stored: IAM principals of any account as unique ids
    description: str = ""
    max_session_seconds: int = 3_600
    tags: Tags = {}
    boundary: str = ""
    attached: tuple[str, ...] = ()
    inline: dict[str, str] = {}
    last_used: int = 0


class PolicyVersion(msgspec.Struct, frozen=True, gc=False):
    """One version of a managed policy."""

    id: str  # v1, v2 …: never used again
    document: str
    created: int


class Policy(msgspec.Struct, frozen=True):
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
    users: dict[str, User] = {}
    groups: dict[str, Group] = {}
    roles: dict[str, Role] = {}
    policies: dict[str, Policy] = {}
    ids: dict[str, str] = {}  # unique id → key in the table its prefix names
    keys: dict[str, str] = {}  # access key id → key of its user; "" for root
    attachments: dict[str, int] = {}  # policy ARN → how many entities it is attached to
    bounds: dict[str, int] = {}  # policy ARN → how many entities it is the permissions boundary of

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

    def user_arn(self, user: User) -> str:
        """arn:aws:iam::ACCOUNT:user/PATH/NAME"""
        return arn.iam(self.number, "user", user.path, user.name)

    def group_arn(self, group: Group) -> str:
        """arn:aws:iam::ACCOUNT:group/PATH/NAME"""
        return arn.iam(self.number, "group", group.path, group.name)

    def role_arn(self, role: Role) -> str:
        """arn:aws:iam::ACCOUNT:role/PATH/NAME"""
        return arn.iam(self.number, "role", role.path, role.name)
