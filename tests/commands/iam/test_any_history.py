"""Whatever commands are given in whatever order: what an account keeps twice agrees, and no rule is broken."""

from collections import Counter

import msgspec
from hypothesis import given
from hypothesis import strategies as st

import muniment.ops.actions  # noqa: F401 fills the registry
from muniment.commands.command import COMMANDS
from muniment.commands.iam.groups import CreateGroup
from muniment.commands.iam.policies import CreatePolicy
from muniment.commands.iam.roles import CreateRole
from muniment.commands.iam.users import CreateUser
from muniment.domain.boundary import fold
from muniment.domain.errors import Refused
from muniment.domain.policy.managed import MANAGED
from muniment.domain.site.state import SITE, AccountRegistered
from muniment.domain.stored import decode, encode_body, encode_envelope
from tests.commands.given import (
    ACCOUNT,
    ALLOW,
    BOUNDARY,
    DENY,
    ROOT,
    House,
    after,
    arn,
    policy_arn,
    trust,
)

NAMES = ["ana", "Ana", "eva"]
OWN = [policy_arn("p"), policy_arn("q")]
ARNS = [*OWN, "arn:aws:iam::aws:policy/IAMFullAccess", policy_arn("q", "/x/"), arn("user", "p")]
FIRST = AccountRegistered(ACCOUNT, "Management", "root@example.com")
METADATA = (
    '<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://idp.example.com"><IDPSSODescriptor>'
    '<KeyDescriptor><X509Certificate xmlns="http://www.w3.org/2000/09/xmldsig#">MIIB</X509Certificate></KeyDescriptor>'
    "</IDPSSODescriptor></EntityDescriptor>"
)

PARAMETERS = {
    "user_name": st.sampled_from(NAMES),
    "group_name": st.sampled_from(NAMES),
    "role_name": st.sampled_from(NAMES),
    "new_user_name": st.sampled_from([None, *NAMES]),
    "new_group_name": st.sampled_from([None, *NAMES]),
    "path": st.sampled_from(["/", "/x/"]),
    "new_path": st.sampled_from([None, "/", "/x/"]),
    "policy_name": st.sampled_from(["p", "P", "q"]),
    "policy_arn": st.sampled_from([*OWN, *ARNS]),
    "permissions_boundary": st.sampled_from(ARNS),
    "policy_document": st.sampled_from([ALLOW, DENY, ALLOW + " ", "{}"]),
    "assume_role_policy_document": st.sampled_from([trust(ACCOUNT), trust(arn("user", "ana"), arn("role", "ana"))]),
    "version_id": st.sampled_from(["v1", "v2", "v3"]),
    "set_as_default": st.booleans(),
    "description": st.sampled_from(["", "d"]),
    "max_session_duration": st.sampled_from([3_600, 7_200, 1]),
    "status": st.sampled_from(["Active", "Inactive"]),
    "account_alias": st.sampled_from(["acme", "acme-two"]),
    "password": st.sampled_from(["Correct-Horse-1", "Battery-Staple-2", "short"]),
    "old_password": st.sampled_from(["Correct-Horse-1", "Battery-Staple-2"]),
    "new_password": st.sampled_from(["Correct-Horse-1", "Battery-Staple-2"]),
    "password_reset_required": st.booleans(),
    "minimum_password_length": st.sampled_from([6, 15]),
    "require_symbols": st.booleans(),
    "require_numbers": st.booleans(),
    "require_uppercase_characters": st.booleans(),
    "require_lowercase_characters": st.booleans(),
    "allow_users_to_change_password": st.booleans(),
    "max_password_age": st.sampled_from([1, 1_095]),
    "password_reuse_prevention": st.sampled_from([1, 24]),
    "hard_expiry": st.booleans(),
    "virtual_mfa_device_name": st.sampled_from(["phone", "Phone", "key"]),
    "serial_number": st.sampled_from([arn("mfa", "phone"), arn("mfa", "key"), "arn:none"]),
    "authentication_code1": st.sampled_from(["000000", "123456"]),
    "authentication_code2": st.sampled_from(["000000", "123456"]),
    "provider_arn": st.sampled_from(
        [arn("oidc-provider", "id.example.com"), arn("saml-provider", "corporate"), arn("saml-provider", "none")]
    ),
    "url": st.sampled_from(["https://id.example.com", "https://id.example.com/two", "http://id.example.com"]),
    "client_id": st.sampled_from(["app", "other"]),
    "client_id_list": st.sampled_from([(), ("app",), ("app", "other")]),
    "thumbprint_list": st.sampled_from([(), ("a" * 40,), ("x",)]),
    "name": st.sampled_from(["corporate", "Corporate"]),
    "metadata_document": st.sampled_from([METADATA, METADATA + " ", "<x/>"]),
    "assertion_encryption_mode": st.sampled_from(["", "Allowed"]),
    "add_private_key": st.just(""),
    "remove_private_key": st.just(""),
    "tag_keys": st.sampled_from([("a",), ("A", "b"), ()]),
    "tags": st.lists(
        st.sampled_from([{"Key": key, "Value": value} for key in ("a", "A", "b", "aws:x") for value in "12"]),
        max_size=2,
    ),
}
PRELUDE = [
    *((CreateUser, {"user_name": name}) for name in ("ana", "eva")),
    *((CreateGroup, {"group_name": name}) for name in ("ana", "eva")),
    (CreateRole, {"role_name": "ana", "assume_role_policy_document": trust(arn("user", "ana"))}),
    *((CreatePolicy, {"policy_name": name, "policy_document": ALLOW}) for name in ("p", "q")),
]  # so that most of what follows finds what it names
IAM = sorted((name, cls) for (service, name), cls in COMMANDS.items() if service == "iam")


