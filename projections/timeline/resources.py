"""Which resources an entry touched: the entities it changed, those it names, and those its writer listed."""

from collections.abc import Callable, Iterable
from functools import lru_cache
from operator import attrgetter
from typing import Any, Final, NamedTuple

from muniment.domain import arn
from muniment.domain.account.application import Application, application_arn
from muniment.domain.account.state import Account, Group, Policy, Role, User
from muniment.domain.boundary import State
from muniment.domain.ledger import Entry
from muniment.domain.organization.state import Member, Organization, OrganizationPolicy, Unit
from muniment.domain.secret.state import Secret
from muniment.domain.site.state import SiteAccount
from muniment.projections.timeline.past import Change

RESOURCES_MAX: Final = 200  # of one entry; a fact that names more is shown with the first ones


class Resource(NamedTuple):
    """A resource as CloudTrail names it. What has no ARN of its own, such as an access key, has a name only."""

    type: str  # AWS::IAM::User
    arn: str
    name: str


_placed: Final = attrgetter("path", "name")
_named_so: Final = attrgetter("name")
_numbered: Final = attrgetter("number")
# Of each kind of entity: its type, its ARN, and of which fields that ARN or its name is made.
_TYPES: Final[dict[type, tuple[str, Callable[[Any, Any], str], Callable[[Any], Any]]]] = {
    User: ("AWS::IAM::User", lambda state, noun: arn.iam(state.id[8:], "user", noun.path, noun.name), _placed),
    Group: ("AWS::IAM::Group", lambda state, noun: arn.iam(state.id[8:], "group", noun.path, noun.name), _placed),
    Role: ("AWS::IAM::Role", lambda state, noun: arn.iam(state.id[8:], "role", noun.path, noun.name), _placed),
    Policy: ("AWS::IAM::Policy", lambda state, noun: noun.arn, attrgetter("arn")),
    Application: ("Muniment::Application", lambda state, noun: application_arn(state.id[8:], noun.name), _named_so),
    SiteAccount: ("AWS::IAM::Account", lambda state, noun: arn.root(noun.number), _numbered),
    Unit: (
        "AWS::Organizations::OrganizationalUnit",
        lambda state, noun: state.unit_arn(noun.id),
        attrgetter("id"),
    ),
    OrganizationPolicy: (
        "AWS::Organizations::Policy",
        lambda state, noun: state.policy_arn(noun.id, noun.type),
        attrgetter("id", "type"),
    ),
    Member: ("AWS::Organizations::Account", lambda state, noun: state.account_arn(noun.number), _numbered),
}
# What an organization's nouns are called by their ARNs, which is how they are looked for; others are called by their names.
_NAMES: Final[dict[type, Callable[[Any], str]]] = {
    Unit: attrgetter("id"),
    OrganizationPolicy: attrgetter("id"),
    Member: _numbered,
}
_NAMED: Final = {
    "user_name": "users",
    "group_name": "groups",
    "role_name": "roles",
    "application_name": "applications",
}
_ARNS: Final = frozenset({"arn", "policy_arn", "permissions_boundary", "provider_arn"})
_WANTED: Final = frozenset({*_NAMED, *_ARNS, "secret_name", "access_key_id", "resources", "policy_id", "target_id"})
_NO_TABLE: Final[dict[str, Any]] = {}
_KEY_TYPE: Final = "AWS::IAM::AccessKey"
_SECRET_TYPE: Final = "AWS::SecretsManager::Secret"  # noqa: S105 - a type's name
_SERVICES: Final = {"iam": "IAM", "sts": "STS", "secretsmanager": "SecretsManager", "sso": "SSO"}
_KINDS: Final = {
    "root": "Account",
    "mfa": "MFADevice",
    "saml-provider": "SAMLProvider",
    "oidc-provider": "OIDCProvider",
    "ou": "OrganizationalUnit",
}

