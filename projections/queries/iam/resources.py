"""What the gate is asked about, per resource type of IAM's page in the Service Authorization Reference.

An entity brings its tags as `aws:ResourceTag/…` and `iam:ResourceTag/…`. One that does not exist has its would-be ARN, so
that a caller without the permission cannot tell. Lists of a kind are asked on the kind's path, as AWS words its refusals.
"""

from typing import Final

from muniment.domain import arn
from muniment.domain.account.state import Account, Group, Policy, Role, Tags, User
from muniment.domain.errors import NoSuchEntity
from muniment.domain.ledger import Actor
from muniment.domain.resource import Resource
from muniment.projections.queries.iam.managed import find_policy
from muniment.projections.queries.iam.query import own_user

ANY: Final = (Resource("*"),)  # actions that name no resource type


def tagged(name: str, tags: Tags) -> Resource:
    """A resource that has tags."""
    return Resource(
        name, {f"{prefix}:ResourceTag/{key}": (value,) for key, value in tags.items() for prefix in ("aws", "iam")}
    )


def user(account: Account, found: User) -> Resource:
    """A user that exists."""
    return tagged(account.user_arn(found), found.tags)


def role(account: Account, found: Role) -> Resource:
    """A role that exists."""
    return tagged(account.role_arn(found), found.tags)


def group(account: Account, found: Group) -> Resource:
    """A group that exists; groups carry no tags."""
    return Resource(account.group_arn(found))


def policy(found: Policy) -> Resource:
    """A managed policy that exists, of the account or of AWS."""
    return tagged(found.arn, found.tags)


def root(account: Account) -> Resource:
    """The account's root user."""
    return Resource(arn.root(account.number))


def user_named(account: Account, name: str) -> tuple[Resource, ...]:
    """The user called `name`."""
    try:
        return (user(account, account.user(name)),)
    except NoSuchEntity:
        return (Resource(arn.iam(account.number, "user", "/", name)),)


def user_named_or_own(account: Account, name: str, actor: Actor) -> tuple[Resource, ...]:
    """The user called `name`, or who calls where no name is given. Raises ValidationError for callers that are no users."""
    if name:
        return user_named(account, name)
    found = own_user(account, actor)
    return (root(account) if found is None else user(account, found),)


def role_named(account: Account, name: str) -> tuple[Resource, ...]:
    """The role called `name`."""
    try:
        return (role(account, account.role(name)),)
    except NoSuchEntity:
        return (Resource(arn.iam(account.number, "role", "/", name)),)


def group_named(account: Account, name: str) -> tuple[Resource, ...]:
    """The group called `name`."""
    try:
        return (group(account, account.group(name)),)
    except NoSuchEntity:
        return (Resource(arn.iam(account.number, "group", "/", name)),)


def policy_at(account: Account, policy_arn: str) -> tuple[Resource, ...]:
    """The managed policy with this ARN, which is its own resource even where there is none."""
    found = find_policy(account, policy_arn)
    return (Resource(policy_arn) if found is None else policy(found),)


def under_path(account: Account, kind: str, path_prefix: str) -> tuple[Resource, ...]:
    """All of a kind below a path: `arn:aws:iam::123456789012:user/division/`."""
    return (Resource(arn.iam(account.number, kind, path_prefix, "")),)


def entity_at(account: Account, entity_arn: str) -> tuple[Resource, ...]:
    """The user, group or role with this ARN, which is its own resource even where there is none."""
    key = arn.name_of(entity_arn).lower()
    if (found := account.users.get(key)) is not None and account.user_arn(found) == entity_arn:
        return (user(account, found),)
    if (known := account.roles.get(key)) is not None and account.role_arn(known) == entity_arn:
        return (role(account, known),)
    return (Resource(entity_arn),)
