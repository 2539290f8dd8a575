"""Writing into a draft of an account: replace one entity, count uses of a policy. Only facts' `evolve` calls these."""

from typing import Any, TypeVar

import msgspec

from muniment.domain.account.state import Account, Group, Role, User

Entity = TypeVar("Entity", bound=msgspec.Struct)
Holder = TypeVar("Holder", User, Group, Role)
Bounded = TypeVar("Bounded", User, Role)


def change(table: dict[str, Entity], name: str, **changes: Any) -> Entity:
    """Replace the entity called `name` by one that differs in `changes`, and return it."""
    changed = msgspec.structs.replace(table[name.lower()], **changes)
    table[name.lower()] = changed
    return changed


def count(uses: dict[str, int], policy_arn: str, by: int) -> None:
    """Add `by` to the uses of a policy; one that is not used has no row."""
    if left := uses.get(policy_arn, 0) + by:
        uses[policy_arn] = left
    else:
        uses.pop(policy_arn, None)


def attach(state: Account, table: dict[str, Holder], name: str, policy_arn: str) -> None:
    """Attach a managed policy to the entity called `name`."""
    change(table, name, attached=(*table[name.lower()].attached, policy_arn))
    count(state.attachments, policy_arn, +1)


def detach(state: Account, table: dict[str, Holder], name: str, policy_arn: str) -> None:
    """Detach a managed policy from the entity called `name`."""
    change(table, name, attached=tuple(held for held in table[name.lower()].attached if held != policy_arn))
    count(state.attachments, policy_arn, -1)


def put_inline(table: dict[str, Holder], name: str, policy_name: str, document: str) -> None:
    """Write an inline policy of the entity called `name`."""
    change(table, name, inline=table[name.lower()].inline | {policy_name: document})


def delete_inline(table: dict[str, Holder], name: str, policy_name: str) -> None:
    """Remove an inline policy of the entity called `name`."""
    change(table, name, inline={key: text for key, text in table[name.lower()].inline.items() if key != policy_name})


def bound(state: Account, table: dict[str, Bounded], name: str, policy_arn: str) -> None:
    """Set the permissions boundary of the user or role called `name`; an empty ARN takes it away."""
    entity = table[name.lower()]
    if entity.boundary:
        count(state.bounds, entity.boundary, -1)
    if policy_arn:
        count(state.bounds, policy_arn, +1)
    change(table, name, boundary=policy_arn)


def rename(state: Account, table: dict[str, Entity], old: str, new: str, unique_id: str) -> None:
    """Give the entity called `old` its `new` name; the unique id stays and finds it there."""
    entity = table.pop(old.lower())
    table[new.lower()] = msgspec.structs.replace(entity, name=new)
    state.ids[unique_id] = new.lower()
