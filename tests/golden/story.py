"""One history in which every fact happens, in an order that could have happened: what golden files and read models are fed with.

The file of a fact pins the bytes of its first occurrence here. Bytes in the wild never change: a fact that needs another
shape gets a new version and a new file, and its old file must still decode (EXAMPLES §1).
"""

from collections.abc import Iterator
from pathlib import Path
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
from muniment.domain.account.users import (
    UserCreated,
    UserDeleted,
    UserMoved,
    UserRenamed,
    UserTagged,
    UserUntagged,
)
from muniment.domain.activity.requests import (
    CommandConfirmed,
    CommandRefused,
    QueryAnswered,
    QueryRefused,
    UnauthenticatedRefused,
)
from muniment.domain.facts import FACTS
from muniment.domain.ledger import Actor, Cause, Entry, Fact, Sealed
from muniment.domain.organization.state import AccountCreationFailed, AccountJoined, OrganizationCreated
from muniment.domain.site.state import (
    AccountRegistered,
    AccountRegistrationDeclined,
    AliasReleased,
    AliasReserved,
    OrganizationRegistered,
)
from muniment.domain.stored import digest, encode_body, encode_envelope

FOLDER: Final = Path(__file__).parent
ACCOUNT: Final = "123456789012"
NEW: Final = "210987654321"
ORGANIZATION: Final = "o-abcdefghijklmnop"
START: Final = 1_700_000_000_000_000  # microseconds
READ: Final = f"arn:aws:iam::{ACCOUNT}:policy/team/Read"
ADMIN: Final = "arn:aws:iam::aws:policy/AdministratorAccess"
ANA: Final = f"arn:aws:iam::{ACCOUNT}:user/ana"
ALLOW: Final = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:Get*","Resource":"*"}]}'
DENY: Final = '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"iam:*","Resource":"*"}]}'
TRUST: Final = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"%s"},"Action":"sts:AssumeRole"}]}'
)
USER_ID, GROUP_ID, ROLE_ID, POLICY_ID = (f"{prefix}AAAAAAAAAAAAAAAAA" for prefix in ("AIDA", "AGPA", "AROA", "ANPA"))
KEY, ROOT_KEY, ROOT_KEY_2 = (f"AKIAAAAAAAAAAAAAAAA{n}" for n in "AB2")
SECRET: Final = Sealed("key-1 nonce", b"\x00\x01ciphertext")
ACTOR: Final = Actor(
    ACCOUNT, ANA, USER_ID, "IAMUser", "ana", KEY, source=Sealed("key-1", b"address"), agent=Sealed("key-1", b"agent")
)

