"""Where a principal's policies come from: each document's text, the ways it is held, and what to look for in the log to say who
did that. Names may change, so whatever is looked for is looked for by unique id.
"""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from muniment.domain.account.state import Account, Group, Role, User
from muniment.domain.ids import GROUP, POLICY, ROLE, USER
from muniment.domain.policy.decision import Layer, SourceType
from muniment.domain.policy.managed import MANAGED

Value = Callable[[Any], object]  # of the state of a boundary
Key = tuple[Layer, SourceType, str]  # a source as the evaluator names it
Holder = User | Group | Role


class Want(msgspec.Struct, frozen=True):
    """Something in an account or organization that some entry made what it is. The last entry that changed `value` is meant."""

    what: str  # "policy written", "attached", "member added" …
    boundary: str
    value: Value


class Way(msgspec.Struct, frozen=True):
    """One way in which a document is held: directly, or through a group."""

    via: str  # "direct", or the group's name
    wants: tuple[Want, ...]


class Origin(msgspec.Struct, frozen=True):
    """A document, the ARN of its policy where it has one, and every way in which it is held."""

    text: str
    arn: str
    ways: tuple[Way, ...]


def origins(account: Account, unique_id: str) -> dict[Key, Origin]:
    """The documents that the user or role with this id holds, by the names that the evaluator gives them."""
    found: dict[Key, Origin] = {}
    holder = entity(account, unique_id)
    if not isinstance(holder, User | Role):
        return found
    kind = SourceType.USER if isinstance(holder, User) else SourceType.ROLE
    rows = [*_held(account, holder, kind, "direct", ())]
    for group_id in holder.groups if isinstance(holder, User) else ():
        group = entity(account, group_id)
        if isinstance(group, Group):
            member = Want("member added", account.id, _member(unique_id, group_id))
            rows += _held(account, group, SourceType.GROUP, group.name, (member,))
    if holder.boundary:
        placed = Want("permissions boundary set", account.id, _bound(unique_id))
        rows += _managed(account, Layer.BOUNDARY, holder.boundary, "direct", (placed,))
    for key, origin in rows:
        known = found.get(key)
        found[key] = origin if known is None else Origin(known.text, known.arn, known.ways + origin.ways)
    return found


def trust_origin(account: Account, role: Role) -> tuple[Key, Origin]:
    """The trust policy of a role."""
    want = Want("trust policy written", account.id, _trust(role.id))
    key = (Layer.RESOURCE, SourceType.NONE, role.name)
    return key, Origin(role.trust, account.role_arn(role), (Way("direct", (want,)),))


def _held(
    account: Account, holder: Holder, kind: SourceType, via: str, before: tuple[Want, ...]
) -> Iterator[tuple[Key, Origin]]:
    for name, text in holder.inline.items():
        written = Want("policy written", account.id, _inline(holder.id, name))
        key = (Layer.IDENTITY, kind, f"{kind.value}_{holder.name}_{name}")
        yield key, Origin(text, "", (Way(via, (written, *before)),))
    for policy_arn in holder.attached:
        attached = Want("attached", account.id, _attached(holder.id, policy_arn))
        yield from _managed(account, Layer.IDENTITY, policy_arn, via, (attached, *before))


def _managed(
    account: Account, layer: Layer, policy_arn: str, via: str, wants: tuple[Want, ...]
) -> Iterator[tuple[Key, Origin]]:
    if (own := account.find_policy(policy_arn)) is not None:
        written = Want("policy written", account.id, _default(own.id))
        key = (layer, SourceType.USER_MANAGED, own.name)
        yield key, Origin(own.document, own.arn, (Way(via, (written, *wants)),))
    elif (given := MANAGED.get(policy_arn)) is not None:  # it came with the program: no entry wrote it
        yield (layer, SourceType.AWS_MANAGED, given.name), Origin(given.document, given.arn, (Way(via, wants),))


def entity(account: Account, unique_id: str) -> User | Group | Role | None:
    """The user, group or role with this id; None where it is gone."""
    key = account.ids.get(unique_id)
    if key is None:
        return None
    if unique_id.startswith(USER):
        return account.users.get(key)
    if unique_id.startswith(ROLE):
        return account.roles.get(key)
    return account.groups.get(key) if unique_id.startswith(GROUP) else None


def _inline(unique_id: str, name: str) -> Value:
    def value(account: Account) -> object:
        holder = entity(account, unique_id)
        return None if holder is None else holder.inline.get(name)

    return value


def _attached(unique_id: str, policy_arn: str) -> Value:
    def value(account: Account) -> object:
        holder = entity(account, unique_id)
        return holder is not None and policy_arn in holder.attached

    return value


def _member(user_id: str, group_id: str) -> Value:
    def value(account: Account) -> object:
        user = entity(account, user_id)
        return isinstance(user, User) and group_id in user.groups

    return value


def _bound(unique_id: str) -> Value:
    def value(account: Account) -> object:
        holder = entity(account, unique_id)
        return holder.boundary if isinstance(holder, User | Role) else None

    return value


def _default(policy_id: str) -> Value:
    def value(account: Account) -> object:
        key = account.ids.get(policy_id) if policy_id.startswith(POLICY) else None
        policy = account.policies.get(key) if key is not None else None
        return None if policy is None else policy.document

    return value


def _trust(role_id: str) -> Value:
    def value(account: Account) -> object:
        role = entity(account, role_id)
        return role.trust if isinstance(role, Role) else None

    return value
