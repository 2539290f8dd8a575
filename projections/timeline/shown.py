"""Values as a person or a record may see them: plain JSON, without what is sealed and without defaults (SECURITY 14)."""

from itertools import compress
from operator import is_not, ne
from typing import Any, Final, NamedTuple

import msgspec

from muniment.domain.ledger import Sealed
from muniment.projections.timeline.past import Change

_values = msgspec.structs.astuple


class Shape(NamedTuple):
    """What is known of a struct's fields before any value is seen."""

    names: tuple[str, ...]
    defaults: tuple[Any, ...]
    plain: tuple[bool, ...]  # fields of texts and numbers alone, which the encoder may take as they are
    hides: bool  # a sealed value can stand somewhere in it
    numbers: range  # of its fields


_shapes: Final[dict[type, Shape]] = {}
_NOTHING: Final = object()


def shape_of(kind: type) -> Shape:
    """The shape of a struct's type."""
    if (known := _shapes.get(kind)) is None:
        fields = msgspec.structs.fields(kind)
        known = _shapes[kind] = Shape(
            tuple(field.name for field in fields),
            tuple(_default(field) for field in fields),
            tuple(_is_plain(field.type) for field in fields),
            Sealed.__name__ in repr(msgspec.inspect.type_info(kind)),
            range(len(fields)),
        )
    return known


def shown(value: Any) -> Any:
    """Plain lists, dicts, texts and numbers. A struct leaves out its defaults and whatever is sealed or bytes."""
    kind = type(value)
    if kind is str or kind is int or value is None:
        return value
    if isinstance(value, msgspec.Struct):
        return None if kind is Sealed else _struct(value)
    if isinstance(value, dict):
        return {str(key): shown(item) for key, item in value.items() if not _hidden(item)}
    if isinstance(value, (tuple, list, set, frozenset)):
        return [shown(item) for item in value if not _hidden(item)]
    return None if isinstance(value, bytes) else value


def difference(change: Change) -> dict[str, Any]:
    """What changed, and from what to what: whole where it came or went, else only the parts that differ."""
    table, key, before, after = change
    if not table:
        return {"what": key, "old": shown(before), "new": shown(after)}
    what = f"{table}/{key}"
    if before is None or after is None:
        return {
            "what": what,
            "old": None if before is None else _struct(before),
            "new": None if after is None else _struct(after),
        }
    old: dict[str, Any] = {}
    new: dict[str, Any] = {}
    kind = type(after)
    names, _, plain, _, numbers = _shapes.get(kind) or shape_of(kind)
    had, has = _values(before), _values(after)
    for number in compress(numbers, map(is_not, had, has)):
        was, is_ = had[number], has[number]
        if was == is_ or type(is_) is Sealed:
            continue
        if type(was) is dict and type(is_) is dict:
            was, is_ = _parts(was, is_), _parts(is_, was)
        name = names[number]
        if plain[number]:
            old[name], new[name] = was, is_
        else:
            old[name], new[name] = shown(was), shown(is_)
    return {"what": what, "old": old, "new": new}


def texts(value: Any, into: list[str]) -> None:
    """Every text in a value that may be searched for, keys of dicts included."""
    kind = type(value)
    if kind is str:
        if value:
            into.append(value)
    elif kind is dict:
        for key, item in value.items():
            into.append(str(key))
            texts(item, into)
    elif kind is tuple or kind is list:
        for item in value:
            texts(item, into)
    elif isinstance(value, msgspec.Struct) and kind is not Sealed:
        for item in _values(value):
            if item:
                texts(item, into)


def _struct(value: msgspec.Struct) -> dict[str, Any]:
    kind = type(value)
    names, defaults, plain, _, numbers = _shapes.get(kind) or shape_of(kind)
    items = _values(value)
    found: dict[str, Any] = {}
    for number in compress(numbers, map(ne, items, defaults)):
        item = items[number]
        if plain[number]:
            found[names[number]] = item
        elif not _hidden(item):
            found[names[number]] = shown(item)
    return found


def _hidden(value: Any) -> bool:
    return type(value) is Sealed or type(value) is bytes


def _parts(one: dict[Any, Any], other: dict[Any, Any]) -> dict[Any, Any]:
    if not other:
        return one
    return {key: value for key, value in one.items() if other.get(key, _NOTHING) != value}


def _default(field: msgspec.structs.FieldInfo) -> Any:
    if field.default_factory is not msgspec.NODEFAULT:
        return field.default_factory()
    return _NOTHING if field.default is msgspec.NODEFAULT else field.default


def _is_plain(kind: Any) -> bool:
    told = repr(msgspec.inspect.type_info(kind))
    return not any(other in told for other in ("StructType", "BytesType", "AnyType", "CustomType"))
