"""What differs between two moments: entities that came, went or changed, and each field's old and new value.

Entities are the same where their unique id is: a renamed user is one change, a deleted one whose name was given again is
two. What is equal is passed by, so that comparing costs what changed, not what there is.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

import msgspec

from muniment.domain.account.state import Account
from muniment.domain.boundary import State, new_state
from muniment.ops.replay.dump import INDEXES, public

What = Literal["added", "removed", "changed"]
ITSELF: Final = ""  # the table of a boundary's own fields
_BOOKKEEPING: Final = frozenset({"id", "version", "head", "position", "remembered"})
_ABSENT: Final[Any] = object()


class Field(msgspec.Struct, frozen=True):
    """One value: `inline.admin`, `tags.team`, `attached`. None where it was not there."""

    name: str
    old: Any
    new: Any


class Change(msgspec.Struct, frozen=True):
    """One entity. `old` and `new` are its public values; None where it did not exist."""

    boundary: str
    table: str  # users, groups, roles, policies …; "" for the boundary itself
    name: str
    what: What
    fields: tuple[Field, ...]
    arn: str = ""


def diff(before: Mapping[str, State], after: Mapping[str, State]) -> list[Change]:
    """All changes, by boundary, table and name."""
    return [change for boundary in sorted({*before, *after}) for change in _boundary(before, after, boundary)]


def _boundary(before: Mapping[str, State], after: Mapping[str, State], boundary: str) -> Iterator[Change]:
    old, new = before.get(boundary), after.get(boundary)
    if old is new:
        return
    empty = new_state(boundary)
    if own := tuple(_own_fields(old or empty, new or empty)):
        yield Change(boundary, ITSELF, boundary, _what(old, new), own)
    for table in entity_tables(empty):
        yield from _entities(boundary, table, old or empty, new or empty)


def entity_tables(state: State) -> list[str]:
    """The tables that hold what the boundary is about."""
    return [name for name in state.__struct_fields__ if type(getattr(state, name)) is dict and name not in INDEXES]


def _own_fields(old: State, new: State) -> Iterator[Field]:
    for name in new.__struct_fields__:
        was, is_ = getattr(old, name), getattr(new, name)
        if name not in _BOOKKEEPING and type(is_) is not dict and was != is_:
            yield from _fields(name, public(was, name), public(is_, name))


def _entities(boundary: str, table: str, old: State, new: State) -> Iterator[Change]:
    was, is_ = getattr(old, table), getattr(new, table)
    gone = {_key(key, was[key]): was[key] for key in was if is_.get(key) is not was[key]}
    come = {_key(key, is_[key]): is_[key] for key in is_ if was.get(key) is not is_[key]}
    changes = []
    for key in {*gone, *come}:
        before, after = gone.get(key), come.get(key)
        if before != after:
            changes.append(_entity(boundary, table, key, before, after, old, new))
    yield from sorted(changes, key=lambda change: (change.name.lower(), change.what))


def _entity(boundary: str, table: str, key: str, before: Any, after: Any, old: State, new: State) -> Change:
    shown = after if after is not None else before
    fields = tuple(_fields("", public(before), public(after)))
    arn = arn_of(new if after is not None else old, table, shown)
    return Change(boundary, table, str(getattr(shown, "name", "") or key), _what(before, after), fields, arn)


def arn_of(state: State, table: str, entity: Any) -> str:
    """The entity's ARN, where it has one."""
    if not isinstance(state, Account):
        return ""
    match table:
        case "users":
            return state.user_arn(entity)
        case "groups":
            return state.group_arn(entity)
        case "roles":
            return state.role_arn(entity)
        case "policies":
            return str(entity.arn)
    return ""


def _key(key: str, entity: Any) -> str:
    return str(getattr(entity, "id", "") or getattr(entity, "number", "") or key)


def _what(before: Any, after: Any) -> What:
    return "added" if before is None else "removed" if after is None else "changed"


def _fields(name: str, old: Any, new: Any) -> Iterator[Field]:
    """The parts that differ, named by their path. An entity that came or went is told field by field, empty ones left out."""
    if isinstance(old, dict) or isinstance(new, dict):
        was, is_ = old or {}, new or {}
        for key in dict.fromkeys([*was, *is_]):
            path = f"{name}.{key}" if name else key
            yield from _fields(path, was.get(key), is_.get(key))
    elif isinstance(old, list) and isinstance(new, list) and _identified(old) and _identified(new):
        yield from _fields(name, {item["id"]: item for item in old}, {item["id"]: item for item in new})
    elif old != new and not (_empty(old) and _empty(new)):
        yield Field(name or "value", old, new)


def _identified(items: list[Any]) -> bool:
    return all(isinstance(item, dict) and "id" in item for item in items)


def _empty(value: Any) -> bool:
    return value is None or value in ("", [])
