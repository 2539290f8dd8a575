"""Random histories: every command of the service iam, over few names, so that they meet. Used by replay, verify and backup."""

from typing import Any

import msgspec
from hypothesis import strategies as st

from muniment.commands.command import COMMANDS, Command
from muniment.commands.drawn import uuid7
from muniment.commands.iam.tags import Tag
from muniment.commands.ledger import Ledger
from muniment.commands.muniment.accounts import CreateAccount, FoundSite
from muniment.commands.muniment.erasure import ErasePrincipal
from muniment.commands.task import Context
from muniment.domain.account.state import Account
from muniment.domain.caller import Caller
from muniment.domain.errors import Refused
from muniment.domain.ids import NOBODY
from muniment.domain.ledger import Actor
from muniment.ops import actions as _actions  # noqa: F401 - registers every command

NUMBER = "123456789012"
BOUNDARY = f"account.{NUMBER}"
ROOT = Caller(
    Actor(NUMBER, f"arn:aws:iam::{NUMBER}:root", NUMBER, "Root"), address="203.0.113.77", agent="canary-agent/1.0"
)
OPERATOR = Caller(Actor(NOBODY, f"arn:muniment:ops::{NOBODY}:operator/eva", "operator/eva", "Operator"), operator=True)
CANARIES = (ROOT.address, ROOT.agent)

_ACTIONS = ("s3:GetObject", "s3:*", "iam:CreateUser")
_DOCUMENTS = [
    msgspec.json.encode(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}
    ).decode()
    for action in _ACTIONS
]
_TRUSTS = [
    msgspec.json.encode(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": {"AWS": who}, "Action": "sts:AssumeRole"}],
        }
    ).decode()
    for who in (f"arn:aws:iam::{NUMBER}:root", f"arn:aws:iam::{NUMBER}:user/ana")
]
_names = st.sampled_from
_maybe = lambda values: st.none() | st.sampled_from(values)  # noqa: E731
_users, _groups, _roles, _policies = ["ana", "Ben"], ["devs", "ops"], ["admin", "Reader"], ["p", "Q"]
_arns = [f"arn:aws:iam::{NUMBER}:policy/{name}" for name in _policies] + ["arn:aws:iam::aws:policy/ReadOnlyAccess"]

# field → values it may have, whichever command it stands in; a field that is not here makes the histories fail
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "user_name": _names(_users),
    "group_name": _names(_groups),
    "role_name": _names(_roles),
    "policy_name": _names(_policies),
    "new_user_name": _maybe(_users),
    "new_group_name": _maybe(_groups),
    "new_path": _maybe(["/", "/eng/"]),
    "path": _names(["/", "/eng/"]),
    "policy_arn": _names(_arns),
    "permissions_boundary": _names(["", "", *_arns]),
    "policy_document": _names(_DOCUMENTS),
    "assume_role_policy_document": _names(_TRUSTS),
    "description": _names(["", "what it is for"]),
    "max_session_duration": _names([3_600, 7_200]),
    "tags": st.dictionaries(_names(["team", "cost"]), _names(["red", "blue"])).map(
        lambda tags: tuple(Tag(key=key, value=value) for key, value in tags.items())
    ),
    "tag_keys": st.lists(_names(["team", "cost"]), max_size=2).map(tuple),
    "version_id": _names(["v1", "v2", "v3"]),
    "set_as_default": st.booleans(),
    "status": _names(["Active", "Inactive"]),
    "account_alias": _names(["first-alias", "other-alias"]),
    "access_key_id": st.integers(0, 9),  # which of the keys that there are
    "provider_arn": _names([f"arn:aws:iam::{NUMBER}:oidc-provider/idp.example.org/a"]),
    "url": _names(["https://idp.example.org/a"]),
    "client_id": _names(["app", "web"]),
    "client_id_list": st.lists(_names(["app", "web"]), unique=True).map(tuple),
    "thumbprint_list": _names([("a" * 40,), ("b" * 40,)]),
    "name": _names(["saml"]),
    "metadata_document": _names(["<none/>"]),
    "assertion_encryption_mode": _names(["", "Allowed"]),
    "add_private_key": _names([""]),
    "remove_private_key": _names([""]),
    "virtual_mfa_device_name": _names(["phone", "token"]),
    "serial_number": _names([f"arn:aws:iam::{NUMBER}:mfa/{name}" for name in ("phone", "token")]),
    "minimum_password_length": _names([6, 14]),
    "max_password_age": _names([0, 90]),
    "password_reuse_prevention": _names([0, 5]),
    "require_symbols": st.booleans(),
    "require_numbers": st.booleans(),
    "require_uppercase_characters": st.booleans(),
    "require_lowercase_characters": st.booleans(),
    "allow_users_to_change_password": st.booleans(),
    "hard_expiry": st.booleans(),
}
_TRUSTING = {"UpdateAssumeRolePolicy"}  # their `policy_document` is a trust policy