@st.composite
def drawn_commands(draw):
    """An action and its parameters; keys are named by a number, for their ids are known only when they exist."""
    _, action = draw(st.sampled_from(IAM))
    parameters = {}
    for field in msgspec.structs.fields(action):
        if field.name == "access_key_id":
            parameters[field.name] = str(draw(st.integers(0, 3)))
        elif field.required or draw(st.booleans()):
            parameters[field.name] = draw(PARAMETERS[field.name])
    return action, parameters


histories = st.lists(drawn_commands(), min_size=30, max_size=60).map(lambda drawn: PRELUDE + drawn)


def command_of(action, parameters, house):
    """The command as the API would build it from the wire's parameters."""
    if "access_key_id" in parameters:
        known = [*sorted(house.account.keys), "AKIANONE"]
        parameters = parameters | {"access_key_id": known[min(int(parameters["access_key_id"]), len(known) - 1)]}
    wire = {
        field.encode_name: parameters[field.name]
        for field in msgspec.structs.fields(action)
        if parameters.get(field.name) is not None
    }
    return msgspec.convert(wire, action)


def holders(account):
    return [*account.users.values(), *account.groups.values(), *account.roles.values()]


def check_counts(account):
    attached = Counter(policy for holder in holders(account) for policy in holder.attached)
    bounds = Counter(
        holder.boundary for holder in (*account.users.values(), *account.roles.values()) if holder.boundary
    )
    assert account.attachments == dict(attached)
    assert account.bounds == dict(bounds)
    for policy in {*attached, *bounds}:
        assert policy in MANAGED or account.find_policy(policy) is not None


def check_indexes(account):
    tables = (account.users, account.groups, account.roles, account.policies)
    assert all(key == entity.name.lower() for table in tables for key, entity in table.items())
    assert account.ids == {entity.id: key for table in tables for key, entity in table.items()}
    keys = {key.id: name for name, user in account.users.items() for key in user.keys}
    assert account.keys == keys | {key.id: "" for key in account.root_keys}
    for unique_id in account.ids:
        assert account.arn_of(unique_id) is not None
    for entity, entity_arn in (
        *((user, account.user_arn(user)) for user in account.users.values()),
        *((role, account.role_arn(role)) for role in account.roles.values()),
    ):
        assert account.arn_of(entity.id) == entity_arn
        assert account.id_of(entity_arn) == entity.id


def check_limits(account):
    for user in account.users.values():
        assert len(user.keys) <= 2
        assert {account.ids[group] for group in user.groups} <= set(account.groups)
        assert len(set(user.groups)) == len(user.groups)
    for holder in holders(account):
        assert len(set(holder.attached)) == len(holder.attached)
    for tagged in (*account.users.values(), *account.roles.values()):
        assert len({key.lower() for key in tagged.tags}) == len(tagged.tags)
    for policy in account.policies.values():
        assert policy.default in policy.versions
        assert len(policy.versions) <= 5
        assert policy.latest >= max(int(version[1:]) for version in policy.versions)


def check_site(house):
    site = house.state(SITE)
    assert site.aliases == ({house.account.alias: ACCOUNT} if house.account.alias else {})
    assert site.accounts[ACCOUNT].alias == house.account.alias


def frozen(state):
    return msgspec.msgpack.encode(msgspec.structs.asdict(state), order=None)


@given(histories)
def test_no_history_breaks_an_account(history):
    house = House(after(FIRST, boundary=SITE))
    for action, parameters in history:
        before, bytes_before, recorded = house.account, frozen(house.account), len(house.entries)
        try:
            house.do(command_of(action, parameters, house), ROOT)
        except Refused:
            assert len(house.entries) == recorded
        assert frozen(before) == bytes_before, "a fold changed its argument"
    check_counts(house.account)
    check_indexes(house.account)
    check_limits(house.account)
    check_site(house)
    entries = [entry for entry in house.entries if entry.boundary == BOUNDARY]
    assert fold(None, entries) == house.account, "folding in bulk differs from folding one by one"
    for entry in entries:
        assert decode(encode_envelope(encode_body(entry), "k", b"")).fact == entry.fact


@given(histories)
def test_saying_it_twice_is_refused_or_changes_nothing_or_makes_another(history):
    """Only what makes something new, or moves one thing to where another was, may record facts at the second time."""
    house = House(after(FIRST, boundary=SITE))
    makes = ("CreateAccessKey", "CreatePolicyVersion", "UpdateLoginProfile")
    for action, parameters in history:
        command = command_of(action, parameters, house)
        try:
            house.do(command, ROOT)
        except Refused:
            continue
        recorded = len(house.entries)
        try:
            house.do(command, ROOT)
        except Refused:
            continue
        assert len(house.entries) == recorded or action.__name__.startswith(makes)