SITE: Final[tuple[Fact, ...]] = (
    AccountRegistered(ACCOUNT, "Management", "root@example.com"),
    OrganizationRegistered(ORGANIZATION, ACCOUNT, "CONSOLIDATED_BILLING"),
    AccountRegistered(NEW, "Two", "two@example.com", ORGANIZATION, "car-aaaaaaaaaaaaaaaaa"),
    AccountRegistrationDeclined("car-bbbbbbbbbbbbbbbbb", "Three"),
    AliasReserved("acme", ACCOUNT),
    AliasReleased("acme", ACCOUNT),
)
IN_ORGANIZATION: Final[tuple[Fact, ...]] = (
    OrganizationCreated(ACCOUNT, "Management", "root@example.com", "r-aaaa", "CONSOLIDATED_BILLING"),
    AccountJoined(NEW, "Two", "two@example.com", "car-aaaaaaaaaaaaaaaaa", {"Team": "blue"}),
    AccountCreationFailed("Three", "two@example.com", "car-bbbbbbbbbbbbbbbbb", "EMAIL_ALREADY_EXISTS"),
)
IN_ACCOUNT: Final[tuple[Fact, ...]] = (
    AccountCreated("Management", "root@example.com"),
    AccountAliasCreated("acme"),
    PolicyCreated("Read", POLICY_ID, ALLOW, "/team/", "reads", {"Team": "blue"}),
    UserCreated("ana", USER_ID, "/team/", READ, {"Team": "blue"}),
    AccessKeyCreated("ana", KEY, SECRET, USER_ID),
    AccessKeyCreated("", ROOT_KEY, SECRET, ACCOUNT),
    CredentialUsed(KEY, START, "iam", "us-east-1"),
    AccessKeyDeactivated("ana", KEY),
    AccessKeyActivated("ana", KEY),
    UserTagged("ana", {"Cost": "1"}),
    UserUntagged("ana", ("Cost",)),
    GroupCreated("ops", GROUP_ID, "/team/"),
    GroupMemberAdded("ops", "ana"),
    RoleCreated("app", ROLE_ID, TRUST % USER_ID, "/team/", "runs", 7_200, READ, {"Team": "blue"}, {USER_ID: ANA}),
    RoleTagged("app", {"Cost": "1"}),
    RoleUntagged("app", ("Cost",)),
    RoleDescriptionChanged("app", "walks"),
    RoleSessionDurationChanged("app", 3_600),
    RoleTrustPolicyReplaced("app", TRUST % USER_ID, {USER_ID: ANA}),
    PolicyVersionCreated(READ, "v2", DENY, True),
    PolicyDefaultVersionSet(READ, "v1"),
    PolicyTagged(READ, {"Cost": "1"}),
    PolicyUntagged(READ, ("Cost",)),
    UserPolicyAttached("ana", READ),
    GroupPolicyAttached("ops", READ),
    RolePolicyAttached("app", ADMIN),
    UserInlinePolicyPut("ana", "own", ALLOW),
    GroupInlinePolicyPut("ops", "own", ALLOW),
    RoleInlinePolicyPut("app", "own", ALLOW),
    UserPermissionsBoundarySet("ana", ADMIN),
    RolePermissionsBoundarySet("app", ADMIN),
    UserMoved("ana", "/"),
    UserRenamed("ana", "Anna"),
    GroupMoved("ops", "/"),
    GroupRenamed("ops", "Operators"),
    UserPermissionsBoundaryRemoved("Anna"),
    RolePermissionsBoundaryRemoved("app"),
    UserInlinePolicyDeleted("Anna", "own"),
    GroupInlinePolicyDeleted("Operators", "own"),
    RoleInlinePolicyDeleted("app", "own"),
    UserPolicyDetached("Anna", READ),
    GroupPolicyDetached("Operators", READ),
    RolePolicyDetached("app", ADMIN),
    GroupMemberRemoved("Operators", "Anna"),
    AccessKeyDeleted("Anna", KEY),
    UserDeleted("Anna"),
    GroupDeleted("Operators"),
    RoleDeleted("app"),
    PolicyVersionDeleted(READ, "v2"),
    PolicyDeleted(READ),
    PrincipalErased(USER_ID),
    RootCredentialsReset(ROOT_KEY_2, SECRET, (ROOT_KEY,)),
    AccountAliasDeleted("acme"),
)
IN_ACTIVITY: Final[tuple[Fact, ...]] = (
    CommandConfirmed(True),
    CommandRefused("NoSuchEntity", "The user with name eva cannot be found.", (ANA,)),
    QueryRefused("AccessDenied", "User: nobody is not authorized", (ANA,)),
    QueryAnswered((ANA,)),
    UnauthenticatedRefused(3, {"InvalidClientTokenId": 3}, START, START + 1, {"source": "sealed"}),
)
BOUNDARIES: Final = {
    "site.muniment": SITE,
    f"organization.{ORGANIZATION}": IN_ORGANIZATION,
    f"account.{ACCOUNT}": IN_ACCOUNT,
    f"activity.{ACCOUNT}": IN_ACTIVITY,
}


def history() -> Iterator[tuple[Entry, bytes]]:
    """Every entry with its stored bytes, each boundary chained from its beginning."""
    for boundary, facts in BOUNDARIES.items():
        previous = b""
        for version, fact in enumerate(facts, 1):
            entry, stored = stored_entry(boundary, fact, version, previous)
            previous = digest(stored)
            yield entry, stored


def stored_entry(boundary: str, fact: Fact, version: int, previous: bytes) -> tuple[Entry, bytes]:
    """An entry that says everything an entry can say, and its bytes."""
    entry = Entry(
        f"018bcfe5-6800-7000-8000-{version:012x}",
        boundary,
        version,
        START + version * 1_000_000,
        ACTOR,
        Cause("iam:Golden", f"018bcfe5-6800-7000-9000-{version:012x}", "why", {"Note": "kept"}, b"k", b"b"),
        previous,
        fact,
    )
    return entry, encode_envelope(encode_body(entry), "key-1", b"\x07" * 64)


def first_of_each() -> dict[str, tuple[Entry, bytes]]:
    """File name → the first occurrence of each fact at its newest version, as if it stood alone: its bytes do not depend on
    where the story puts it."""
    found: dict[str, tuple[Entry, bytes]] = {}
    for boundary, facts in BOUNDARIES.items():
        for fact in facts:
            found.setdefault(file_name(type(fact)), stored_entry(boundary, fact, 7, b"\x05" * 32))
    return found


def file_name(fact: type[Fact]) -> str:
    """`UserCreated.1.hex`"""
    return f"{fact.__name__}.{fact.version}.hex"


def known_facts() -> set[str]:
    """The file names of all facts of the domain."""
    return {file_name(fact) for fact in FACTS.values() if fact.__module__.startswith("muniment.domain.")}


def write_missing() -> list[str]:
    """Write the files of facts that have none; those that exist are never changed. Run: python -m tests.golden.story"""
    examples = first_of_each()
    written = [name for name in examples if not (FOLDER / name).exists()]
    for name in written:
        (FOLDER / name).write_text(examples[name][1].hex() + "\n")
    return written


if __name__ == "__main__":
    print("\n".join(write_missing()) or "nothing is missing")