_fields_of: Final[dict[type, tuple[str, ...]]] = {}


def touched(entry: Entry, changes: Iterable[Change], state: State | None) -> list[Resource]:
    """The resources of an entry, without doubles; where there is none, the boundary itself. `state` is after it."""
    found: list[Resource] = []
    for _, _, before, after in changes:
        noun = before if after is None else after
        if (known := _TYPES.get(type(noun))) is None:
            continue
        kind, name, made_of = known
        name_of = _NAMES.get(type(noun), _named_so)
        resource = Resource(kind, name(state, noun), name_of(noun))
        if not found or resource not in found:
            found.append(resource)
        if after is None or before is None or made_of(before) == made_of(after):
            continue
        if (was := Resource(kind, name(state, before), name_of(before))) != resource:
            found.append(was)
    fact = entry.fact
    kind_of_fact = type(fact)
    fields = _fields_of.get(kind_of_fact)
    if fields is None:
        fields = _fields_of[kind_of_fact] = tuple(name for name in fact.__struct_fields__ if name in _WANTED)
    for field in fields:
        if value := getattr(fact, field):
            _named(found, field, value, state)
    if not found and state is not None:
        found.append(_boundary(state))
    return found[:RESOURCES_MAX] if len(found) > RESOURCES_MAX else found


@lru_cache(maxsize=16_384)
def resource_of(resource: str) -> Resource:
    """The type and name that an ARN holds. What is no ARN is a name without type: `*` or a pattern of the gate's."""
    parts = resource.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn":
        return Resource("", "", resource)
    kind = parts[5].replace(":", "/").split("/", 1)[0]
    service = _SERVICES.get(parts[2]) or parts[2].capitalize()
    return Resource(f"AWS::{service}::{_KINDS.get(kind) or kind.capitalize()}", resource, arn.name_of(parts[5]))


def _named(found: list[Resource], field: str, value: Any, state: State | None) -> None:
    """What one field of the fact names."""
    if (table := _NAMED.get(field)) is not None:
        if found and found[0][2] == value:
            return  # the entity that was changed
        if (noun := getattr(state, table, _NO_TABLE).get(value.lower())) is not None:
            kind, name, _ = _TYPES[type(noun)]
            _add(found, Resource(kind, name(state, noun), noun.name))
    elif field in _ARNS:
        _add(found, resource_of(value))
    elif field in ("policy_id", "target_id"):
        if isinstance(state, Organization):  # elsewhere what is meant was changed itself
            _attachment(found, field, value, state)
    elif field == "access_key_id":
        _add(found, Resource(_KEY_TYPE, "", value))
    elif field == "secret_name":
        _add(found, Resource(_SECRET_TYPE, "", value))
    else:
        for each in value[:RESOURCES_MAX]:
            _add(found, resource_of(each))


def _attachment(found: list[Resource], field: str, value: str, organization: Organization) -> None:
    """A policy of an organization, or the root, unit or account that it is attached to."""
    tables = (organization.policies,) if field == "policy_id" else (organization.units, organization.accounts)
    for table in tables:
        if (noun := table.get(value)) is not None:
            kind, name, _ = _TYPES[type(noun)]
            _add(found, Resource(kind, name(organization, noun), _NAMES[type(noun)](noun)))
            return
    if field == "policy_id" and (policy := organization.type_of(value)):
        _add(found, resource_of(organization.policy_arn(value, policy)))
    elif value == organization.root:
        _add(found, resource_of(organization.root_arn()))


def _add(found: list[Resource], resource: Resource) -> None:
    if resource not in found:
        found.append(resource)


def _boundary(state: State) -> Resource:
    if isinstance(state, Account):
        return resource_of(arn.root(state.number))
    if isinstance(state, Organization) and state.management:
        return resource_of(state.arn())
    if isinstance(state, Secret) and state.arn:
        return resource_of(state.arn)
    return Resource("", "", state.id)