def _command(kind: type[Command[Any]]) -> st.SearchStrategy[tuple[type[Command[Any]], dict[str, Any]]]:
    fields = {name: FIELDS[name] for name in kind.__struct_fields__}
    if kind.__name__ in _TRUSTING:
        fields["policy_document"] = FIELDS["assume_role_policy_document"]
    return st.fixed_dictionaries(fields).map(lambda values: (kind, values))


def kinds() -> list[type[Command[Any]]]:
    """Every command of IAM but those that a workshop prepares: passwords and codes, which take their time by design."""
    return [kind for (service, _), kind in sorted(COMMANDS.items()) if service == "iam" and not kind.prepares]


History = list[tuple[type[Command[Any]], dict[str, Any]]]


def prelude() -> History:
    """Everything there may be a name for comes to be, so that what follows finds something to work on."""
    rest = {"path": "/", "tags": (), "permissions_boundary": "", "description": "", "max_session_duration": 3_600}
    made = [
        *(("CreatePolicy", {"policy_name": name, "policy_document": _DOCUMENTS[0]}) for name in _policies),
        *(("CreateUser", {"user_name": name}) for name in _users),
        *(("CreateGroup", {"group_name": name}) for name in _groups),
        *(("CreateRole", {"role_name": name, "assume_role_policy_document": _TRUSTS[0]}) for name in _roles),
    ]
    found = []
    for name, values in made:
        kind = COMMANDS["iam", name]
        found.append((kind, {field: (values | rest)[field] for field in kind.__struct_fields__}))
    return found


def sequel() -> History:
    """Changes to what the prelude made, none of which is refused."""
    made = (
        ("TagUser", {"user_name": "ana", "tags": (Tag(key="team", value="red"),)}),
        ("AddUserToGroup", {"group_name": "devs", "user_name": "ana"}),
        ("AttachUserPolicy", {"user_name": "ana", "policy_arn": _arns[0]}),
        ("CreateAccessKey", {"user_name": "ana"}),
        ("PutRolePolicy", {"role_name": "admin", "policy_name": "p", "policy_document": _DOCUMENTS[1]}),
        ("UpdateUser", {"user_name": "Ben", "new_user_name": "Benno", "new_path": None}),
        ("DeleteGroup", {"group_name": "ops"}),
    )
    return [(COMMANDS["iam", name], dict(values)) for name, values in made]


def histories(largest: int = 60) -> st.SearchStrategy[History]:
    """Commands in a row, all of IAM's alike, after a prelude."""
    some = st.sampled_from(kinds()).flatmap(_command)
    return st.lists(some, min_size=largest // 2, max_size=largest).map(lambda history: prelude() + history)


def found(ledger: Ledger) -> str:
    """Make the first account; its root's secret access key."""
    outcome = ledger.execute(
        FoundSite(email="root@example.org", account_id=NUMBER), Context(OPERATOR, uuid7(ledger.now()))
    )
    return str(outcome.result["Root"]["SecretAccessKey"])


def run(ledger: Ledger, history: History) -> int:
    """Execute the commands as root; how many were not refused. Whatever else goes wrong is a fault."""
    done = 0
    for kind, values in history:
        try:
            ledger.execute(kind(**_with_keys(ledger, values)), Context(ROOT, uuid7(ledger.now())))
        except Refused:
            continue
        done += 1
    return done


def more_accounts(ledger: Ledger, *names: str) -> None:
    """Accounts beside the first, each in its own boundary, and their organization."""
    for name in names:
        command = CreateAccount(account_name=name, email=f"{name}@example.org")
        ledger.execute(command, Context(ROOT, uuid7(ledger.now())))


def erase(ledger: Ledger, unique_id: str) -> None:
    """Record that a principal was erased."""
    ledger.execute(ErasePrincipal(account_id=NUMBER, unique_id=unique_id), Context(OPERATOR, uuid7(ledger.now())))


def _with_keys(ledger: Ledger, values: dict[str, Any]) -> dict[str, Any]:
    if "access_key_id" not in values:
        return values
    state = ledger.boundaries.get(BOUNDARY)
    assert isinstance(state, Account)
    there = sorted(state.keys) or ["AKIANOTTHERE00000000"]
    return values | {"access_key_id": there[values["access_key_id"] % len(there)]}
