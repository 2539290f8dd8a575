"""A story in which every fact of stream IAM happens at least once, each where it may: what read models are tried on."""

from typing import Final

from muniment.domain.account.account import (
    AccountAliasCreated,
    AccountAliasDeleted,
    AccountCreated,
    RootCredentialsReset,
)
from muniment.domain.account.attachments import (
    GroupPolicyAttached,
    GroupPolicyDetached,
    RolePolicyAttached,
    RolePolicyDetached,
    UserPolicyAttached,
    UserPolicyDetached,
)
from muniment.domain.account.erasure import PrincipalErased
from muniment.domain.account.groups import (
    GroupCreated,
    GroupDeleted,
    GroupMemberAdded,
    GroupMemberRemoved,
    GroupMoved,
    GroupRenamed,
)
from muniment.domain.account.inline import (
    GroupInlinePolicyDeleted,
    GroupInlinePolicyPut,
    RoleInlinePolicyDeleted,
    RoleInlinePolicyPut,
    UserInlinePolicyDeleted,
    UserInlinePolicyPut,
)
from muniment.domain.account.keys import (
    AccessKeyActivated,
    AccessKeyCreated,
    AccessKeyDeactivated,
    AccessKeyDeleted,
    CredentialUsed,
)
from muniment.domain.account.permissions_boundaries import (
    RolePermissionsBoundaryRemoved,
    RolePermissionsBoundarySet,
    UserPermissionsBoundaryRemoved,
    UserPermissionsBoundarySet,
)
from muniment.domain.account.policies import (
    PolicyCreated,
    PolicyDefaultVersionSet,
    PolicyDeleted,
    PolicyTagged,
    PolicyUntagged,
    PolicyVersionCreated,
    PolicyVersionDeleted,
)
from muniment.domain.account.roles import (
    RoleCreated,
    RoleDeleted,
    RoleDescriptionChanged,
    RoleSessionDurationChanged,
    RoleTagged,
    RoleTrustPolicyReplaced,
    RoleUntagged,
)
from muniment.domain.account.users import UserCreated, UserDeleted, UserMoved, UserRenamed, UserTagged, UserUntagged
from muniment.domain.ledger import Fact, Sealed
from muniment.domain.organization.state import AccountCreationFailed, AccountJoined, OrganizationCreated
from muniment.domain.site.state import (
    SITE,
    AccountRegistered,
    AccountRegistrationDeclined,
    AliasReleased,
    AliasReserved,
    OrganizationRegistered,
)
from tests.projections.logs import ACCOUNT

NUMBER: Final = "111122223333"
ORGANIZATION: Final = "organization.o-abcdefghij"
SECRET: Final = Sealed("k1", b"nonce and ciphertext")
DOCUMENT: Final = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}]}'
TRUST: Final = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}]}'
POLICY: Final = f"arn:aws:iam::{NUMBER}:policy/p"

_ACCOUNT: Final[tuple[Fact, ...]] = (
    AccountCreated("first", "root@example.org"),
    AccessKeyCreated("", "AKIAROOT", SECRET, NUMBER),
    RootCredentialsReset("AKIAROOT2", SECRET, ("AKIAROOT",)),
    AccountAliasCreated("first-alias"),
    AccountAliasDeleted("first-alias"),
    UserCreated("Ana", "AIDAANA", tags={"team": "red"}),
    UserTagged("Ana", {"Team": "blue", "cost": "1"}),
    UserUntagged("Ana", ("COST",)),
    AccessKeyCreated("Ana", "AKIAANA", SECRET, "AIDAANA"),
    CredentialUsed("AKIAANA", 5, "iam", "us-east-1"),
    AccessKeyDeactivated("Ana", "AKIAANA"),
    AccessKeyActivated("Ana", "AKIAANA"),
    UserRenamed("Ana", "Anna"),
    UserMoved("Anna", "/eng/"),
    UserInlinePolicyPut("Anna", "inline", DOCUMENT),
    UserInlinePolicyDeleted("Anna", "inline"),
    PolicyCreated("p", "ANPAP", DOCUMENT),
    PolicyVersionCreated(POLICY, "v2", DOCUMENT),
    PolicyDefaultVersionSet(POLICY, "v2"),
    PolicyVersionDeleted(POLICY, "v1"),
    PolicyTagged(POLICY, {"a": "b"}),
    PolicyUntagged(POLICY, ("a",)),
    UserPolicyAttached("Anna", POLICY),
    UserPolicyDetached("Anna", POLICY),
    UserPermissionsBoundarySet("Anna", POLICY),
    UserPermissionsBoundaryRemoved("Anna"),
    GroupCreated("g", "AGPAG"),
    GroupRenamed("g", "group"),
    GroupMoved("group", "/x/"),
    GroupMemberAdded("group", "Anna"),
    GroupInlinePolicyPut("group", "inline", DOCUMENT),
    GroupInlinePolicyDeleted("group", "inline"),
    GroupPolicyAttached("group", POLICY),
    GroupPolicyDetached("group", POLICY),
    GroupMemberRemoved("group", "Anna"),
    GroupDeleted("group"),
    RoleCreated("r", "AROAR", TRUST),
    RoleDescriptionChanged("r", "what it is for"),
    RoleSessionDurationChanged("r", 7_200),
    RoleTrustPolicyReplaced("r", TRUST.replace("*", "AIDAANA"), {"AIDAANA": f"arn:aws:iam::{NUMBER}:user/Ana"}),
    RoleTagged("r", {"a": "b"}),
    RoleUntagged("r", ("A",)),
    RoleInlinePolicyPut("r", "inline", DOCUMENT),
    RoleInlinePolicyDeleted("r", "inline"),
    RolePolicyAttached("r", POLICY),
    RolePolicyDetached("r", POLICY),
    RolePermissionsBoundarySet("r", POLICY),
    RolePermissionsBoundaryRemoved("r"),
    RoleDeleted("r"),
    PolicyDeleted(POLICY),
    AccessKeyDeleted("Anna", "AKIAANA"),
    UserDeleted("Anna"),
    PrincipalErased("AIDAANA"),
)
_SITE: Final[tuple[Fact, ...]] = (
    AccountRegistered(NUMBER, "first", "root@example.org"),
    AliasReserved("first-alias", NUMBER),
    AliasReleased("first-alias", NUMBER),
    OrganizationRegistered("o-abcdefghij", NUMBER),
    AccountRegistrationDeclined("car-2", "third"),
)
_ORGANIZATION: Final[tuple[Fact, ...]] = (
    OrganizationCreated(NUMBER, "first", "root@example.org", "r-abcd"),
    AccountJoined("444455556666", "second", "second@example.org", "car-1"),
    AccountCreationFailed("third", "root@example.org", "car-2", "EMAIL_ALREADY_EXISTS"),
)

STORY: Final[tuple[tuple[str, Fact], ...]] = (
    *((SITE, fact) for fact in _SITE),
    *((ORGANIZATION, fact) for fact in _ORGANIZATION),
    *((ACCOUNT, fact) for fact in _ACCOUNT),
)
